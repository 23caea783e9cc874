"""The files of a run: report.html, results.parquet, results.csv and run.toml."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from bettercare.engines.forecast import Forecast
from bettercare.foundation.problems import UsageError
from bettercare.reporting.chapters import Chapter
from bettercare.reporting.drawing import Drawer
from bettercare.reporting.material import Material
from bettercare.reporting.report import Run, render

REPORT, PARQUET, CSV, RUN = "report.html", "results.parquet", "results.csv", "run.toml"


def prepare(folder: str | Path) -> Path:
    """The folder for the results, made if need be; raises UsageError where that cannot be, before anything is run."""
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file; name a folder for the results.")
    if (path / "plan.toml").exists():
        raise UsageError(f"{path} holds a plan; name another folder for the results.")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {path} cannot be made: {error.strerror or error}.") from None
    if not os.access(path, os.W_OK):
        raise UsageError(f"The folder {path} cannot be written to.")
    return path


def write(
    f: Forecast,
    folder: Path,
    run: Run,
    material: Material | None = None,
    drawer: Drawer | None = None,
    more: Sequence[Chapter] = (),
) -> list[Path]:
    """Write the results and, when `material` is given, the report (drawn by `drawer`); returns the paths.

    For the same plan, seed and draws results.parquet and results.csv have the same bytes; the report and run.toml also
    hold the time.
    """
    paths = [folder / PARQUET, folder / CSV, folder / RUN]
    if material is not None:
        paths.append(folder / REPORT)
        _text(paths[-1], render(material, run, drawer, more))
    table = f.table()
    table.write_parquet(paths[0], compression="zstd", compression_level=3, statistics=False)
    table.write_csv(paths[1], float_precision=6)
    _text(paths[2], about(f, run))
    return paths


def about(f: Forecast, run: Run) -> str:
    """run.toml: what was run, so that it can be run again."""
    lines: Iterable[tuple[str, object]] = (
        ("plan", f.plan.settings.name),
        ("revision", f.plan.revision),
        ("fingerprint", f.plan.fingerprint),
        ("seed", f.seed),
        ("draws", f.draws),
        ("scenarios", list(f.scenarios)),
        ("years", list(f.years)),
        ("after_evidence", list(run.evidence)),
        ("version", run.version),
        ("finished", run.finished.isoformat(timespec="seconds")),
        ("seconds", round(run.seconds, 3)),
    )
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in lines)


def _text(path: Path, content: str) -> None:
    path.write_bytes(content.encode("utf-8"))
