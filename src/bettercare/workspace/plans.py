"""Revisions as plans, and the forecasts made from them: kept by revision, scenario, draws and seed."""

from __future__ import annotations

import io
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction

from bettercare import Forecast, Plan, forecast, read_plan
from bettercare.plan.write import plan_files, write_files
from bettercare.workspace import memory
from bettercare.workspace.programme.models import Current, Revision

FIXED = (1980, 1, 1, 0, 0, 0)
MOST_PLANS, MOST_FORECASTS = 16, 12
DRAWS = 500  # one number for all pages and papers, so that they say the same and share what was worked out

_plans: OrderedDict[str, Plan] = OrderedDict()
_forecasts: OrderedDict[tuple[Any, ...], Forecast] = OrderedDict()
_lock = threading.RLock()


def packed(plan: Plan) -> bytes:
    """The files of a plan in a zip: the same plan gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(plan_files(plan).items()):
            archive.writestr(zipfile.ZipInfo(name, FIXED), text.encode("utf-8"), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def unpacked(content: bytes) -> Plan:
    """A plan from such a zip."""
    from pathlib import Path

    with TemporaryDirectory() as folder, zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        write_files(Path(folder), {name: archive.read(name) for name in archive.namelist()})
        return read_plan(folder)


def store(plan: Plan, note: str, by: str = "", parent: Revision | None = None) -> Revision:
    """Keep a plan as the revision that follows `parent`, or find it where it is there.

    The first revision of a content is named after it; where the plan comes back to that content later, a number says
    which time it is. So history keeps both, and nothing that was said of the first is taken for the second.
    """
    same = Revision.objects.filter(fingerprint=plan.fingerprint)
    found = same.filter(parent=parent).first()
    if found is None:
        times = same.count() + 1
        code = plan.revision if times == 1 else f"{plan.revision}-{times}"
        found = Revision.objects.create(
            code=code, fingerprint=plan.fingerprint, content=packed(plan), note=note, by=by, parent=parent
        )
    return found


def current() -> Revision:
    """The revision that the partnership works on."""
    return Current.objects.select_related("revision").get(pk=1).revision


def make_current(revision: Revision) -> None:
    """Work on another revision from now on."""
    with transaction.atomic():
        Current.objects.update_or_create(pk=1, defaults={"revision": revision})


def plan_of(revision: Revision) -> Plan:
    """The plan of a revision; the last few are kept."""
    with _lock:
        if revision.code in _plans:
            _plans.move_to_end(revision.code)
            return _plans[revision.code]
    plan = unpacked(revision.content)
    with _lock:
        _plans[revision.code] = plan
        while len(_plans) > MOST_PLANS:
            _plans.popitem(last=False)
    return plan


def forecast_of(plan: Plan, scenarios: Sequence[str], draws: int, seed: int | None = None) -> Forecast:
    """A forecast; the last few are kept, so that the same question is answered at once."""
    key = (plan.fingerprint, tuple(scenarios), draws, seed)
    with _lock:
        if key in _forecasts:
            _forecasts.move_to_end(key)
            return _forecasts[key]
    made = forecast(plan, list(scenarios), draws=draws, seed=seed)
    memory.give_back()
    with _lock:
        _forecasts[key] = made
        while len(_forecasts) > MOST_FORECASTS:
            _forecasts.popitem(last=False)
    return made


def checked(plan: Plan) -> Plan:
    """The same plan, read again with all checks; raises Problems where it does not pass them."""
    return unpacked(packed(plan))
