"""Links: against a truth of made-up people, and each rule that keeps strangers apart on its own."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bettercare.activity import keyed_hash, link, link_quality, link_referee, synth_errors, synth_people, tokenise
from bettercare.activity.match_keys import CODES
from bettercare.plan.read import read_plan

KEY = bytes(range(32))
HOLDERS = {"uhl": ("trust", 0.9), "lpt": ("trust", 0.2), "leicestershire-council": ("council", 0.15)}


@pytest.fixture(scope="module")
def world() -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Three registers of 40,000 made-up people, and who is who."""
    people = synth_people.people(read_plan("llr"), 40_000, 5, synth_people.day("2015-06-30"))
    draw = np.random.default_rng(5)
    frames, truth = {}, []
    for code, (kind, share) in HOLDERS.items():
        person = np.flatnonzero(draw.random(len(people)) < share)
        last = np.full(len(person), synth_people.day("2014-06-01"))
        extract = synth_errors.extract(people, person, last, np.zeros(len(people), dtype=np.int64), (code, kind), 5)
        frames[code] = tokenise.people(extract, KEY, code, synthetic=True)
        numbers = pl.Series(synth_errors.local_ids(code, person, 5))
        tokens = keyed_hash.tokens(tokenise.person_text(numbers, code), KEY)
        truth.append(pl.DataFrame({"person": tokens, "truth": person}).with_columns(organisation=pl.lit(code)))
    return frames, pl.concat(truth)


def test_precision_and_recall_with_two_fifths_of_numbers_missing(
    world: tuple[dict[str, pl.DataFrame], pl.DataFrame],
) -> None:
    frames, truth = world
    council = frames["leicestershire-council"]
    assert 0.37 < (council["nhs_status"] == "missing").mean() < 0.43  # type: ignore[operator]
    found = link_quality.against_truth(link.link_people(frames), truth)
    assert found.precision >= 0.99 and found.recall >= 0.95
    two = {code: frames[code] for code in ("uhl", "leicestershire-council")}
    found = link_quality.against_truth(link.link_people(two), truth)
    assert found.precision >= 0.99 and found.recall >= 0.95
    without = {**two, "leicestershire-council": council.filter(pl.col("nhs").is_null())}
    kept = truth.join(pl.concat([frames["uhl"], without["leicestershire-council"]]).select("person"), on="person")
    found = link_quality.against_truth(link.link_people(without), kept)
    assert found.precision >= 0.99 and found.recall >= 0.94


def test_by_group(world: tuple[dict[str, pl.DataFrame], pl.DataFrame]) -> None:
    frames, truth = world
    links = link.link(frames)
    groups = pl.concat(
        f.select(pl.lit(o).alias("organisation"), "person", "ethnic_group", "sex", link_quality.age_band(2014))
        for o, f in frames.items()
    )
    for group in link_quality.GROUPINGS:
        table = link_quality.by_group(links.people, truth, groups, group).filter(pl.col("pairs") > 200)
        assert len(table) >= 2 and table["precision"].min() > 0.985 and table["recall"].min() > 0.93  # type: ignore[operator]


@pytest.mark.parametrize("kept", [CODES, ("k01", "k04"), ("k01", "k02", "k03", "k09")])
def test_the_estimate_without_a_truth_is_near_the_truth(
    world: tuple[dict[str, pl.DataFrame], pl.DataFrame], kept: tuple[str, ...]
) -> None:
    """With all keys, and with so few that more is missed: the estimate must follow, also for two organisations."""
    blank = [pl.lit(None, pl.String).alias(code) for code in CODES if code not in kept]
    frames = {code: frame.with_columns(blank) for code, frame in world[0].items()}
    for some in (frames, {code: frames[code] for code in ("uhl", "leicestershire-council")}):
        links = link.link(some)
        true = link_quality.against_truth(links.people, world[1])
        said = link_referee.estimate(links, some)
        assert said.precision == pytest.approx(true.precision, abs=0.005)
        assert said.recall == pytest.approx(true.recall, abs=0.02)
    assert len(kept) == len(CODES) or true.recall < 0.96


def test_the_estimate_sees_strangers_linked() -> None:
    """Of 9,000 people in one register, 2,000 look like a stranger in the other, where they have no record.

    Half of all have no number, so most of the false links stand: the numbers of the other half tell how many.
    """
    draw = np.random.default_rng(1)
    has = draw.random((2, 9000)) < 0.7
    frames, truth = {}, []
    for at, place in enumerate(("x", "y")):
        who = np.arange(9000) + np.where(np.arange(9000) < 2000, at * 9000, 0)
        number = [f"{i}" if one else None for i, one in zip(who.tolist(), has[at].tolist(), strict=True)]
        texts = {"person": [f"{place}{i}" for i in range(9000)], "nhs": number, "k01": number}
        texts |= {"k09": [f"{i}" for i in range(9000)]}
        tokens = [keyed_hash.tokens(pl.Series(name, some), KEY) for name, some in texts.items()]
        frames[place] = register(*[{}] * 9000).with_columns(tokens)
        truth.append(pl.DataFrame({"person": tokens[0], "truth": who}).with_columns(organisation=pl.lit(place)))
    links = link.link(frames)
    true = link_quality.against_truth(links.people, pl.concat(truth))
    said = link_referee.estimate(links, frames)
    assert true.precision < 0.9
    assert said.precision == pytest.approx(true.precision, abs=0.02)
    assert said.recall == pytest.approx(true.recall, abs=0.02)


def test_too_few_pairs_with_two_numbers_give_no_estimate(
    world: tuple[dict[str, pl.DataFrame], pl.DataFrame],
) -> None:
    few = {code: frame.with_columns(nhs=pl.lit(None, pl.String)) for code, frame in world[0].items()}
    said = link_referee.estimate(link.link(few), few)
    assert (said.precision, said.recall, said.pairs) == (None, None, 0)
    alone = {"uhl": world[0]["uhl"].head(500)}
    assert link_referee.estimate(link.link(alone), alone).recall is None


def test_numbers_that_are_wrong_are_missed_pairs() -> None:
    """Of 4,000 pairs alike in all else one in ten has two numbers: recall is 9 in 10, and the estimate says so."""
    frames = {}
    for place in ("x", "y"):
        number = [f"{i:04}" if i % 10 or place == "x" else f"w{i:03}" for i in range(4000)]
        texts = {"person": [f"{place}{i}" for i in range(4000)], "nhs": number, "k01": [f"k{n}" for n in number]}
        texts |= {"k04": [f"k04{i}" for i in range(4000)]}
        tokens = [keyed_hash.tokens(pl.Series(name, some), KEY) for name, some in texts.items()]
        frames[place] = register(*[{}] * 4000).with_columns(tokens)
    said = link_referee.estimate(link.link(frames), frames)
    assert said.pairs > 1000
    assert said.recall == pytest.approx(0.9, abs=0.005)
    assert said.precision == pytest.approx(1.0, abs=0.001)


def test_the_order_of_rows_and_the_form_of_tokens_make_no_difference(
    world: tuple[dict[str, pl.DataFrame], pl.DataFrame],
) -> None:
    frames = {code: frame.head(3000) for code, frame in world[0].items()}
    usual = link.link_people(frames).sort("organisation", "person")
    mixed = link.link_people({c: frames[c].sample(fraction=1.0, shuffle=True, seed=1) for c in reversed(list(frames))})
    assert usual.equals(mixed.sort("organisation", "person"))
    numbers = [pl.col(c).str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64) for c in ("person", "nhs", *CODES)]
    received = link.link_people({code: frame.with_columns(numbers) for code, frame in frames.items()})
    assert received.schema["id"] == pl.UInt64
    assert received["id"].n_unique() == usual["id"].n_unique()


def register(*rows: dict[str, str]) -> pl.DataFrame:
    names = ("person", "nhs", *CODES, "sex")
    filled = [{name: (row.get(name) or "") for name in names} for row in rows]
    tokens = [
        pl.when(pl.col(name) != "").then(pl.col(name).str.encode("hex").str.pad_end(16, "0")).alias(name)
        for name in names[:-1]
    ]
    return pl.DataFrame(filled, schema=dict.fromkeys(names, pl.String)).with_columns(tokens)


def groups(**frames: pl.DataFrame) -> list[set[str]]:
    """The persons of each group of more than one, by their short names."""
    found = link.link_people(frames)
    names = found.with_columns(pl.col("person").str.decode("hex").cast(pl.String).str.strip_chars_end("\0"))
    return sorted((set(one) for one in names.group_by("id").agg("person")["person"] if len(one) > 1), key=sorted)


def test_one_key_links() -> None:
    assert groups(x=register({"person": "a", "k09": "1"}), y=register({"person": "b", "k09": "1"})) == [{"a", "b"}]


def test_nobody_and_one_organisation_are_no_error() -> None:
    assert groups(x=register()) == [] and groups(x=register({"person": "a", "k01": "1"}), y=register()) == []


def test_a_key_that_several_share_is_no_evidence() -> None:
    twins = register({"person": "a", "k09": "1"}, {"person": "b", "k09": "1"})
    assert groups(x=twins, y=register({"person": "c", "k09": "1"})) == []


def test_different_numbers_veto_and_so_does_sex_without_a_number() -> None:
    def one(name: str, **more: str) -> pl.DataFrame:
        return register({"person": name, **more})

    assert groups(x=one("a", k04="1", nhs="7"), y=one("b", k04="1", nhs="8")) == []
    assert groups(x=one("a", k04="1", nhs="7"), y=one("b", k04="1")) == [{"a", "b"}]
    assert groups(x=one("a", k08="1", sex="F"), y=one("b", k08="1", sex="M")) == []
    assert groups(x=one("a", k01="1", sex="F"), y=one("b", k01="1", sex="M")) == [{"a", "b"}]
    assert groups(x=one("a", k08="1", sex="F"), y=one("b", k08="1", sex="U")) == [{"a", "b"}]


def test_a_group_with_two_numbers_is_taken_apart_at_its_weakest_link() -> None:
    x = register({"person": "a", "nhs": "7", "k04": "1", "k05": "1"})
    y = register({"person": "b", "k04": "1", "k05": "1", "k12": "2"})
    z = register({"person": "c", "nhs": "8", "k12": "2"})
    assert groups(x=x, y=y, z=z) == [{"a", "b"}]


def test_two_people_of_one_organisation_never_meet_through_another() -> None:
    x = register({"person": "a", "k04": "1", "k05": "1"}, {"person": "b", "k12": "2"})
    y = register({"person": "c", "k04": "1", "k05": "1", "k12": "2"})
    assert groups(x=x, y=y) == [{"a", "c"}]


def test_copies_within_an_organisation_need_the_strongest_keys() -> None:
    weak = register({"person": "a", "k07": "1"}, {"person": "b", "k07": "1"})
    assert groups(x=weak, y=register()) == []
    copies = register({"person": "a", "k01": "1", "k05": "3"}, {"person": "b", "k01": "1", "k05": "3"})
    assert groups(x=copies, y=register({"person": "c", "k05": "3"})) == [{"a", "b", "c"}]
    many = register(*({"person": f"p{i}", "k04": "1"} for i in range(link.MOST_COPIES + 1)))
    assert groups(x=many, y=register()) == []
