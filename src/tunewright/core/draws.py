"""How random configurations are drawn: a pure function of seed and draw number, the same in suggester and scheduler.

Draw k never depends on the draws before it, so any replica may make it, in any order. In a space with a real-valued
range each parameter is drawn by itself, uniform on its scaled axis; repetition has probability about 2^-53. In a
finite space draw k and draw l differ for all k ≠ l below its size, and yet a logarithmic integer is drawn evenly on its
logarithmic axis: its range is cut into shells of about one octave, the cells of the space are the products of shells,
and a round of draws takes one configuration from every cell that has any left (stratified sampling without
replacement; Cochran 1977, "Sampling techniques", chapter 5). Without logarithmic integers there is one cell. The order
of the cells in a round, and of the configurations in a cell, are keyed permutations.

It must not know: what was drawn before, by whom, and why.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from itertools import pairwise, product
from math import log2, prod
from typing import Final

from tunewright.core.errors import SpaceExhausted
from tunewright.core.space import (
    Choice,
    Configuration,
    Float,
    Int,
    Range,
    ScalingType,
    Space,
    Value,
    from_unit,
    resolved_scaling,
    size,
)

FEISTEL_ROUNDS: Final = 6
PERMUTED_SIZE_LIMIT: Final = 2**128
"""Finite spaces up to this size never repeat a draw; beyond it independent draws practically never meet."""


def uniform(seed: int, draw: int, axis: str) -> float:
    """Return a number in [0, 1) with 53 random bits, a hash of the three arguments."""
    return (_hashed(f"{seed}/{draw}/{axis}") >> 11) / 2**53


def random_configuration(space: Space, seed: int, draw: int) -> Configuration:
    """Return draw number `draw` (from 0) of the space.

    Raises: SpaceExhausted: the space is finite and `draw` is not below its size.
    """
    total = size(space)
    if total is not None and draw >= total:
        raise SpaceExhausted(total)
    if total is None or total > PERMUTED_SIZE_LIMIT:
        return {name: from_unit(parameter, uniform(seed, draw, name)) for name, parameter in space.items()}
    shells = [_shells(parameter) for parameter in space.values()]
    cell, index = _cell_and_index(shells, seed, draw)
    return configuration_at(dict(zip(space, cell, strict=True)), index)


def configuration_at(space: Space, index: int) -> Configuration:
    """Return the configuration at `index` of a finite space's lexicographic order (the last parameter varies fastest).

    `index` is from 0 and below the size of the space.
    """
    values: dict[str, Value] = {}
    for name, parameter in reversed(list(space.items())):
        index, digit = divmod(index, _count(parameter))
        values[name] = _value_at(parameter, digit)
    return {name: values[name] for name in space}


def permuted(index: int, total: int, key: str) -> int:
    """Return the image of `index` under a keyed permutation of 0 … total - 1.

    A balanced Feistel network over the next even number of bits, walked until it lands below `total` (Black and
    Rogaway 2002, "Ciphers with arbitrary finite domains", section 5); fewer than four steps are expected.
    """
    half_bits = max((total - 1).bit_length() + 1, 2) // 2
    mask = (1 << half_bits) - 1
    while True:
        left, right = index >> half_bits, index & mask
        for number in range(FEISTEL_ROUNDS):
            left, right = right, left ^ (_hashed(f"{key}/{number}/{right}") & mask)
        index = left << half_bits | right
        if index < total:
            return index


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _shells(parameter: Range) -> list[Range]:
    """Cut a logarithmic integer range into parts of about one octave; anything else is one part."""
    if not isinstance(parameter, Int) or resolved_scaling(parameter) is not ScalingType.LOGARITHMIC:
        return [parameter]
    octaves = max(round(log2(parameter.high / parameter.low)), 1)
    step = (parameter.high / parameter.low) ** (1 / octaves)
    cuts = [parameter.low, *(round(parameter.low * step**i) for i in range(1, octaves)), parameter.high + 1]
    return [Int(low, above - 1, ScalingType.LINEAR) for low, above in pairwise(cuts)]


def _cell_and_index(shells: list[list[Range]], seed: int, draw: int) -> tuple[list[Range], int]:
    """Return the cell of a draw and the index of its configuration within the cell.

    In round r every cell of more than r configurations gives one. The first round needs no count of the cells' sizes,
    so that spaces of very many cells are drawn from at once.
    """
    cells = prod(map(len, shells))
    if draw < cells:
        number, turn = permuted(draw, cells, f"{seed}/0"), 0
    else:
        number, turn = _later_round(_cell_sizes(shells), seed, draw)
    cell = _cell_at(shells, number)
    return cell, permuted(turn, prod(map(_count, cell)), f"{seed}/cell/{number}")


def _later_round(sizes: list[int], seed: int, draw: int) -> tuple[int, int]:
    def drawn_before(turn: int) -> int:
        return sum(min(count, turn) for count in sizes)

    turn = bisect_right(range(min(max(sizes), draw + 1)), draw, key=drawn_before) - 1
    alive = [number for number, count in enumerate(sizes) if count > turn]
    place = permuted(draw - drawn_before(turn), len(alive), f"{seed}/{turn}")
    return alive[place], turn


def _cell_sizes(shells: list[list[Range]]) -> list[int]:
    return [prod(counts) for counts in product(*([_count(shell) for shell in axis] for axis in shells))]


def _cell_at(shells: list[list[Range]], number: int) -> list[Range]:
    cell: list[Range] = []
    for axis in reversed(shells):
        number, digit = divmod(number, len(axis))
        cell.append(axis[digit])
    return cell[::-1]


def _count(parameter: Range) -> int:
    match parameter:
        case Float():
            return 1
        case Int():
            return parameter.high - parameter.low + 1
        case Choice():
            return len(parameter.values)


def _value_at(parameter: Range, digit: int) -> Value:
    match parameter:
        case Float():
            return parameter.low
        case Int():
            return parameter.low + digit
        case Choice():
            return parameter.values[digit]
