"""Begin a plan from a shipped example, or from another plan."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from bettercare.foundation.problems import UsageError
from bettercare.plan.load import find_folder
from bettercare.plan.schema import schema
from bettercare.plan.source import LARGEST_FILE, PLAN_FILE, SCENARIO_FILE
from bettercare.plan.values import CODE
from bettercare.plan.write import new_folder, write_files

LEARNING_FILE = "learning/published.csv"  # judged benefits and other observations to learn from


def new_plan(folder: str | Path, from_: str | Path = "empty") -> Path:
    """Copy a plan ("llr", "empty", "broken" or a folder) into a new folder, and return that.

    Copied are plan.toml, the tables, the scenarios, learning/published.csv and README.md, byte for byte but for the
    plan's name, which becomes the folder's. Raises UsageError when the folder holds something already or there is no
    such plan.
    """
    source = find_folder(from_)
    target = new_folder(folder)
    names = [PLAN_FILE, "README.md", LEARNING_FILE, *(table.file for table in schema().values())]
    content: dict[str, str | bytes] = {}
    places = [(source, names)]
    scenarios = source / "scenarios"
    if scenarios.is_dir():
        of_scenario = [SCENARIO_FILE, *(table.file for table in schema().values())]
        places += [(place, of_scenario) for place in sorted(scenarios.iterdir()) if place.is_dir()]
    try:
        for place, wanted in places:
            for name in wanted:
                path = place / name
                if path.exists() and stat.S_ISREG(path.stat().st_mode) and path.stat().st_size <= LARGEST_FILE:
                    content[path.relative_to(source).as_posix()] = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}.") from None
    settings = content.get(PLAN_FILE)
    if isinstance(settings, bytes) and CODE.fullmatch(target.name):  # the copy has a name of its own
        own_name = f'name = "{target.name}"'.encode()
        content[PLAN_FILE] = re.sub(rb'(?m)^name\s*=\s*"[^"\n]*"', own_name, settings, count=1)
    write_files(target, content)
    return target
