"""Criteria that are computed: each shows its figures and the run that they come from, and nobody can tick it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from bettercare import Plan
from bettercare.appraisal.triangulation_claims import DoubleClaim
from bettercare.engines.forecast import ScenarioResult, net_present_value
from bettercare.engines.forecast.compare import spread
from bettercare.reporting.triangulation_words import Words
from bettercare.workspace.plans import DRAWS, forecast_of
from bettercare.workspace.programme import effects, facts
from bettercare.workspace.programme.models import Progress
from bettercare.workspace.returns import reading
from bettercare.workspace.words import money, number

ACUTE = ("acute", "critical-care")


@dataclass(frozen=True)
class Finding:
    """What a computed criterion found: `met` is None where there is nothing to compute it from.

    `columns` and `rows` are the table behind it, in words; `run` says which revision, scenario, seed and draws.
    """

    met: bool | None
    words: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    run: str = ""
    badge: str = "modelled"


@dataclass(frozen=True)
class Question:
    """What is asked: of which plan and initiative, and with which limits of the rule set."""

    plan: Plan
    initiative: str
    limits: dict[str, Any] = field(default_factory=dict)

    def run(self, scenario: str, seed: int, draws: int) -> str:
        """How a run is named."""
        title = self.plan.scenarios[scenario].title
        return f"Revision {self.plan.revision}, scenario “{title}”, seed {seed}, {draws} draws."

    @property
    def costed(self) -> bool:
        """Whether the plan gives the initiative anything that a forecast can see."""
        tables = ("effects", "investments", "capital")
        return any(facts.row(self.plan, table, initiative=self.initiative) for table in tables)


def outcome(q: Question) -> Finding:
    """Whether it is placed under an outcome."""
    codes = sorted({p["outcome"] for p in facts.rows(q.plan, "placements", initiative=q.initiative)})
    names = dict(q.plan.tables["outcomes"].select("code", "name").iter_rows())
    if not codes:
        return Finding(False, "It stands under no outcome.", run=f"Revision {q.plan.revision}.", badge="published")
    said = "; ".join(names[c] for c in codes)
    return Finding(True, f"It stands under: {said}.", run=f"Revision {q.plan.revision}.", badge="published")


def affordability(q: Question) -> Finding:
    """What it adds to each partner's gap in each year, against a share of what the partner spends."""
    if not q.costed:
        return Finding(None, "The plan gives it no cost and no effect, so its affordability is not known.")
    name, f = effects.part_played(q.plan, q.initiative)
    fewer, chosen = f.scenarios[q.plan.settings.comparison], f.scenarios[name]
    names = facts.partner_names(q.plan)
    rows, worst = [], []
    for key in chosen.keys:
        if key.measure != "gap_gbp" or not key.partner:
            continue
        cells, beyond = [], False
        for year in f.years[1:]:
            added = spread(_gap(chosen, year, key.partner) - _gap(fewer, year, key.partner))
            cost = float(chosen.draws("cost_gbp", year, partner=key.partner).mean())
            over = added["mean"] > q.limits["affordability_share"] * cost + 0.5
            beyond = beyond or over
            cells.append(_money_range(added) + (" beyond" if over else ""))
        rows.append((names[key.partner], *cells, "No" if beyond else "Yes"))
        if beyond:
            worst.append(names[key.partner])
    share = q.limits["affordability_share"] * 100
    words = f"No partner is worse off by more than {share:g}% of what it spends in any year."
    if worst:
        words = f"Worse off by more than {share:g}% of what it spends in some year: {', '.join(worst)}."
    columns = ("Partner", *f.years[1:], "Within tolerance")
    return Finding(not worst, words, columns, rows, q.run(name, f.seed, f.draws))


def value_for_money(q: Question) -> Finding:
    """Its net present value: the plan with it against the same plan without it."""
    if not q.costed:
        return Finding(None, "The plan gives it no cost and no effect, so its value is not known.")
    name, f = effects.part_played(q.plan, q.initiative)
    worth = net_present_value(f, name)
    years = f"{f.years[0]} to {f.years[-1]}"
    words = (
        f"Net present value {_money_range(worth)} over {years} at {worth['discount_percent']:g}% a year, base-year "
        "prices, against the same plan without it. Health is not valued, and nothing after the last year counts."
    )
    return Finding(worth["mean"] > q.limits["value_for_money_gbp"], words, run=q.run(name, f.seed, f.draws))


def bed_test(q: Question) -> Finding:
    """Year by year: beds that close against what is in place, and staffed, at the end of the year before.

    Replacement is the hospital beds that the scenario's initiatives make unnecessary (need if nothing is done less need
    in the scenario, paired by draw; the cautious figure is its 10th percentile) plus community beds opened.
    """
    name = bed_scenario(q.plan, q.initiative)
    if name is None:
        return Finding(None, "No scenario in which it happens closes acute beds.")
    base = q.plan.settings.comparison
    f = forecast_of(q.plan, [base, name], DRAWS)
    nothing, chosen = f.scenarios[base], f.scenarios[name]
    filled = _filled(q.plan, chosen, f.years)
    opened = [float(chosen.draws("acute_beds_open", y).mean()) for y in f.years]
    community = [float(chosen.draws("community_beds_open", y).mean()) for y in f.years]
    rows, good = [], True
    for y in range(1, len(f.years)):
        closed = opened[0] - opened[y]
        freed = nothing.draws("acute_beds_needed", f.years[y - 1]) - chosen.draws("acute_beds_needed", f.years[y - 1])
        in_place = freed + community[y - 1] - community[0]
        middle, cautious = (float(v) for v in np.quantile(in_place, [0.5, 0.1]))
        share, slowest = filled[y - 1]
        closing = opened[y] < opened[y - 1] - 0.5
        ok = cautious >= closed and share is not None and share >= q.limits["staff_filled"]
        good = good and (ok or not closing)
        staff = "not known" if share is None else f"{share:.0%} ({slowest})"
        said = "no bed closes" if not closing else "Yes" if ok else "No"
        rows.append((f.years[y], number(opened[y]), number(closed), number(middle), number(cautious), staff, said))
    columns = (
        "Year", "Acute beds open", "Closed since the base year", "Replacement in place the year before (middle)",
        "The same, cautious (1 in 10 is lower)", "Staff in post of those needed, year before", "Passed",
    )  # fmt: skip
    words = (
        "Every closure has its replacement and its staff in place the year before."
        if good
        else "Beds would close before what replaces them, or its staff, is in place."
    )
    return Finding(good, words, columns, rows, q.run(name, f.seed, f.draws))


def grades(q: Question) -> Finding:
    """How its effects are evidenced."""
    found = facts.rows(q.plan, "effects", initiative=q.initiative)
    if not found:
        reason = (facts.row(q.plan, "initiatives", code=q.initiative) or {}).get("no_lever_reason") or ""
        return Finding(True, f"It has no effect on activity in the plan. {reason}", badge="published")
    rows = [(e["code"], e["lever"], e["service"], e["grade"], e["evidence"] or "assumed") for e in found]
    bare = [e["code"] for e in found if e["grade"] == "none"]
    words = f"Effects with no evidence: {', '.join(bare)}." if bare else "Every effect has some evidence."
    columns = ("Effect", "Lever", "Service", "Grade", "Evidence")
    return Finding(not bare, words, columns, rows, f"Revision {q.plan.revision}.", "published")


def consultation_known(q: Question) -> Finding:
    """Whether the plan says that consultation is needed or not."""
    said = (facts.row(q.plan, "initiatives", code=q.initiative) or {}).get("consultation", "unknown")
    words = {"yes": "Consultation is needed.", "no": "Consultation is not needed."}.get(said, "It is not yet known.")
    return Finding(said in ("yes", "no"), words, run=f"Revision {q.plan.revision}.", badge="published")


def capital_surety(q: Question) -> Finding:
    """How far the case for each of its capital lines has come."""
    lines = facts.rows(q.plan, "capital", initiative=q.initiative)
    rows = [(c["title"], money(c["mode"]), c["source"], c["stage"], c["approval"] or "none found") for c in lines]
    unsure = [c["title"] for c in lines if c["stage"] not in q.limits["capital_stages"]]
    words = f"Not sure yet: {'; '.join(unsure)}." if unsure else "All its capital has at least a full business case."
    columns = ("Capital", "Most likely sum", "Source", "Stage", "Approval")
    return Finding(not unsure, words, columns, rows, f"Revision {q.plan.revision}.", "published")


def earlier_done(q: Question) -> Finding:
    """Whether the milestones that must come before it goes live are reported as done."""
    live = facts.live_milestone(q.plan, q.initiative)
    wanted = facts.before_it(q.plan, live) if live else []
    wanted += [m for m in facts.rows(q.plan, "milestones", initiative=q.initiative) if m["kind"] == "step"]
    done = set(Progress.objects.filter(done=True).values_list("milestone", flat=True))
    left = {m["code"]: m["title"] for m in wanted if m["code"] not in done}
    words = f"Not done: {'; '.join(left.values())}." if left else "Nothing that must come first is left."
    return Finding(not left, words, run=f"Revision {q.plan.revision}, and progress as reported.", badge="published")


def closes_beds(plan: Plan, initiative: str) -> str:
    """Why the bed test does not apply; empty where it does."""
    if bed_scenario(plan, initiative):
        return ""
    return "No scenario of the plan in which it happens lowers the number of acute beds on its account."


def needs_capital(plan: Plan, initiative: str) -> str:
    """Why capital does not matter; empty where it does."""
    return "" if facts.row(plan, "capital", initiative=initiative) else "The plan gives it no capital."


def bed_scenario(plan: Plan, initiative: str) -> str | None:
    """The first scenario, the main one first, in which it happens, acute beds close and it has to do with them.

    It has to do with them where capacity.csv names it, or where one of its effects takes from a service with acute
    beds. Scenarios written with hindsight do not count.
    """
    beds = {s["code"] for s in plan.tables["services"].iter_rows(named=True) if s["bed_type"] in ACUTE}
    touches = any(
        e["service"] in beds and e["lever"] != "add" for e in facts.rows(plan, "effects", initiative=initiative)
    )
    names = [plan.settings.main, *plan.scenario_names]
    for name in dict.fromkeys(n for n in names if n):
        if plan.scenarios[name].hindsight or not effects.happens(plan, name, initiative):
            continue
        capacity = plan.under(name).tables["capacity"].filter(pl.col("service").is_in(beds))
        named = not capacity.filter(pl.col("initiative") == initiative).is_empty()
        if (touches or named) and _falls(capacity, plan.settings.years):
            return name
    return None


def _falls(capacity: pl.DataFrame, years: Sequence[str]) -> bool:
    """Whether fewer beds are open in some year than in the year before; a year without a row takes the one before."""
    known: dict[tuple[str, str], float] = {}
    before: float | None = None
    by_year: dict[str, list[dict[str, Any]]] = {}
    for row in capacity.iter_rows(named=True):
        by_year.setdefault(row["year"], []).append(row)
    for year in years:
        for row in by_year.get(year, []):
            known[row["service"], row["site"]] = row["available"]
        total = sum(known.values())
        if before is not None and total < before - 0.5:
            return True
        before = total
    return False


def _filled(plan: Plan, chosen: ScenarioResult, years: Sequence[str]) -> list[tuple[float | None, str]]:
    """For each year, the least share of needed staff who are in post among services that care moves to; and which.

    Those needed grow with activity from what the base year needs (in post and vacant); the plan counts staff in post
    in the base year only, so posts filled since then are not seen.
    """
    out_of_hospital = dict(plan.tables["services"].select("code", "setting").iter_rows())
    moving = plan.under(chosen.plan.scenario.name).tables["effects"] if chosen.plan.scenario else plan.tables["effects"]
    takes = {e["to_service"] or e["service"] for e in moving.iter_rows(named=True) if e["lever"] in ("add", "shift")}
    takes = {s for s in takes if out_of_hospital.get(s) not in ("acute", None)}
    staff = plan.tables["workforce"].filter(pl.col("service").is_in(takes))
    posts = staff.group_by("service").agg(pl.col("in_post_wte").sum(), pl.col("vacant_wte").sum())
    found: list[tuple[float | None, str]] = []
    for year in years:
        least: tuple[float | None, str] = (None, "")
        for service, in_post, vacant in posts.sort("service").iter_rows():
            base = float(chosen.draws("activity", years[0], service=service).mean())
            now = float(chosen.draws("activity", year, service=service).mean())
            if base <= 0.0 or not in_post:
                continue
            share = min(in_post / ((in_post + vacant) * now / base), 1.0) if now > 0.0 else 1.0
            if least[0] is None or share < least[0]:
                least = (share, service)
        found.append(least)
    return found


def _gap(result: ScenarioResult, year: str, partner: str) -> Any:
    return result.draws("gap_gbp", year, partner=partner)


def _money_range(value: dict[str, float]) -> str:
    if not any(value[k] for k in ("p5", "mean", "p95")):
        return "no change"
    return f"{money(value['mean'])} ({money(value['p5'])} to {money(value['p95'])})"


def agreed_figures(q: Question) -> Finding:
    """Whether partners' returns leave a disagreement open about it: its services, or a saving that is claimed twice.

    Returns are held against the plan as it is now. Without those of its lead and of who pays for it nothing is known.
    """
    inside = {p["code"] for p in facts.rows(q.plan, "partners", in_system=True)}
    payers = {i["partner"] for i in facts.rows(q.plan, "investments", initiative=q.initiative)}
    leads = {i["lead"] for i in facts.rows(q.plan, "initiatives", code=q.initiative)}
    missing = ((payers | leads) & inside) - {r.partner for r in reading.in_use()}
    names = facts.partner_names(q.plan)
    wait = f"No return yet from: {', '.join(sorted(names[code] for code in missing))}." if missing else ""
    if not reading.in_use():
        return Finding(None, f"No partner has sent a return. {wait}".strip(), badge="published")
    plan, found = reading.held_together(q.limits["returns_share"])
    said, agreed, services = Words(plan, found), reading.agreed_keys(), _services(q)
    about = [item for item in reading.findings(found) if _is_about(item, q.initiative, services)]
    left = [item for item in about if reading.key_of(item.code) not in agreed]
    rows = [
        (reading.title_of(said, item), names.get(item.asked, item.asked), "No" if item in left else "Yes")
        for item in about
    ]
    words = "No disagreement about it is without an agreement." if about else "Returns do not disagree about it."
    if left:
        words = f"Without an agreement: {len(left)} of {len(about)} that are about it."
    return Finding(
        False if left else None if missing else True, f"{words} {wait}".strip(), ("About", "Who is asked", "Agreed"),
        rows, f"Revision {plan.revision}, returns in use, {q.limits['returns_share']:.0%} apart or more.", "published",
    )  # fmt: skip


def _services(q: Question) -> set[str]:
    """The services that it acts on: those of its effects, and those whose beds or hours change on its account."""
    effects_of = facts.rows(q.plan, "effects", initiative=q.initiative)
    capacity = facts.rows(q.plan, "capacity", initiative=q.initiative)
    return {s for e in effects_of for s in (e["service"], e["to_service"]) if s} | {c["service"] for c in capacity}


def _is_about(item: reading.Finding, initiative: str, services: set[str]) -> bool:
    if isinstance(item, DoubleClaim):
        return initiative in item.initiatives
    return item.subject.service in services


COMPUTED: dict[str, Callable[[Question], Finding]] = {
    f.__name__: f
    for f in (
        outcome, agreed_figures, affordability, value_for_money, bed_test, grades, consultation_known, capital_surety,
        earlier_done,
    )
}  # fmt: skip
APPLIES: dict[str, Callable[[Plan, str], str]] = {f.__name__: f for f in (closes_beds, needs_capital)}
