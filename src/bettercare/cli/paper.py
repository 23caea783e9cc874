"""Commands on a workspace's data: `bettercare paper`, `bettercare audit verify`, `bettercare invite`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bettercare.cli.workspace import DatabaseOption, DataOption, configure, in_words

audit = typer.Typer(help="The workspace's audit trail.", no_args_is_help=True)


@contextmanager
def _opened(folder: str, database: str | None) -> Iterator[None]:
    """Start Django on a workspace that is there. Raises UsageError where none is, or what is there is not one."""
    from bettercare.foundation.problems import UsageError, command

    if not database and not (Path(folder) / "workspace.sqlite3").is_file():
        raise UsageError(f"There is no workspace in {folder}. {command('serve', 'llr')} makes one.")
    configure(folder, database)
    with in_words(folder, database):
        yield


def paper(
    meeting: Annotated[int, typer.Option("--meeting", metavar="ID", help="The meeting's number, as in its address.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Where to write it: .pdf or .docx.")],
    folder: DataOption = "workspace-data",
    database: DatabaseOption = None,
) -> None:
    """Write the paper of a meeting: as it was last published, or else as it would be now, marked as a draft."""
    from bettercare.foundation.problems import UsageError

    target = Path(out)
    form = target.suffix.lower().lstrip(".")
    if form not in ("pdf", "docx"):
        raise UsageError(f"--out {out}: a paper is written as .pdf or .docx.")
    with _opened(folder, database):
        content, said = _paper(meeting, form)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}.") from None
    typer.echo(f"Wrote {out}: {said}.")


def _paper(meeting: int, form: str) -> tuple[bytes, str]:
    """The content of a meeting's paper, and what it is in words."""
    from bettercare.foundation.problems import UsageError
    from bettercare.workspace.papers import making
    from bettercare.workspace.papers.models import Meeting, Paper

    found = Meeting.objects.filter(pk=meeting).first()
    if found is None:
        known = ", ".join(str(number) for number in Meeting.objects.order_by("pk").values_list("pk", flat=True))
        raise UsageError(f"There is no meeting {meeting}. There are: {known or 'none'}.")
    published = Paper.objects.filter(meeting=found).order_by("-pk").first()
    if published is not None:
        content = bytes(published.pdf if form == "pdf" else published.docx)
        return content, f"the published paper, plan revision {published.revision.code}"
    made = making.board_paper(found)
    content = made.pdf() if form == "pdf" else made.docx()
    run = f"{made.run['draws']} draws from seed {made.run['seed']}"
    return content, f"a draft, plan revision {made.revision.code}, {run}"


@audit.command("verify")
def verify(
    folder: DataOption = "workspace-data",
    database: DatabaseOption = None,
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="HASH", help="A hash noted earlier; it must be in the trail.")
    ] = None,
) -> None:
    """Prove that no entry of the trail was changed, added or removed, and that revisions and papers are as stored."""
    with _opened(folder, database):
        _verify(expect)


def _verify(expect: str | None) -> None:
    from bettercare.workspace.audit.models import Entry, Head
    from bettercare.workspace.audit.models import verify as chain
    from bettercare.workspace.papers.making import wrong_papers
    from bettercare.workspace.programme.verify import wrong_revisions

    problems = [*chain(), *wrong_revisions(), *wrong_papers()]
    if expect and not Entry.objects.filter(hash=expect.strip().lower()).exists():
        problems.append(f"no entry has the hash {expect}: the trail is not the one that it was noted from")
    for problem in problems:
        typer.echo(problem)
    if problems:
        typer.echo(f"The trail does not hold: {len(problems)} found.")
        raise typer.Exit(1)
    head = Head.objects.filter(pk=1).first()
    typer.echo(f"{Entry.objects.count():,} entries, each chained to the one before: the trail holds.")
    if head is not None:
        typer.echo(f"Newest: entry {head.number}, {head.hash}")
        typer.echo("Note this hash elsewhere: --expect proves later that nothing before it was rewritten.")


def invite(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Whom to invite.")],
    partner: Annotated[str, typer.Option("--partner", metavar="CODE", help="The partner that they act for.")],
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="Their role.")] = "administrator",
    folder: DataOption = "workspace-data",
    database: DatabaseOption = None,
) -> None:
    """Make a link with which somebody makes an account: how the first administrator gets in."""
    with _opened(folder, database):
        token = _invitation(email, partner, role)
    typer.echo(f"Send {email} this link. It works once, for two weeks: <address of the workspace>/invitations/{token}")


def _invitation(email: str, partner: str, role: str) -> str:
    """Make an invitation; the token of its link."""
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email
    from django.db import transaction

    from bettercare.foundation.problems import UsageError, did_you_mean, shown
    from bettercare.workspace.accounts.models import Invitation, Person
    from bettercare.workspace.accounts.people import partner_names
    from bettercare.workspace.audit.models import record
    from bettercare.workspace.permissions import ROLES

    for what, value, known in (("partner", partner, partner_names()), ("role", role, ROLES)):
        if value not in known:
            raise UsageError(f"{shown(value)} is not a {what}. {did_you_mean(value, known)}".strip())
    try:
        validate_email(email)
    except ValidationError:
        raise UsageError(f"{shown(email)} is not an email address.") from None
    if Person.objects.filter(email__iexact=email).exists():
        raise UsageError(f"{email} has an account. An administrator can give it another role.")
    with transaction.atomic():
        invitation, token = Invitation.issue(email=email.lower(), partner=partner, role=role)
        after = {"email": invitation.email, "partner": partner, "role": role}
        record("the command line", "manage-people", f"invitation {invitation.pk}", after=after)
    return token
