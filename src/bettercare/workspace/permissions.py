"""Who may do what: one table. Every URL has one of these actions, and nothing is allowed that is not written here.

A role is held at a partner organisation, between dates. `OWN` means only for things of one's own partner; `ANY` for
all.
"""

from __future__ import annotations

from typing import Literal

Reach = Literal["any", "own"]
ANY: Reach = "any"
OWN: Reach = "own"

ROLES = {
    "reader": "Reader",
    "contributor": "Contributor",
    "partner-lead": "Partner lead",
    "programme-office": "Programme office",
    "board-secretary": "Board secretary",
    "assurer": "Assurer",
    "administrator": "Administrator",
}

PUBLIC = "public"  # no account needed

ACTIONS: dict[str, str] = {
    "view-public": "See what is published",
    "sign-in": "Sign in and out",
    "view-work": "See the workspace: unpublished initiatives, proposals, gates, progress",
    "preview": "See what a changed date would do, without saving it",
    "propose": "Propose a change to the plan",
    "comment": "Comment",
    "report-progress": "Report progress and confidence on a milestone; keep risks and issues",
    "endorse": "Say what a partner's board decided, agreed or noted, with its minute",
    "decide": "Adopt, refuse or withdraw a proposal",
    "assure": "Record evidence against a gate's criterion",
    "override-gate": "Record a decision although a gate is open, with a reason that stays visible",
    "submit-return": "Upload a partner's own return",
    "view-returns": "See what partners' returns disagree on",
    "resolve": "Say what was agreed about a disagreement",
    "act": "Write down what a partner does about an indicator, and that it is done",
    "rebase-chart": "Draw a control chart's limits afresh from a day on, with the reasons",
    "view-feeds": "See agreements, feeds of records and their quality",
    "add-feed": "Send a feed of tokens that an agreement covers",
    "list-cases": "Download the tokens of one's own organisation's people at high risk",
    "prepare-meeting": "Prepare a meeting and its papers",
    "publish": "Publish, hold or withhold something",
    "manage-people": "Invite people and give them roles",
    "view-audit": "See the audit trail",
}

ALLOWED: dict[str, dict[str, Reach]] = {
    "reader": {"view-work": ANY, "view-returns": ANY},
    "contributor": {
        "view-work": ANY, "preview": ANY, "propose": ANY, "comment": ANY, "report-progress": OWN, "submit-return": OWN,
        "view-returns": ANY, "act": OWN, "view-feeds": ANY,
    },
    "partner-lead": {
        "view-work": ANY, "preview": ANY, "propose": ANY, "comment": ANY, "report-progress": OWN, "endorse": OWN,
        "submit-return": OWN, "view-returns": ANY, "resolve": OWN, "act": OWN, "rebase-chart": ANY, "view-feeds": ANY,
        "add-feed": OWN, "list-cases": OWN,
    },
    "programme-office": {
        "view-work": ANY, "preview": ANY, "propose": ANY, "comment": ANY, "report-progress": ANY, "decide": ANY,
        "submit-return": ANY, "view-returns": ANY, "resolve": ANY, "prepare-meeting": ANY, "publish": ANY,
        "override-gate": ANY, "view-audit": ANY, "act": ANY, "rebase-chart": ANY, "view-feeds": ANY, "add-feed": ANY,
    },
    "board-secretary": {
        "view-work": ANY, "comment": ANY, "prepare-meeting": ANY, "publish": ANY, "endorse": OWN, "view-returns": ANY,
    },
    "assurer": {
        "view-work": ANY, "comment": ANY, "assure": ANY, "view-returns": ANY, "view-audit": ANY, "view-feeds": ANY,
    },
    "administrator": {"view-work": ANY, "manage-people": ANY, "view-audit": ANY, "view-feeds": ANY},
}  # fmt: skip


def reach_of(roles: dict[str, set[str]], action: str) -> tuple[bool, set[str]]:
    """(whether an action is allowed for every partner, the partners for which it is otherwise).

    `roles` maps a role to the partners at which somebody holds it.
    """
    partners: set[str] = set()
    for role, at in roles.items():
        reach = ALLOWED[role].get(action)
        if reach == ANY:
            return True, set()
        if reach == OWN:
            partners |= at
    return False, partners
