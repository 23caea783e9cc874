"""What people do to a plan. The plan itself is a value: a revision is stored whole and never changed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import models

CONFIDENCE = [
    ("red", "Red: unlikely without changes"),
    ("amber-red", "Amber/red: in doubt"),
    ("amber", "Amber: feasible, with issues"),
    ("amber-green", "Amber/green: probable"),
    ("green", "Green: highly likely"),
]


class Revision(models.Model):
    """One adopted state of the plan, whole: its files in a zip with fixed dates, so the same plan is the same bytes.

    A plan that goes back to what it was is a new revision of the same content: it has another parent, note and day.
    `fingerprint` names the content and `code` the adoption.
    """

    code = models.CharField(max_length=16, unique=True)
    fingerprint = models.CharField(max_length=64, db_index=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    content = models.BinaryField()
    note = models.CharField(max_length=300)
    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=200, blank=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add; a revision that is there cannot be saved again."""
        if not self._state.adding:
            raise TypeError("a revision is never changed")
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return self.code


class Current(models.Model):
    """The revision that the partnership works on: one row, which adoption locks."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT)


class Proposal(models.Model):
    """A change to the plan: an overlay on a named revision, and what it would do.

    `changes` is a list of {table, key: {column: value}, column, before, after}. `version` rises with every write, so
    that a second writer is told. `effect` holds the forecast's answer for the changes, by scenario.
    """

    STATES = [
        ("open", "Open"),
        ("adopted", "Adopted"),
        ("refused", "Refused"),
        ("withdrawn", "Withdrawn"),
    ]
    base = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="proposals")
    title = models.CharField(max_length=200)
    reason = models.TextField()
    initiative = models.CharField(max_length=60, blank=True)
    partner = models.CharField(max_length=60)
    changes = models.JSONField()
    effect = models.JSONField(default=dict)
    size = models.CharField(max_length=30)  # a class of sizes.toml: note, minor, major
    state = models.CharField(max_length=12, choices=STATES, default="open")
    adopted_as = models.ForeignKey(Revision, null=True, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    at = models.DateTimeField(auto_now_add=True)
    version = models.IntegerField(default=1)

    @property
    def overlay(self) -> str:
        """Hash of the base revision and the changes: what an endorsement is of."""
        text = json.dumps([self.base.code, self.changes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Endorsement(models.Model):
    """What a partner's board said of a proposal, at which meeting and minute. It lapses when the proposal changes.

    Answers are added and never changed; a board that thinks again gives another, and its latest counts.
    """

    ANSWERS = [("agreed", "Agreed"), ("not-agreed", "Did not agree"), ("noted", "Noted"), ("assured", "Assured")]
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="endorsements")
    overlay = models.CharField(max_length=16)
    partner = models.CharField(max_length=60)
    duty = models.CharField(max_length=20)
    answer = models.CharField(max_length=12, choices=ANSWERS)
    meeting = models.CharField(max_length=200)
    met_on = models.DateField()
    minute = models.CharField(max_length=60)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    at = models.DateTimeField(auto_now_add=True)


class Decision(models.Model):
    """What was decided, by whom, on which revision. `override` is the reason for deciding while a gate was open."""

    title = models.CharField(max_length=200)
    outcome = models.CharField(max_length=40)
    proposal = models.ForeignKey(Proposal, null=True, on_delete=models.PROTECT, related_name="decisions")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT)
    board = models.CharField(max_length=200)
    met_on = models.DateField()
    minute = models.CharField(max_length=60, blank=True)
    override = models.TextField(blank=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)


class Evidence(models.Model):
    """What an assurer recorded against one criterion of a gate. Computed criteria have none: they show their figure."""

    initiative = models.CharField(max_length=60)
    criterion = models.CharField(max_length=60)
    met = models.BooleanField()
    text = models.TextField()
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)


class Progress(models.Model):
    """The latest report on a milestone. `suggested` is the computed confidence; another needs a reason."""

    milestone = models.CharField(max_length=80, unique=True)
    done = models.BooleanField(default=False)
    expected = models.DateField(null=True, blank=True)
    confidence = models.CharField(max_length=12, choices=CONFIDENCE)
    suggested = models.CharField(max_length=12, choices=CONFIDENCE)
    reason = models.TextField(blank=True)
    note = models.TextField(blank=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now=True)
    version = models.IntegerField(default=1)


class Risk(models.Model):
    """A risk or an issue: what if, how we would know, who owns it, and the fallback."""

    initiative = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=200)
    is_issue = models.BooleanField(default=False)
    trigger = models.TextField()
    owner = models.CharField(max_length=60)
    fallback = models.TextField()
    open = models.BooleanField(default=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now=True)
    version = models.IntegerField(default=1)


class Comment(models.Model):
    """A remark on something of the workspace, by its kind and code."""

    about = models.CharField(max_length=120, db_index=True)
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    at = models.DateTimeField(auto_now_add=True)


class Publication(models.Model):
    """What the public may see of something, and from when. What has no row is not public."""

    STATES = [("published", "Published"), ("held", "Held"), ("exempt", "Exempt")]
    kind = models.CharField(max_length=20)  # initiative, question, decision, paper, change
    key = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=STATES, default="published")
    public_from = models.DateTimeField()
    staff_told = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="published_once")]


class Hold(models.Model):
    """A time before an election in which no new decision or paper appears."""

    name = models.CharField(max_length=120)
    since = models.DateField()
    until = models.DateField()


class Return(models.Model):
    """A partner's own return, kept as it came, beside the plan."""

    partner = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    lines = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)
    replaced = models.BooleanField(default=False)


class Resolution(models.Model):
    """What was agreed about a disagreement between returns, or who is asked to resolve it by when."""

    disagreement = models.CharField(max_length=120, unique=True)
    asked = models.CharField(max_length=60)
    due = models.DateField()
    agreed = models.TextField(blank=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now=True)
    version = models.IntegerField(default=1)
