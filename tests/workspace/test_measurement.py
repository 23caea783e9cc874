"""The Nerve Centre in the workspace: indicators as charts, actions, rebases, feeds, care plans."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from bettercare import Plan
from bettercare.activity import feed, synth, synth_write
from bettercare.activity.store import Store
from bettercare.reporting.text import money
from bettercare.workspace.audit.models import Entry, verify
from bettercare.workspace.measurement import records
from bettercare.workspace.measurement.centre import Centre
from bettercare.workspace.measurement.judged import judge
from bettercare.workspace.measurement.models import Action, Rebase
from bettercare.workspace.plans import DRAWS, current, forecast_of, plan_of
from bettercare.workspace.programme.models import Comment

ClientAs = Callable[..., Client]
BEDS = "acute-beds-open"
WHERE = {"indicator": BEDS, "source": "published", "partner": "", "locality": ""}
YES = dict.fromkeys(("significant_change", "cause_understood", "expected_to_persist", "enough_points"), "yes")
FROM_2014 = {"on-day": "1", "on-month": "4", "on-year": "2014"}


@pytest.fixture(scope="module")
def feeds(llr: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Feeds of made-up people."""
    folder = tmp_path_factory.mktemp("synthetic") / "feeds"
    services = ["ae-major", "emergency-medical", "mental-health-crisis", "care-home"]
    synth_write.write(synth.world(llr, 4000, 1, "2013-04", "2014-03", services), folder)
    return folder


@pytest.fixture(scope="module")
def filled(llr: Plan, feeds: Path) -> Path:
    """A store that holds them."""
    store = Store.create(feeds.parent / "store", "llr")
    feed.add(store, llr, [feeds])
    return store.folder


@pytest.fixture
def with_store(filled: Path) -> Iterator[Path]:
    """The workspace on that store; what it counts is kept for all tests."""
    with override_settings(STORE=str(filled)):
        yield filled


def once_ready(client: Client, address: str) -> str:
    for _ in range(240):
        text = client.get(address).content.decode()
        if "The records are being worked out" not in text:
            return text
        time.sleep(0.5)
    raise AssertionError(text)


def test_without_a_store_there_are_published_figures_and_words_how_to_add_feeds(client_as: ClientAs) -> None:
    text = client_as("reader").get("/nerve-centre").content.decode()
    assert "No records are held here" in text and "bettercare feed add" in text
    assert text.index("What each outcome is judged by") < text.index("What needs attention first")
    assert "People seen within four hours in A&amp;E" in text and "91%" in text
    assert "bct-badge--measured" in text and "bct-badge--made-up" not in text
    assert "Mental health beside it" in text and "People in mental health crisis seen within" in text


def test_pages_that_need_records_say_what_is_missing_and_what_to_do(client_as: ClientAs) -> None:
    for role, page in (("reader", "care-plans"), ("assurer", "feeds")):
        text = client_as(role).get(f"/nerve-centre/{page}").content.decode()
        assert "No records are held here, so this page has nothing to show yet" in text, page
        assert "bettercare serve llr --synthetic 20000" in text and "figures that were published" not in text, page


def test_a_measure_that_nobody_has_seen_shows_its_forecast_and_nothing_made_up(
    client_as: ClientAs, with_store: Path
) -> None:
    client = client_as("reader")
    once_ready(client, "/nerve-centre")
    for _ in range(120):
        text = client.get("/nerve-centre/gap").content.decode()
        if "being worked out" not in text:
            break
        time.sleep(0.5)
    plan = plan_of(current())
    made = forecast_of(plan, [plan.settings.main], DRAWS)
    mean = made.result(plan.settings.main).draws("gap_gbp", "2018/19", "", "", "").mean()
    assert "Nothing of it has been seen yet; the plan forecasts it" in text
    assert f'<th scope="row">2018/19</th><td>{money(float(mean))}</td>' in text
    assert "These people are made up" not in text and "bct-badge--modelled" in text
    assert "These people are made up" in client.get("/nerve-centre/emergency-admissions").content.decode()


def test_a_figure_has_its_month_and_what_is_hidden_has_none(client_as: ClientAs, with_store: Path) -> None:
    text = " ".join(once_ready(client_as("reader"), "/nerve-centre").split())
    heads = re.findall(r'nc-head__value">(.*?)</p> <p class="bct-small">(.*?)</p>', text)
    assert any(value.startswith("Hidden") for value, _ in heads)
    for value, about in heads:
        assert not about.lstrip().startswith(",") and value.startswith("Hidden") == ("bct-badge" not in value)
    pressing = text[text.index("What needs attention first") : text.index("Every measure")]
    for item in re.findall(r"<li>.*?</li>", pressing):
        assert re.search(r"</a> [^<]+, (\w+ )?20\d\d(/\d\d)? <span", item), item


def test_pages_and_command_give_the_same_verdicts(client_as: ClientAs, with_store: Path) -> None:
    once_ready(client_as("reader"), "/nerve-centre")
    centre = Centre.of(plan_of(current()))
    judged = [(one, judge(centre.held.series[one.code, one.partner, one.locality], centre.definitions[one.code]))
              for one in centre.held.counted]  # fmt: skip
    both = [(one.chart, page.chart) for one, page in judged if one.chart and page.chart]
    assert len(both) > 20 and any(chart.unsure for chart, _ in both)
    for chart, page in both:
        assert (chart.variation, chart.variation_words) == (page.variation, page.variation_words)


def test_filters_take_known_codes_only(client_as: ClientAs) -> None:
    client = client_as("reader")
    one = client.get("/nerve-centre", {"outcome": "O4"}).content.decode()
    assert "Help when it is needed most" in one and "Acute beds open" not in one
    assert client.get("/nerve-centre", {"partner": "lpt"}).content.decode().count("nc-chart__picture") < 12
    assert client.get("/nerve-centre", {"partner": "' or 1=1", "locality": "nowhere"}).status_code == 200


def test_a_chart_its_table_and_its_csv(client_as: ClientAs) -> None:
    client = client_as("reader")
    text = client.get(f"/nerve-centre/{BEDS}").content.decode()
    assert "<svg" in text and "The chart as a table" in text and "Average overnight beds open (KH03)" in text
    assert "Add an action" not in text and "Draw the limits of this chart afresh" not in text
    answer = client.get(f"/nerve-centre/{BEDS}/data.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [r["period"] for r in rows][:2] == ["2010/11", "2011/12"] and rows[0]["value"] == "1687"
    assert all(r["badge"] == "measured" for r in rows)
    assert client.get("/nerve-centre/no-such-thing").status_code == 404
    assert client.get("/nerve-centre/recovery-colleges").status_code == 200  # it has no figures
    assert client.get("/nerve-centre/recovery-colleges/data.csv").status_code == 404


def test_the_forecast_stands_on_the_chart_once_it_is_known(client_as: ClientAs) -> None:
    client = client_as("reader")
    for _ in range(120):
        text = client.get(f"/nerve-centre/{BEDS}").content.decode()
        if "being worked out" not in text:
            break
        time.sleep(0.5)
    assert "Dotted line and band: the forecast (modelled)" in text and "Forecast (90% range)" in text


def test_actions_are_of_an_owner_and_end(client_as: ClientAs) -> None:
    client = client_as("contributor", "uhl")
    due = {"due-day": "1", "due-month": "6", "due-year": "2015"}
    answer = client.post("/nerve-centre/actions", {**WHERE, "owner": "uhl"})
    assert answer.status_code == 422 and b"Enter what will be done" in answer.content and not Action.objects.exists()
    assert client.post("/nerve-centre/actions", {**WHERE, **due, "what": "x", "owner": "lpt"}).status_code == 403
    client.post("/nerve-centre/actions", {**WHERE, **due, "what": "Open <b>a</b> ward", "owner": "uhl"})
    made = Action.objects.get()
    text = client.get(f"/nerve-centre/{BEDS}").content.decode()
    assert "Open &lt;b&gt;a&lt;/b&gt; ward" in text and "Late:" in text
    client.post(f"/nerve-centre/actions/{made.pk}", {**WHERE, "version": "9", "done": "yes"})
    assert not Action.objects.get().done  # somebody else's version
    client.post(f"/nerve-centre/actions/{made.pk}", {**WHERE, "version": "1", "done": "yes"})
    assert Action.objects.get().done
    assert Entry.objects.filter(what=f"indicator:{BEDS}", action="act", allowed=True).count() == 2
    assert verify() == []


def test_a_comment_is_kept_and_found(client_as: ClientAs) -> None:
    client = client_as("contributor", "uhl")
    assert client.post("/nerve-centre/comments", {**WHERE, "comment": " "}).status_code == 422
    client.post("/nerve-centre/comments", {**WHERE, "comment": "A winter of norovirus"})
    assert Comment.objects.get().about == f"indicator:{BEDS}"
    assert b"A winter of norovirus" in client.get(f"/nerve-centre/{BEDS}").content
    assert f"/nerve-centre/{BEDS}".encode() in client.get("/work/search?q=norovirus").content


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cause_understood": "no"}, "The limits stay as they are until the answer is yes"),
        ({"cause_understood": ""}, "Choose yes or no"),
        ({"reason": ""}, "Enter the reason"),
        ({"on-year": "1999"}, "would leave no figure before or none after that day"),
        ({"on-month": "13"}, "as a real date"),
    ],
)
def test_a_rebase_needs_four_answers_and_points(client_as: ClientAs, change: dict[str, str], said: str) -> None:
    client = client_as("partner-lead", "uhl")
    form = {**WHERE, **YES, **FROM_2014, "reason": "A ward closed", **change}
    answer = client.post("/nerve-centre/rebases", form)
    assert answer.status_code == 422 and said in answer.content.decode() and not Rebase.objects.exists()


def test_a_rebase_is_on_the_chart_and_can_be_taken_back(client_as: ClientAs) -> None:
    client = client_as("partner-lead", "uhl")
    client.post("/nerve-centre/rebases", {**WHERE, **YES, **FROM_2014, "reason": "A ward closed"})
    text = client.get(f"/nerve-centre/{BEDS}").content.decode()
    assert "Limits drawn afresh from 2014-04-01" in text and "Is its cause understood? Yes" in text
    client.post(f"/nerve-centre/rebases/{Rebase.objects.get().pk}/withdraw", WHERE)
    text = client.get(f"/nerve-centre/{BEDS}").content.decode()
    assert "Limits drawn afresh from 2014-04-01" not in text and "Taken back:" in text
    assert Entry.objects.filter(action="rebase-chart", allowed=True).count() == 2 and verify() == []
    assert client.post("/nerve-centre/rebases", {**WHERE, "source": "records"}).status_code == 404


def test_records_stand_before_published_figures_and_say_that_they_are_made_up(
    client_as: ClientAs, with_store: Path
) -> None:
    client = client_as("reader")
    text = once_ready(client, "/nerve-centre")
    assert "These people are made up" in text and "bct-badge--made-up" in text
    page = client.get("/nerve-centre/emergency-admissions").content.decode()
    assert "select month, organisation" in page.lower() or "from spells" in page
    assert "Counts are rounded to 5" in page
    rows = list(csv.DictReader(io.StringIO(client.get("/nerve-centre/emergency-admissions/data.csv").content.decode())))
    assert len(rows) == 12 and rows[-1]["period"] == "March 2014" and rows[0]["badge"] == "made up"
    published = client.get("/nerve-centre/ae-four-hours/data.csv?source=published").content.decode()
    assert "made up" not in published and "2012/13" in published


def test_no_small_number_leaves_through_pages_or_files(client_as: ClientAs, with_store: Path) -> None:
    """Every count of every CSV is 0, hidden, or a multiple of 5 of 10 and more (or of 8, which rounds to 10)."""
    client = client_as("reader")
    once_ready(client, "/nerve-centre")
    held = records.held(plan_of(current()))
    assert held.state == "ready" and len(held.series) > 20
    for code, partner, locality in held.series:
        answer = client.get(
            f"/nerve-centre/{code}/data.csv", {"partner": partner, "locality": locality, "source": "records"}
        )
        for row in csv.DictReader(io.StringIO(answer.content.decode())):
            assert (row["partner"], row["locality"]) == (partner, locality)
            for name in ("numerator", "denominator"):
                text = row[name].replace(",", "")
                assert text in ("", "*", "..") or (int(text) % 5 == 0 and int(text) != 5), row


def test_feeds_with_their_quality(client_as: ClientAs, with_store: Path) -> None:
    assert client_as("reader").get("/nerve-centre/feeds").status_code == 403
    client = client_as("assurer")
    once_ready(client, "/nerve-centre")
    text = client.get("/nerve-centre/feeds").content.decode()
    assert "12: 2013-04 to 2014-03" in text and "Valid NHS number" in text
    assert "Records linked with another organisation&#39;s, by ethnic group" in text
    assert "of links are right" in text and "Women and girls" in text
    assert "Send a feed" not in text


def test_an_indicator_that_joins_organisations_says_what_it_takes_links_to_be(
    client_as: ClientAs, with_store: Path
) -> None:
    client = client_as("reader")
    once_ready(client, "/nerve-centre")
    held = records.held(plan_of(current()))
    assert held.links is not None
    joined = client.get("/nerve-centre/emergency-readmissions").content.decode()
    assert "Some links between them are missing" in joined and str(held.links.error) in joined
    assert (
        "How that is known" not in joined
        and "How that is known" in client_as("assurer").get("/nerve-centre/emergency-readmissions").content.decode()
    )
    assert "Some links between them" not in client.get("/nerve-centre/ae-four-hours").content.decode()
    assert "Some links between them" not in client.get(f"/nerve-centre/{BEDS}").content.decode()


def test_care_plans_by_place(client_as: ClientAs, with_store: Path) -> None:
    client = client_as("reader")
    once_ready(client, "/nerve-centre")
    text = client.get("/nerve-centre/care-plans").content.decode()
    assert "Severe frailty: people who have a shared care plan" in text and "March 2014" in text


def test_a_case_list_has_tokens_of_the_own_organisation_only(
    client_as: ClientAs, with_store: Path, feeds: Path
) -> None:
    def ask(client: Client, organisation: str, whose: str) -> Any:
        register = SimpleUploadedFile("x.csv", (feeds / f"{whose}-people.csv").read_bytes())
        form = {"organisation": organisation, "tier": "moderate", "register": register}
        return client.post("/nerve-centre/care-plans/list", form)

    client = client_as("partner-lead", "uhl")
    own = {row["person"] for row in csv.DictReader((feeds / "uhl-people.csv").open(encoding="utf-8"))}
    answer = ask(client, "uhl", "uhl")
    found = answer.content.decode().split()[1:]
    assert found and set(found) < own and "attachment" in answer["Content-Disposition"]
    assert ask(client, "uhl", "lpt").content.decode().split() == ["person"]
    assert ask(client, "lpt", "lpt").status_code == 403
    assert ask(client_as("programme-office"), "uhl", "uhl").status_code == 403
    assert client.post("/nerve-centre/care-plans/list", {"organisation": "uhl", "tier": "x"}).status_code == 422
    assert Entry.objects.filter(action="list-cases", allowed=True).count() == 2 and verify() == []


def sent(feeds: Path, name: str, **changed: Any) -> dict[str, Any]:
    about = json.loads((feeds / f"{name}.json").read_text()) | changed
    return {
        "organisation": "uhl",
        "table": SimpleUploadedFile("x.csv", (feeds / f"{name}.csv").read_bytes()),
        "manifest": SimpleUploadedFile("x.json", json.dumps(about).encode()),
    }


def test_a_feed_is_sent_once_by_its_own_organisation_under_an_agreement(
    client_as: ClientAs, feeds: Path, filled: Path, tmp_path: Path
) -> None:
    shutil.copytree(filled, tmp_path / "store")
    with override_settings(STORE=str(tmp_path / "store")):
        client = client_as("partner-lead", "uhl")
        again = client.post("/nerve-centre/feeds/send", sent(feeds, "uhl-events"), follow=True).content.decode()
        assert "This feed is there already" in again
        other = client.post("/nerve-centre/feeds/send", sent(feeds, "lpt-events"))
        assert other.status_code == 422 and "The feed says that it is of lpt" in other.content.decode()
        bare = client.post("/nerve-centre/feeds/send", sent(feeds, "uhl-events", purpose="research"))
        assert bare.status_code == 422 and "there is no agreement for" in bare.content.decode()
        cut = client.post(
            "/nerve-centre/feeds/send", sent(feeds, "uhl-events", rows=3, extracted_at="2014-06-01T09:00:00")
        )
        assert cut.status_code == 422 and "nothing of it counts" in cut.content.decode()
        assert client.post("/nerve-centre/feeds/send", {"organisation": "uhl"}).status_code == 422
        assert client.post("/nerve-centre/feeds/send", {"organisation": "lpt"}).status_code == 403
    assert Entry.objects.filter(action="add-feed", allowed=True).count() == 4 and verify() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_of_records_in_a_browser(
    signed_in_tab: Callable[..., Any],
    faults: Callable[[Any], list[str]],
    client_as: ClientAs,
    with_store: Path,
    width: int,
) -> None:
    once_ready(client_as("reader"), "/nerve-centre")
    page = signed_in_tab("partner-lead", "uhl", width=width)
    for address in (
        "/nerve-centre",
        "/nerve-centre/emergency-admissions",
        "/nerve-centre/feeds",
        "/nerve-centre/care-plans",
    ):
        page.goto(address)
        assert faults(page) == [], address


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_in_a_browser(signed_in_tab: Callable[..., Any], faults: Callable[[Any], list[str]], width: int) -> None:
    page = signed_in_tab("partner-lead", "uhl", width=width)
    for address in ("/nerve-centre", f"/nerve-centre/{BEDS}", "/nerve-centre/feeds", "/nerve-centre/care-plans"):
        page.goto(address)
        assert faults(page) == [], address
    page.goto(f"/nerve-centre/{BEDS}")
    for words in ("Add an action", "Draw the limits of this chart afresh", "The chart as a table"):
        page.click(f"summary:has-text('{words}')")
    page.click("text=Draw afresh")
    assert "There is a problem" in page.inner_text("main")
    page.said = [s for s in page.said if "422" not in s]  # that is what the browser says of a form that is not right
    assert faults(page) == []
