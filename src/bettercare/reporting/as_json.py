"""The JSON that `bettercare run --json` prints, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bettercare.engines.forecast import Forecast
from bettercare.reporting.labels import Labels

MEASURES = {
    "gap_gbp_m": ("gap_gbp", 1e6),
    "acute_beds_needed": ("acute_beds_needed", 1.0),
    "community_beds_needed": ("community_beds_needed", 1.0),
    "emergency_admissions": ("emergency_admissions", 1.0),
    "staff_wte": ("staff_wte", 1.0),
}


def as_json(f: Forecast, seconds: float, evidence: Sequence[str] = ()) -> dict[str, Any]:
    """Plain values.

    `scenarios.<name>.<year>.<measure>` is {p5, p50, p95, mean}; `ledger.<name>.<year>.<measure>` is the mean part of
    each cause, by `kind` or `kind:code`; the parts add up to the mean. `gap_gbp_m` is in millions of pounds. A measure
    that the plan has nothing for is left out. `after_evidence` names the observations that it was
    learnt from.
    """
    return {
        "plan": f.plan.settings.name,
        "revision": f.plan.revision,
        "seed": f.seed,
        "draws": f.draws,
        "after_evidence": list(evidence),
        "seconds": round(seconds, 3),
        "scenarios": {name: {year: _values(f, name, year) for year in f.years} for name in f.scenarios},
        "ledger": {name: _ledger(f, name) for name in f.scenarios},
        "causes": _names(f),
    }


def _values(f: Forecast, name: str, year: str) -> dict[str, dict[str, float]]:
    out = {}
    for shown, (measure, unit) in MEASURES.items():
        try:
            found = f.summary(name, year, measure)
        except KeyError:
            continue
        out[shown] = {part: found[part] / unit for part in ("p5", "p50", "p95", "mean")}
    return out


def _ledger(f: Forecast, name: str) -> dict[str, dict[str, dict[str, float]]]:
    years: dict[str, dict[str, dict[str, float]]] = {year: {} for year in f.years}
    for shown, (measure, unit) in MEASURES.items():
        for kind, cause, year, value in f.ledger(name, measure).iter_rows():
            years[year].setdefault(shown, {})[f"{kind}:{cause}" if cause else kind] = value / unit
    return years


def _names(f: Forecast) -> dict[str, str]:
    """What the causes of the ledger are called."""
    titles = Labels(f.plan).initiatives
    causes = {c for r in f.scenarios.values() for _, c in r.ledger}
    return {f"{kind}:{code}": titles[code] for kind, code in sorted(causes) if kind == "initiative" and code in titles}
