"""Part of `bettercare audit verify`: that every revision is what its name says."""

from __future__ import annotations


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
