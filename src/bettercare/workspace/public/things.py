"""What can be published or withdrawn: every initiative, question, decision, change and paper."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bettercare.workspace.papers.models import Paper
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme.models import Decision, Hold, Publication, Revision
from bettercare.workspace.public.publish import state

KINDS = {
    "decision": "Decisions", "change": "Changes", "paper": "Papers", "initiative": "Initiatives",
    "question": "Questions",
}  # fmt: skip
STANDING = {"published": "Published", "held": "Held", "exempt": "Exempt", "none": "Nothing said yet"}


@dataclass(frozen=True)
class Thing:
    """Something that can be published: its kind, key and words, and what is recorded of it."""

    kind: str
    key: str
    words: str
    row: Publication | None

    @property
    def standing(self) -> str:
        """The state of its row, or `none`."""
        return self.row.state if self.row else "none"

    @property
    def seen(self) -> str:
        """What its form was filled in on."""
        return seen_of(self.row)


def seen_of(row: Publication | Hold | None) -> str:
    """A mark of what a row says, so that whoever writes on an older one is told; empty where there is no row."""
    if row is None:
        return ""
    said = (getattr(row, field.attname) for field in row._meta.concrete_fields)
    return hashlib.sha256(repr(list(said)).encode()).hexdigest()[:16]


def things() -> list[Thing]:
    """All of them; what is not published stands first, and of each kind the newest."""
    rows = {(p.kind, p.key): p for p in Publication.objects.all()}
    found = _decided()
    papers = Paper.objects.order_by("-pk").values_list("pk", "board", "title")
    found += [("paper", str(pk), f"{title} ({board})") for pk, board, title in papers]
    found += [("initiative", code, text) for code, text in _of_plans("initiatives", "title")]
    found += [("question", code, text) for code, text in _of_plans("questions", "question")]
    made = [Thing(kind, key, words, rows.get((kind, key))) for kind, key, words in found]
    return sorted(made, key=lambda thing: thing.standing == "published")


def unpublished() -> list[Thing]:
    """Decisions, and changes of the plan, of which nobody has said whether the public may see them."""
    rows = {(p.kind, p.key) for p in Publication.objects.filter(kind__in=("decision", "change"))}
    return [Thing(kind, key, words, None) for kind, key, words in _decided() if (kind, key) not in rows]


def _decided() -> list[tuple[str, str, str]]:
    found = [("decision", str(d.pk), f"{d.title}: {d.outcome}") for d in Decision.objects.order_by("-pk")]
    # What the workspace began with was public before it: there is nothing older to show instead.
    changes = Revision.objects.filter(parent__isnull=False).order_by("-pk").values_list("code", "note")
    return found + [("change", code, note) for code, note in changes]


def _of_plans(table: str, words: str) -> list[tuple[str, str]]:
    """Codes and words of the plan that is worked on, and of the one that the public sees, which can be an older one."""
    seen = plan_of(Revision.objects.get(code=state().revision))
    rows = dict(seen.tables[table].select("code", words).iter_rows())
    rows |= dict(plan_of(current()).tables[table].select("code", words).iter_rows())
    return sorted(rows.items())


def chosen(every: list[Thing], kind: str, standing: str, words: str) -> list[Thing]:
    """Those of a kind and a standing (any where empty) whose code or words hold a text, whatever its case."""
    low = words.lower()
    return [
        t
        for t in every
        if kind in ("", t.kind)
        and standing in ("", t.standing)
        and (low in t.words.lower() or low == t.key.lower() or low in (t.row.reason.lower() if t.row else ""))
    ]
