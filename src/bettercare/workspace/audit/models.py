"""Entries of the audit trail, and the head of the chain."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

from django.db import models, transaction
from django.utils import timezone

FIRST = "0" * 64


class Entry(models.Model):
    """Who did or was denied what, when, and what it changed. Rows are added and never changed."""

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    who = models.CharField(max_length=200)  # a name and address as they were; empty for the public
    action = models.CharField(max_length=60)
    allowed = models.BooleanField(default=True)
    what = models.CharField(max_length=200)  # kind and code of the object
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["number"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add; an entry that is there cannot be saved again."""
        if not self._state.adding:
            raise TypeError("entries of the audit trail are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError("entries of the audit trail are never removed")

    def reckoned(self) -> str:
        """The hash that the content of this entry and the one before it give."""
        content = {
            "number": self.number,
            "at": self.at.isoformat(timespec="microseconds"),
            "who": self.who,
            "action": self.action,
            "allowed": self.allowed,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "previous": self.previous,
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


class Head(models.Model):
    """The end of the chain: one row, which every writer locks."""

    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=FIRST)


def locked_head() -> Head:
    """The end of the chain, locked until the transaction ends: writers come here one after the other."""
    Head.objects.get_or_create(pk=1)
    return Head.objects.select_for_update().get(pk=1)


def record(who: str, action: str, what: str, *, allowed: bool = True, before: Any = None, after: Any = None) -> Entry:
    """Add an entry within the transaction of the write that it is about."""
    import datetime

    with transaction.atomic():
        head = locked_head()
        entry = Entry(
            number=head.number + 1,
            at=timezone.now().astimezone(datetime.UTC),
            who=who[:200],
            action=action,
            allowed=allowed,
            what=what[:200],
            before=_plain(before),
            after=_plain(after),
            previous=head.hash,
        )
        entry.hash = entry.reckoned()
        entry.save()
        head.number, head.hash = entry.number, entry.hash
        head.save()
    return entry


def actions() -> list[str]:
    """The actions that the trail holds. They are more than the permission table's: one permission allows several."""
    return list(Entry.objects.order_by("action").values_list("action", flat=True).distinct())


def _plain(value: Any) -> Any:
    """As JSON has it, so that what is read back has the same hash."""
    return None if value is None else json.loads(json.dumps(value, default=str))


def verify() -> list[str]:
    """What is wrong with the chain, in words; empty when it holds."""
    import datetime

    problems = []
    previous, number = FIRST, 0
    for entry in Entry.objects.order_by("number").iterator():
        number += 1
        entry.at = entry.at.astimezone(datetime.UTC)
        if entry.number != number:
            problems.append(f"entry {number} is missing: the next is {entry.number}")
            number = entry.number
        if entry.previous != previous:
            problems.append(f"entry {entry.number} does not follow the one before it")
        if entry.hash != entry.reckoned():
            problems.append(f"entry {entry.number} was changed after it was written")
        previous = entry.hash
    head = Head.objects.filter(pk=1).first()
    if head and (head.number, head.hash) != (number, previous):
        problems.append(f"the trail ends with entry {number}, and {head.number} were written")
    return problems
