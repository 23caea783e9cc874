"""How partners' own layouts are read. The returns and what was agreed are the programme's."""

from __future__ import annotations

from django.db import models


class Layout(models.Model):
    """A partner's own layout of its return, mapped once by hand (mapping.toml) and remembered."""

    partner = models.CharField(max_length=60, unique=True)
    text = models.TextField(blank=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now=True)
    version = models.IntegerField(default=1)
