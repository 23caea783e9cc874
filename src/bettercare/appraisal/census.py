"""People in bed if nothing limited them: a census at once, shown while the simulation is made ready."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.expected import expected_activity
from bettercare.engines.simulate.from_plan import network_of
from bettercare.engines.simulate.network import Network
from bettercare.engines.simulate.wards import openings
from bettercare.plan.plan import Plan

Array = NDArray[np.float64]

HOURS = 24


@dataclass(frozen=True)
class Census:
    """Expected people in a service over a year if nothing limited them, against the beds or places open."""

    service: str
    mean: float
    busiest: float  # the highest hour of the average year
    open: float


def census(network: Network, opened: dict[str, float], days: int = 365) -> list[Census]:
    """Arrivals convolved with how long people stay (M(t)/G/infinity: Eick, Massey and Whitt 1993), by service.

    Weekly and monthly shapes of arrivals from outside are followed; what one service sends to another is spread evenly.
    """
    rates = network.rates()
    at = {s.name: i for i, s in enumerate(network.steps)}
    service_of = {s.name: s.service for s in network.stations}
    outside = np.zeros(len(network.steps))
    shapes: dict[str, Array] = {}
    hour = np.arange(days * HOURS)
    for stream in network.streams:
        i = at[stream.step]
        outside[i] += stream.rate
        day = hour // HOURS
        month = np.minimum(day * 12 // days, 11)
        weight = (
            np.asarray(stream.month)[month]
            * np.asarray(stream.weekday)[(day + network.first_weekday) % 7]
            * np.asarray(stream.hour)[hour % HOURS]
        )
        service = service_of[network.steps[i].where[0][0]]
        shapes[service] = shapes.get(service, np.zeros(hour.size)) + stream.rate / HOURS * weight / weight.mean()
    found: dict[str, list[tuple[float, float, float]]] = {}
    for i, step in enumerate(network.steps):
        stay = step.stay.mean + sum(r.share * r.hold for r in step.routes)
        found.setdefault(service_of[step.where[0][0]], []).append((rates[i], outside[i], stay))
    out = []
    for service, part in found.items():
        rate, coming, length = (np.array([p[k] for p in part]) for k in range(3))
        mean_stay = float((rate * length).sum() / max(rate.sum(), 1e-12))
        inside = _filled(shapes.get(service, np.zeros(hour.size)), mean_stay)
        busiest = float(inside.max()) + float(((rate - coming) * length).sum())
        out.append(Census(service, float((rate * length).sum()), busiest, opened.get(service, np.inf)))
    return out


def _filled(arrivals: Array, stay: float) -> Array:
    """Expected number inside when stays are exponential with this mean (days): a first-order filter, settled."""
    keep = float(np.exp(-1.0 / (HOURS * max(stay, 1e-9))))
    period = np.fft.rfft(arrivals)
    response = 1.0 / (1.0 - keep * np.exp(-2j * np.pi * np.fft.rfftfreq(arrivals.size)))
    gain = HOURS * stay * (1.0 - keep)  # so that the mean is arrivals times stay
    return np.asarray(np.fft.irfft(period * response, arrivals.size) * gain)


def preview(plan: Plan, scenario: str | None, year: str | None) -> Iterator[str]:
    """Lines for the terminal: what would be needed if nothing limited it, and what is open."""
    name, when = scenario or plan.settings.main, year or plan.settings.headline_year
    under = plan.under(name)
    expected = expected_activity(under, when)
    network = network_of(under, when, expected.activity, expected.dispersion, unlimited=True)
    opened: dict[str, float] = {}
    for (service, _), opening in openings(under, when, {}).items():
        opened[service] = opened.get(service, 0.0) + opening.beds
    titles = dict(plan.tables["services"].select("code", "name").iter_rows())
    rows = [c for c in census(network, opened) if np.isfinite(c.open)]
    yield f"{name}, {when}: people at one time if nothing limited them, and places open (an average, before any queue)"
    for c in sorted(rows, key=lambda c: -c.mean):
        short = "  more than are open" if c.mean > c.open else ("  full at busy times" if c.busiest > c.open else "")
        yield f"  {titles[c.service][:44]:<44}{c.mean:>8,.0f}{c.open:>8,.0f}{short}"
    yield ""
