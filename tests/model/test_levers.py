"""How effects combine: never as a sum, and more effect never means more activity."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bettercare.model.levers import LARGEST_EFFECT, remaining

EFFECTS = st.lists(st.floats(-0.3, 0.9), min_size=2, max_size=5)


def _shared(n: int, values: list[float]) -> np.ndarray:
    out = np.zeros((n, n))
    at = 0
    for i in range(n):
        for j in range(i):
            out[i, j] = out[j, i] = values[at % len(values)]
            at += 1
    return out


@given(EFFECTS)
def test_independent_effects_multiply(effects: list[float]) -> None:
    left = remaining(np.array(effects)[:, None], np.zeros((len(effects), len(effects)))).prod(axis=0)
    assert np.isclose(left[0], np.prod(1.0 - np.minimum(effects, LARGEST_EFFECT)))


@given(st.floats(0.0, 0.9), st.floats(0.0, 0.9))
def test_of_two_that_are_the_same_only_the_larger_counts(a: float, b: float) -> None:
    left = remaining(np.array([[a], [b]]), np.array([[0.0, 1.0], [1.0, 0.0]])).prod()
    assert np.isclose(left, 1.0 - max(a, b))


@given(EFFECTS, st.lists(st.floats(0.0, 1.0), min_size=10, max_size=10), st.integers(0, 4), st.floats(0.0, 0.3))
def test_more_effect_never_means_more_activity(
    effects: list[float], shares: list[float], which: int, more: float
) -> None:
    n = len(effects)
    shared = _shared(n, shares)
    stronger = list(effects)
    stronger[which % n] = min(stronger[which % n] + more, 0.9)
    before = remaining(np.array(effects)[:, None], shared).prod()
    after = remaining(np.array(stronger)[:, None], shared).prod()
    assert after <= before + 1e-12


@given(st.floats(-0.5, 0.0), st.floats(-0.5, 0.0))
def test_the_same_harm_is_not_done_twice(a: float, b: float) -> None:
    left = remaining(np.array([[a], [b]]), np.array([[0.0, 1.0], [1.0, 0.0]])).prod()
    assert np.isclose(left, 1.0 - min(a, b))


@given(EFFECTS, st.lists(st.floats(0.0, 1.0), min_size=10, max_size=10))
def test_overlap_never_adds_effect(effects: list[float], shares: list[float]) -> None:
    n = len(effects)
    e = np.array(effects)[:, None]
    assert np.all(remaining(e, _shared(n, shares))[e > 0] >= remaining(e, np.zeros((n, n)))[e > 0] - 1e-12)


def test_sharing_lies_between_same_and_distinct() -> None:
    e = np.array([[0.3], [0.2]])
    left = [remaining(e, np.array([[0.0, s], [s, 0.0]])).prod() for s in (0.0, 0.5, 1.0)]
    assert np.allclose(left, [0.7 * 0.8, 0.7 * 0.8**0.5, 0.7])


def test_a_chain_of_the_same_team_counts_once() -> None:
    e = np.array([[0.1], [0.3], [0.2]])
    same = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    assert np.isclose(remaining(e, same).prod(), 0.7 * 0.9)  # the two ends are distinct, the middle one is both


@given(st.lists(st.floats(-0.4, 0.9), min_size=6, max_size=6))
def test_in_a_ring_each_effect_counts_what_it_adds_to_the_larger_ones(effects: list[float]) -> None:
    """Six effects, each half the same as its two neighbours: by the definition, one effect at a time.

    A set holds its size less the heaviest tree of what its members share: half for each link, but a ring has one more
    link than a tree.
    """
    ring = np.zeros((6, 6))
    for i in range(6):
        ring[i, (i + 1) % 6] = ring[(i + 1) % 6, i] = 0.5

    def held(members: list[int]) -> float:
        links = sum((i + 1) % 6 in members for i in members)
        return len(members) - 0.5 * min(links, 5)

    for sign in (1.0, -1.0):  # good and harm are counted apart, the largest first
        order = sorted((i for i in range(6) if sign * effects[i] > 0.0), key=lambda i: -sign * effects[i])
        for n, i in enumerate(order):
            kept = held(order[: n + 1]) - held(order[:n])
            assert np.isclose(remaining(np.array(effects)[:, None], ring)[i, 0], (1.0 - effects[i]) ** kept)
