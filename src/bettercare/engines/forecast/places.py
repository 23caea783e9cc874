"""What activity means at a site: people there, beds needed, staff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.activity import Activity
from bettercare.engines.forecast.causes import Parts, Sums
from bettercare.engines.forecast.system import Beds, Staff, System
from bettercare.model.beds import DAYS, needed
from bettercare.model.money import steps

Array = NDArray[np.float64]


def seen(part: Array, by_locality: Array) -> Array:
    """Activity at some place, (years, draws): a `part`, (localities, years), of (localities, years, draws)."""
    return np.asarray(np.einsum("ly,lyd->yd", part, by_locality))


def at_sites(system: System, service: int, sites: NDArray[np.int64], by_locality: Array) -> Array:
    """Activity of a service at some sites, (years, draws), from (localities, years, draws)."""
    return seen(system.catchment[service][:, sites].sum(axis=1), by_locality)


def occupied(system: System, beds: Beds, days: Array) -> Array:
    """Mean number in bed at a site, (years, draws), from bed days (services, localities, years, draws)."""
    return seen(system.catchment[beds.service][:, beds.site], days[beds.service]) / DAYS


def beds_needed(system: System, days: Array) -> tuple[Array, Array]:
    """(mean occupied, beds needed) of every bed row, each (beds, years, draws)."""
    mean = np.stack([occupied(system, b, days) for b in system.beds]) if system.beds else np.zeros((0, *days.shape[2:]))
    margins = np.array([b.margin for b in system.beds])[:, None, None]
    return mean, needed(mean, margins)


def staff_needed(system: System, staff: Staff, count: Array, beds: Array) -> Array:
    """Whole-time equivalents of one staff row, (years, draws)."""
    at = [b for b in staff.beds if b >= 0]
    if staff.per == "bed":
        return np.asarray(staff.wte * beds[at].sum(axis=0)) if at else np.zeros(count.shape[2:])
    activity = at_sites(system, staff.service, staff.sites, count[staff.service])
    if staff.per == "thousand-units":
        return staff.wte * activity / 1000.0
    stepped = staff.step_size > 0.0
    need = beds[at] if at else activity[None]
    whole = steps(need, np.where(stepped, staff.step_size, 1.0)[:, None]).sum(axis=0)
    return np.asarray(staff.wte * whole * stepped[:, None])


def moved(part: Array, base: Array) -> Array:
    """Change at some sites because people go elsewhere than they did; `base` is (localities, draws).

    Shape (years, draws), or (years, 1) where nothing moves.
    """
    if (part == part[:, :1]).all():
        return np.zeros((part.shape[1], 1))
    return np.asarray(np.einsum("ly,ld->yd", part - part[:, :1], base))


@dataclass(frozen=True)
class BedCauses:
    """Why the beds needed at one site changed since the base year, (years, draws) each.

    `slope` is the beds that one bed day more at the site asks for: slope times each cause's part of the change in bed
    days there, and `estate` for services that change site, add up to the change in beds exactly.
    """

    part: Array  # (localities, years): share of each locality's bed days that are spent at the site
    slope: Array
    estate: Array


def bed_causes(system: System, activity: Activity, mean: Array) -> list[BedCauses]:
    """The causes of every bed row; `mean` is the expected number in bed, (beds, years, draws).

    Beds needed are M + k sqrt(M), and (sqrt(M1) - sqrt(M0)) / (M1 - M0) = 1 / (sqrt(M1) + sqrt(M0)), so each cause of M
    has its part of the margin too.
    """
    out = []
    for b, beds in enumerate(system.beds):
        root = np.sqrt(mean[b])
        roots = root + root[:1]
        spare = np.divide(beds.margin, roots, out=np.zeros_like(roots), where=roots > 0.0)
        slope = (1.0 + spare) / DAYS
        part = system.catchment[beds.service][:, beds.site]
        out.append(BedCauses(part, slope, slope * moved(part, activity.total[1, beds.service][:, 0])))
    return out


class Weights:
    """How much one unit more of a service counts in a sum, by locality: (localities, years, draws) a service.

    A total that is linear in the activity of many services (a cost, a number of beds) changes for each cause by its
    parts of the change in activity times these weights; so weights of many lines are added before causes are looked at.
    """

    def __init__(self) -> None:
        self._of: dict[int, Array] = {}

    def add(self, service: int, part: Array, slope: Array) -> None:
        """Add a line: the `part` of each locality that it counts, (localities, years), at `slope`, (years, draws)."""
        if service not in self._of:
            self._of[service] = np.zeros((*part.shape, slope.shape[-1]))
        for place in np.flatnonzero(part.any(axis=1)):
            self._of[service][place] += part[place, :, None] * slope

    def in_draws(self, causes: list[Parts], into: Sums) -> None:
        """Add every cause's part of the sum, (years, draws); `causes` are the parts of each service's change."""
        for s, weight in self._of.items():
            parts = np.einsum("klyd,lyd->kyd", causes[s].values[:, :, 1:], weight[:, 1:])
            for k, part in zip(causes[s].at, parts, strict=True):
                into.values[k, 1:] += part  # nothing has changed in the base year

    def over_draws(self, causes: list[Parts], into: Sums) -> None:
        """Add every cause's part of the sum, summed over draws, (years,)."""
        for s, weight in self._of.items():
            into.add_parts(Parts(causes[s].at, np.einsum("klyd,lyd->ky", causes[s].values, weight)))
