"""The population projection: nobody appears or vanishes except by birth, death and migration."""

from __future__ import annotations

import numpy as np
import pytest

from bettercare.model import population as model


def _random(seed: int, bands: int = 19) -> tuple[np.ndarray, model.Survival, np.ndarray, np.ndarray]:
    luck = np.random.default_rng(seed)
    people = luck.uniform(500.0, 3000.0, (3, 2, bands))
    rates = np.exp(np.linspace(-8.0, -1.6, bands)) * luck.uniform(0.8, 1.2, (3, 2, 1))
    fertility = np.zeros((3, bands))
    fertility[:, 3:9] = luck.uniform(0.01, 0.12, (3, 6))
    migrants = luck.uniform(-100.0, 150.0, (3, 2, bands))
    return people, model.survival(people * rates, people), fertility, migrants


def test_by_hand() -> None:
    """Two closed bands and an open one, in round numbers that a person can follow.

    Women: 1,000 in each band; deaths a year 20, 40, 200. With five years lived in the middle (a = 2.5, and 2.5 here for
    the first band too): q0 = 5 x 0.02 / (1 + 2.5 x 0.02) = 0.1 / 1.05; q1 = 0.2 / 1.1.
    """
    people = np.full((2, 3), 1000.0)
    deaths = np.array([[20.0, 40.0, 200.0], [20.0, 40.0, 200.0]])
    alive = model.survival(deaths, people, infant_years_lived=2.5)
    first, second = 0.1 / 1.05, 0.2 / 1.1
    one = 1.0 - first
    two = one * (1.0 - second)
    years = [5.0 * one + 2.5 * first, 5.0 * two + 2.5 * one * second, two / 0.2]
    assert alive.birth == pytest.approx([years[0] / 5.0] * 2)
    last = years[2] / (years[1] + years[2])
    assert alive.band[0] == pytest.approx([years[1] / years[0], last, last])
    fertility = np.array([0.0, 0.1, 0.0])
    found = model.step(people, alive, fertility, np.zeros((2, 3)))
    middle, oldest = 1000.0 * years[1] / years[0], 2000.0 * years[2] / (years[1] + years[2])
    born = 5.0 * 0.1 * (1000.0 + middle) / 2.0
    girls, boys = born * 100.0 / 205.0, born * 105.0 / 205.0
    assert found.people[0] == pytest.approx([girls * years[0] / 5.0, middle, oldest])
    assert found.people[1] == pytest.approx([boys * years[0] / 5.0, middle, oldest])
    assert found.births == pytest.approx([girls, boys])


@pytest.mark.parametrize("seed", range(20))
def test_nothing_appears_or_vanishes(seed: int) -> None:
    people, alive, fertility, migrants = _random(seed)
    found = model.step(people, alive, fertility, migrants)
    end = people.sum(axis=-1) + found.births + migrants.sum(axis=-1) - found.deaths
    assert found.people.sum(axis=-1) == pytest.approx(end, rel=1e-12)
    assert np.all(found.deaths > 0.0)


def test_without_death_birth_or_migration_everyone_moves_up_one_band() -> None:
    people = np.arange(1.0, 11.0).reshape(2, 5)
    alive = model.Survival(birth=np.ones(2), band=np.ones((2, 5)))
    found = model.step(people, alive, np.zeros(5), np.zeros((2, 5)))
    assert found.people.tolist() == [[0.0, 1.0, 2.0, 3.0, 9.0], [0.0, 6.0, 7.0, 8.0, 19.0]]
    assert found.deaths.tolist() == [0.0, 0.0]


def test_migrants_arrive_whole_when_nobody_dies() -> None:
    people = np.full((2, 6), 100.0)
    alive = model.Survival(birth=np.ones(2), band=np.ones((2, 6)))
    migrants = np.array([[4.0, -3.0, 2.0, 1.0, 6.0, -8.0], [0.0, 5.0, 0.0, 0.0, 0.0, 10.0]])
    plain = model.step(people, alive, np.zeros(6), np.zeros((2, 6)))
    found = model.step(people, alive, np.zeros(6), migrants)
    assert found.people - plain.people == pytest.approx(migrants)


def test_higher_mortality_never_leaves_more_people() -> None:
    people, _, fertility, migrants = _random(3)
    rates = np.exp(np.linspace(-8.0, -1.6, 19))
    few = model.step(people, model.survival(people * rates, people), fertility, migrants)
    many = model.step(people, model.survival(people * rates * 1.2, people), fertility, migrants)
    assert np.all(many.people <= few.people + 1e-9)


def test_life_table_of_constant_mortality() -> None:
    """With one rate m at all ages, e(0) = 1/m and survival through a step is close to exp(-5 m)."""
    people = np.full((1, 19), 1000.0)
    alive = model.survival(people * 0.02, people, infant_years_lived=2.5)
    assert alive.band[0, :-2] == pytest.approx(np.exp(-0.1), rel=1e-3)


def test_held_bands_keep_their_number() -> None:
    people, alive, fertility, _ = _random(5)
    held = np.zeros((1, 1, 19), dtype=bool)
    held[..., 3:6] = True
    migrants = model.held_migrants(people, alive, held)
    found = model.step(people, alive, fertility, migrants)
    assert found.people[..., 3:6] == pytest.approx(people[..., 3:6], rel=1e-12)
    assert np.all(migrants[..., ~held[0, 0]] == 0.0)
    with pytest.raises(ValueError, match="cannot be held"):
        model.held_migrants(people, alive, np.eye(19, dtype=bool)[:1])


def test_fertility_reproduces_births() -> None:
    women = np.array([[900.0, 1000.0, 1100.0], [10.0, 20.0, 30.0]])
    fertility = model.fertility_from_births(np.array([70.0, 3.0]), women, np.array([1.0, 3.0, 2.0]))
    assert (fertility * women).sum(axis=-1) == pytest.approx([70.0, 3.0])


def test_rogers_castro_is_highest_for_young_adults() -> None:
    ages = np.arange(0.0, 90.0)
    schedule = model.rogers_castro(ages)
    assert 20 <= ages[schedule.argmax()] <= 28
    assert np.all(schedule > 0.0)
    assert schedule[0] > schedule[12] > schedule[80]
    people = np.full((2, 19), 100.0)
    held = np.zeros((1, 19), dtype=bool)
    held[0, 4] = True
    spread = model.spread_migrants(np.array(-500.0), people, model.rogers_castro(np.arange(2.5, 95.0, 5.0)), held)
    assert spread.sum() == pytest.approx(-500.0)
    assert np.all(spread[:, 4] == 0.0)


@pytest.mark.parametrize("share", [-0.2, 0.0, 0.4, 1.0])
def test_between_lies_on_a_line(share: float) -> None:
    start, end = np.array([10.0, 20.0]), np.array([20.0, 10.0])
    assert model.between(start, end, share) == pytest.approx([10.0 + 10.0 * share, 20.0 - 10.0 * share])


def test_wrong_use_is_refused() -> None:
    people = np.full((1, 4), 10.0)
    with pytest.raises(ValueError, match="above zero"):
        model.survival(people * 0.1, people * 0.0)
    with pytest.raises(ValueError, match="open age band"):
        model.survival(np.array([[1.0, 1.0, 1.0, 0.0]]), people)
    alive = model.Survival(birth=np.ones(2), band=np.ones((2, 4)))
    with pytest.raises(ValueError, match="more people leave"):
        model.step(np.full((2, 4), 10.0), alive, np.zeros(4), np.full((2, 4), -50.0))
