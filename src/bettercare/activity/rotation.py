"""A new key in place of an old one, without losing who is who.

For one period an organisation makes its tokens under both keys. The bridge says which old token and which new token are
one person. Lists and notes that were kept under the old tokens are brought over with it; then the old key and the
bridge are destroyed.
"""

from __future__ import annotations

import polars as pl

from bettercare.activity import keyed_hash, tokenise
from bettercare.foundation.problems import UsageError


def bridge(local_ids: pl.Series, old: bytes, new: bytes, organisation: str) -> pl.DataFrame:
    """The old and the new token of each person (columns old, new). Made by the custodian, who has both keys."""
    if old == new:
        raise UsageError("The old key and the new key are the same: nothing would change. Make a new key first.")
    known = local_ids.cast(pl.String).str.strip_chars().drop_nulls().unique(maintain_order=True)
    texts = tokenise.person_text(known, organisation)
    made = pl.DataFrame({"old": keyed_hash.tokens(texts, old), "new": keyed_hash.tokens(texts, new)})
    return made.sort("new")  # the order of the extract would say something of it


def brought_over(frame: pl.DataFrame, bridge: pl.DataFrame, column: str = "person") -> pl.DataFrame:
    """A table whose people stand under old tokens, with the new ones. Raises UsageError when a person has none."""
    names = frame.columns
    joined = frame.join(bridge.rename({"old": column}), on=column, how="left", maintain_order="left")
    lost = joined["new"].null_count() - frame[column].null_count()
    if lost:
        hint = "Make it again from an extract that holds all of them."
        raise UsageError(f"The bridge lacks {lost:,} rows' people. {hint}")
    return joined.drop(column).rename({"new": column}).select(names)
