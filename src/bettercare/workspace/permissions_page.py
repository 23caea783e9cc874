"""The permission table as a page of the documentation.

`python -m bettercare.workspace.permissions_page > docs/reference/permissions.md`; a test holds the two equal.
"""

from __future__ import annotations

from bettercare.workspace.permissions import ACTIONS, ALLOWED, ROLES

WORDS = {"any": "yes", "own": "own partner"}
OPEN_TO_ALL = ("view-public", "sign-in")


def page() -> str:
    """Markdown: a row an action, a column a role."""
    lines = [
        "# Permissions",
        "",
        "Who may do what in the workspace. A role is held at a partner organisation, between dates. *own partner*",
        "means only for things of that partner; *yes* means for all. What is not in this table is refused, and every",
        "refusal of somebody who is signed in is written into the audit trail.",
        "",
        "| action | what it is | no account | " + " | ".join(ROLES.values()) + " |",
        "|---|---|---|" + "---|" * len(ROLES),
    ]
    for action, words in ACTIONS.items():
        everyone = action in OPEN_TO_ALL
        cells = ["yes" if everyone else WORDS.get(ALLOWED[role].get(action, ""), "") for role in ROLES]
        lines.append(f"| `{action}` | {words} | {'yes' if everyone else ''} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Outside the demonstration, administrators and the programme office sign in with a second factor.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
