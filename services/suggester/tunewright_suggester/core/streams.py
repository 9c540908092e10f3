"""Where the model's randomness comes from: counter-based generators, keyed by seed, ask number and purpose.

Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") gives every key its own stream, so that no
draw depends on how many were made before it.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    DESIGN = 0
    CANDIDATES = 1
    FANTASIES = 2
    STARTS = 3
    OUTLOOK = 4


def generator(seed: int, ask_number: int, stream: Stream, index: int = 0) -> np.random.Generator:
    """Return the generator of suggestion `index` of an ask for one purpose."""
    sequence = np.random.SeedSequence([seed & (2**64 - 1), ask_number, stream, index])
    return np.random.Generator(np.random.Philox(sequence))
