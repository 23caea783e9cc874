"""patient_flow.csv: how people wait, stay and move. Judgements, set so that the base year shows what was published."""

from __future__ import annotations

from pathlib import Path

from bettercare.examples.llr.derive.tables import PLAN, read, write


def write_tables(folder: Path = PLAN) -> dict[str, int]:
    """Write patient_flow.csv."""
    return {"patient_flow": write("patient_flow", read("patient-flow"), folder)}
