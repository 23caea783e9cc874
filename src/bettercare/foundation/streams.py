"""Random numbers that belong to a name, not to an order of calls.

Each named quantity has a counter-based stream of its own (Philox: Salmon and others, 2011, "Parallel random numbers: as
easy as 1, 2, 3"), keyed by a hash of (seed, name). Draw k of a name is therefore the same whatever the number of draws,
the chunk or the thread; scenarios that share a name share its luck; and a new name changes no other.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_PER_COUNTER = 4  # Philox 4x64 yields four 64-bit numbers for each step of its counter
_HALF_STEP = 2.0**-54  # keeps every uniform strictly inside (0, 1), so that quantile functions stay finite
_BELOW_ONE = 1.0 - 2.0**-53


def uniforms(seed: int, name: str, draws: int, start: int = 0) -> Array:
    """Uniform numbers in the open interval (0, 1) for draws `start` to `start + draws - 1` of `name`.

    Returns an array of shape (draws,).
    """
    digest = hashlib.blake2b(f"{seed}\x1f{name}".encode(), digest_size=16).digest()
    key = np.frombuffer(digest, dtype="<u8")
    bits = np.random.Philox(key=key)
    skip = start % _PER_COUNTER
    if start >= _PER_COUNTER:
        bits.advance(start // _PER_COUNTER)
    numbers = np.random.Generator(bits).random(skip + draws)[skip:]
    return _inside(numbers)


def _inside(numbers: Array) -> Array:
    """Numbers of [0, 1) half a step further up; the last would be rounded to 1, so it stays below."""
    numbers += _HALF_STEP
    return np.minimum(numbers, _BELOW_ONE, out=numbers)


def normals(seed: int, name: str, draws: int, start: int = 0) -> Array:
    """Standard normal numbers of `name`, shape (draws,), by inverting the normal distribution."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniforms(seed, name, draws, start)), dtype=np.float64)


def generator(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for a name: for quantities whose number is not known before they are drawn."""
    digest = hashlib.blake2b(f"{seed}\x1f{name}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64DXSM(int.from_bytes(digest, "little")))
