"""What a simulated patient flow says, in sentences: the screen and the chapter say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bettercare.reporting import badges, text
from bettercare.reporting.flow_material import FlowMaterial, Line, Spread
from bettercare.reporting.labels import quoted
from bettercare.reporting.text import Figure, Part, Sentence, say

if TYPE_CHECKING:
    from bettercare.appraisal.search import Bought, Cheapest

QUESTION = "Would fewer beds make things worse?"
SHORT = {
    "ae-late": "stays of over 4 h in A&E",
    "bed-late": "emergency waits of over 4 h for a bed",
    "delayed": "days ready to leave and still in a bed",
    "cancelled": "operations put off",
    "diverted": "ambulances sent elsewhere",
    "gave-up": "people who gave up waiting",
}
VERDICTS = {"more": "More", "less": "Fewer", "unclear": "No clear difference"}


def beds(m: FlowMaterial, against: str) -> tuple[float, Sentence]:
    """How many more acute beds the scenario has than what it is held against, and that in words."""
    open_ = m.open("acute")
    here, there = open_[m.name], open_[against]
    change = round(here) - round(there)
    named = m.title(m.name)
    if change:
        more = f", {text.counted(abs(change), 'bed')} {'more' if change > 0 else 'fewer'} than {m.beside(against)}."
    else:
        more = f", as many as {m.beside(against)}."
    number = Figure(text.beds(here), here, f"mean_open|{m.name}|{m.year}|acute")
    return change, say(
        f"\u201c{named}\u201d has ",
        number,
        f" acute beds in {m.year}{more}",
        badge=badges.of_table(m.flow.plan, "capacity"),
    )


def demand(m: FlowMaterial, against: str) -> Sentence:
    """The acute beds that the scenario's people would fill: what the plan expects of demand, before any limit."""
    load = m.load("acute")
    here, there = load[m.name], load[against]
    change = round(here) - round(there)
    number = Figure(text.beds(here), here, f"load|{m.name}|{m.year}|acute")
    head = "It counts on demand being lower: its" if change < 0 else "Its"
    more = f"{abs(change):,} {'more' if change > 0 else 'fewer'} than" if change else "as many as"
    return say(
        f"{head} people would fill ", number, f" beds on an average day if none were full, {more} {m.beside(against)}."
    )


def gave_up(m: FlowMaterial, line: Line) -> list[Sentence]:
    """The service for which most of those who gave up had waited."""
    year = m.years[m.name]
    found = {
        s: float(v.mean()) for ((s, site), measure), v in year.values.items() if measure == "gave_up" and s and not site
    }
    service, people = max(found.items(), key=lambda kv: kv[1])
    total = float(line.values[m.name].mean())
    number = Figure(text.number(round(people)), people, f"gave_up|{m.name}|{m.year}|{service}")
    words = f"of the {line.said(total)} who gave up waited for {m.labels.service(service).lower()}."
    return [say(number, f" {words}")] if people > 0.5 * total else []


def verdicts(m: FlowMaterial, against: str) -> dict[str, list[tuple[Line, Spread]]]:
    """The measures of which more is worse, by whether there is more, less, or no clear difference."""
    found: dict[str, list[tuple[Line, Spread]]] = {"more": [], "less": [], "unclear": []}
    for line in m.people:
        change = line.change(m.name, against) if line.judged else None
        if change is not None:
            found[change.verdict].append((line, change))
    return found


def question(m: FlowMaterial) -> list[Sentence]:
    """The answer to the question, for this scenario: against doing nothing, and against the base year."""
    against = m.nothing or m.base
    if against == m.base == m.year:
        return [say(f"This is the base year, {m.base}, itself: it is held against what was published.", badge="")]
    change, state = beds(m, against)
    found = verdicts(m, against)
    out = [Sentence((f"{_head(change, found)} ", *state.parts), state.badge), demand(m, against)]
    out += compared(m, against, found)
    count = m.flow.replications
    if m.base in m.years and against != m.base and count > 1:
        held = verdicts(m, m.base)
        parts = [f"{word} {_names(held[v])}" for v, word in (("more", "more"), ("less", "fewer")) if held[v]]
        said = "; ".join(parts) if parts else "no clear difference"
        out.append(say(f"Against {m.base}: {said}."))
    if count < 2:
        out.append(say("One simulated year has no interval, so no difference can be called clear.", badge=""))
    elif m.flow.precise is False:
        out.append(say(f"{count} simulated years did not reach the precision that was asked for.", badge=""))
    return out


def _head(change: float, found: dict[str, list[tuple[Line, Spread]]]) -> str:
    """The first words. A scenario without fewer beds does not answer the question, and says so."""
    more, less = bool(found["more"]), bool(found["less"])
    if change >= 0:
        return "This scenario is no test of fewer acute beds:"
    if more and less:
        return "In some ways, yes:"
    if more:
        return "Yes:"
    return "No, as far as this shows:" if less else "No clear difference:"


def _names(found: Sequence[tuple[Line, Spread]]) -> str:
    return text.listed([SHORT.get(line.code, line.label.lower()) for line, _ in found])


def compared(m: FlowMaterial, against: str, found: dict[str, list[tuple[Line, Spread]]]) -> list[Sentence]:
    """One sentence for what there is more of, one for what there is less of, one for what is not clear."""
    out = []
    for verdict, word in VERDICTS.items():
        if not found[verdict]:
            continue
        if verdict == "unclear":
            out.append(say(f"{word} from {_held(m, against)}: {_names(found[verdict])}."))
            continue
        parts: list[Part] = [f"{word} than {m.beside(against)}: "]
        for k, (line, _) in enumerate(found[verdict]):
            parts += [", " if k else "", f"{SHORT.get(line.code, line.label.lower())} ("]
            parts += [figure(m, line, m.name), " against ", figure(m, line, against), ")"]
        out.append(say(*parts, "."))
        if verdict == "more":
            out += [said for line, _ in found[verdict] if line.code == "gave-up" for said in gave_up(m, line)]
    return out


def _held(m: FlowMaterial, against: str) -> str:
    return against if against == m.base else "doing nothing"


def figure(m: FlowMaterial, line: Line, name: str) -> Figure:
    """The mean of a measure in a year."""
    s = line.spread(name)
    assert s is not None
    year, scenario = (m.base, m.flow.plan.settings.comparison) if name == m.base else (m.year, name)
    return Figure(line.said(s.mean), s.mean, f"{line.code}|{scenario}|{year}|mean")


def base_year(m: FlowMaterial) -> Sentence:
    """Whether the simulation comes near what was published of the base year."""
    if not m.published:
        return say(
            f"Nothing published of {m.base} is in the plan, so the simulation could not be held against it. Read the "
            "results as differences between scenarios only.",
            badge="",
        )
    far = [r["name"] for r in m.published if not r["near"]]
    if not far:
        many = len(m.published)
        each = "The one published figure" if many == 1 else f"All {many} published figures"
        return say(f"{each} of {m.base} that the plan holds {'comes' if many == 1 else 'come'} out near.", badge="")
    return say(
        f"The simulation does not reproduce {text.listed([quoted(n) for n in far])} of {m.base}. Read its results "
        "as differences between scenarios only.",
        badge="",
    )


def published_value(row: dict[str, object], value: float) -> str:
    """A published or simulated value of the base year in words."""
    return Line("", "", row["kind"], {}).said(value)  # type: ignore[arg-type]


def blocks(m: FlowMaterial, most: int = 3) -> list[Sentence]:
    """Where people wait most to come in: the scenario's places, first the one where most wait."""
    out = []
    for where, values in list(m.waiting(m.name).items())[:most]:
        s = Spread.of(values)
        line = Line("", "", "count", {})
        out.append(say(f"{m.where(where)}: {line.ranged(s)}"))
    return out


def buys(m: FlowMaterial, bought: Sequence[Bought], most: int = 3) -> list[Sentence]:
    """What one more bed or place buys where it buys most; a gain that may be nought is called unclear."""
    clear = [b for b in bought if b.person_days[1] > 0.0]
    out = [
        say(
            f"{m.where((b.service, b.site))}: {text.number(round(b.person_days[0]))} fewer days of waiting a year "
            f"({text.span(*(text.number(round(v)) for v in b.person_days[1:]))}), at {text.money(b.cost_gbp)}."
        )
        for b in clear[:most]
    ]
    rest = len(bought) - len(clear)
    if rest:
        places = text.counted(rest, "other place") if clear else f"the {text.counted(rest, 'place')} tried"
        out.append(say(f"At {places} one more shows no clear gain."))
    return out


def cheapest(m: FlowMaterial, found: Cheapest) -> list[Sentence]:
    """The cheapest beds that keep the risk of a long wait under a level."""
    line = Line("", "", "share", {})
    level = text.percent(found.target)
    before, after = (Spread(*found.before), Spread(*found.risk))
    if not found.added and not found.reached:
        return [say(f"No extra beds were found that help: {line.ranged(before)} wait over 4 h, not under {level}.")]
    if not found.added:
        return [say(f"No bed need be added: {line.ranged(before)} wait over 4 h for a bed, under {level} as asked.")]
    services: dict[str, int] = {}
    for (service, _), n in found.added.items():
        services[service] = services.get(service, 0) + n
    beds_ = text.listed(
        [f"{n} ({m.labels.service(s).lower()})" for s, n in sorted(services.items(), key=lambda kv: -kv[1])]
    )
    head = "Found" if found.reached else "No set was found that does. The best"
    cost, risk = text.money(found.cost_gbp), f"{line.ranged(after)} wait so long instead of {line.ranged(before)}"
    return [say(f"{head}: {beds_}. At {cost} a year {risk}.")]


def limits(m: FlowMaterial) -> list[str]:
    """What the simulation is not."""
    return [
        "How many beds each site has, how they are cut into wards and who may be placed where: assumed.",
        "One year from a settled start; backlogs that grow over years are not carried on.",
        "Demand at the middle of the forecast's range; the intervals are of chance from year to year only.",
        "Staff are not simulated: every open bed can be used.",
    ]
