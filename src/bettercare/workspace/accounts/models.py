"""People, and for which partner they act in which role, between dates."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from bettercare.workspace.permissions import ROLES, reach_of

INVITATION_DAYS = 14


class Person(AbstractUser):
    """Somebody with an account."""

    full_name = models.CharField(max_length=150)
    # Who this is to the partnership's own sign-in service: its address and the name that it never reuses.
    outside_name = models.CharField(max_length=500, null=True, blank=True, unique=True)

    def __str__(self) -> str:
        return f"{self.full_name} <{self.email}>"

    def roles(self, on: date | None = None) -> dict[str, set[str]]:
        """{role: partners} on a day."""
        day = on or timezone.localdate()
        found: dict[str, set[str]] = {}
        for role, partner in self.memberships.filter(held_on(day)).values_list("role", "partner"):
            found.setdefault(role, set()).add(partner)
        return found

    def may(self, action: str, partner: str | None = None) -> bool:
        """Whether the person may do something, for a partner's thing where it matters whose it is."""
        everywhere, partners = reach_of(self.roles(), action)
        return everywhere or (bool(partners) if partner is None else partner in partners)

    def partners_for(self, action: str, every: list[str]) -> list[str]:
        """The partners for which the person may do something."""
        everywhere, partners = reach_of(self.roles(), action)
        return list(every) if everywhere else [p for p in every if p in partners]

    def must_have_second_factor(self) -> bool:
        """Whether one of the person's roles asks for a second factor."""
        return bool(set(settings.SECOND_FACTOR_ROLES) & set(self.roles()))


def held_on(day: date) -> Q:
    """The condition on memberships that hold on a day."""
    return Q(since__lte=day) & (Q(until__isnull=True) | Q(until__gte=day))


class Membership(models.Model):
    """A role that somebody holds at a partner organisation, from one day until another (both included).

    Somebody who leaves and comes back has two rows, so that who acted for whom can be told of any day.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    partner = models.CharField(max_length=60)
    role = models.CharField(max_length=30, choices=list(ROLES.items()))
    since = models.DateField(default=timezone.localdate)
    until = models.DateField(null=True, blank=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "partner", "role", "since"], name="one_role_once_a_day")
        ]


class SecondFactor(models.Model):
    """A person's second factor: the secret that their app shares with us, and codes for when the app is lost.

    The secret must be readable to check a code; recovery codes are kept as SHA-256 (each has 80 random bits).
    """

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="second_factor")
    secret = models.CharField(max_length=64)
    confirmed = models.BooleanField(default=False)
    last_step = models.BigIntegerField(default=0)  # so that a code that was seen over a shoulder is of no use
    recovery = models.JSONField(default=list)


def _token() -> str:
    return secrets.token_urlsafe(32)


def _expiry() -> Any:
    return timezone.now() + timedelta(days=INVITATION_DAYS)


class Invitation(models.Model):
    """A link with which somebody makes an account or sets a new password; good once, for two weeks.

    Only the hash of the link's token is kept: who reads the database cannot use it.
    """

    KINDS = [("join", "Join"), ("password", "New password")]
    token = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=KINDS, default="join")
    email = models.EmailField()
    partner = models.CharField(max_length=60, blank=True)
    role = models.CharField(max_length=30, choices=list(ROLES.items()), blank=True)
    since = models.DateField(default=timezone.localdate)
    until = models.DateField(null=True, blank=True)
    expires = models.DateTimeField(default=_expiry)
    used = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL)

    @classmethod
    def issue(cls, **fields: Any) -> tuple[Invitation, str]:
        """A new invitation and its token, which is nowhere kept."""
        token = _token()
        return cls.objects.create(token=hashed(token), **fields), token

    @classmethod
    def good(cls) -> models.QuerySet[Invitation]:
        """Those that can still be used."""
        return cls.objects.filter(used__isnull=True, expires__gt=timezone.now())


def hashed(token: str) -> str:
    """SHA-256 of a token or recovery code, as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()
