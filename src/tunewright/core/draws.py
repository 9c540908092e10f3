"""How random configurations are drawn: a pure function of seed and draw number, the same in suggester and scheduler.

Draw k of a seed never depends on draws before it, so any replica may make it, in any order. Over a finite space the
draws are a keyed permutation (cycle-walking Feistel network; Black and Rogaway 2002, "Ciphers with arbitrary finite
domains"): draw k and draw l differ for all k ≠ l below the size of the space. In a space with a real-valued range
repetition has probability about 2^-53.
"""

from __future__ import annotations

import hashlib

from tunewright.core.errors import SpaceExhausted
from tunewright.core.space import Choice, Configuration, Float, Int, Space, from_unit, size

ROUNDS = 6
PERMUTED_SIZE_LIMIT = 2**64
"""Finite spaces up to this size are permuted; beyond it independent draws practically never meet."""


def uniform(seed: int, draw: int, axis: str) -> float:
    """Return a number in [0, 1) with 53 random bits, a hash of the three arguments."""
    digest = hashlib.blake2b(f"{seed}/{draw}/{axis}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def random_configuration(space: Space, seed: int, draw: int) -> Configuration:
    """Return draw number `draw` (from 0) of the space: uniform on the scaled axes, distinct over finite spaces.

    A finite space is enumerated uniformly over its distinct configurations unless a range is logarithmic.
    Raises: SpaceExhausted: the space is finite and `draw` is not below its size.
    """
    total = size(space)
    if total is not None and draw >= total:
        raise SpaceExhausted(total)
    if total is None or total > PERMUTED_SIZE_LIMIT:
        return {name: from_unit(parameter, uniform(seed, draw, name)) for name, parameter in space.items()}
    return configuration_at(space, permuted(draw, total, seed))


def configuration_at(space: Space, index: int) -> Configuration:
    """Return the configuration at `index` of the lexicographic order of a finite space (the last parameter varies fastest)."""
    values: dict[str, float | int | str] = {}
    for name, parameter in reversed(space.items()):
        match parameter:
            case Float():
                values[name] = parameter.low
            case Int():
                index, digit = divmod(index, parameter.high - parameter.low + 1)
                values[name] = parameter.low + digit
            case Choice():
                index, digit = divmod(index, len(parameter.values))
                values[name] = parameter.values[digit]
    return {name: values[name] for name in space}


def permuted(index: int, total: int, key: int) -> int:
    """Return the image of `index` under a keyed permutation of 0 … total − 1."""
    half_bits = max((total - 1).bit_length() + 1, 2) // 2
    mask = (1 << half_bits) - 1
    while True:
        left, right = index >> half_bits, index & mask
        for rnd in range(ROUNDS):
            digest = hashlib.blake2b(f"{key}/{rnd}/{right}".encode(), digest_size=8).digest()
            left, right = right, left ^ (int.from_bytes(digest, "big") & mask)
        index = left << half_bits | right
        if index < total:
            return index
