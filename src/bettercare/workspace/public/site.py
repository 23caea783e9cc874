"""All that the public pages show, made once for a revision and what of it is public, and kept until that changes."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Length

from bettercare.reporting.labels import Labels
from bettercare.workspace import roadmap
from bettercare.workspace.papers.models import Paper
from bettercare.workspace.plans import plan_of
from bettercare.workspace.programme.models import Decision, Revision
from bettercare.workspace.public import history, publish
from bettercare.workspace.public.measures import Measure, measures
from bettercare.workspace.public.only import INSTEAD, hidden, names_of, only_public
from bettercare.workspace.public.publish import State

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan

MOST_CHANGES = 20  # how many of the latest changes are told in words; each needs two revisions
MOST_SITES = 2

_sites: OrderedDict[str, Site] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Made:
    """A published change: the revision that it made, when it was published, why, and what it changed."""

    revision: str
    at: datetime
    note: str
    words: tuple[history.Said, ...]


@dataclass(frozen=True)
class Event:
    """Something new on the site, for the list of changes and the feed. `link` is an address on this site."""

    kind: str
    title: str
    text: str
    at: datetime
    link: str


@dataclass(frozen=True)
class Decided:
    """A published decision; `initiative` is the code that it is about, where there is one."""

    pk: int
    record: Decision
    initiative: str
    at: datetime


@dataclass(frozen=True)
class Document:
    """A published paper, without its bytes."""

    pk: int
    title: str
    board: str
    on: Any
    revision: str
    at: datetime
    sizes: Mapping[str, int]


class Site:
    """The published part of a revision. Its plan holds nothing that is not public."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.revision = state.revision
        self.whole = plan_of(Revision.objects.get(code=state.revision))
        self.plan = self.public(self.whole)
        self.labels = Labels(self.plan)
        self.changes = self._changes()
        self.decisions = self._decisions()
        self.papers = self._papers()

    def public(self, plan: Plan) -> Plan:
        """Any revision's plan with only what the public may see today."""
        return only_public(plan, hidden(plan, self.state.since))

    @cached_property
    def cards(self) -> dict[str, roadmap.Card]:
        """Every public initiative."""
        return roadmap.cards(self.plan)

    @cached_property
    def grid(self) -> roadmap.Grid:
        """The whole roadmap."""
        return roadmap.grid(self.plan, self.cards)

    @cached_property
    def outcomes(self) -> dict[str, str]:
        """Names of the outcomes in their order."""
        return dict(self.plan["outcomes"].sort("order").select("code", "name").iter_rows())

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """Every indicator with its latest figure."""
        return measures(self.plan)

    @cached_property
    def questions(self) -> list[dict[str, Any]]:
        """Questions with the initiatives that they concern as (code, title)."""
        titles = {code: card.title for code, card in self.cards.items()}
        return [
            {**row, "about": [(c, titles[c]) for c in (row["initiatives"] or "").split(";") if c in titles]}
            for row in self.plan["questions"].iter_rows(named=True)
        ]

    @cached_property
    def choices(self) -> dict[str, dict[str, str]]:
        """What can be asked for in each filter: {filter: {value: words}}, only what would find something."""
        rows = self.plan["initiatives"]
        used = {name: set(rows[name].drop_nulls().to_list()) for name in ("pathway", "status", "consultation")}
        partners = set(rows["lead"].to_list()) | set(self.plan["investments"]["partner"].to_list())
        outside = self.plan["localities"].filter(self.plan["localities"]["outside"])["code"].to_list()
        return {
            "locality": {c: n for c, n in self.labels.localities.items() if c not in outside},
            "partner": dict(sorted(((c, n) for c, n in self.labels.partners.items() if c in partners), key=_second)),
            "pathway": {
                c: n for c, n in self.plan["pathways"].select("code", "name").iter_rows() if c in used["pathway"]
            },
            "status": {c: n for c, n in roadmap.STATUSES.items() if c in used["status"]},
            "consultation": {c: n for c, n in roadmap.CONSULTATION.items() if c in used["consultation"]},
        }

    @cached_property
    def events(self) -> list[Event]:
        """What is new, the newest first: changes of the plan, decisions, papers."""
        found = [
            Event("change", made.note, "; ".join(s.text for s in made.words), made.at, f"/changes#{made.revision}")
            for made in self.changes
        ]
        found += [
            Event("decision", d.record.title, d.record.outcome, d.at, f"/decisions/{d.pk}") for d in self.decisions
        ]
        found += [Event("paper", p.title, p.board, p.at, f"/papers#paper-{p.pk}") for p in self.papers]
        return sorted(found, key=lambda event: (event.at, event.link), reverse=True)

    def earlier(self, code: str) -> Plan | None:
        """An earlier published revision to compare with; None where there is none of that code."""
        if code == self.revision or not self.state.shows("change", code):
            return None
        revision = Revision.objects.filter(code=code).first()
        return self.public(plan_of(revision)) if revision else None

    def scrub(self, text: str) -> str:
        """A text of the workspace without the names of what is not public."""
        return self._unnamed.sub(INSTEAD, text) if self._unnamed else text

    @cached_property
    def _unnamed(self) -> re.Pattern[str] | None:
        out = hidden(self.whole, self.state.since)
        return names_of(self.whole, out) if any(out.values()) else None

    def _changes(self) -> list[Made]:
        since = self.state.since["change"]
        found = Revision.objects.filter(code__in=list(since)).defer("content").select_related("parent").order_by("-at")
        made = []
        for n, revision in enumerate(found):
            words: tuple[history.Said, ...] = ()
            if revision.parent is not None and n < MOST_CHANGES:
                words = tuple(history.words(self.public(plan_of(revision.parent)), self.public(plan_of(revision))))
            made.append(Made(revision.code, since[revision.code], self.scrub(revision.note), words))
        return made

    def _decisions(self) -> list[Decided]:
        since = self.state.since["decision"]
        found = Decision.objects.filter(pk__in=[k for k in since if k.isdigit()]).order_by("-met_on", "-pk")
        made = []
        for record in found.select_related("proposal"):
            code = record.proposal.initiative if record.proposal else ""
            if code and not self.state.shows("initiative", code):
                continue
            for field in ("title", "outcome", "override"):
                setattr(record, field, self.scrub(getattr(record, field)))
            made.append(Decided(record.pk, record, code, since[str(record.pk)]))
        return made

    def _papers(self) -> list[Document]:
        since = self.state.since["paper"]
        found = Paper.objects.filter(pk__in=[k for k in since if k.isdigit()]).order_by("-met_on", "-pk")
        rows = found.annotate(pdf_size=Length("pdf"), docx_size=Length("docx")).values(
            "pk", "title", "board", "met_on", "revision__code", "pdf_size", "docx_size"
        )
        return [
            Document(
                r["pk"], self.scrub(r["title"]), r["board"], r["met_on"], r["revision__code"],
                since[str(r["pk"])], {"pdf": r["pdf_size"] or 0, "docx": r["docx_size"] or 0},
            )
            for r in rows
        ]  # fmt: skip


def _second(pair: tuple[str, str]) -> str:
    return pair[1]


def site() -> Site:
    """The site as it is now."""
    state = publish.state()
    found = _sites.get(state.digest)
    if found is None:
        with _lock:
            found = _sites.get(state.digest)
            if found is None:
                found = _sites[state.digest] = Site(state)
                while len(_sites) > MOST_SITES:
                    _sites.popitem(last=False)
    return found
