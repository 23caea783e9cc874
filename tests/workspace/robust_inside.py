"""Run as a program beside a workspace's server: makes its people, tells what its database holds, dies while adopting.

    python robust_inside.py people FOLDER DATABASE      prints {name: session}
    python robust_inside.py state FOLDER DATABASE       prints what is in the database
    python robust_inside.py adopt FOLDER DATABASE N S   adopts proposal N, and is killed right after step S of it

DATABASE is "" for the SQLite file in FOLDER.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

MOST = 50  # people
FIRST_PARTNER = "lpt"  # which leads the initiatives that the tests report on


def main() -> None:
    """One of the commands above."""
    from bettercare.workspace import setup

    what, folder, database, *rest = sys.argv[1:]
    setup.configure(Path(folder), database or None, demo=False)
    commands: dict[str, Callable[..., Any]] = {"people": people, "state": state, "adopt": adopt}
    print(json.dumps(commands[what](*rest), default=str))


def people() -> dict[str, str]:
    """The prepared workspace with fifty partner leads, two at each partner, and two of the programme office."""
    from django.test import Client

    from bettercare import read_plan
    from bettercare.workspace import setup
    from bettercare.workspace.accounts.models import Membership, Person

    plan = read_plan("llr")
    setup.prepare(plan, demo=False)
    partners = plan.tables["partners"]["code"].sort().to_list()[: MOST // 2]
    roles = {f"lead{n}": ("partner-lead", {FIRST_PARTNER, partners[n // 2]}) for n in range(MOST)}
    roles |= {f"office{n}": ("programme-office", {FIRST_PARTNER}) for n in range(2)}
    sessions = {}
    for name, (role, at) in roles.items():
        person = Person.objects.create(username=name, full_name=name, email=f"{name}@example.org")
        for partner in at:
            Membership.objects.create(person=person, role=role, partner=partner)
        client = Client(HTTP_HOST="localhost")
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["second_factor"] = True  # as after the code of an app, which some roles must give
        session.save()
        sessions[name] = str(session.session_key)
    return {**sessions, "partners": ",".join(partners)}


def state() -> dict[str, Any]:
    """What is there, and what is wrong with it."""
    from django.db import connection

    from bettercare.workspace.audit.models import Entry, verify
    from bettercare.workspace.programme.models import (
        Comment,
        Current,
        Decision,
        Endorsement,
        Progress,
        Proposal,
        Revision,
    )
    from bettercare.workspace.programme.verify import wrong_revisions

    wrong = [*verify(), *wrong_revisions()]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            wrong += [row[0] for row in cursor.execute("PRAGMA integrity_check") if row[0] != "ok"]
    return {
        "wrong": wrong,
        "current": [c.revision.code for c in Current.objects.select_related("revision")],
        "entries": list(Entry.objects.order_by("number").values("number", "who", "action", "what", "before", "after")),
        "comments": list(Comment.objects.order_by("pk").values("pk", "about", "text", "by__username")),
        "progress": {p["milestone"]: p for p in Progress.objects.values("milestone", "note", "version")},
        "endorsements": list(Endorsement.objects.values("proposal", "overlay", "partner", "minute", "by__username")),
        "proposals": list(Proposal.objects.order_by("pk").values("pk", "state", "base__code", "adopted_as__code")),
        "revisions": dict(Revision.objects.order_by("pk").values_list("code", "parent__code")),
        "decisions": list(Decision.objects.order_by("pk").values("proposal", "outcome", "revision__code")),
    }


def adopt(number: str, step: str) -> str:
    """Adopt a proposal; with a step, the process is killed when that step is done."""
    from bettercare.workspace.accounts.models import Person
    from bettercare.workspace.programme import proposing
    from bettercare.workspace.programme.models import Proposal

    if step:
        setattr(proposing, step, _deadly(getattr(proposing, step)))
    office = Person.objects.get(username="office0")
    meeting = proposing.Meeting("Partnership Board", date(2015, 6, 2), "15/50")
    version = Proposal.objects.get(pk=int(number)).version
    return str(proposing.adopt(int(number), version, office, meeting, may_override=False).code)


def _deadly(work: Callable[..., Any]) -> Callable[..., Any]:
    def do(*arguments: Any, **named: Any) -> None:
        work(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return do


if __name__ == "__main__":
    main()
