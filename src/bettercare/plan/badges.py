"""Measured, modelled or assumed: the badge of a row of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

BADGES = ("measured", "modelled", "assumed")  # strongest first


def badge_of(row: Mapping[str, Any], evidence: Mapping[str, str]) -> str | None:
    """The badge of a row, given the badges of evidence.csv by code; None when it has neither evidence nor reasoning.

    A row that gives reasoning is assumed, whether or not it names evidence beside it: that was stretched to fit.
    """
    if row["assumed"] is not None:
        return "assumed"
    return evidence.get(row["evidence"]) if row["evidence"] is not None else None


def weakest(badges: Iterable[str | None]) -> str:
    """The weakest of some badges: what a figure that uses all of them can claim to be. Where none is known: assumed."""
    return max((badge or "assumed" for badge in badges), key=BADGES.index, default="assumed")
