"""Tables whose rows are added and never changed: the database itself refuses (SQLite and PostgreSQL).

For migrations. On SQLite a later migration that makes the table anew must freeze it again.
"""

from __future__ import annotations

from typing import Any


def freeze(editor: Any, table: str) -> None:
    """Refuse UPDATE and DELETE on a table."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"CREATE FUNCTION {table}_is_frozen() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'rows of {table} are never changed'; END $$"
        )
        editor.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_is_frozen()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        editor.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        )


def thaw(editor: Any, table: str) -> None:
    """Take that away again."""
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_frozen ON {table}")
        editor.execute(f"DROP FUNCTION IF EXISTS {table}_is_frozen()")
        return
    for change in ("update", "delete"):
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{change}")
