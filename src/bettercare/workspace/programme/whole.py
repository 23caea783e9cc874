"""The whole plan as the public site's templates show it: for the workspace, where nothing is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bettercare.reporting.labels import Labels
from bettercare.workspace.plans import plan_of
from bettercare.workspace.programme.models import Revision
from bettercare.workspace.public.site import Made, Site

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan


class Whole(Site):
    """A revision as a site on which everything is public. Decisions and papers are on pages of their own."""

    def __init__(self, revision: Revision) -> None:
        self.revision = revision.code
        self.whole = self.plan = plan_of(revision)
        self.labels = Labels(self.plan)
        found = Revision.objects.defer("content").order_by("-pk")
        self.changes = [Made(r.code, r.at, r.note, ()) for r in found]
        self.decisions, self.papers = [], []

    def public(self, plan: Plan) -> Plan:
        """All of a plan."""
        return plan

    def earlier(self, code: str) -> Plan | None:
        """Any other revision's plan; None where there is none of that code."""
        found = Revision.objects.filter(code=code).exclude(code=self.revision).first()
        return plan_of(found) if found else None
