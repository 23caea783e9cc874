"""`bettercare audit verify`: prove that the trail is whole and that every revision is what its name says."""

from __future__ import annotations

from pathlib import Path


def verify_workspace(folder: Path, database: str | None = None) -> list[str]:
    """What is wrong with a workspace, in words; empty when all of it holds. Nothing is written.

    `folder` is the workspace's data folder and `database` the address of its database where that is not in the folder.
    The chain of the audit trail is reckoned again from its first entry, and each revision's plan is unpacked and its
    fingerprint compared with the one under which it is kept.
    """
    if database is None and not (folder / "workspace.sqlite3").exists():
        return [f"there is no workspace in {folder}"]
    from bettercare.workspace import setup

    setup.configure(folder, database, demo=False)
    from bettercare.workspace.audit.models import verify

    return [*verify(), *wrong_revisions()]


def wrong_revisions() -> list[str]:
    """Revisions whose content is not what their fingerprint says, and revisions that are missing."""
    from bettercare import Problems
    from bettercare.workspace.plans import unpacked
    from bettercare.workspace.programme.models import Current, Revision

    found = []
    for revision in Revision.objects.order_by("pk").iterator(chunk_size=1):
        try:
            fingerprint = unpacked(revision.content).fingerprint
        except (Problems, OSError, ValueError) as error:
            found.append(f"revision {revision.code} cannot be read: {error}")
            continue
        if fingerprint != revision.fingerprint:
            found.append(f"revision {revision.code} was changed after it was stored")
    if not Current.objects.filter(pk=1).exists():
        found.append("no revision is current")
    return found
