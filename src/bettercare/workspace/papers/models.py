"""Meetings, their items, and papers: live until they are published, then frozen."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from bettercare.workspace.programme.models import Proposal, Revision


class Meeting(models.Model):
    """A meeting of a board."""

    board = models.CharField(max_length=200)  # a partner's code, or a name
    on = models.DateField()
    venue = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=200, blank=True)  # who made it
    title = models.CharField(max_length=200, blank=True)
    item_number = models.CharField(max_length=20, blank=True)
    report_of = models.CharField(max_length=200, blank=True)
    officer_name = models.CharField(max_length=120, blank=True)
    officer_job_title = models.CharField(max_length=120, blank=True)
    officer_telephone = models.CharField(max_length=40, blank=True)
    officer_email = models.EmailField(blank=True)
    background_papers = models.TextField(blank=True)  # a line each
    words = models.JSONField(default=dict)  # {section: paragraphs of one's own}
    version = models.IntegerField(default=1)

    class Meta:
        ordering = ["-on", "-pk"]


class Item(models.Model):
    """Something that a meeting is asked to note, approve or decide."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="items")
    order = models.IntegerField()
    verb = models.CharField(max_length=10, choices=[("note", "Note"), ("approve", "Approve"), ("decide", "Decide")])
    text = models.TextField()
    proposal = models.ForeignKey(Proposal, null=True, blank=True, on_delete=models.SET_NULL)
    initiative = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["order"]


class Paper(models.Model):
    """A published paper: its bytes, the revision and the run that they were made from. It never changes.

    Board and day are as the paper prints them: those of the meeting may be changed later.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="papers")
    title = models.CharField(max_length=200)
    board = models.CharField(max_length=200)
    met_on = models.DateField()
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT)
    run = models.JSONField()  # seed, draws, scenario, version, and the figures that the paper shows
    pdf = models.BinaryField()
    docx = models.BinaryField()
    hash = models.CharField(max_length=64)  # SHA-256 of the PDF
    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=200)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add; a published paper cannot be saved again."""
        if not self._state.adding:
            raise TypeError("a published paper is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise TypeError("a published paper is never removed")
