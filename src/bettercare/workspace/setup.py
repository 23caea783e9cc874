"""Make a workspace ready: its database, its first revision, and, for a demonstration, people of every role."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any


def configure(folder: Path, database: str | None, *, demo: bool) -> None:
    """Set the environment and start Django. The secret is made once and kept in the folder, readable by its owner.

    The arguments decide: a database or a demonstration that the environment names is not taken where they name none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "secret"
    if not secret.exists():
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
    os.environ.setdefault("BETTERCARE_SECRET", secret.read_text(encoding="utf-8"))
    os.environ["BETTERCARE_DATA"] = str(folder)
    os.environ["BETTERCARE_DATABASE"] = database or ""
    os.environ["BETTERCARE_DEMO"] = "1" if demo else ""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bettercare.workspace.settings"
    import django

    django.setup()


def prepare(plan: Any, *, demo: bool) -> dict[str, str]:
    """Bring the database up to date and put the plan in it; {name: password} of the demonstration people, if made."""
    from django.core.management import call_command

    from bettercare.workspace.measurement import benefits
    from bettercare.workspace.plans import make_current, store
    from bettercare.workspace.programme.models import Current
    from bettercare.workspace.public.publish import publish_first

    call_command("migrate", interactive=False, verbosity=0)
    if not Current.objects.exists():
        make_current(store(plan, "The plan as it was when this workspace began"))
        publish_first(plan)
    benefits.keep(plan)
    return demonstration(plan) if demo else {}


def demonstration(plan: Any) -> dict[str, str]:
    """People of every role, with new passwords each time, so that none is known from elsewhere."""
    from bettercare.workspace.accounts.models import Membership, Person
    from bettercare.workspace.permissions import ROLES

    partner = _demonstration_partner(plan)
    if partner is None:
        return {}
    assurers = [row["partner"] for row in plan.tables["duties"].iter_rows(named=True) if row["duty"] == "assure"]
    out = {}
    for role, title in ROLES.items():
        person, _ = Person.objects.get_or_create(
            username=role, defaults={"full_name": f"{title} (demonstration)", "email": f"{role}@example.org"}
        )
        out[role] = secrets.token_urlsafe(9)
        person.set_password(out[role])
        person.save()
        home = assurers[0] if role == "assurer" and assurers else partner
        if not person.memberships.filter(role=role, partner=home).exists():
            Membership.objects.create(person=person, role=role, partner=home)
    return out


def _demonstration_partner(plan: Any) -> str | None:
    """A partner with something to do: it is still there, it decides if any does, and it leads the most initiatives."""
    from django.utils import timezone

    today = timezone.localdate()
    deciding = {row["partner"] for row in plan.tables["duties"].iter_rows(named=True) if row["duty"] == "decide"}
    leads = plan.tables["initiatives"]["lead"].to_list()
    inside = [row for row in plan.tables["partners"].iter_rows(named=True) if row["in_system"]]

    def fitness(row: dict[str, Any]) -> tuple[bool, bool, int]:
        still_there = row["to_date"] is None or row["to_date"] >= today
        return still_there, row["code"] in deciding, leads.count(row["code"])

    return str(max(inside, key=fitness)["code"]) if inside else None


def serve(host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve with waitress until stopped."""
    from waitress import create_server

    from bettercare.workspace.wsgi import application

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that a page waits for a moment is no news
    server = create_server(application, host=host, port=port, threads=8, ident=None)
    _warm(application)
    ready()
    server.run()


def _warm(application: Any) -> None:
    """Ask for a page once, so that the first visitor does not wait for the plan to be read."""
    from wsgiref.util import setup_testing_defaults

    from django.conf import settings
    from django.db import connections

    environ = {"PATH_INFO": "/roadmap", "HTTP_HOST": settings.ALLOWED_HOSTS[0]}
    setup_testing_defaults(environ)
    answer = application(environ, lambda *_: None)
    answer.close()
    connections.close_all()
