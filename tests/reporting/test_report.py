"""The report: its numbers are the results', it stands alone, and everybody can use it."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from bettercare.engines.forecast import Forecast, forecast
from bettercare.plan.plan import Plan
from bettercare.plan.read import read_plan
from bettercare.reporting import tables, tables_care, text
from bettercare.reporting.answer import answer, if_nothing
from bettercare.reporting.chart_gap import group_totals, scenarios
from bettercare.reporting.charts import MAKERS, each_chart
from bettercare.reporting.material import Material
from bettercare.reporting.report import render
from bettercare.reporting.screen import lines
from tests.plan.small import files, write
from tests.reporting.conftest import ABOUT
from tests.reporting.page import Element, read


@pytest.fixture(scope="module")
def tree(page: str) -> Element:
    return read(page)


def test_headline_figures_are_the_results(tree: Element, f: Forecast) -> None:
    figures = tree.all("data")
    assert len(figures) > 8
    for figure in figures:
        measure, scenario, year, part = figure.attributes["data-of"].split("|")
        expected = f.summary(scenario, year, measure)[part]
        shown = float(figure.attributes["value"])
        assert shown == pytest.approx(expected, rel=1e-12), figure.attributes["data-of"]
        say = text.money if measure == "gap_gbp" else text.beds
        found = figure.text.removeprefix("short by ").removesuffix(" in surplus")
        assert found.lstrip("−") == say(abs(expected)), figure.attributes["data-of"]


def test_the_table_of_scenarios_is_the_results(tree: Element, f: Forecast, plan: Plan) -> None:
    table = next(t for t in tree.all("table") if t.all("caption")[0].text.startswith("Gap in "))
    rows = [[c.text for c in r.all("th", "td")] for r in table.all("tbody")[0].all("tr")]
    for row, name in zip(rows, f.scenarios, strict=True):
        s = f.summary(name, plan.settings.headline_year, "gap_gbp")
        assert row[0] == plan.scenarios[name].title
        assert row[1] == text.money(s["mean"])
        assert row[2] == text.span(text.money(s["p5"]), text.money(s["p95"]))


def test_every_range_says_what_it_assumes(m: Material) -> None:
    for item in answer(m):
        for sentence in item.sentences:
            if "between" in sentence.plain:
                assert text.ASSUMING in sentence.plain


def test_every_sentence_with_a_figure_wears_a_badge(m: Material) -> None:
    for item in answer(m):
        for sentence in item.sentences:
            if any(not isinstance(part, str) for part in sentence.parts):
                assert sentence.badge in ("measured", "modelled", "assumed"), sentence.plain


def test_a_board_finds_all_that_it_asks_for(m: Material) -> None:
    asked = {"if-nothing", "scenarios", "beds", "partners", "carriers", "twice", "rests-on", "by-when"}
    assert asked <= {item.code for item in answer(m)}


def test_one_page_that_needs_nothing_else(page: str, tree: Element) -> None:
    assert page.startswith("<!DOCTYPE html>")
    assert not tree.all("script", "link", "iframe", "object", "embed", "base")
    for element in tree.all():
        for name in ("src", "href", "srcset", "data", "action", "xlink:href"):
            reference = element.attributes.get(name, "#")
            assert reference.startswith("#"), f"{element.tag} {name}={reference}"
        for name, value in element.attributes.items():
            assert name == "xmlns" or "http" not in value or element.tag == "th", f"{element.tag} {name}"
    style = tree.all("style")[0].text
    assert "url(" not in style
    assert "@import" not in style


def test_identifiers_are_unique_and_links_lead_somewhere(tree: Element) -> None:
    ids = [e.attributes["id"] for e in tree.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for link in tree.all("a"):
        assert link.attributes["href"].removeprefix("#") in ids
    for element in tree.all():
        if "aria-labelledby" in element.attributes:
            assert element.attributes["aria-labelledby"] in ids
    for used in re.findall(r"url\(#([^)]+)\)", " ".join(v for e in tree.all() for v in e.attributes.values())):
        assert used in ids


def test_headings_and_language(tree: Element) -> None:
    assert tree.all("html")[0].attributes["lang"] == "en-GB"
    levels = [int(h.tag[1]) for h in tree.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_tables_have_captions_and_scopes(tree: Element) -> None:
    for table in tree.all("table"):
        assert table.all("caption")[0].text
        heads = table.all("thead")[0].all("th")
        assert all(h.attributes.get("scope") == "col" for h in heads)
        for row in table.all("tbody")[0].all("tr"):
            cells = row.all("th", "td")
            assert len(cells) == len(heads)
            assert cells[0].attributes.get("scope") == "row"


def test_every_chart_has_title_words_and_table(m: Material, tree: Element) -> None:
    charts = {chart.code: chart for chart in each_chart(m)}
    assert set(MAKERS) - set(charts) <= {"deprivation"}  # the small plan has no zones
    for figure, (code, chart) in zip(tree.all("figure"), charts.items(), strict=True):
        assert figure.attributes["id"] == f"chart-{code}"
        assert figure.all("h3")[0].text == " ".join(chart.title.split())
        assert re.search(r"\d|gain|lose", chart.title), "a title states the finding"
        svg = figure.all("svg")[0]
        assert svg.attributes["role"] == "img"
        assert svg.all("title")[0].text == " ".join(chart.alt.split())
        assert len(figure.all("table")) == 1
        assert chart.table.rows
        assert chart.badge in ("measured", "modelled", "assumed")
        assert "width" not in svg.attributes


def test_pictures_have_marks_and_no_tiny_type(tree: Element) -> None:
    for svg in tree.all("svg"):
        assert len([p for p in svg.all("path") if len(p.attributes.get("d", "")) > 8]) > 3, svg.attributes
        sizes = [float(t.attributes["font-size"].removesuffix("px")) for t in svg.all("text")]
        assert min(sizes) >= 12.0
        width = float(svg.attributes["viewbox"].split()[2])
        assert width <= 450, "wider drawings shrink their type on a phone"


def test_a_bridge_adds_up(m: Material) -> None:
    ledger = m.causes(m.nothing)
    assert float(ledger["value"].sum()) == pytest.approx(m.spread(m.nothing, "gap_gbp").mean, rel=1e-9)
    from bettercare.reporting.chart_gap import differences

    change = m.spread(m.main, "gap_gbp").mean - m.spread(m.nothing, "gap_gbp").mean
    assert sum(differences(m).values()) == pytest.approx(change, rel=1e-6)


def test_the_report_names_its_making(page: str, plan: Plan) -> None:
    assert plan.revision in page
    assert plan.fingerprint in page
    assert "seed 1" in page
    assert "100 draws" in page
    assert "bettercare 0.0.0" in page


def test_a_forecast_after_evidence_says_so_on_its_first_page(m: Material, page: str) -> None:
    after = render(m, replace(ABOUT, evidence=("crisis-2015", "falls-2015")))
    assert "every figure rests on 2 observations beside the plan" in after and "After evidence" not in page


def test_same_results_same_page(m: Material, f: Forecast, page: str) -> None:
    assert render(Material(f), ABOUT) == page


def test_one_scenario_is_enough(plan: Plan) -> None:
    alone = Material(forecast(plan, ["do-nothing"], draws=20, seed=1))
    tree = read(render(alone, ABOUT))
    assert not any("Against doing nothing" in t.text for t in tree.all("caption"))
    assert {item.code for item in answer(alone)} >= {"if-nothing", "beds"}


@pytest.mark.parametrize(
    "without",
    [
        ("costs", "contracts", "finances", "allocations", "funds", "investments", "workforce", "prices", "capital"),
        ("observations", "indicators", "outcomes", "placements"),
        ("overlaps",),
    ],
)
def test_a_plan_with_few_tables(without: tuple[str, ...], tmp_path: Path) -> None:
    content = files()
    for name in without:
        content[f"{name}.csv"] = content[f"{name}.csv"].split("\n")[0] + "\n"
    few = Material(forecast(read_plan(write(tmp_path, content)), draws=20, seed=1))
    read(render(few, ABOUT))
    assert lines(few)


def test_an_empty_plan() -> None:
    empty = Material(forecast(read_plan("empty"), draws=20, seed=1))
    read(render(empty, ABOUT))
    assert lines(empty)[0].startswith("IF NOTHING IS DONE")


def test_a_closed_ward_says_that_it_is_closed(tmp_path: Path, m: Material) -> None:
    still = tables_care.by_site(m)
    assert still is not None
    assert not any("closed" in cell for row in still.rows for cell in row)
    content = files()
    content["capacity.csv"] += "community-ward,cottage,2014/15,0,Average overnight,,strategy,\n"
    shut = Material(forecast(read_plan(write(tmp_path, content)), draws=50, seed=1))
    table = tables_care.by_site(shut)
    assert table is not None
    (row,) = [row for row in table.rows if row[0] == "Cottage Hospital"]
    assert row[4] == "closed"
    assert float(row[2]) > 0.0
    assert f"Cottage Hospital (community ward) is closed in the plan. The {row[2]} beds" in table.note


def test_a_published_estimate_is_not_called_measured(f: Forecast) -> None:
    own = Material(f)
    own.__dict__["published"] = pl.DataFrame({"published": [5e6], "difference": [-1e6]})
    (said,) = [s for s in if_nothing(own).sentences if "published" in s.plain]
    assert said.badge == "modelled"
    assert "estimate published at the time was about \u00a35.0m; this forecast finds \u00a31.0m less" in said.plain


def test_an_average_outside_its_range_is_explained(f: Forecast) -> None:
    own = Material(f)
    assert tables.odd_averages(own) is None
    first = pl.int_range(pl.len()) == 0
    odd = own.initiatives.with_columns(
        *(pl.when(first).then(0.0).otherwise(k).alias(k) for k in ("p5", "p95")),
        mean=pl.when(first).then(-3.0).otherwise("mean"),
    )
    own.__dict__["initiatives"] = odd
    said = tables.odd_averages(own)
    assert said is not None
    assert f"\u201c{odd['title'][0]}\u201d" in said
    assert "outside its own 90% range" in said


def test_the_screen_says_what_widens_and_what_narrows(m: Material) -> None:
    said = " ".join(" ".join(lines(m)).split())
    groups = dict(group_totals(m, m.nothing))
    for group in ("demand", "prices", "funding"):
        if abs(groups.get(group, 0.0)) >= 5e2:
            word = "wider" if groups[group] > 0 else "narrower"
            start = said.index(f"{word} by ")
            assert f"{group} {text.money(abs(groups[group]))}" in said[start : said.index(";", start)]


def test_titles_follow_the_sign(f: Forecast) -> None:
    """The small plan is in surplus; with every gap turned round it is short, and the words say so."""
    found = {}
    for sign in (1.0, -1.0):
        turned = {}
        for name, result in f.scenarios.items():
            values = result.values.copy()
            for i, key in enumerate(result.keys):
                if key.measure == "gap_gbp":
                    values[i] *= sign
            turned[name] = replace(result, values=values)
        turned_round = Material(replace(f, scenarios=turned))
        said = if_nothing(turned_round).sentences[0].plain
        chart = scenarios(turned_round)
        assert chart is not None
        found[sign] = (said, chart.title)
    assert "receives more than it spends" in found[1.0][0]
    assert "surplus" in found[1.0][1]
    assert "spends more each year than it receives" in found[-1.0][0]
    assert "No scenario closes the gap" in found[-1.0][1]
