"""What people do about an indicator: actions, and decisions to draw a chart's limits afresh."""

from __future__ import annotations

from django.db import models


class Action(models.Model):
    """What somebody will do about an indicator, by when. `owner` is a partner of the plan."""

    indicator = models.CharField(max_length=80, db_index=True)
    what = models.CharField(max_length=500)
    owner = models.CharField(max_length=60)
    due = models.DateField()
    done = models.BooleanField(default=False)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now=True)
    version = models.IntegerField(default=1)


class Rebase(models.Model):
    """A person's decision to draw a chart's limits afresh from a day on, with the four answers that it needs.

    One chart is of an indicator, a source (published or records), a partner and a locality (blank: all).
    """

    indicator = models.CharField(max_length=80, db_index=True)
    source = models.CharField(max_length=12)
    partner = models.CharField(max_length=60, blank=True)
    locality = models.CharField(max_length=60, blank=True)
    on = models.DateField()
    reason = models.TextField()
    significant_change = models.BooleanField()
    cause_understood = models.BooleanField()
    expected_to_persist = models.BooleanField()
    enough_points = models.BooleanField()
    withdrawn = models.BooleanField(default=False)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["on", "pk"]
