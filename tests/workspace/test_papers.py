"""Meetings and papers: the preview, what is frozen when a paper is published, and who sees it from when."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import time
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from html import escape, unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from docx import Document
from pypdf import PdfReader
from typer.testing import CliRunner

from bettercare import Plan, forecast, read_plan
from bettercare.cli import paper as cli_paper
from bettercare.reporting import text
from bettercare.reporting.papers import paper_from_plan
from bettercare.workspace.audit.frozen import thaw
from bettercare.workspace.audit.models import Entry, verify
from bettercare.workspace.papers.making import wrong_papers
from bettercare.workspace.papers.models import Item, Meeting, Paper
from bettercare.workspace.plans import current, make_current, plan_of, store
from bettercare.workspace.programme.models import Decision, Hold, Proposal, Publication
from bettercare.workspace.public import contribution
from tests.workspace.conftest import FOLDER
from tests.workspace.proposals import answer

ClientAs = Callable[..., Client]
BOARD = "hwb-leicestershire"


@pytest.fixture
def code(llr: Plan) -> str:
    """An initiative."""
    return str(llr.tables["initiatives"]["code"][0])


@pytest.fixture
def secretary(client_as: ClientAs) -> Client:
    return client_as("board-secretary", "leicestershire-council")


@pytest.fixture
def meeting(code: str) -> Meeting:
    """A meeting with one item."""
    made = Meeting.objects.create(board=BOARD, on=date(2018, 9, 27), venue="County Hall")
    Item.objects.create(meeting=made, order=1, verb="note", initiative=code)
    return made


def publish(client: Client, meeting: Meeting, **changes: str) -> Any:
    form = {
        "version": str(Meeting.objects.get(pk=meeting.pk).version),
        "reach": "published",
        "public_from": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "staff_told": "on",
    }
    form = {name: value for name, value in {**form, **changes}.items() if value}
    return client.post(f"/work/meetings/{meeting.pk}/publish", form, follow=True)


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


# --- preparing ----------------------------------------------------------------------------------------------------


def test_a_secretary_makes_a_meeting_and_picks_items(secretary: Client, code: str, llr: Plan) -> None:
    author = get_user_model().objects.create(username="author")
    asked = Proposal.objects.create(
        base=current(), title="Slip the ward", reason="r", partner="uhl", changes=[], size="minor", author=author
    )
    assert b"Choose a board" in secretary.post("/work/meetings", {"on": "2018-09-27"}).content
    answer = secretary.post("/work/meetings", {"board": BOARD, "on": "2018-09-27", "venue": "County Hall"})
    made = Meeting.objects.get()
    assert answer["Location"] == f"/work/meetings/{made.pk}"
    for i, form in enumerate(
        ({"initiative": code}, {"proposal": str(asked.pk)}, {"text": "the <b>minutes</b>"}), start=1
    ):
        added = secretary.post(f"{answer['Location']}/items", {"verb": "note", "version": str(i), **form})
        assert added.status_code == 302
    items = list(made.items.all())
    assert [i.initiative for i in items] == [code, "", ""]
    assert items[1].text == f"Proposal {asked.pk}: Slip the ward" and items[1].proposal == asked
    secretary.post(f"{answer['Location']}/items/{items[2].pk}", {"version": "4", "what": "up"})
    secretary.post(f"{answer['Location']}/items/{items[0].pk}", {"version": "5", "what": "remove"})
    assert [i.text for i in made.items.all()] == ["the <b>minutes</b>", items[1].text]
    page = secretary.get(f"{answer['Location']}/preview").content.decode()
    assert "the &lt;b&gt;minutes&lt;/b&gt;" in page and "<b>minutes" not in page
    assert Entry.objects.filter(action="prepare-meeting").count() == 6 and verify() == []


def test_the_preview_has_the_shape_of_september_2018(secretary: Client, meeting: Meeting) -> None:
    page = secretary.get(f"/work/meetings/{meeting.pk}/preview").content.decode()
    headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", page)
    assert headings == [
        "Purpose of report", "Link to the local health and care system", "Recommendations",
        "Policy framework and previous decisions", "Background", "Progress", "Finance",
        "Consultation and involvement", "Officer to contact", "Appendices",
    ]  # fmt: skip
    assert "Draft: not yet published" in page and "County Hall" in page
    assert "<svg" not in page and 'src="data:image/svg+xml' in page


def test_a_board_that_only_notes_is_not_asked_to_decide(secretary: Client, meeting: Meeting) -> None:
    meeting.items.update(verb="decide")
    Meeting.objects.update(board="scrutiny-joint")
    page = secretary.get(f"/work/meetings/{meeting.pk}/preview", follow=True).content.decode()
    assert "a paper cannot ask it to decide" in page
    answer = publish(secretary, meeting)
    assert b"a paper cannot ask it to decide" in answer.content and not Paper.objects.exists()


def test_the_second_of_two_secretaries_is_told_and_nothing_is_lost(
    secretary: Client, client_as: ClientAs, meeting: Meeting
) -> None:
    address, form = f"/work/meetings/{meeting.pk}", {"board": BOARD, "on": "2018-09-27", "version": "1"}
    assert secretary.post(address, {**form, "venue": "County Hall", "title": "Ours"}).status_code == 302
    answer = client_as("programme-office").post(address, {**form, "venue": "Town Hall", "title": "Theirs"})
    text = answer.content.decode()
    assert answer.status_code == 409 and "Town Hall" in text and 'name="version" value="2"' in text
    assert Meeting.objects.get().title == "Ours"
    late = secretary.post(f"{address}/items", {"verb": "note", "text": "late words", "version": "1"})
    assert late.status_code == 409 and b"late words" in late.content and meeting.items.count() == 1


def test_drafts_and_the_plans_own_documents_open(secretary: Client, meeting: Meeting) -> None:
    pdf = secretary.get(f"/work/meetings/{meeting.pk}/draft.pdf")
    assert "Draft: not yet published" in text_of(pdf.content)
    word = secretary.get(f"/work/meetings/{meeting.pk}/draft.docx")
    assert "Purpose of report" in [p.text for p in Document(io.BytesIO(word.content)).paragraphs]
    for kind in ("summary", "next-steps"):
        assert secretary.get(f"/work/papers/{kind}.pdf").content.startswith(b"%PDF-")
        assert Document(io.BytesIO(secretary.get(f"/work/papers/{kind}.docx").content)).paragraphs


def test_a_proposal_is_told_in_full(
    secretary: Client, client_as: ClientAs, meeting: Meeting, propose: Callable[..., Proposal]
) -> None:
    """A board is told the dates, the reason, what that does, who has answered and which gates are open."""
    asked = propose("2015-09-01")
    answer(client_as("partner-lead", "uhl"), asked, "uhl", "not-agreed", minute="15/41")
    meeting.items.all().delete()
    Item.objects.create(meeting=meeting, order=1, verb="note", text="Proposal 1: a later start", proposal=asked)
    page = unescape(secretary.get(f"/work/meetings/{meeting.pk}/preview").content.decode())
    for words in (
        "1 September 2014", "1 September 2015", "Staff are not there yet", "did not agree", "minute 15/41",
        "Not answered yet (decides): ", "Gates that are open on the plan as it would become",
        f"In {asked.effect['year']}, under",
    ):  # fmt: skip
        assert words in page, words
    assert "Crisis response teams everywhere" in page  # its initiative stands in the table too


@pytest.mark.parametrize("chosen", ["I062", "I009"])
def test_page_paper_workspace_and_api_say_the_same_of_an_initiative(
    secretary: Client, public: Client, meeting: Meeting, llr: Plan, chosen: str
) -> None:
    """The mean of the draws of its cause of the gap, also where it moves money and no activity (I009)."""
    meeting.items.update(initiative=chosen)
    made, year = forecast(llr, [llr.settings.main], draws=500), llr.settings.headline_year
    draws = made.result(llr.settings.main).gap_causes["initiative", chosen][made.years.index(year)]
    words = [text.change_of_gap(value) for value in (draws.mean(), *np.quantile(draws, [0.95, 0.05]))]
    assert text.change_of_gap(float(np.median(draws))) != words[0] or chosen == "I009"
    said = f"{words[0]} ({words[1]} to {words[2]})"
    until = time.monotonic() + 240
    while contribution.contributions(plan_of(current())) is None and time.monotonic() < until:
        time.sleep(0.05)
    for client, address in (
        (public, f"/initiatives/{chosen}"),
        (secretary, f"/work/initiatives/{chosen}"),
        (secretary, f"/work/meetings/{meeting.pk}/preview"),
    ):
        assert said.lower() in client.get(address).content.decode().lower(), address
    told = public.get(f"/api/initiatives/{chosen}").json()["contribution"]
    assert told["gap"] == {"average": words[0], "range": f"{words[1]} to {words[2]}"}
    assert bool(told["activity"]) is (chosen == "I062")


def test_a_paper_of_another_revision_says_where_its_plan_is(
    secretary: Client, public: Client, meeting: Meeting, llr: Plan, tmp_path: Path
) -> None:
    """The address that the paper gives serves the plan of its figures, also when the plan has moved on since."""
    one, two = (
        dataclasses.replace(llr, settings=dataclasses.replace(llr.settings, title=title)) for title in ("One", "Two")
    )
    for plan in (one, two):
        if plan is two:
            draft = text_of(secretary.get(f"/work/meetings/{meeting.pk}/draft.pdf").content)
        revision = store(plan, "Adopted", parent=current())
        make_current(revision)
        Publication.objects.create(kind="change", key=revision.code, public_from=timezone.now(), staff_told=True)
    assert "bettercare run llr" not in draft and f"bettercare run plan-{one.revision} --draws 500" in draft
    name = f"/data/plan-{one.revision}.zip"
    assert name.rpartition("/")[2] in draft and f'href="{name}"' in public.get("/data").content.decode()
    with zipfile.ZipFile(io.BytesIO(public.get(name).content)) as archive:
        archive.extractall(tmp_path)
    assert read_plan(tmp_path).fingerprint == one.fingerprint
    row = Publication.objects.get(kind="change", key=one.revision)
    row.state = "held"
    row.save()
    assert public.get(name).status_code == public.get("/data/plan-nothing.zip").status_code == 404


# --- publishing ---------------------------------------------------------------------------------------------------


def test_a_published_paper_has_its_bytes_its_hash_its_revision_and_its_run(
    secretary: Client, public: Client, meeting: Meeting
) -> None:
    publish(secretary, meeting)
    paper = Paper.objects.get()
    pdf = bytes(paper.pdf)
    assert paper.hash == hashlib.sha256(pdf).hexdigest() and paper.revision == current()
    assert (paper.board, paper.met_on) == ("Leicestershire Health and Wellbeing Board", meeting.on)
    assert "Draft" not in text_of(pdf) and paper.revision.code in text_of(pdf)
    assert secretary.get(f"/work/papers/{paper.pk}.pdf").content == pdf
    assert public.get(f"/papers/{paper.pk}.pdf").content == pdf
    assert public.get(f"/papers/{paper.pk}.docx").content == bytes(paper.docx)
    assert wrong_papers() == [] and verify() == []
    assert Entry.objects.get(action="publish").after["sha256"] == paper.hash


def test_its_figures_are_those_of_its_run(secretary: Client, meeting: Meeting, code: str) -> None:
    """The run that the paper names, made again, gives every figure that was frozen, and the PDF prints them."""
    publish(secretary, meeting)
    paper = Paper.objects.get()
    run = paper.run
    plan = plan_of(paper.revision)
    again = forecast(plan, run["scenarios"], draws=run["draws"], seed=run["seed"])
    made = paper_from_plan(
        plan, again, board=BOARD, meeting={"on": meeting.on}, items=[{"verb": "note", "initiative": code}]
    )
    figures = {n.of: float(n.value) for n in made.numbers()}
    assert len(run["figures"]) >= 5
    said = re.sub(r"\s+", "", text_of(bytes(paper.pdf)))
    for figure in run["figures"]:
        assert figures[figure["of"]] == figure["value"], figure
        assert figure["text"].replace(" ", "") in said, figure


def test_a_published_paper_never_changes(secretary: Client, meeting: Meeting, llr: Plan) -> None:
    publish(secretary, meeting)
    paper = Paper.objects.get()
    kept = bytes(paper.pdf)
    paper.title = "another"
    with pytest.raises(TypeError, match="never changed"):
        paper.save()
    with pytest.raises(TypeError, match="never removed"):
        paper.delete()
    changes: list[Callable[[], object]] = [
        lambda: Paper.objects.update(title="another"),
        lambda: Paper.objects.all().delete(),
        lambda: connection.cursor().execute("UPDATE papers_paper SET title = 'another'"),
    ]
    for change in changes:
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            change()
    tables = dict(llr.tables)
    tables["initiatives"] = tables["initiatives"].with_columns(title=tables["initiatives"]["title"] + " (changed)")
    make_current(store(Plan(llr.settings, tables, llr.scenarios, llr.folder), "later"))
    Meeting.objects.update(title="Another title")
    assert secretary.get(f"/work/papers/{paper.pk}.pdf").content == kept
    assert Paper.objects.get().title != "another"


def test_a_paper_changed_behind_the_back_is_found(secretary: Client, meeting: Meeting) -> None:
    publish(secretary, meeting)
    with connection.schema_editor() as editor:
        thaw(editor, "papers_paper")
    Paper.objects.update(docx=b"another")
    assert wrong_papers() == [
        f"paper {Paper.objects.get().pk} ({Paper.objects.get().title}) was changed after it was published"
    ]


def test_the_public_sees_it_from_its_time_only(secretary: Client, public: Client, meeting: Meeting) -> None:
    later = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    publish(secretary, meeting, public_from=later)
    paper = Paper.objects.get()
    assert public.get(f"/papers/{paper.pk}.pdf").status_code == 404
    assert paper.title not in public.get("/papers").content.decode()
    Publication.objects.get(kind="paper").delete()
    Publication.objects.create(kind="paper", key=str(paper.pk), public_from=timezone.now(), staff_told=True)
    assert public.get(f"/papers/{paper.pk}.pdf").status_code == 200


def test_an_exempt_paper_needs_a_reason_and_is_never_public(
    secretary: Client, public: Client, meeting: Meeting
) -> None:
    assert b"Say why the paper is exempt" in publish(secretary, meeting, reach="exempt").content
    assert b"Staff hear it first" in publish(secretary, meeting, staff_told="").content
    assert not Paper.objects.exists()
    publish(secretary, meeting, reach="exempt", reason="commercial")
    assert public.get(f"/papers/{Paper.objects.get().pk}.pdf").status_code == 404


def test_what_is_not_public_does_not_get_out_in_a_paper(secretary: Client, meeting: Meeting, code: str) -> None:
    Publication.objects.filter(kind="initiative", key=code).update(state="exempt")
    Decision.objects.create(
        title="A decision in private", outcome="adopted", revision=current(), board="b", met_on=date(2015, 1, 1), by="x"
    )
    text = publish(secretary, meeting).content.decode()
    assert f"The paper names what is not public: {code}" in text and not Paper.objects.exists()
    assert "A decision in private" not in secretary.get(f"/work/meetings/{meeting.pk}/preview").content.decode()


def test_a_question_that_is_not_public_is_not_printed(secretary: Client, meeting: Meeting, llr: Plan) -> None:
    address = f"/work/meetings/{meeting.pk}/preview"
    held = llr["questions"].filter(llr["questions"]["status"] == "not-yet-decided")
    texts = [escape(text) for text in held["question"]]
    assert sum(text in secretary.get(address).content.decode() for text in texts) >= 2
    Publication.objects.filter(kind="question").update(state="exempt")
    assert not any(text in secretary.get(address).content.decode() for text in texts)
    easy = text_of(secretary.get("/work/papers/next-steps.pdf").content)
    assert not any(text in easy for text in held["question"])
    Item.objects.create(meeting=meeting, order=2, verb="note", text=held["question"][0])
    text = publish(secretary, meeting).content.decode()
    assert f"The paper names what is not public: {held['code'][0]}." in text and not Paper.objects.exists()


def test_a_paper_is_never_public_from_before_it_was_published(
    secretary: Client, public: Client, meeting: Meeting
) -> None:
    today = timezone.localdate()
    Hold.objects.create(name="Election", since=today - timedelta(days=2), until=today + timedelta(days=2))
    begun = timezone.now()
    publish(secretary, meeting, public_from="2020-01-01T00:00")
    assert Publication.objects.get(kind="paper").public_from >= begun
    assert public.get(f"/papers/{Paper.objects.get().pk}.pdf").status_code == 404


def test_a_version_that_is_no_number_is_an_old_one(secretary: Client, meeting: Meeting) -> None:
    for version in ("\u00b2", "9" * 5000, "", "-1"):
        assert publish(secretary, meeting, version=version).status_code == 409
        sent = {"verb": "note", "text": "words", "version": version}
        assert secretary.post(f"/work/meetings/{meeting.pk}/items", sent).status_code == 409
    assert not Paper.objects.exists()


def test_two_who_publish_at_once_make_one_paper(secretary: Client, client_as: ClientAs, meeting: Meeting) -> None:
    version = str(meeting.version)
    publish(secretary, meeting, version=version)
    answer = publish(client_as("programme-office"), meeting, version=version)
    assert answer.status_code == 409 and Paper.objects.count() == 1


def test_a_meeting_without_items_publishes_nothing(secretary: Client, meeting: Meeting) -> None:
    meeting.items.all().delete()
    assert b"Add at least one item" in publish(secretary, meeting).content and not Paper.objects.exists()


# --- from the command line ----------------------------------------------------------------------------------------


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(cli_paper.paper)
    made.command()(cli_paper.invite)  # a second one, so that the first keeps its name
    return made


def test_the_command_writes_the_paper(app: typer.Typer, secretary: Client, meeting: Meeting, tmp_path: Path) -> None:
    run, where = CliRunner(), ["--data", str(FOLDER)]
    out = tmp_path / "paper.pdf"
    done = run.invoke(app, ["paper", "--meeting", str(meeting.pk), "--out", str(out), *where])
    assert done.exit_code == 0 and "a draft" in done.output and out.read_bytes().startswith(b"%PDF-")
    publish(secretary, meeting)
    for form in ("pdf", "docx"):
        out = tmp_path / f"paper.{form}"
        done = run.invoke(app, ["paper", "--meeting", str(meeting.pk), "--out", str(out), *where])
        assert "the published paper" in done.output
        assert out.read_bytes() == bytes(getattr(Paper.objects.get(), form))
    wrong = run.invoke(app, ["paper", "--meeting", "999", "--out", str(out), *where])
    assert f"There is no meeting 999. There are: {meeting.pk}." in str(wrong.exception)
    wrong = run.invoke(app, ["paper", "--meeting", str(meeting.pk), "--out", "paper.odt", *where])
    assert "a paper is written as .pdf or .docx" in str(wrong.exception)


# --- in a browser -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 390])
def test_from_meeting_to_paper(
    signed_in_tab: Callable[..., Any], faults: Callable[[Any], list[str]], code: str, width: int
) -> None:
    page = signed_in_tab("board-secretary", "leicestershire-council", width=width)
    page.goto("/work/meetings")
    assert faults(page) == []
    page.select_option("#id_board", BOARD)
    page.fill("#id_on", "2018-09-27")
    page.fill("#id_venue", "County Hall")
    page.click("text=Make the meeting")
    assert faults(page) == []
    page.select_option("#id_initiative", code)
    page.click("text=Add item")
    assert code in page.inner_text("main")
    page.click("text=Board, day, officer, words of your own")
    assert faults(page) == []
    page.click("text=Preview the paper")
    assert "Purpose of report" in page.inner_text("main")
    assert faults(page) == []
    page.go_back()
    page.click("text=Publish and freeze")
    assert "Staff hear it first" in page.inner_text(".nhsuk-error-summary")
    assert faults(page) == []
    page.check("#id_staff_told")
    page.click("text=Publish and freeze")
    assert "SHA-256 of the PDF" in page.inner_text("main")
    assert faults(page) == []


def test_without_scripts(signed_in_tab: Callable[..., Any], meeting: Meeting) -> None:
    page = signed_in_tab("board-secretary", scripts=False)
    page.goto(f"/work/meetings/{meeting.pk}")
    page.check("#id_staff_told")
    page.click("text=Publish and freeze")
    assert "The paper is published and frozen" in page.inner_text("main")
