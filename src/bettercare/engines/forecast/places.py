"""What activity means at a site: people there, beds needed, staff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bettercare.engines.forecast.activity import Activity
from bettercare.engines.forecast.causes import Parts
from bettercare.engines.forecast.system import Beds, Staff, System
from bettercare.model.beds import DAYS, needed
from bettercare.model.money import steps

Array = NDArray[np.float64]


def at_sites(system: System, service: int, sites: NDArray[np.int64], by_locality: Array) -> Array:
    """Activity of a service at some sites, (years, draws), from (localities, years, draws)."""
    part = system.catchment[service][:, sites].sum(axis=1)  # (localities, years)
    return np.asarray(np.einsum("ly,lyd->yd", part, by_locality))


def occupied(system: System, beds: Beds, days: Array) -> Array:
    """Mean number in bed at a site, (years, draws), from bed days (services, localities, years, draws)."""
    part = system.catchment[beds.service][:, beds.site]
    return np.asarray(np.einsum("ly,lyd->yd", part, days[beds.service]) / DAYS)


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
    if at:
        return np.asarray(staff.wte * steps(beds[at], staff.step_size).sum(axis=0))
    return staff.wte * steps(activity, staff.step_size)


def parts_at(part: Array, causes: Parts) -> Parts:
    """Parts of a service's change at some sites, (causes, years, draws); `part` is (localities, years)."""
    return Parts(causes.at, np.asarray(np.einsum("ly,klyd->kyd", part, causes.values)))


def moved(part: Array, base: Array) -> Array:
    """Change at some sites because people go elsewhere than they did, (years, draws); `base` is (localities, draws)."""
    return np.asarray(np.einsum("ly,ld->yd", part - part[:, :1], base))


@dataclass(frozen=True)
class BedCauses:
    """Causes of the change in beds needed at one site since the base year, (years, draws) each; they add up exactly."""

    causes: Parts
    total: Array  # of the causes
    estate: Array


def bed_causes(system: System, activity: Activity, mean: Array) -> list[BedCauses]:
    """The causes of every bed row; `mean` is the expected number in bed, (beds, years, draws).

    Beds needed are M + k sqrt(M), and (sqrt(M1) - sqrt(M0)) / (M1 - M0) = 1 / (sqrt(M1) + sqrt(M0)), so each cause of M
    has its part of the margin too.
    """
    out = []
    for b, beds in enumerate(system.beds):
        roots = np.sqrt(mean[b]) + np.sqrt(mean[b][:1])
        spare = np.divide(beds.margin, roots, out=np.zeros_like(roots), where=roots > 0.0)
        slope = (1.0 + spare) / DAYS
        part = system.catchment[beds.service][:, beds.site]
        causes = parts_at(part, activity.day_causes[beds.service])
        causes.scale(slope)
        out.append(BedCauses(causes, causes.total(), slope * moved(part, activity.total[1, beds.service][:, 0])))
    return out
