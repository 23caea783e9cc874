"""How several effects on the same people combine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LARGEST_EFFECT = 0.95  # no set of initiatives is believed to abolish a service: closing one is a capacity decision


def scaled_for_overlap(effects: Array, shared: Array) -> Array:
    """Effects on one cohort, each less the part that a larger one already has.

    `effects` has shape (effects, ...), each a share removed (negative: a share added); `shared` has shape (effects,
    effects), symmetric, 0 where two effects are on distinct people or independent and 1 where they are the same. Each
    effect is scaled by (1 - shared) for every larger effect: of two that are the same only the larger counts. The
    result rises with each effect, so more effect never means more activity.
    """
    if effects.shape[0] < 2 or not shared.any():
        return effects
    out = effects.copy()
    for j in range(effects.shape[0]):
        for k in range(effects.shape[0]):
            if j == k or shared[j, k] == 0.0:
                continue
            # a tie is settled by position, and both orders give the same product
            larger = (effects[k] > effects[j]) if k > j else (effects[k] >= effects[j])
            both = larger & (effects[j] > 0.0) & (effects[k] > 0.0)
            out[j] = np.where(both, out[j] * (1.0 - shared[j, k]), out[j])
    return out


def remaining(effects: Array, shared: Array) -> Array:
    """What each effect leaves, as a factor: 1 - effect after overlap, limited to LARGEST_EFFECT; same shape.

    The product over the first axis is what all of them leave together: 1 - product(1 - e), never a sum.
    """
    return 1.0 - np.minimum(scaled_for_overlap(effects, shared), LARGEST_EFFECT)
