"""Named streams: the same draw whatever the number of draws, the chunk or the other names."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bettercare.foundation.streams import _inside, normals, uniforms


@given(st.integers(0, 2**31), st.text(min_size=1, max_size=30), st.integers(0, 500), st.integers(1, 200))
def test_a_draw_does_not_depend_on_the_chunk(seed: int, name: str, start: int, size: int) -> None:
    whole = uniforms(seed, name, start + size)
    assert np.array_equal(whole[start:], uniforms(seed, name, size, start))


def test_names_and_seeds_have_streams_of_their_own() -> None:
    a, b, c = (uniforms(s, n, 20_000) for s, n in ((1, "a"), (1, "b"), (2, "a")))
    for x, y in ((a, b), (a, c), (b, c)):
        assert abs(np.corrcoef(x, y)[0, 1]) < 0.03


def test_uniforms_are_uniform_and_normals_are_normal() -> None:
    assert stats.kstest(uniforms(7, "u", 50_000), "uniform").pvalue > 1e-3
    assert stats.kstest(normals(7, "z", 50_000), "norm").pvalue > 1e-3
    u = uniforms(7, "u", 50_000)
    assert u.min() > 0.0 and u.max() < 1.0


def test_even_the_last_number_below_1_stays_below_it() -> None:
    ends = _inside(np.array([0.0, 1.0 - 2.0**-53]))
    assert 0.0 < ends[0] < ends[1] < 1.0
