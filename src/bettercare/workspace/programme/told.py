"""What is written down of things: their states before and after, as the audit trail and a second writer see them."""

from __future__ import annotations

from typing import Any

from bettercare.workspace.programme.models import Proposal


def snapshot(proposal: Proposal) -> dict[str, Any]:
    """A proposal as the audit trail keeps it; the forecast's effect is left to its own record."""
    return {
        "title": proposal.title,
        "reason": proposal.reason,
        "initiative": proposal.initiative,
        "partner": proposal.partner,
        "base": proposal.base.code,
        "changes": proposal.changes,
        "size": proposal.size,
        "state": proposal.state,
        "overlay": proposal.overlay,
        "adopted_as": proposal.adopted_as.code if proposal.adopted_as else None,
        "version": proposal.version,
    }


def fields(thing: Any, *names: str) -> dict[str, Any]:
    """Some fields of a row, by name."""
    return {name: getattr(thing, name) for name in names}
