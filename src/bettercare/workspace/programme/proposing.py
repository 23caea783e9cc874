"""What can be done with a proposal: answer it, rebase it, adopt it, end it. Each is one transaction with its record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from bettercare import Plan, Problems, UsageError
from bettercare.workspace.audit.models import record
from bettercare.workspace.plans import checked, current, make_current, plan_of, store
from bettercare.workspace.programme import effects, gates, sizes
from bettercare.workspace.programme.models import Comment, Current, Decision, Endorsement, Proposal, Revision
from bettercare.workspace.programme.overlay import cell, changed
from bettercare.workspace.programme.told import fields, snapshot

Change = dict[str, Any]
ANSWER = ("partner", "duty", "answer", "meeting", "met_on", "minute", "overlay")


class Refused(Exception):  # noqa: N818  (it is an answer, not a fault)
    """Why something was not done, in words for the person who asked."""


@dataclass
class Rebased:
    """A proposal's changes on another revision: `conflicts` are cells changed by others, `gone` have no row."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Change] = field(default_factory=list)
    already: list[Change] = field(default_factory=list)
    gone: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class Meeting:
    """Where something was decided: the board, the day and the minute, and why it was decided though a gate was open."""

    board: str
    met_on: date
    minute: str
    why: str = ""


def on_revision(proposal: Proposal, plan: Plan) -> Rebased:
    """The proposal's changes as they would be on this plan."""
    out = Rebased()
    for change in proposal.changes:
        here = cell(plan, change)
        if here is None:
            out.gone.append(change)
        elif here == str(change["after"]):
            out.already.append(change)
        else:
            if here != str(change["before"]):
                out.conflicts.append({**change, "here": here})
            out.changes.append({**change, "before": here})
    return out


def open_proposal(number: int, version: int | None = None) -> Proposal:
    """An open proposal, locked until the transaction ends; Refused where it is not open or is not what was seen."""
    proposal = Proposal.objects.select_for_update(of=("self",)).select_related("base").get(pk=number)
    if proposal.state != "open":
        raise Refused(f"This proposal is {proposal.get_state_display().lower()} already. Nothing was saved.")
    if version is not None and proposal.version != version:
        raise Refused("Somebody changed this proposal while you looked at it. Nothing was saved: look again below.")
    return proposal


def propose(
    revision: Revision, changes: list[Change], by: Any, *, title: str, reason: str, partner: str, initiative: str
) -> Proposal:
    """Save changes as a proposal on the current revision; Refused where the plan would fail its checks."""
    plan = plan_of(revision)
    after = _sound(plan, changes)
    effect = effects.effect_of(plan, after, initiative)
    with transaction.atomic():
        proposal = Proposal.objects.create(
            base=revision, title=title, reason=reason, initiative=initiative, partner=partner, changes=changes,
            effect=effect, size=sizes.size_of(changes, effect).code, author=by,
        )  # fmt: skip
        record(str(by), "propose", f"proposal {proposal.pk}", after=snapshot(proposal))
    return proposal


def endorse(number: int, overlay: str, seen: int, by: Any, said: Endorsement, *, is_board: bool) -> Endorsement:
    """Write down what a partner's board said of the proposal as it was seen (`overlay`).

    A board may think again: its answers are added, and the latest counts. `seen` is the newest answer on the page that
    the person looked at; where one of this partner came after it, nothing is saved and the person is told. A programme
    board recommends: its answer never counts as a decision.
    """
    with transaction.atomic():
        proposal = open_proposal(number)
        if proposal.overlay != overlay:
            raise Refused("The proposal has changed since you looked. Nothing was saved: read it again below.")
        last = proposal.endorsements.filter(overlay=overlay, partner=said.partner).order_by("-pk").first()
        if last and last.pk > seen:
            raise Refused(
                f"This partner's answer was recorded before yours: {last.get_answer_display().lower()}, "
                f"{last.meeting}, minute {last.minute}. Yours ({said.get_answer_display().lower()}, {said.meeting}, "
                f"minute {said.minute}) was not saved. If the board has thought again since, record it below."
            )
        needs = sizes.rules().named(proposal.size).needs
        duty = sizes.duty_of(plan_of(proposal.base), said.partner, needs, timezone.localdate())
        said.duty = duty or ("recommend" if is_board else "note")
        said.proposal, said.overlay, said.by = proposal, overlay, by
        said.save(force_insert=True)
        before = fields(last, *ANSWER) if last else None
        record(str(by), "endorse", f"proposal {number}", before=before, after=fields(said, *ANSWER))
    return said


def rebase(number: int, version: int, by: Any, *, over: bool) -> Proposal:
    """Put an open proposal on the current revision; `over` says that its values are to replace what others changed."""
    revision = current()
    plan = plan_of(revision)
    proposal = Proposal.objects.select_related("base").get(pk=number)
    moved = on_revision(proposal, plan)
    if moved.gone:
        raise Refused("What it changes is no longer in the plan. It cannot be rebased: withdraw it.")
    if moved.conflicts and not over:
        raise Refused("Somebody else changed the same value. Say that yours is to replace it, or withdraw this.")
    if not moved.changes:
        raise Refused("The plan says this already: there is nothing left to propose. Withdraw it.")
    after = _sound(plan, moved.changes)
    effect = effects.effect_of(plan, after, proposal.initiative)
    with transaction.atomic():
        proposal = open_proposal(number, version)
        before = snapshot(proposal)
        proposal.base, proposal.changes, proposal.effect = revision, moved.changes, effect
        proposal.size = sizes.size_of(moved.changes, effect).code
        proposal.version = version + 1
        proposal.save(update_fields=["base", "changes", "effect", "size", "version"])
        record(str(by), "rebase", f"proposal {number}", before=before, after=snapshot(proposal))
    return proposal


def adopt(number: int, version: int, by: Any, meeting: Meeting, *, may_override: bool) -> Revision:
    """Make the next revision from a proposal and work on it from now on.

    Refused where the plan has moved on, where an answer is missing, and where a gate is open, unless the person may
    override and gives a reason, which stays visible with the decision.
    """
    revision = current()
    proposal = Proposal.objects.select_related("base").get(pk=number)
    if proposal.base_id != revision.pk:
        raise Refused("The plan has moved on since this was proposed. Rebase it first, and have it answered again.")
    after = _sound(plan_of(revision), proposal.changes)
    gates.holding(after, proposal.initiative, proposal.size)  # forecasts, before anything is locked
    with transaction.atomic():
        locked = Current.objects.select_for_update().get(pk=1)
        proposal = open_proposal(number, version)
        if locked.revision_id != revision.pk or proposal.base_id != revision.pk:
            raise Refused("Somebody else's change was adopted a moment ago. Nothing was saved: rebase this one.")
        waiting = [a for a in sizes.standing(plan_of(revision), proposal, timezone.localdate()) if not a.met]
        if waiting:
            raise Refused(_still_wanted(waiting))
        held = gates.holding(after, proposal.initiative, proposal.size, nothing=bool(proposal.effect.get("nothing")))
        names = ", ".join(s.gate.title for s in held)
        if held and not (meeting.why and may_override):
            raise Refused(f"Gates are open: {names}. Somebody who may override must give a reason.")
        override = f"{meeting.why.rstrip('. ')}. Open then: {names}." if held else ""
        before = snapshot(proposal)
        new = store(after, proposal.title, str(by), parent=revision)
        make_current(new)
        _end(proposal, "adopted", new)
        _decide(proposal, new, by, meeting, override)
        record(
            str(by), "adopt", f"proposal {number}", before=before, after={**snapshot(proposal), "override": override}
        )
    return new


def end(number: int, version: int, by: Any, state: str, meeting: Meeting) -> Proposal:
    """Refuse or withdraw a proposal, with a reason that is kept as a comment."""
    with transaction.atomic():
        proposal = open_proposal(number, version)
        before = snapshot(proposal)
        _end(proposal, state, None)
        if state == "refused":
            _decide(proposal, proposal.base, by, meeting, "")
        word = proposal.get_state_display()
        Comment.objects.create(about=f"proposal:{number}", text=f"{word}: {meeting.why}", by=by)
        record(str(by), state, f"proposal {number}", before=before, after={**snapshot(proposal), "why": meeting.why})
    return proposal


def _sound(plan: Plan, changes: list[Change]) -> Plan:
    try:
        return checked(changed(plan, changes))
    except Problems as problems:
        raise Refused("The plan would not pass its checks: " + " ".join(str(p) for p in problems.items[:5])) from None
    except UsageError as error:
        raise Refused(str(error)) from None


def _still_wanted(waiting: list[sizes.Asked]) -> str:
    """Who has not answered yet, and whose answer is not the one that its duty needs."""
    silent = [f"{a.name} ({sizes.DUTY_WORDS[a.duty]})" for a in waiting if a.answer is None]
    other = [f"{a.name} ({a.answer.get_answer_display().lower()})" for a in waiting if a.answer is not None]
    said = [f"Still to answer: {'; '.join(silent)}."] if silent else []
    said += [f"Answered, but not as it needs: {'; '.join(other)}."] if other else []
    return " ".join(said)


def _end(proposal: Proposal, state: str, revision: Revision | None) -> None:
    proposal.state, proposal.adopted_as = state, revision
    proposal.version += 1
    proposal.save(update_fields=["state", "adopted_as", "version"])


def _decide(proposal: Proposal, revision: Revision, by: Any, meeting: Meeting, override: str) -> None:
    Decision.objects.create(
        title=proposal.title, outcome=proposal.state, proposal=proposal, revision=revision, board=meeting.board,
        met_on=meeting.met_on, minute=meeting.minute, override=override, by=str(by),
    )  # fmt: skip
