"""Fifty people at once, two that adopt at once, and an audit trail that was tampered with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import connections
from django.test import Client

from bettercare.workspace.audit.models import Entry, verify
from bettercare.workspace.plans import current, plan_of
from bettercare.workspace.programme import delivery, proposing, sizes
from bettercare.workspace.programme.models import (
    Comment,
    Decision,
    Endorsement,
    Revision,
    Risk,
)
from bettercare.workspace.programme.verify import wrong_revisions
from tests.workspace.proposals import ClientAs, Propose, answer, decide


def test_fifty_at_once_lose_nothing(client_as: ClientAs, person_as: Callable[..., Any], propose: Propose) -> None:
    proposal = propose(code="I001", months=6)
    partners = [a.partner for a in sizes.standing(plan_of(current()), proposal, date.today())]
    office = person_as("programme-office")
    risk = delivery.save_risk(None, 0, "x", RISK, "I001")
    clients = [client_as("partner-lead", p) for p in partners for _ in range(2)]
    told: list[str] = []
    saved: list[int] = []
    start = threading.Barrier(50)

    def endorse(client: Client, partner: str) -> None:
        if "recorded before yours" in answer(client, proposal, partner).content.decode():
            told.append(partner)

    def remark(n: int) -> None:
        client_as("contributor", "lpt").post("/work/comments", {"about": "initiative:I001", "comment": f"c{n}"})

    def edit(n: int) -> None:
        for _ in range(100):  # as a person would: told, looks again, saves again
            version = Risk.objects.get(pk=risk.pk).version
            try:
                delivery.save_risk(risk.pk, version, str(office), {**RISK, "title": f"t{n}"}, "")
            except delivery.Overtaken:
                continue
            saved.append(n)
            return

    jobs: list[Callable[[], None]] = [
        lambda c=c, p=p: endorse(c, p) for c, p in zip(clients, [p for p in partners for _ in range(2)], strict=True)
    ]
    jobs += [lambda n=n: remark(n) for n in range(16)]
    jobs += [lambda n=n: edit(n) for n in range(50 - len(jobs))]

    def run(job: Callable[[], None]) -> None:
        try:
            start.wait(timeout=240)
            job()
        finally:
            connections.close_all()

    person_as("contributor", "lpt")
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    assert len(threads) == 50
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=480)
    assert sorted(e.partner for e in Endorsement.objects.all()) == sorted(partners)
    assert sorted(told) == sorted(partners)  # the second of each pair was told
    assert Comment.objects.count() == 16
    risk.refresh_from_db()
    edits = 50 - 2 * len(partners) - 16
    assert (len(saved), risk.version) == (edits, edits + 1)
    assert Entry.objects.filter(action="report-progress").count() == edits + 1
    assert Entry.objects.filter(action="endorse").count() == len(partners)
    assert verify() == []


RISK = {"title": "t", "is_issue": False, "trigger": "w", "owner": "lpt", "fallback": "f", "open": True}


def test_of_two_that_adopt_at_once_one_is_told(person_as: Callable[..., Any], propose: Propose) -> None:
    one, other = propose(code="I001", months=1), propose(code="I002", months=1)
    office = person_as("programme-office")
    meeting = proposing.Meeting("Office", date(2015, 6, 2), "1")
    start, done, told = threading.Barrier(2), [], []

    def run(number: int) -> None:
        try:
            start.wait(timeout=240)
            done.append(proposing.adopt(number, 1, office, meeting, may_override=False))
        except proposing.Refused as refused:
            told.append(str(refused))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(p.pk,)) for p in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=480)
    assert (len(done), len(told)) == (1, 1), told
    assert current().pk == done[0].pk
    assert Decision.objects.count() == 1 and verify() == []


def test_verification_says_what_was_tampered_with(client_as: ClientAs, propose: Propose) -> None:
    decide(client_as("programme-office"), propose(code="I001", months=1))
    assert wrong_revisions() == []
    old, new = Revision.objects.order_by("pk")
    Revision.objects.filter(pk=new.pk).update(content=old.content)
    assert wrong_revisions() == [f"revision {new.code} was changed after it was stored"]
