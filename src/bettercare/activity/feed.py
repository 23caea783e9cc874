"""`feed add`: what arrives is checked, counted once, and linked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bettercare.activity import agreements as agreed
from bettercare.activity import feed_load
from bettercare.activity.feed_files import Sent, collect, read_manifest, verify
from bettercare.activity.feed_load import Rejected
from bettercare.activity.feed_twice import superseded
from bettercare.activity.store import Store, replace_file
from bettercare.foundation.problems import Problem, Problems, did_you_mean, shown

if TYPE_CHECKING:
    from bettercare.plan.plan import Plan


@dataclass
class Received:
    """What became of a feed.

    `months` are counted from now on, of which `replaced` were held in an earlier extract; `kept` are held in a later
    extract already, so this feed's were passed over. `refused` says why none of it counts (blank when it does).
    """

    file: str
    feed: str = ""
    organisation: str = ""
    kind: str = ""
    synthetic: bool = False
    rows: int = 0
    counted: int = 0
    rejected: int = 0
    reasons: tuple[Rejected, ...] = ()
    months: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    already: bool = False
    refused: tuple[Problem, ...] = ()
    notes: list[str] = field(default_factory=list)


def add(
    store: Store,
    plan: Plan,
    paths: Iterable[str | Path],
    *,
    replace_agreements: bool = False,
    link: bool = True,
    now: datetime | None = None,
    wait: float = 600.0,
) -> list[Received]:
    """Add feeds (their .csv and .json files, agreements.csv, or folders of these, in any order) to a store.

    Each feed is counted whole or not at all; one that is refused does not keep others out (`Received.refused`). Raises
    Problems when the agreements cannot be read or have changed, and UsageError for paths that are no feeds.
    """
    tables, files = collect(paths)
    moment = now or datetime.now(UTC).replace(tzinfo=None)
    with store.writing(wait):
        store.hold_to(plan)
        _agreements(store, plan, files, replace_agreements)
        received, feeds = [], []
        for path in tables:
            try:
                feeds.append(read_manifest(path))
            except Problems as problems:
                received.append(Received(path.name, refused=problems.items))
        # Order of extraction, so that the order of the arguments does not matter for what is said either.
        feeds.sort(key=lambda one: (one.extracted_at, one.organisation, one.kind, one.sha256))
        received += [_one(store, plan, one, moment) for one in feeds]
        if link and (store.manifest.linked != store.people_feeds() or store.link_quality() is None):
            relink(store)
    return received


def relink(store: Store) -> None:
    """Find out anew who is who across organisations, and how good that is; nothing while there is nobody to link."""
    from bettercare.activity.link import link as linked
    from bettercare.activity.link_quality import quality

    people, year = store.people(), store.register_year
    if year is not None:
        links = linked(people)
        store.write_links(links.people, quality(links, people, year).as_dict())


def _agreements(store: Store, plan: Plan, files: list[Path], replace: bool) -> None:
    held = store.agreements()
    merged = held
    known = set(plan["partners"]["code"].to_list())
    problems = []
    for path in files:
        new = agreed.read(path)
        for one in new:
            if one.organisation not in known:
                hint = did_you_mean(one.organisation, known) or "Add it to the plan's partners.csv."
                said = f"{shown(one.organisation)} is not a partner of the plan."
                problems.append(Problem(path.name, None, "organisation", said, hint))
        merged = agreed.merge(merged, new, replace)
    if problems:
        raise Problems(problems)
    if merged != held:
        replace_file(store.folder / agreed.FILE, agreed.written(merged))


def _one(store: Store, plan: Plan, sent: Sent, now: datetime) -> Received:
    out = Received(sent.path.name, sent.feed, sent.organisation, sent.kind, sent.synthetic, sent.rows)
    try:
        _lawful(store, plan, sent, now.date())
        header = verify(sent)  # first of all: a damaged file must not pass for one that is held
        held = _held(store, sent)
        if sent.feed in store.manifest.feeds:
            out.already = True
            return out
        mine = (sent.extracted_at, sent.feed)
        out.kept = [month for month in sent.months() if month in held and held[month] > mine]
        wanted = [month for month in sent.months() if month not in out.kept]
        if not wanted:
            return out
        loaded = feed_load.load(store, plan, sent, header, wanted, now)
    except Problems as problems:
        out.refused = problems.items
        return out
    out.counted, out.rejected, out.reasons = loaded.counted, loaded.rejected, loaded.reasons
    if loaded.reasons:
        feed_load.write_rejected(store.folder / "rejected", sent, loaded.reasons)
    out.months, out.replaced = wanted, [month for month in wanted if month in held]
    _note_key(store, sent, out)
    _count(store, sent, loaded, now)
    return out


def _lawful(store: Store, plan: Plan, sent: Sent, today: date) -> None:
    """Raise Problems unless the organisation is a partner and an agreement is in force."""
    beside = sent.path.with_suffix(".json").name
    known = plan["partners"]["code"].to_list()
    if sent.organisation not in known:
        hint = did_you_mean(sent.organisation, known) or "Use a code of the plan's partners.csv."
        raise Problems(
            [Problem(beside, None, "organisation", f"{sent.organisation} is not a partner of the plan.", hint)]
        )
    # People who are made up need no permission today; that of the day on which they were made shows how it is done.
    day = date.fromisoformat(sent.extracted_at[:10]) if sent.synthetic else today
    message, hint = agreed.why_not(store.agreements(), sent.organisation, sent.kind, sent.purpose, day, sent.synthetic)
    if message:
        raise Problems([Problem(sent.path.name, None, None, message, hint)])


def _held(store: Store, sent: Sent) -> dict[str, tuple[str, str]]:
    """The months held of the feed's organisation and kind, with when they were extracted and in which feed."""
    if sent.kind == "events":
        return store.manifest.months(sent.organisation)
    registers = [
        (one["extracted_at"], feed)
        for feed, one in store.manifest.feeds.items()
        if one["kind"] == "people" and one["organisation"] == sent.organisation and one["files"]
    ]
    return {"": registers[0]} if registers else {}


def _note_key(store: Store, sent: Sent, out: Received) -> None:
    others = {one["key"] for one in store.manifest.feeds.values() if one["files"] and one["purpose"] == sent.purpose}
    if others and sent.key not in others:
        out.notes.append(
            "It was tokenised with another key than the feeds held, so its people link with nobody else's."
        )


def _count(store: Store, sent: Sent, loaded: feed_load.Loaded, now: datetime) -> None:
    """Name the feed's files in the manifest, and no longer those that they replace."""
    manifest = store.manifest
    for one in manifest.feeds.values():
        if (one["organisation"], one["kind"]) == (sent.organisation, sent.kind):
            one["files"] = {month: path for month, path in one["files"].items() if month not in loaded.files}
    entry: dict[str, Any] = {
        **sent.as_dict(),
        "received_at": now.isoformat(timespec="seconds"),
        "counted": loaded.counted,
        "rejected": loaded.rejected,
        "files": dict(loaded.files),
    }
    manifest.feeds[sent.feed] = entry
    manifest.number += 1
    if sent.kind == "events":
        manifest.superseded.pop(sent.organisation, None)
        twice = superseded(store, sent.organisation)
        if twice:
            manifest.superseded[sent.organisation] = twice
    store.save()
