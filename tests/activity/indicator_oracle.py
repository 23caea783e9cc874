"""The indicators once more, slowly and in plain Python, from their definitions: what the SQL is held against."""

from __future__ import annotations

import calendar
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

import polars as pl

from bettercare.plan.plan import Plan
from tests.activity.event_rows import COMMISSIONERS, Event, Person

Counts = dict[tuple[str, str, str, str], list[int | None]]  # (part, month, partner, locality): numerator, denominator
DAY = timedelta(days=1)


class Oracle:
    """All indicators of some rows."""

    def __init__(self, people: Sequence[Person], events: Sequence[Event], plan: Plan) -> None:
        self.people = {p.id: p for p in people}
        self.events = list(enumerate(events))
        self.kinds = {r["code"]: r for r in plan["services"].iter_rows(named=True)}
        last = defaultdict(lambda: "")
        for _, e in self.events:
            last[e.organisation] = max(last[e.organisation], e.month)
        self.until = {o: _month_end(m) for o, m in last.items()}
        months = sorted({e.month for _, e in self.events})
        self.months = _span(months[0], months[-1])
        table = pl.read_csv(files("bettercare.activity") / "indicators" / "ambulatory_codes.csv", infer_schema=False)  # type: ignore[arg-type]
        self.codes = {r["code"]: {k: v or "" for k, v in r.items()} for r in table.iter_rows(named=True)}

    def of(self, event: str, *services: str) -> Iterator[tuple[int, Event]]:
        """Events of a kind, and of services if any are named."""
        return ((i, e) for i, e in self.events if e.event == event and (not services or e.service in services))

    def where(self, e: Event, part: str = "", month: str | None = None) -> tuple[str, str, str, str]:
        """The cell in which an event is counted."""
        return (part, month or e.month, e.organisation, self.people[e.person].locality)

    def held(self, organisation: str, month: str) -> bool:
        """Whether a month is not after the last that an organisation sent (for commissioners, that anybody sent)."""
        return month <= (f"{self.until[organisation]:%Y-%m}" if organisation in self.until else self.months[-1])

    def admission(self, e: Event) -> str:
        return (self.kinds.get(e.service or "") or {}).get("admission") or ""

    def has_beds(self, e: Event) -> bool:
        return bool((self.kinds.get(e.service or "") or {}).get("bed_type"))

    def age(self, e: Event) -> int:
        return e.start.year - self.people[e.person].birth_year

    # --- each indicator by its code, with underscores for hyphens ---

    def emergency_admissions(self) -> Counts:
        out = _counts(False)
        for _, e in self.of("spell"):
            if e.method == "emergency" and self.admission(e) == "emergency":
                old = "65-over" if self.age(e) >= 65 else "15-64"
                part = {
                    "emergency-child": "child",
                    "emergency-medical": f"medical-{old}",
                    "emergency-surgical": f"surgical-{old}",
                }
                out[self.where(e, part.get(e.service or "", "other"))][0] += 1
        return out

    def avoidable_emergency_admissions(self) -> Counts:
        out = _counts(False)
        for _, e in self.of("spell"):
            if e.method != "emergency" or not e.diagnosis:
                continue
            main = e.diagnosis.upper().replace(".", "")
            others = [c.upper().replace(".", "") for c in (e.diagnoses or "").split(";") if c]
            kinds = []
            for text in (main[:3], main[:4]):
                rule = self.codes.get(text)
                if rule and rule["position"] == "first":
                    second = rule["second"].split()
                    if (rule["procedure"] == "any" or not e.procedure) and (
                        not second or any(c[:3] in second for c in others)
                    ):
                        kinds.append(rule["kind"])
            for code in [main, *others]:
                for text in (code[:3], code[:4]):
                    rule = self.codes.get(text)
                    if (
                        rule
                        and rule["position"] == "any"
                        and not any(rule["without"] and c[:3] == rule["without"] for c in others)
                    ):
                        kinds.append(rule["kind"])
            if kinds:
                out[self.where(e, min(kinds))][0] += 1
        return out

    def emergency_readmissions(self) -> Counts:
        out = _counts(True)

        def counts(e: Event) -> bool:
            code = (e.diagnosis or "").upper().replace(".", "")
            return not (
                code[:1] in ("C", "O") or code == "Z511" or e.method == "maternity" or self.admission(e) == "maternity"
            )

        stays = [(i, e) for i, e in self.of("spell") if counts(e)]
        for i, e in stays:
            if (
                e.end is None
                or e.outcome in ("died", "transfer")
                or _month_end(f"{e.end:%Y-%m}") + 30 * DAY > self.until[e.organisation]
            ):
                continue
            again = any(
                r.person == e.person and j != i and r.method == "emergency" and r.start >= e.end
                and (r.start.date() - e.end.date()).days <= 29 and (r.start > e.start or j > i)
                for j, r in stays
            )  # fmt: skip
            _add(out, self.where(e, month=f"{e.end:%Y-%m}"), again)
        return out

    def ae_four_hours(self) -> Counts:
        out = _counts(True)
        for _, e in self.of("attendance", "ae-major", "ae-minor"):
            _add(out, self.where(e), _within(e.clock_start or e.start, e.clock_stop or e.end, 240))
        return out

    def urgent_response_two_hours(self) -> Counts:
        out = _counts(True)
        for kind in ("referral", "contact"):
            for _, e in self.of(kind, "crisis-response"):
                if e.priority == "2h" and e.outcome != "rejected":
                    _add(out, self.where(e), _within(e.clock_start, e.clock_stop, 120))
        return out

    def crisis_seen_in_time(self) -> Counts:
        out = _counts(True)
        for kind in ("referral", "contact"):
            for _, e in self.of(kind, "mental-health-crisis"):
                if e.priority in ("2h", "4h") and e.outcome != "rejected":
                    _add(out, self.where(e), _within(e.clock_start, e.clock_stop, int(e.priority[0]) * 60))
        return out

    def _tally(self, event: str, *services: str, rejected: bool = True) -> Counts:
        out = _counts(False)
        for _, e in self.of(event, *services):
            if rejected or e.outcome != "rejected":
                out[self.where(e)][0] += 1
        return out

    def crisis_contacts(self) -> Counts:
        return self._tally("contact", "crisis-response", rejected=False)

    def ambulance_responses(self) -> Counts:
        return self._tally("response")

    def outpatient_first_attendances(self) -> Counts:
        return self._tally("attendance", "outpatient-first")

    def day_cases(self) -> Counts:
        return self._tally("spell", "day-case")

    def mental_health_contacts(self) -> Counts:
        return self._tally(
            "contact", "mental-health-community", "mental-health-crisis", "child-mental-health", rejected=False
        )

    def end_of_life_contacts(self) -> Counts:
        return self._tally("contact", "end-of-life-home")

    def home_support_spells(self) -> Counts:
        return self._tally("spell", "intensive-community-support")

    def care_home_weeks(self) -> Counts:
        out = _counts(False)
        for _, e in self.of("care", "care-home"):
            out[self.where(e)][0] += max(1, math.ceil((e.end.date() - e.start.date()).days / 7)) if e.end else 1
        return out

    def _nights(self, out: Counts, e: Event, part: str, first: date, last: date) -> None:
        nights: dict[str, int] = defaultdict(int)
        day = first
        while day < last:
            nights[f"{day:%Y-%m}"] += 1
            day += DAY
        for month, number in nights.items():
            cell = out[self.where(e, part, month)]
            cell[0] += number
            cell[1] += 1

    def older_emergency_bed_days(self) -> Counts:
        out = _counts(True)
        for _, e in self.of("spell", "emergency-medical"):
            if e.end:
                self._nights(out, e, "65-over" if self.age(e) >= 65 else "under-65", e.start.date(), e.end.date())
        return out

    def delayed_days(self) -> Counts:
        out = _counts(True)
        for _, e in self.of("spell"):
            if e.ready and e.end:
                self._nights(out, e, "", max(e.ready, e.start).date(), e.end.date())
        return out

    def reablement_success(self) -> Counts:
        out = _counts(True)
        care = [(i, e, e.end or e.start + 6 * DAY) for i, e in self.of("care")]
        died: dict[int, datetime] = {}
        for _, e in self.of("death"):
            died[e.person] = min(died.get(e.person, e.start), e.start)
        for i, e, end in care:
            if e.service != "reablement" or _month_end(f"{end:%Y-%m}") + 28 * DAY > self.until[e.organisation]:
                continue
            if e.person in died and died[e.person] < end + 29 * DAY:
                continue
            near = [(j, n, e2) for j, n, e2 in care if n.person == e.person and j != i and n.start <= end + 28 * DAY]
            if any(n.service == "reablement" and (e2 > end or (e2 == end and j > i)) for j, n, e2 in near):
                continue
            more = any(n.service in ("home-care", "care-home", "direct-payments") and e2 > end for _, n, e2 in near)
            _add(out, self.where(e, month=f"{end:%Y-%m}"), not more)
        return out

    def _deaths(self) -> dict[int, tuple[int, Event]]:
        first: dict[int, tuple[int, Event]] = {}
        for i, e in self.of("death"):
            if e.person not in first or e.start < first[e.person][1].start:
                first[e.person] = (i, e)
        return first

    def _covered(self, person: int, month: str) -> bool:
        after = _next(month)
        return any(
            p.person == person and p.start < after and (p.end is None or p.end >= after) for _, p in self.of("plan")
        )

    def care_plan_coverage(self) -> Counts:
        out = _counts(True)
        died = {p: e.start for p, (_, e) in self._deaths().items()}
        for month in self.months:
            for p in self.people.values():
                if p.residence == "care-home" and died.get(p.id, datetime.max) >= _next(month):
                    _add(out, ("", month, COMMISSIONERS[p.locality], p.locality), self._covered(p.id, month))
        return out

    def care_plans_by_risk(self) -> Counts:
        out = _counts(True)
        died = {p: e.start for p, (_, e) in self._deaths().items()}
        for month in self.months:
            newest: dict[int, tuple[datetime, float]] = {}
            for _, e in self.of("score"):
                if e.code == "efi" and e.start < _next(month):
                    newest[e.person] = max(newest.get(e.person, (datetime.min, 0.0)), (e.start, e.value or 0.0))
            for person, (_, value) in newest.items():
                if died.get(person, datetime.max) < _next(month):
                    continue
                k = round(value * 1000)
                tier = "fit" if k <= 120 else "mild" if k <= 240 else "moderate" if k <= 360 else "severe"
                where = self.people[person].locality
                _add(out, (tier, month, COMMISSIONERS[where], where), self._covered(person, month))
        return out

    def nhs_number_social_care(self) -> Counts:
        out = _counts(True)
        for month, organisation, person in sorted({(e.month, e.organisation, e.person) for _, e in self.of("care")}):
            who = self.people[person]
            _add(out, ("", month, organisation, who.locality), who.nhs_status == "valid")
        return out

    def avoided_claimed(self) -> Counts:
        out = _counts(True)
        for _, e in self.of("scheme"):
            _add(out, self.where(e, e.code or ""), e.outcome == "avoided")
        return out

    def deaths_in_usual_residence(self) -> Counts:
        out = _counts(True)
        for person, (_, e) in self._deaths().items():
            places = [d.outcome for _, d in self.of("death") if d.person == person and d.outcome]
            day = e.start.date()
            inside = any(
                s.person == person and self.has_beds(s) and s.start.date() <= day
                and (s.end is None or s.end.date() > day or (s.end.date() == day and s.outcome == "died"))
                for _, s in self.of("spell")
            )  # fmt: skip
            _add(out, self.where(e), max(places) in ("home", "care-home") if places else not inside)
        return out

    def named_gp_at_end_of_life(self) -> Counts:
        out = _counts(True)
        for _, s in self.of("spell"):
            if s.end is None or s.outcome in ("died", "transfer") or not self.has_beds(s):
                continue
            day = s.end.date()
            if any(
                r.person == s.person and r.start.date() <= day and (r.end is None or r.end.date() >= day)
                for _, r in self.of("register")
            ):
                _add(out, self.where(s, month=f"{s.end:%Y-%m}"), s.code == "named-gp" and s.value == 1)
        return out


def _counts(denominator: bool) -> Any:
    return defaultdict(lambda: [0, 0 if denominator else None])


def _add(out: Any, cell: tuple[str, str, str, str], yes: bool) -> None:
    out[cell][0] += int(yes)
    out[cell][1] += 1


def _within(start: datetime | None, stop: datetime | None, minutes: int) -> bool:
    return start is not None and stop is not None and timedelta(0) <= stop - start <= timedelta(minutes=minutes)


def _month_end(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, calendar.monthrange(year, number)[1])


def _next(month: str) -> datetime:
    return datetime.combine(_month_end(month) + DAY, datetime.min.time())


def _span(first: str, last: str) -> list[str]:
    found = [first]
    while found[-1] < last:
        found.append(f"{_next(found[-1]):%Y-%m}")
    return found
