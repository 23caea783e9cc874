"""Risk: tiers from scores that arrive with the feeds, and lists of cases.

Scores sort people into groups; they do not foretell what happens to one person. Two kinds are taken as they come: the
electronic Frailty Index of GP systems (code efi) and the Hospital Frailty Risk Score (hfrs), compared as whole numbers
so that a score on a limit falls on the same side everywhere. This program reckons neither. What leaves is counts by
place and tier, through disclosure control; `case_list` gives an organisation the tokens of its own people, which only
it can turn into names. Who comes to need social care is modelled in `risk_need`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from bettercare.activity.disclosure import Protected, protect
from bettercare.foundation.problems import UsageError, shown

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from bettercare.activity.store import Store
    from bettercare.plan.plan import Plan

TIERS = {
    "efi": (("fit", 120), ("mild", 240), ("moderate", 360), ("severe", None)),  # thousandths, up to and including
    "hfrs": (("low", 49), ("intermediate", 150), ("high", None)),  # tenths: under 5, 5 to 15, above 15
}
UNITS = {"efi": 1000, "hfrs": 10}
HFRS_AGE = 75


def tier(code: str, value: float) -> str:
    """The tier of a score. On a limit: .12 is fit, .24 mild, .36 moderate; 5 and 15 are both intermediate."""
    if code not in TIERS:
        raise UsageError(f"{shown(code)} is not a score that has tiers; known are {', '.join(TIERS)}.")
    whole = round(value * UNITS[code])
    return next(name for name, top in TIERS[code] if top is None or whole <= top)


def tier_case(code: str) -> str:
    """The tier of a score in the column `value`, as SQL."""
    whens = " ".join(
        f"when round(value * {UNITS[code]}) <= {top} then '{n}'" for n, top in TIERS[code] if top is not None
    )
    return f"case {whens} else '{TIERS[code][-1][0]}' end"


def people_by_tier(connection: DuckDBPyConnection, code: str = "efi", on: date | None = None) -> Protected:
    """How many people are in each tier in each home area, by their newest score up to a day; protected."""
    rows = connection.execute(f"""
        select coalesce(locality, 'unknown'), tier, count(*) from ({_newest(code, on)})
        where id not in (select person from events where event = 'death' and start_at < {_day(on)}) group by all
    """).fetchall()  # fmt: skip
    cube = pl.DataFrame(rows, schema={"locality": pl.String, "tier": pl.String, "people": pl.Int64}, orient="row")
    return protect(cube, ["locality", "tier"], ["people"])


def _day(on: date | None) -> str:
    return f"timestamp '{on.isoformat()}' + interval 1 day" if on else "timestamp '9999-01-01'"


def _newest(code: str, on: date | None) -> str:
    if code not in TIERS:
        raise UsageError(f"{shown(code)} is not a score that has tiers; known are {', '.join(TIERS)}.")
    old = f" and e.age >= {HFRS_AGE}" if code == "hfrs" else ""
    return f"""
        select p.id, p.locality, s.tier from persons p join (
            select person, {tier_case(code)} as tier from (
                select e.person, arg_max(e.value, (e.start_at, e.value)) as value from events e
                where e.event = 'score' and e.code = '{code}' and e.start_at < {_day(on)}{old} group by e.person)
        ) s on s.person = p.id
    """


def case_list(
    store: Store, plan: Plan, organisation: str, tier_: str, tokens: Iterable[str], code: str = "efi"
) -> list[str]:
    """Of an organisation's own tokens, those of its people in a tier, whoever scored them; in order.

    The store keeps tokens hashed once more and cannot undo that. So the organisation gives the tokens of its register,
    as in its people feed, and gets some of them back; a token that it did not itself send is never given.
    """
    if organisation not in store.organisations("people"):
        raise UsageError(f"{shown(organisation)} has sent no register of people to this store.")
    names = [name for name, _ in TIERS.get(code, ())]
    if tier_ not in names:
        raise UsageError(f"{shown(tier_)} is no tier of {shown(code)}; they are {', '.join(names) or 'none'}.")
    with store.connect(plan) as connection:
        rows = connection.execute(
            f"""select distinct r.person from registers r join ({_newest(code, None)}) t on t.id = r.id
                where r.organisation = $1 and t.tier = $2
                    and t.id not in (select person from events where event = 'death')""",
            [organisation, tier_],
        ).fetchall()
    inside = {int(held) for (held,) in rows}
    return sorted(t for t in set(tokens) if _as_held(t, store.secret) in inside)


def _as_held(token: str, secret: str) -> int:
    """A token as `feed_check.hashed` stores it."""
    return int(hashlib.sha256((secret + token).encode("utf-8")).hexdigest()[:16], 16)
