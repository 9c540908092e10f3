"""What a drill does to an installation, when and to what: drawn from a seed, so that a drill can be repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, islice
from typing import Final


class Kind(StrEnum):
    KILL = "killed"
    """A service, by SIGKILL; it is started again, as its host would."""
    STILL = "stopped past its lease"
    """A service, by SIGSTOP; then it goes on."""
    CUT = "cut"
    """A line: what is sent into it arrives once it is mended, and its connections stay open."""
    BREAK = "broken off"
    """A line: all its connections end, with what they hold."""
    RESTART = "killed and started"
    """The broker or the database; it has what it had."""
    FILL = "filled"
    """A trainer's disk, to the last byte; then it is given back."""


LASTS_S: Final[Mapping[Kind, tuple[float, float]]] = {
    Kind.KILL: (0.0, 4.0),
    Kind.STILL: (10.0, 13.0),
    Kind.CUT: (2.0, 10.0),
    Kind.BREAK: (0.0, 0.0),
    Kind.RESTART: (0.0, 4.0),
    Kind.FILL: (4.0, 8.0),
}
"""From when to when it may last. Past its lease: see `stage.TERMS`."""
APART_S: Final = 1.0
"""Between two faults of one target."""
DRAWS: Final = 1_000

Targets = Mapping[Kind, Sequence[Sequence[str]]]
"""By kind, groups of names: each group is hit before one is hit again."""


@dataclass(frozen=True, slots=True)
class Fault:
    number: int
    """In order of time, from 1."""
    kind: Kind
    target: str
    at_s: float
    """After the beginning of the drill."""
    lasts_s: float

    @property
    def over_s(self) -> float:
        return self.at_s + self.lasts_s

    def __str__(self) -> str:
        return f"{self.target} {self.kind}"


def drawn(seed: int, targets: Targets, counts: Mapping[Kind, int], span_s: float) -> tuple[Fault, ...]:
    """Draw so many faults of each kind, all over within the span, never two of one target at once."""
    chance, faults = random.Random(seed), list[Fault]()  # noqa: S311 - it is to be the same again
    for kind, many in sorted(counts.items()):
        for target in islice(_in_turn(chance, targets.get(kind, ())), many):
            faults.append(_placed(chance, kind, target, span_s, faults))
    in_order = sorted(faults, key=lambda fault: (fault.at_s, fault.target))
    return tuple(
        Fault(number, fault.kind, fault.target, fault.at_s, fault.lasts_s)
        for number, fault in zip(count(1), in_order, strict=False)
    )


def _in_turn(chance: random.Random, groups: Sequence[Sequence[str]]) -> Iterator[str]:
    while groups:
        for group in chance.sample(groups, len(groups)):
            yield chance.choice(group)


def _placed(chance: random.Random, kind: Kind, target: str, span_s: float, others: Sequence[Fault]) -> Fault:
    """Raises ValueError: there is no room for it."""
    lasts_s = min(chance.uniform(*LASTS_S[kind]), span_s)
    busy = [fault for fault in others if fault.target == target]
    for _ in range(DRAWS):
        at_s = chance.uniform(0, span_s - lasts_s)
        if all(at_s + lasts_s + APART_S < fault.at_s or fault.over_s + APART_S < at_s for fault in busy):
            return Fault(0, kind, target, round(at_s, 2), round(lasts_s, 2))
    raise ValueError(f"too many faults of {target} for {span_s:g} s")
