"""Staff of each service by group, in post and vacant in the base year."""

from __future__ import annotations

from . import money_read as mr
from .money_costs import Costs
from .money_read import Care

# Share of posts that is vacant in the base year, by staff group (assumed; no local count was found).
VACANT = {"nursing": 0.08, "medical": 0.07, "therapy": 0.06, "support": 0.05, "social-care": 0.08, "other": 0.06}


def workforce(care: Care, costs: Costs) -> list[dict[str, object]]:
    """All rows of workforce.csv."""
    step_size = {(str(r["provider"]), str(r["service"])): r.get("step_size") for r in costs.rows}
    rows: list[dict[str, object]] = []
    for spec in mr.read(mr.HERE / "source-money-staff.csv"):
        service, per, each = spec["service"], spec["per"], float(spec["wte"])
        for provider in care.providers(service):
            if provider in mr.outsiders():
                continue
            needs = list(care.needs(service, provider).values())
            if per == "step":
                size = step_size[provider, service]
                if not size:
                    raise ValueError(f"{service}: staff per step but no steps in its cost")
                posts = each * mr.steps(needs, float(str(size)))
            else:
                posts = each * (sum(needs) if per == "bed" else care.units(service, provider) / 1000)
            vacant = posts * VACANT[spec["staff_group"]]
            rows.append(
                {
                    "provider": provider,
                    "service": service,
                    "staff_group": spec["staff_group"],
                    "per": per,
                    "wte": each,
                    "in_post_wte": round(posts - vacant, 1),
                    "vacant_wte": round(vacant, 1),
                    "assumed": f"{spec['assumed']}. In post and vacant: what the base year needs, with "
                    f"{VACANT[spec['staff_group']]:.0%} of posts vacant (assumed; no local count was found)",
                }
            )
    return rows
