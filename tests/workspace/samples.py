"""For every view whose permission depends on a partner: how to ask for a thing of that partner.

{name of the URL: partner -> (parts of the path, fields of the form)}. A sample may write what it asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from bettercare.workspace.measurement.models import Action
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme.models import Return, Risk
from bettercare.workspace.returns.reading import held_together, parties

Sample = tuple[dict[str, Any], dict[str, str]]


def a_return(partner: str) -> Return:
    """A return whose recurrent income is not the plan's."""
    line = {
        "partner": partner, "item": "money", "kind": "income", "year": plan_of(current()).settings.base_year,
        "value": 1.0, "unit": "GBP", "received": date(2015, 6, 30).isoformat(),
    }  # fmt: skip
    found, _ = Return.objects.get_or_create(
        partner=partner, name=f"{partner}.xlsx", defaults={"content": b"", "lines": [line], "by": "a test"}
    )
    return found


def a_disagreement(partner: str) -> Sample:
    """One that this partner alone has a part in."""
    a_return(partner)
    _, found = held_together()
    return {"code": next(d.code for d in found.disagreements if parties(d) == [partner])}, {}


def an_initiative(partner: str) -> str:
    """One that the partner leads."""
    table = plan_of(current()).tables["initiatives"]
    return str(table.filter(table["lead"] == partner)["code"][0])


def a_milestone(partner: str) -> str:
    """One of an initiative that the partner leads."""
    plan = plan_of(current())
    led = plan.tables["initiatives"].filter(plan.tables["initiatives"]["lead"] == partner)["code"].to_list()
    table = plan.tables["milestones"]
    return str(table.filter(table["initiative"].is_in(led))["code"][0])


def a_risk(partner: str) -> int:
    """One that the partner owns."""
    return int(Risk.objects.get_or_create(title="A risk", owner=partner, trigger="t", fallback="f", by="a test")[0].pk)


def an_action(partner: str) -> int:
    """One that the partner is to do."""
    values = {"what": "An action", "owner": partner, "due": date(2015, 6, 30), "by": "a test"}
    return int(Action.objects.get_or_create(indicator="acute-beds-open", **values)[0].pk)


OF_PARTNER: dict[str, Callable[[str], Sample]] = {
    "return-upload": lambda partner: ({}, {"partner": partner}),
    "return-layout": lambda partner: ({"partner": partner}, {}),
    "return-use": lambda partner: ({"number": a_return(partner).pk}, {}),
    "disagreement-agree": a_disagreement,
    "work-add-risk": lambda partner: ({"code": an_initiative(partner)}, {}),
    "work-progress": lambda partner: ({"code": a_milestone(partner)}, {}),
    "work-risk": lambda partner: ({"number": a_risk(partner)}, {}),
    "nerve-add-action": lambda partner: ({}, {"owner": partner}),
    "nerve-end-action": lambda partner: ({"number": an_action(partner)}, {}),
    "nerve-case-list": lambda partner: ({}, {"organisation": partner}),
    "nerve-add-feed": lambda partner: ({}, {"organisation": partner}),
    "work-endorse": lambda partner: ({}, {"partner": partner}),
}
