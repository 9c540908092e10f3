"""What an optimiser gives out, and what it is told of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tunewright_suggester.core.ask import Curve, Outcome


class Asked(dict[str, Any]):
    """A configuration that was given out; `id` tells it from another of the same values.

    `rungs` are the steps at which Hyperband judges it, ascending; at the last one it is always stopped.
    """

    __slots__ = ("id", "rungs")

    def __init__(self, values: Mapping[str, Any], identity: int, rungs: tuple[int, ...] = ()) -> None:
        super().__init__(values)
        self.id, self.rungs = identity, rungs


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a configuration. `value` is None where the training failed; `failed` then says why."""

    configuration: Mapping[str, Any]
    value: float | None
    failed: str = ""
    step: int | None = None
    """After how many steps it was stopped early; None: it ran to its end, or to Hyperband's largest resource."""
    curve: Curve = field(default_factory=Curve, repr=False)
    """Of what it reported."""
    error: float = math.nan
    """Standard error of the value; NaN: not known."""

    @property
    def outcome(self) -> Outcome:
        if self.value is None:
            return Outcome.FAILED
        return Outcome.COMPLETED if self.step is None else Outcome.STOPPED

    @property
    def steps(self) -> int:
        """How many there were; 0: not known."""
        return self.step or (self.curve.steps[-1] if self.curve.steps else 0)
