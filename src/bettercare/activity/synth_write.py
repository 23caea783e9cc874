"""A synthetic world on disk: the feeds that `bettercare feed add` takes and, apart from them, what only tests see."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bettercare.activity import synth_assumed as assumed
from bettercare.activity.agreements import MADE_UP
from bettercare.activity.synth import World
from bettercare.foundation.problems import UsageError, shown

if TYPE_CHECKING:
    import polars as pl

PURPOSE = "planning"
AGREEMENTS = "agreements.csv"
AGREEMENT_COLUMNS = (
    "code", "controller", "processor", "purpose", "organisation", "kinds", "legal_basis", "impact_assessment",
    "opt_outs_applied", "from_date", "expires",
)  # fmt: skip
KEY_FILE, TRUTH_PEOPLE, TRUTH = "synthetic.key", "truth-people.csv", "truth.toml"
FIXED = "Made up: rates of identifying errors, lives, clocks and schemes are assumed; volumes follow the plan."


@dataclass(frozen=True)
class Written:
    """One feed that was written."""

    organisation: str
    kind: str
    rows: int
    path: Path


def key_of(seed: int) -> bytes:
    """The key that makes the tokens of a seed: known to everybody, as everything in a synthetic world is."""
    return hashlib.sha256(f"bettercare synthetic key {seed}".encode()).digest()


def write(world: World, out: str | Path, hidden: str | Path | None = None) -> list[Written]:
    """Write the feeds and agreements to a new or empty folder `out`, and what feeds must not hold to `hidden`.

    All or nothing: files are made beside the folder and put in its place at the end.
    """
    target, secret = Path(out), Path(hidden) if hidden is not None else None
    for folder in (target, secret):
        if folder is not None:
            _free(folder)
    if secret is not None and _within(secret, target):
        raise UsageError("--hidden must lie outside --out: what it holds must never be given to `bettercare feed add`.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".synth-") as made:
        feeds, truth = Path(made) / "feeds", Path(made) / "hidden"
        feeds.mkdir()
        truth.mkdir()
        written = _feeds(world, feeds, truth if secret is not None else None)
        _put(feeds, target)
        if secret is not None:
            secret.parent.mkdir(parents=True, exist_ok=True)
            _put(truth, secret)
    return [Written(one.organisation, one.kind, one.rows, target / one.path.name) for one in written]


def _within(folder: Path, other: Path) -> bool:
    return folder.resolve().is_relative_to(other.resolve()) or other.resolve().is_relative_to(folder.resolve())


def _free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{shown(folder)} is there already and is not empty. Name a new folder, or empty it first.")


def _put(made: Path, target: Path) -> None:
    if target.exists():
        target.rmdir()
    shutil.move(str(made), str(target))


def _feeds(world: World, feeds: Path, truth: Path | None) -> list[Written]:
    import polars as pl

    from bettercare.activity import tokenise

    key, found, truths = key_of(world.seed), [], []
    for organisation in world.organisations:
        people, events, known = world.extracts(organisation)
        tokens = tokenise.people(people, key, organisation, synthetic=True)
        if truth is not None:
            people.write_csv(truth / f"{organisation}-extract-people.csv")
            events.write_csv(truth / f"{organisation}-extract-events.csv")
            truths.append(_known(world, organisation, people, tokens, known))
        found.append(_feed(world, feeds, organisation, "people", tokens.sort("person")))
        del people, tokens
        found.append(_feed(world, feeds, organisation, "events", tokenise.events(events, key, organisation)))
    (feeds / AGREEMENTS).write_text(_agreements(world), encoding="utf-8")
    if truth is not None:
        pl.concat(truths).sort("true_id", "organisation").write_csv(truth / TRUTH_PEOPLE)
        (truth / TRUTH).write_text(_truth(world), encoding="utf-8")
        key_file = truth / KEY_FILE
        key_file.write_text(key.hex() + "\n", encoding="ascii")
        key_file.chmod(0o600)  # `tokenise` takes no key that others can read
    return found


def _known(
    world: World, organisation: str, people: pl.DataFrame, tokens: pl.DataFrame, known: pl.DataFrame
) -> pl.DataFrame:
    """Who each token really is, with the groups for which link quality is published."""
    import polars as pl

    same_order = pl.DataFrame({"local_id": people["local_id"], "person": tokens["person"]})
    joined = known.join(same_order, on="local_id", how="left").sort("true_id")
    person = joined["true_id"].to_numpy()
    year = world.people.birth[person].astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    return joined.select(
        "true_id", pl.lit(organisation).alias("organisation"), "local_id", "person",
        pl.Series("sex", world.people.sex[person].tolist()), pl.Series("birth_year", year),
        pl.Series("ethnic_group", world.people.group[person].tolist()),
        pl.Series("name_kind", world.people.kind[person].tolist()),
    )  # fmt: skip


def _feed(world: World, folder: Path, organisation: str, kind: str, table: pl.DataFrame) -> Written:
    path = folder / f"{organisation}-{kind}.csv"
    table.write_csv(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    said: dict[str, Any] = {"format": 1, "organisation": organisation, "kind": kind, "purpose": PURPOSE}
    if kind == "events":
        said |= {"from": world.from_, "to": world.to}
    said |= {
        "extracted_at": f"{world.extracted_on.isoformat()}T09:00:00", "rows": table.height, "sha256": digest,
        "key": hashlib.sha256(key_of(world.seed)).hexdigest()[:8], "synthetic": True,
    }  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    return Written(organisation, kind, table.height, path)


def _agreements(world: World) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(AGREEMENT_COLUMNS)
    for organisation in world.organisations:
        writer.writerow(
            (f"synthetic-{organisation}", organisation, "the user of this program", PURPOSE, organisation,
             "people;events", "None is needed: nobody in these records exists", MADE_UP, "yes",
             f"{world.from_}-01", "2099-12-31")
        )  # fmt: skip
    return out.getvalue()


def _truth(world: World) -> str:
    """What is true of the world, as TOML: what was put in, and what it came to."""
    lines = [
        f"# {FIXED}", f"plan = {_toml(world.plan.settings.name)}", f"revision = {_toml(world.plan.revision)}",
        f"seed = {world.seed}", f"from = {_toml(world.from_)}", f"to = {_toml(world.to)}",
        f"people = {len(world.people)}", f"people_for_each_of_the_plan = {world.people.scale:.8g}",
        f"events = {world.events.height}", f"badge = {_toml(assumed.BADGE)}",
        f"services = {_toml(list(world.services))}", f"left_out_unless_asked = {_toml(list(assumed.LEFT_OUT))}",
        "", "[errors]", *(f"{name} = {share}" for name, share in assumed.ERRORS.items()),
        "", "[nhs_number_missing]",
    ]  # fmt: skip
    from bettercare.activity.synth_errors import missing_rate

    lines += [f"{_toml(one)} = {missing_rate(one, world.kind(one))}" for one in world.organisations]
    for group, more in assumed.LIKELIER.items():
        lines += ["", f"[likelier.{group}]", *(f"{name} = {factor}" for name, factor in more.items())]
    for scheme in world.schemes:
        lines += ["", "[[schemes]]", *(f"{name} = {_toml(value)}" for name, value in asdict(scheme).items())]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
