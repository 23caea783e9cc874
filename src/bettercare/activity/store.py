"""The store: a folder of Parquet files, and a manifest that says which of them count.

Files are written first and the manifest is replaced last, in one step. A feed whose adding was stopped half way is
therefore not in it, and its files are cleared away by the next adding. The store holds tokens only, hashed again with
a key of the store's own, so that neither the store nor a sender's key alone leads back to a sender's tokens.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bettercare.activity import agreements as agreed
from bettercare.activity.agreements import Agreement
from bettercare.activity.locks import locked
from bettercare.foundation.problems import UsageError, shown

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from bettercare.plan.plan import Plan

MANIFEST = "manifest.json"
SECRET = "secret.key"
INCOMING = "incoming"
FORMAT = 1
SECRET_DIGITS = 64
HOME = "BETTERCARE_STORE"


def where(folder: str | Path | None = None) -> Path:
    """The folder of the store: as given, or in the variable BETTERCARE_STORE, or `store` here."""
    return Path(folder or os.environ.get(HOME) or "store")


@dataclass
class Manifest:
    """What counts. `feeds` is by feed: what its own manifest says, and `files` by month (None: a month without rows;
    the people of a feed stand under the empty month)."""

    number: int = 0
    plan: str | None = None
    places: str | None = None  # of the plan whose places people are counted by (`places_of`)
    feeds: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: str | None = None
    linked: list[str] = field(default_factory=list)  # the people feeds that the links are of
    superseded: dict[str, str] = field(
        default_factory=dict
    )  # by organisation: events that a later feed holds elsewhere

    def months(self, organisation: str) -> dict[str, tuple[str, str]]:
        """The months held of an organisation's events: (extracted_at, feed) of the feed that counts in each."""
        return {
            month: (one["extracted_at"], feed)
            for feed, one in self.feeds.items()
            if one["kind"] == "events" and one["organisation"] == organisation
            for month in one["files"]
        }

    def paths(self, kind: str, organisation: str | None = None) -> list[str]:
        """The files that count, in order, relative to the store."""
        return sorted(
            path
            for one in self.feeds.values()
            if one["kind"] == kind and organisation in (None, one["organisation"])
            for path in one["files"].values()
            if path
        )


def places_of(plan: Plan) -> str:
    """A fingerprint of the places of a plan: its localities, and which zone lies where."""
    zones = plan["zones"].select("code", "locality", "council", "commissioner").sort("code").write_csv()
    localities = plan["localities"].select("code").sort("code").write_csv()
    return hashlib.sha256((localities + zones).encode()).hexdigest()[:16]


@dataclass
class Store:
    """An event store in a folder."""

    folder: Path
    manifest: Manifest

    @classmethod
    def create(cls, folder: str | Path, plan: str | None = None) -> Store:
        """Make a store in a new or empty folder; `plan` says which plan its feeds are checked against."""
        path = Path(folder)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{shown(folder)} is there already and is no store. Name another folder with --store.")
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path / SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(SECRET_DIGITS // 2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        store = cls(path, Manifest(plan=plan))
        replace_file(path / agreed.FILE, agreed.written([]))
        store.save()
        return store

    @classmethod
    def open(cls, folder: str | Path | None = None) -> Store:
        """The store in a folder. Raises UsageError when there is none."""
        path = where(folder)
        if not (path / MANIFEST).is_file():
            raise UsageError(f"{shown(path)} holds no store. `bettercare feed add FEEDS --store {path}` makes one.")
        store = cls(path, Manifest())
        store.reload()
        return store

    def reload(self) -> None:
        """Read the manifest again: another adding may have changed it."""
        text = (self.folder / MANIFEST).read_text(encoding="utf-8")
        try:
            content = json.loads(text)
            if content.pop("format") != FORMAT:
                raise UsageError(f"{shown(self.folder)} was made by a newer version of this program.")
            self.manifest = Manifest(**content)
        except (ValueError, KeyError, TypeError):
            raise UsageError(f"{self.folder / MANIFEST} is damaged. Take it from a backup of the store.") from None

    def save(self) -> None:
        """Replace the manifest: from now on its files count, and no others."""
        content = {"format": FORMAT, **vars(self.manifest)}
        replace_file(self.folder / MANIFEST, json.dumps(content, indent=1, sort_keys=True) + "\n")

    @property
    def secret(self) -> str:
        """The key with which tokens are hashed on receipt."""
        text = (self.folder / SECRET).read_text(encoding="ascii").strip()
        if len(text) != SECRET_DIGITS or not set(text) <= set("0123456789abcdef"):
            raise UsageError(f"{self.folder / SECRET} is damaged. Take it from a backup of the store.")
        return text

    def agreements(self) -> list[Agreement]:
        """The agreements that the store knows."""
        return agreed.read(self.folder / agreed.FILE)

    def organisations(self, kind: str = "people") -> list[str]:
        """The organisations that have sent feeds of a kind, in order."""
        return sorted(
            {one["organisation"] for one in self.manifest.feeds.values() if one["kind"] == kind and one["files"]}
        )

    def people_feeds(self) -> list[str]:
        """The people feeds that count, in order."""
        return sorted(feed for feed, one in self.manifest.feeds.items() if one["kind"] == "people" and one["files"])

    def months_held(self) -> dict[str, tuple[str, str]]:
        """The first and last month held of each organisation's events."""
        held = {one: sorted(self.manifest.months(one)) for one in self.organisations("events")}
        return {one: (months[0], months[-1]) for one, months in held.items()}

    @property
    def register_year(self) -> int | None:
        """The year in which the last register was extracted; None without registers. Ages are reckoned in it."""
        extracted = [self.manifest.feeds[feed]["extracted_at"] for feed in self.people_feeds()]
        return int(max(extracted)[:4]) if extracted else None

    @property
    def badge(self) -> str:
        """What counts from this store rest on."""
        return "made up" if self.synthetic else "measured"

    @property
    def synthetic(self) -> bool:
        """Whether any feed that counts is made up."""
        return any(one["synthetic"] for one in self.manifest.feeds.values() if one["files"])

    def people(self) -> dict[str, pl.DataFrame]:
        """The register of each organisation as linking needs it: person, nhs, k01 ... (hashed), sex, birth_year, ..."""
        import polars as pl

        return {
            organisation: pl.concat(
                pl.read_parquet(self.folder / path, hive_partitioning=False)
                for path in self.manifest.paths("people", organisation)
            )
            for organisation in self.organisations("people")
        }

    def write_links(self, links: pl.DataFrame, quality: Mapping[str, Any]) -> None:
        """Keep who is who (organisation, person, id) and how good that is, and make both count together.

        Call it while holding `writing`.
        """
        import polars as pl

        name = f"links/{self.manifest.number + 1}.parquet"
        frame = links.select(pl.col("organisation").cast(pl.String), pl.col("person", "id").cast(pl.UInt64))
        (self.folder / "links").mkdir(exist_ok=True)
        frame.sort("person").write_parquet(self.folder / name)
        sync(self.folder / name)
        replace_file(self._quality_of(name), json.dumps(quality, indent=None) + "\n")
        self.manifest.number += 1
        self.manifest.links, self.manifest.linked = name, self.people_feeds()
        self.save()

    def link_quality(self) -> dict[str, Any] | None:
        """What `write_links` was told of the links that count; None where nothing was kept of them."""
        if self.manifest.links is None or not self._quality_of(self.manifest.links).is_file():
            return None
        path = self._quality_of(self.manifest.links)
        try:
            kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise UsageError(f"{path} is damaged. Delete it: the next `feed add` measures the links again.") from None
        return kept

    def _quality_of(self, links: str) -> Path:
        return (self.folder / links).with_suffix(".json")

    def connect(self, plan: Plan, threads: int = 2) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection with the views `persons` and `events` and some of the plan's tables (`views`).

        Raises UsageError for a plan with other places than the store's.
        """
        from bettercare.activity.views import connect

        self._see_that_places_are_those_of(plan)
        return connect(self, plan, threads)

    @contextmanager
    def writing(self, wait: float = 600.0) -> Iterator[None]:
        """Keep others from adding; what an adding left that was stopped is cleared away first."""
        with locked(self.folder / "lock", wait):
            self.reload()
            self.clear()
            yield

    def hold_to(self, plan: Plan) -> None:
        """Count people by the places of this plan from now on. Raises UsageError where it was another's so far."""
        self._see_that_places_are_those_of(plan)
        self.manifest.places = places_of(plan)

    def _see_that_places_are_those_of(self, plan: Plan) -> None:
        # Small numbers are hidden within one set of places. Counted by two, one could be taken from the other.
        if self.manifest.places not in (None, places_of(plan)):
            raise UsageError(
                f"The store counts people by the places of the plan {shown(self.manifest.plan or '')}, and "
                f"{shown(plan.settings.name)} has other localities or zones. Counted in both ways, small numbers could "
                "be worked out. Use a plan with the same places, or make another store."
            )

    def clear(self) -> None:
        """Delete files that do not count: of stopped additions, and of feeds that others have replaced."""
        import shutil

        shutil.rmtree(self.folder / INCOMING, ignore_errors=True)
        counted = {*self.manifest.paths("people"), *self.manifest.paths("events")}
        counted |= {self.manifest.links or "", *self.manifest.superseded.values()}
        for part in ("people", "events", "links", "superseded"):
            for path in (self.folder / part).rglob("*.parquet"):
                if path.relative_to(self.folder).as_posix() not in counted:
                    path.unlink(missing_ok=True)
        for path in (self.folder / "links").glob("*.json"):
            if path.with_suffix(".parquet").relative_to(self.folder).as_posix() not in counted:
                path.unlink(missing_ok=True)


def replace_file(path: Path, text: str) -> None:
    """Replace a file in one step: whoever reads it sees the old text or the new one."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    sync(part)
    os.replace(part, path)
    sync_folder(path.parent)


def sync(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk (where the system can do that)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def described(feed: Mapping[str, Any]) -> str:
    """A feed in a few words: `uhl events 2013-04 to 2014-03`."""
    span = f" {feed['from']} to {feed['to']}" if feed["kind"] == "events" else ""
    return f"{feed['organisation']} {feed['kind']}{span}"
