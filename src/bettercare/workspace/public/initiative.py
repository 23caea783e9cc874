"""One initiative in plain words: what it is, what must come first, what it is assumed to do and on what evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bettercare.plan.badges import badge_of
from bettercare.reporting import dates, text
from bettercare.reporting.labels import GRADES, unit
from bettercare.workspace.public import contribution
from bettercare.workspace.public.measures import Measure
from bettercare.workspace.words import money, number

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan
    from bettercare.workspace.public.site import Site

INTERVALS = {"range": "the whole range", "p5-p95": "90% range", "p10-p90": "80% range", "ci95": "95% interval"}
SEXES = {"F": "women and girls", "M": "men and boys"}
ALL_AGES = (0, 120)


@dataclass(frozen=True)
class Step:
    """A milestone; `needs` are (title, initiative code, initiative title) of those that must come first."""

    title: str
    when: str
    live: bool
    why: str
    needs: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Effect:
    """What an initiative is assumed to do to one service, in words, and on what evidence."""

    text: str
    amount: str
    who: str
    badge: str
    grade: str
    evidence: str
    where: str
    why: str
    claimed: str


@dataclass(frozen=True)
class Contribution:
    """What the forecast says of one effect: (mean and 90% range) of the change, with overlaps taken off."""

    text: str
    change: str
    alone: str
    overlaps: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class View:
    """All that the page of an initiative shows; `gap` is (average, 90% range) of what it does to the gap, in words."""

    card: Any
    row: Mapping[str, Any]
    payers: tuple[tuple[str, str, str, str], ...]
    steps: tuple[Step, ...]
    wanted_by: tuple[tuple[str, str], ...]
    effects: tuple[Effect, ...]
    contributions: tuple[Contribution, ...] | None
    gap: tuple[str, str] | None
    year: str
    measured: tuple[Measure, ...]
    questions: tuple[Mapping[str, Any], ...]
    decisions: tuple[Any, ...]
    history: tuple[tuple[Any, str], ...]
    source: str


def view(site: Site, code: str) -> View:
    """The page of a public initiative. Raises KeyError for any other code."""
    card = site.cards[code]
    plan = site.plan
    row = _rows(plan, "initiatives", "code", code)[0]
    evidence = {r["code"]: r for r in plan["evidence"].iter_rows(named=True)}
    effects = _rows(plan, "effects", "initiative", code)
    found = contribution.contributions(site.whole)
    mine = None if found is None else found.get(code, contribution.Contributed())
    return View(
        card=card,
        row=row,
        payers=_payers(site, code, evidence),
        steps=_steps(site, code),
        wanted_by=_wanted_by(site, code),
        effects=tuple(_effect(site, effect, evidence) for effect in effects),
        contributions=None if mine is None else tuple(_contribution(site, r) for r in mine.effects),
        gap=text.gap_moved(*mine.gap) if mine and mine.gap else None,
        year=plan.settings.headline_year,
        measured=_measured(site, card.outcomes, effects),
        questions=tuple(q for q in site.questions if any(c == code for c, _ in q["about"])),
        decisions=tuple(d for d in site.decisions if d.initiative == code),
        history=tuple((made, said.text) for made in site.changes for said in made.words if said.initiative == code),
        source=evidence.get(row["evidence"] or "", {}).get("citation", ""),
    )


def _rows(plan: Plan, table: str, column: str, value: str) -> list[dict[str, Any]]:
    return list(plan[table].filter(plan[table][column] == value).iter_rows(named=True))


def _payers(site: Site, code: str, evidence: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, str, str, str], ...]:
    """(partner, once or every year, range, badge) of what each pays; ranges of a partner's lines are not added up."""
    known = {key: row["badge"] for key, row in evidence.items()}
    kinds = {"recurrent": "every year at full effect", "non-recurrent": "once"}
    return tuple(
        (
            site.labels.partners[r["partner"]],
            kinds[r["kind"]],
            _between(money(r["low"]), money(r["mode"]), money(r["high"])),
            badge_of(r, known) or "assumed",
        )
        for r in _rows(site.plan, "investments", "initiative", code)
    )


def _between(low: str, mode: str, high: str) -> str:
    return f"{mode} ({low} to {high})" if low and high and low != high else mode


def _steps(site: Site, code: str) -> tuple[Step, ...]:
    every = {r["code"]: r for r in site.plan["milestones"].iter_rows(named=True)}
    mine = sorted((r for r in every.values() if r["initiative"] == code), key=lambda r: (r["date"], r["code"]))
    return tuple(
        Step(
            r["title"],
            dates.known(r["date"], r["assumed"]),
            r["kind"] == "live",
            r["assumed"] or "",
            tuple(
                (every[c]["title"], every[c]["initiative"], site.cards[every[c]["initiative"]].title)
                for c in (r["depends_on"] or "").split(";")
                if c in every
            ),
        )
        for r in mine
    )


def _wanted_by(site: Site, code: str) -> tuple[tuple[str, str], ...]:
    """Initiatives of which a milestone waits for one of this."""
    table = site.plan["milestones"]
    mine = set(table.filter(table["initiative"] == code)["code"].to_list())
    waiting = {
        r["initiative"]
        for r in table.iter_rows(named=True)
        if r["initiative"] != code and mine & set((r["depends_on"] or "").split(";"))
    }
    return tuple((c, site.cards[c].title) for c in sorted(waiting))


def _effect(site: Site, row: Mapping[str, Any], evidence: Mapping[str, Mapping[str, Any]]) -> Effect:
    source = evidence.get(row["evidence"] or "", {})
    known = {code: r["badge"] for code, r in evidence.items()}
    share = row["unit"] == "share"
    low, mode, high = (_amount(row[name], share) for name in ("low", "mode", "high"))
    about = "of the care that it reaches" if share else f"{_unit(site.plan, row)} a year"
    reach = f"; reaches {100 * row['reach']:.0f}%" if share and row["reach"] < 1 else ""
    span = f" ({low} to {high}, {INTERVALS[row['interval']]})" if low and high and low != high else ""
    return Effect(
        text=_does(site, row["lever"], row["service"], row["to_service"]),
        amount=f"{mode} {about}{span}{reach}",
        who=_who(site, row),
        badge=badge_of(row, known) or "assumed",
        grade=GRADES[row["grade"]],
        evidence=source.get("citation", ""),
        where=source["where"] if str(source.get("where", "")).startswith(("https://", "http://")) else "",
        why=row["assumed"] or "",
        claimed=f"{_amount(row['claimed'], share)} {about}" if row["claimed"] is not None else "",
    )


def _amount(value: float | None, share: bool) -> str:
    if value is None:
        return ""
    size = 100.0 * value if share else value
    return number(size, 0 if abs(size) >= 10 or size == round(size) else 1) + ("%" if share else "")


def _unit(plan: Plan, row: Mapping[str, Any]) -> str:
    if row["lever"] == "shorten":
        return "bed days"
    currency = dict(plan["services"].select("code", "currency").iter_rows())
    return unit(currency[row["service"]])


def _does(site: Site, lever: str, service: str, to_service: str | None = None) -> str:
    name = site.labels.service(service)
    to = site.labels.service(to_service) if to_service else "another service"
    return {
        "avoid": f"Less needed: {name}",
        "shift": f"Moves to {to}: {name}",
        "shorten": f"Shorter stays: {name}",
        "convert": f"Done as {to}: {name}",
        "add": f"More of: {name}",
    }[lever]


def _who(site: Site, row: Mapping[str, Any]) -> str:
    low, high = row["age_low"], row["age_high"]
    aged = (
        "" if (low, high) == ALL_AGES else f" aged {low} and over" if high == ALL_AGES[1] else f" aged {low} to {high}"
    )
    place = site.labels.localities.get(row["locality"] or "")
    return f"{SEXES.get(row['sex'], 'people')}{aged} {f'in {place}' if place else 'everywhere'}"


def _contribution(site: Site, row: Mapping[str, Any]) -> Contribution:
    what = unit(row["unit"])
    owners = dict(site.plan["effects"].select("code", "initiative").iter_rows())  # without those of hidden initiatives
    others = {owners[e] for e in row["overlap_with"].split(";") if e in owners and owners[e] != row["initiative"]}
    return Contribution(
        _does(site, row["lever"], row["service"]),
        f"{_signed(row['mean'])} {what} ({_signed(row['p5'])} to {_signed(row['p95'])})",
        f"{_signed(row['alone'])} {what}",
        tuple((code, site.cards[code].title) for code in sorted(others)),
    )


def _signed(value: float) -> str:
    """With its sign, and zero without one."""
    said = number(value)
    if said.strip("\N{MINUS SIGN}") == "0":
        return "0"
    return said if value < 0 else f"+{said}"


def _measured(site: Site, outcomes: tuple[str, ...], effects: list[dict[str, Any]]) -> tuple[Measure, ...]:
    """The headline measures of its outcomes, then indicators of the services it acts on that have a figure."""
    plan, known = site.plan, site.measures
    headline = dict(plan["outcomes"].select("code", "headline").iter_rows())
    services = {s for effect in effects for s in (effect["service"], effect["to_service"]) if s}
    about = [c for c, s in plan["indicators"].select("code", "service").iter_rows() if s in services]
    codes = [headline[o] for o in outcomes if headline.get(o) in known] + [c for c in about if known[c].latest]
    return tuple(known[code] for code in dict.fromkeys(codes))
