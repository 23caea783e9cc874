"""What a paper says of a proposal that a board is asked about: what it changes and does, and who has answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from bettercare import UsageError
from bettercare.reporting import text
from bettercare.workspace.plans import plan_of
from bettercare.workspace.programme import change_words, facts, gates, sizes
from bettercare.workspace.programme.models import Proposal
from bettercare.workspace.programme.overlay import changed
from bettercare.workspace.words import day

BESIDE = ("assumed", "evidence", "note", "distribution", "interval")  # words about a value, not the value


def about(proposal: Proposal) -> Iterator[str]:
    """Sentences without a figure of the forecast: the change, the reason, how large it is, answers and open gates."""
    plan = plan_of(proposal.base)
    by = facts.partner_names(plan).get(proposal.partner, proposal.partner)
    yield f"{by} proposes it, on revision {proposal.base.code} of the plan, because: {text.ended(proposal.reason)}"
    for change in proposal.changes:
        if change["column"] in BESIDE:
            continue
        said = change_words.words(plan, change)
        yield f"{said['where']}, {said['column']}: from {said['before']} to {text.ended(said['after'])}"
    size = sizes.rules().named(proposal.size)
    yield f"It is a {size.title.lower()} change. {size.words}"
    yield from _answers(proposal)
    yield from _gates(proposal)


def effect(proposal: Proposal) -> Iterator[str]:
    """What the forecast says that it does, on average and with the 90% range."""
    found = proposal.effect
    if not found or found.get("nothing"):
        yield "The forecast does not change."
        return
    yield f"In {found['year']}, under \u201c{found['scenario_title']}\u201d ({found['draws']} draws):"
    for measure in found["measures"]:
        yield f"{measure['label']}: {_moved(measure['difference'], measure['unit'])}."


def _moved(by: dict[str, float], unit: str) -> str:
    if not any(by[part] for part in ("p5", "mean", "p95")):
        return "no change"
    if unit == "money":
        said = {part: text.money(by[part], plus=True) for part in ("p5", "mean", "p95")}
    else:
        said = {part: text.grouped(by[part], 1 if abs(by[part]) < 100 else 0, plus=True) for part in by}
    return f"{said['mean']} ({text.span(said['p5'], said['p95'])})"


def _answers(proposal: Proposal) -> Iterator[str]:
    standing: list[Any] = sizes.standing(plan_of(proposal.base), proposal, timezone.localdate())
    for each in standing:
        if each.answer is not None:
            where = f"{each.answer.meeting}, {day(each.answer.met_on)}, minute {each.answer.minute}"
            yield f"{each.name} ({sizes.DUTY_WORDS[each.duty]}): {each.answer.get_answer_display().lower()}, {where}."
    for duty, words in sizes.DUTY_WORDS.items():
        silent = [each.name for each in standing if each.duty == duty and each.answer is None]
        if silent:
            yield f"Not answered yet ({words}): {text.listed(silent)}."


def _gates(proposal: Proposal) -> Iterator[str]:
    if proposal.state != "open":
        return
    try:
        after = changed(plan_of(proposal.base), proposal.changes)
    except UsageError:  # a row was renamed under it: it has to be rebased first
        return
    nothing = bool(proposal.effect.get("nothing"))
    held = gates.holding(after, proposal.initiative, proposal.size, nothing=nothing)
    if held:
        states = {"failed": "not passed"}
        named = (f"{state.gate.title} ({states.get(state.state, 'not yet known')})" for state in held)
        yield f"Gates that are open on the plan as it would become: {text.listed(list(named))}."
