"""The public site: what it shows, and above all what it does not."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from html import escape
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from bettercare import Plan, read_plan
from bettercare.workspace import plans
from bettercare.workspace.accounts.models import Person
from bettercare.workspace.papers.models import Meeting, Paper
from bettercare.workspace.programme.models import Decision, Proposal, Publication, Revision
from bettercare.workspace.public import contribution, kept

ATOM = "{http://www.w3.org/2005/Atom}"
PAGES = [
    "/", "/roadmap", "/roadmap?view=timeline", "/roadmap?compare=FIRST", "/initiatives", "/initiatives/I077",
    "/initiatives/I003", "/questions", "/decisions", "/papers", "/changes", "/data", "/about-figures", "/accessibility",
]  # fmt: skip
OTHERS = [
    "/changes.atom", "/data/plan.zip", "/api/openapi.json", "/api/plan", "/api/outcomes", "/api/initiatives",
    "/api/initiatives/I077", "/api/roadmap", "/api/questions", "/api/decisions",
]  # fmt: skip
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def texts(client: Client, plan: Plan, *, each: bool = False) -> Iterator[tuple[str, str]]:
    """What the public can ask for, as text: every page, feed, table, package and API; `each` initiative too."""
    tables = [f"/data/{name}.csv" for name, frame in plan.tables.items() if frame.height]
    codes = plan["initiatives"]["code"].to_list() if each else ["I001", "I036"]
    every = [f"{stem}/{code}" for stem in ("/initiatives", "/api/initiatives") for code in codes]
    filters = ["/roadmap?status=proposed", "/roadmap?view=timeline&status=live", "/initiatives?q=e"]
    found = [n for model in (Decision, Paper) for n in model.objects.values_list("pk", flat=True)]
    numbered = [f"/decisions/{n}" for n in found] + [f"/papers/{n}.{form}" for n in found for form in ("pdf", "docx")]
    for url in [*PAGES, *OTHERS, *tables, *every, *filters, *numbered]:
        response = client.get(url.replace("FIRST", plan.revision))
        assert response.status_code in (200, 404), url
        assert not response.cookies, url
        if url.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
                yield url, "\n".join([*archive.namelist(), *(archive.read(n).decode() for n in archive.namelist())])
        else:
            yield url, response.content.decode("utf-8", "replace")


def withhold(key: str, how: str, kind: str = "initiative") -> None:
    """Make something not public in one of the four ways."""
    row = Publication.objects.get(kind=kind, key=key)
    if how == "no row":
        row.delete()
        return
    row.state = {"held": "held", "exempt": "exempt"}.get(how, "published")
    if how == "embargoed":
        row.public_from = timezone.now() + timedelta(hours=1)
    if how == "staff not told":
        row.staff_told = False
    row.save()


def changed(plan: Plan, table: str, code: str, **values: Any) -> Plan:
    """The plan with some cells of a row changed."""
    frame = plan[table].with_columns(
        [
            pl.when(pl.col("code") == code).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in values.items()
        ]
    )
    return dataclasses.replace(plan, tables={**plan.tables, table: frame})


def adopted(plan: Plan, note: str = "A date moved", *, public: bool = True) -> Revision:
    """Make a plan the current one, as adoption does, and publish the change."""
    revision = plans.store(plan, note, parent=plans.current())
    with transaction.atomic():
        plans.make_current(revision)
    if public:
        published("change", revision.code)
    return revision


def published(kind: str, key: str) -> Publication:
    return Publication.objects.create(kind=kind, key=key, public_from=timezone.now(), staff_told=True)


def a_decision(title: str = "Crisis teams go on", **more: Any) -> Decision:
    rest = {"outcome": "Agreed", "board": "Partnership board", "met_on": date(2015, 6, 1), "by": "a secretary"}
    return Decision.objects.create(title=title, revision=plans.current(), **{**rest, **more})


def a_paper(title: str = "Report of June 2015") -> Paper:
    meeting = Meeting.objects.create(board="hwb-leicestershire", on=date(2015, 6, 1))
    said = {"board": "Leicestershire Health and Wellbeing Board", "met_on": meeting.on, "run": {}, "by": "x"}
    content = {"pdf": b"%PDF-the-paper", "docx": b"PK-the-paper", "hash": "0" * 64}
    return Paper.objects.create(meeting=meeting, title=title, revision=plans.current(), **said, **content)


def test_counts(public: Client) -> None:
    page = public.get("/roadmap").content.decode()
    for words in ("132 initiatives", "166 placements", "7 outcomes"):
        assert f"<strong>{words}</strong>" in page
    said = public.get("/api/plan").json()
    assert (said["initiatives"], said["placements"], said["outcomes"]) == (132, 166, 7)
    cells = public.get("/api/roadmap").json()["outcomes"]
    codes = [c for o in cells for w in o["workstreams"] for year in w["years"].values() for c in year]
    assert (len(codes), len(set(codes)), len(cells)) == (166, 132, 7)


def test_home_shows_each_outcome_with_its_measure(public: Client, llr: Plan) -> None:
    page = public.get("/").content.decode()
    names = {code: escape(name) for code, name in llr["indicators"].select("code", "name").iter_rows()}
    for name, headline in llr["outcomes"].select("name", "headline").iter_rows():
        assert name in page
        assert names[headline] in page
    # NHS England's figure for 31 March 2015, and the standard.
    assert "96.68%, 2014/15" in page
    assert "92% in 2018/19" in page


def test_a_filter_is_kept_from_one_view_to_the_other(public: Client) -> None:
    page = public.get("/roadmap?pathway=maternity&consultation=yes").content.decode()
    assert "<strong>1 initiatives" in page or "<strong>1 initiative" in page
    assert "?view=timeline&amp;pathway=maternity&amp;consultation=yes" in page
    assert "New shape of maternity services" in page
    assert "Crisis response teams everywhere" not in page
    nonsense = public.get("/roadmap?pathway=%3Cb%3E&view=other&locality=outside")
    assert nonsense.status_code == 200
    assert b"132 initiatives" in nonsense.content


def test_search(public: Client) -> None:
    page = public.get("/initiatives?q=night+care").content.decode()
    assert "More night care at the end of life" in page
    assert "Equal support for expectant parents" not in page
    assert "try fewer words" in public.get("/initiatives?q=zzzz").content.decode()


def test_an_initiative_tells_its_dates_as_they_are_known(public: Client) -> None:
    only_year = public.get("/api/initiatives/I001").json()
    assert only_year["planned"] == "2015"
    month = public.get("/initiatives/I077").content.decode()
    assert "September 2014" in month
    assert "1 September 2014" not in month


def test_contribution_comes_when_it_is_worked_out(public: Client, llr: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()  # the forecast waits until the page was seen without it, however quick it is

    def forecast_of(*arguments: Any) -> Any:
        assert asked.wait(60)
        return plans.forecast_of(*arguments)

    monkeypatch.setattr(contribution, "forecast_of", forecast_of)
    contribution._found.clear()
    kept._pages.clear()  # an earlier test may have left the page as it is with its figures
    assert "being worked out" in public.get("/initiatives/I077").content.decode()
    asked.set()
    until = time.monotonic() + 240
    while contribution.contributions(plans.plan_of(plans.current())) is None and time.monotonic() < until:
        time.sleep(0.05)
    page = public.get("/initiatives/I077").content.decode()
    assert "being worked out" not in page
    made = plans.forecast_of(llr, [llr.settings.main], plans.DRAWS)
    from bettercare.engines.forecast import initiative_table

    row = next(r for r in initiative_table(made, llr.settings.main, "2018/19").to_dicts() if r["effect"] == "E002")
    assert f"+{row['mean']:,.0f} contacts (+{row['p5']:,.0f} to +{row['p95']:,.0f})" in page
    assert "72-hour crisis team in Leicestershire" in page.split("It overlaps with")[1].split("</p>")[0]


def test_questions_say_when_they_will_be_decided(public: Client, llr: Plan) -> None:
    page = public.get("/questions").content.decode()
    waiting = llr["questions"].filter(pl.col("status") == "not-yet-decided")
    assert page.count("When it will be: ") == waiting.height == 13
    assert all(due in page for due in waiting["due"])


def test_compare_says_moved_new_and_gone(public: Client, llr: Plan) -> None:
    adopted(changed(llr, "milestones", "I077-live", date=date(2016, 3, 1)))
    page = public.get(f"/roadmap?compare={llr.revision}").content.decode()
    assert "Moved (1)" in page
    assert "planned date: September 2014, now March 2016" in page
    assert "New (" not in page and "Gone (" not in page
    assert public.get("/roadmap?compare=000000000000").status_code == 404
    history = public.get("/initiatives/I077").content.decode().split("<h2>History</h2>")[1]
    assert "planned for September 2014, now March 2016" in history
    assert "March 2016" in public.get("/changes").content.decode()


def test_a_paper_shows_the_boards_name_and_the_day_that_it_prints(public: Client) -> None:
    paper = a_paper()
    published("paper", str(paper.pk))
    Meeting.objects.update(board="another", on=date(2020, 1, 1))
    page = public.get("/papers").content.decode()
    assert "Leicestershire Health and Wellbeing Board, 1 June 2015" in page
    assert "hwb-leicestershire" not in page and "2020" not in page


WAYS = ("no row", "held", "exempt", "embargoed", "staff not told")


def test_what_is_not_published_is_nowhere(public: Client, llr: Plan) -> None:
    """Initiatives, questions, decisions and papers, withheld in every way there is, looked for at every address."""
    hidden = ["the-paper"]
    for way, code, asked in zip(
        WAYS, ("I036", "I077", "I117", "I003", "I055"), ("Q17", "Q21", "Q23", "Q01", "Q37"), strict=True
    ):
        row = llr["initiatives"].filter(pl.col("code") == code).row(0, named=True)
        question = llr["questions"].filter(pl.col("code") == asked).row(0, named=True)
        about, decision, paper = _about(row), a_decision(f"Decision {way}"), a_paper(f"Paper {way}")
        published("decision", str(about.pk))
        for kind, key in (("decision", str(decision.pk)), ("paper", str(paper.pk))):
            published(kind, key)
        assert public.get(f"/papers/{paper.pk}.pdf").content == b"%PDF-the-paper"
        seen = "".join(
            public.get(u).content.decode() for u in ("/roadmap", "/questions", "/decisions", "/changes.atom")
        )
        hidden += [escape(w) for w in (row["title"], question["question"], f"Decision {way}", f"Paper {way}")]
        assert all(words in seen for words in hidden[-4:]), way
        withheld = [("initiative", code), ("question", asked), ("decision", str(decision.pk)), ("paper", str(paper.pk))]
        for kind, key in withheld:
            withhold(key, way, kind)
        hidden += [code, row["title"], row["description"], question["question"]]
    for url, text in texts(public, llr, each=True):
        for words in hidden:
            assert words not in text, (url, words)
    for code in ("I036", "I077", "I117", "I003", "I055"):
        assert public.get(f"/initiatives/{code}").status_code == 404
        assert public.get(f"/api/initiatives/{code}").status_code == 404
    assert "<strong>127 initiatives" in public.get("/roadmap").content.decode()


def _about(row: dict[str, Any]) -> Decision:
    """A published decision about an initiative."""
    proposal = Proposal.objects.create(
        base=plans.current(), title="x", reason="x", initiative=row["code"], partner="lpt", changes=[], size="minor",
        author=Person.objects.get_or_create(username="somebody")[0],
    )  # fmt: skip
    return a_decision(f"About {row['title']}", proposal=proposal)


def test_markup_in_a_plan_is_text(public: Client, llr: Plan, tab: Callable[..., Any]) -> None:
    plan = changed(llr, "initiatives", "I077", title=f"Crisis {EVIL}", description=f"They {EVIL} come", doubt=EVIL)
    plan = changed(plan, "questions", "Q01", question=f"What {EVIL}?", answer=f"This {EVIL}.")
    adopted(plan, f"Note {EVIL}")
    published("decision", str(a_decision(f"Decision {EVIL}", override=EVIL).pk))
    published("paper", str(a_paper(f"Paper {EVIL}").pk))
    for url, text in texts(public, plan):
        if "html" in public.get(url)["Content-Type"]:
            assert "<script>alert" not in text and "<img src=x" not in text, url
    feed = ElementTree.fromstring(public.get("/changes.atom").content)
    titles = [e.findtext(f"{ATOM}title") or "" for e in feed.iter(f"{ATOM}entry")]
    assert f"Note {EVIL}" in titles
    assert all("<script" not in (e.findtext(f"{ATOM}summary") or "") for e in feed.iter(f"{ATOM}entry"))
    page = tab()
    for url in ("/initiatives/I077", "/roadmap?view=timeline", "/questions", "/changes"):
        page.goto(url)
        assert EVIL in page.inner_text("main"), url
    assert page.said == []


def test_a_text_like_a_formula_is_text_in_a_spreadsheet(public: Client, llr: Plan) -> None:
    adopted(changed(llr, "initiatives", "I077", title='=HYPERLINK("http://x","y")'))
    rows = list(csv.DictReader(io.StringIO(public.get("/data/initiatives.csv").content.decode())))
    assert next(r for r in rows if r["code"] == "I077")["title"] == '\'=HYPERLINK("http://x","y")'
    assert all(not cell.startswith(("=", "@")) for row in rows for cell in row.values())


def test_the_package_is_the_plan(public: Client, llr: Plan, tmp_path: Any) -> None:
    with zipfile.ZipFile(io.BytesIO(public.get("/data/plan.zip").content)) as archive:
        archive.extractall(tmp_path)
    assert read_plan(tmp_path).fingerprint == llr.fingerprint
    described = json.loads((tmp_path / "datapackage.json").read_text())
    assert all((tmp_path / r["path"]).exists() for r in described["resources"])


def test_the_package_without_an_initiative_is_still_a_plan(public: Client, llr: Plan, tmp_path: Any) -> None:
    withhold("I077", "held")
    with zipfile.ZipFile(io.BytesIO(public.get("/data/plan.zip").content)) as archive:
        archive.extractall(tmp_path)
    assert read_plan(tmp_path)["initiatives"].height == 131


def test_openapi_describes_what_there_is(public: Client) -> None:
    described = public.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert described["servers"] == [{"url": "http://localhost"}]
    kinds = {"array": list, "object": dict}
    for path, item in described["paths"].items():
        response = public.get(path.replace("{code}", "I001"))
        kind = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]["type"]
        assert isinstance(response.json(), kinds[kind]), path
        assert response["Access-Control-Allow-Origin"] == "*"


def test_the_interface_answers_in_json_and_without_noise(public: Client) -> None:
    for address in ("/api/initiatives/none", "/api/nothing", "/api/nothing/at/all"):
        response = public.get(address)
        assert (response.status_code, response["Content-Type"]) == (404, "application/json"), address
        assert "not published" in response.json()["error"] and response["Cache-Control"] == "no-store"
    assert "text/html" in public.get("/initiatives/none")["Content-Type"]
    found = [
        re.findall(r"-?\d+\.\d+(?:e[-+]\d+)?", public.get(url).content.decode()) for url in OTHERS if "/api/" in url
    ]
    numbers = {n for each in found for n in each}
    assert len(numbers) > 5
    assert max(len(n.replace(".", "").strip("-0")) for n in numbers) <= 9, numbers


def test_the_feed_is_atom(public: Client, llr: Plan) -> None:
    feed = ElementTree.fromstring(public.get("/changes.atom").content)
    assert feed.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert feed.findtext(f"{ATOM}{name}")
    entries = list(feed.iter(f"{ATOM}entry"))
    assert len(entries) == 1
    assert (entries[0].findtext(f"{ATOM}id") or "").endswith(f"#{llr.revision}")


def test_kept_pages(public: Client, client_as: Callable[..., Client]) -> None:
    first = public.get("/roadmap")
    assert first["Cache-Control"] == "public, max-age=60"
    assert not first.cookies
    again = public.get("/roadmap", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    withhold("I036", "held")
    now = public.get("/roadmap", headers={"if-none-match": first["ETag"]})
    assert now.status_code == 200
    assert now["ETag"] != first["ETag"]
    inside = client_as("reader").get("/roadmap")
    assert inside["Cache-Control"] == "private, no-store"
    assert "Signed in as" in inside.content.decode()
    assert "Signed in as" not in public.get("/roadmap").content.decode()
    assert public.post("/roadmap").status_code == 405
    assert public.get("/initiatives/none")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_in_a_browser(public: Client, llr: Plan, tab: Callable[..., Any], faults: Any, width: int) -> None:
    adopted(changed(llr, "milestones", "I077-live", date=date(2016, 3, 1)))
    decision = a_decision(override="The ward was unsafe")
    published("decision", str(decision.pk))
    published("paper", str(a_paper().pk))
    page = tab(width)
    for url in [*PAGES, f"/decisions/{decision.pk}"]:
        page.goto(url.replace("FIRST", llr.revision))
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert faults(page) == [], url
    page.emulate_media(media="print")
    page.goto("/roadmap")
    assert page.evaluate("[...document.querySelectorAll('.bct-grid')].every(t => t.checkVisibility())")


def test_on_a_telephone_the_grid_is_lists_by_year_and_the_timeline_fits(tab: Callable[..., Any]) -> None:
    page = tab(390)
    page.goto("/roadmap")
    seen = "[...document.querySelectorAll('{}')].filter(e => e.checkVisibility()).length"
    assert page.evaluate(seen.format(".bct-grid")) == 0
    assert page.evaluate(seen.format(".bct-lists li")) == 166
    wide = tab(1280)
    wide.goto("/roadmap")
    assert wide.evaluate(seen.format(".bct-grid td li")) == 166
    assert wide.evaluate(seen.format(".bct-lists")) == 0
    page.goto("/roadmap?view=timeline")
    assert page.evaluate(seen.format(".bct-timeline a")) == 132
    assert page.evaluate("Math.max(...[...document.querySelectorAll('.bct-timeline--narrow .bct-bar')]"
                         ".map(b => b.getBoundingClientRect().right))") <= 390  # fmt: skip


def test_the_timeline_by_keyboard(tab: Callable[..., Any]) -> None:
    page = tab()
    page.goto("/roadmap?view=timeline")
    focused = "document.activeElement.getAttribute('aria-label')"
    bars = page.locator(".bct-timeline--wide a")
    assert bars.count() == 132
    assert page.locator(".bct-timeline--wide a[tabindex='0']").count() == 1
    bars.first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == bars.nth(1).get_attribute("aria-label")
    page.keyboard.press("End")
    assert page.evaluate(focused) == bars.last.get_attribute("aria-label")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_url("**/initiatives/*")
    rows = tab()
    rows.goto("/roadmap?view=timeline")
    assert rows.locator("main table tbody tr").count() == 132


def test_without_scripts(tab: Callable[..., Any]) -> None:
    page = tab(scripts=False)
    page.goto("/roadmap")
    page.locator("summary").first.click()
    page.select_option("#filter-pathway", "maternity")
    page.get_by_role("button", name="Show").click()
    assert "pathway=maternity" in page.url
    assert "of 132 initiatives in all" in page.inner_text("main")
    page.get_by_role("link", name="Timeline").click()
    assert page.locator(".bct-timeline--wide a").count() == page.locator("main table tbody tr").count() > 0
    page.goto("/initiatives")
    page.fill("#q", "night care")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="More night care at the end of life").click()
    assert "What it is assumed to do" in page.inner_text("main")
