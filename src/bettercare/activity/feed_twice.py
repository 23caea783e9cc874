"""An event that was corrected into another month may be held twice, under the old month and the new: it counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bettercare.activity.views import give, quoted

if TYPE_CHECKING:
    from bettercare.activity.store import Store


def superseded(store: Store, organisation: str) -> str | None:
    """Write which (record, feed) of an organisation do not count, and return the file's name; None without any.

    Worked out anew from all that is held, so that the order in which feeds came does not matter.
    """
    import duckdb
    import polars as pl

    from bettercare.activity.store import sync

    feeds = store.manifest.feeds
    mine = {feed for _, feed in store.manifest.months(organisation).values()}
    paths = store.manifest.paths("events", organisation)
    if len(mine) < 2 or not paths:
        return None
    order = sorted(mine, key=lambda feed: (feeds[feed]["extracted_at"], feed))
    names = ", ".join(quoted((store.folder / path).resolve().as_posix()) for path in paths)
    name = f"superseded/{organisation}-{store.manifest.number}.parquet"
    path = store.folder / name
    path.parent.mkdir(exist_ok=True)
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute(f"SET temp_directory = {quoted(str(store.folder / 'incoming'))}")
        give(connection, "rank_of", pl.DataFrame({"feed": order, "rank": range(len(order))}))
        connection.execute(
            "CREATE VIEW held AS SELECT record, rank, feed "
            f"FROM read_parquet([{names}], hive_partitioning = false) JOIN rank_of USING (feed)"
        )
        connection.execute(
            "CREATE TABLE twice AS SELECT held.record, held.feed FROM held JOIN "
            "(SELECT record, max(rank) AS last FROM held GROUP BY record HAVING count(*) > 1) USING (record) "
            "WHERE rank < last"
        )
        row = connection.execute("SELECT count(*) FROM twice").fetchone()
        if not row or not row[0]:
            return None
        connection.execute(f"COPY (FROM twice ORDER BY record) TO {quoted(str(path))} (FORMAT parquet)")
    sync(path)
    return name
