"""What is known of a job's trainings at one of Hyperband's rungs. No numpy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tunewright_suggester.core.ask import Observations, Outcome
from tunewright_suggester.core.curves import value_at

RUNG_DOUBT: Final = 1.0
"""The whole usual miss of what is foretold: rungs stop trainings after one epoch or three, when ranks say less than
where the median rule looks. Of 21 races of bench/suggester/curves a quarter of it lost seven and won one; leaving out
what was stopped below the rung won none of four of those."""


def reached(observations: Observations, rung: int, maximum: int) -> Iterator[tuple[int, float]]:
    """Yield row and value at the rung of every training that got there, ascending.

    What completed before the rung has its final value there; where the length of a completed training is not known, it
    is taken to be `maximum`, the largest resource.
    """
    for row, (outcome, final, length) in enumerate(
        zip(observations.outcomes, observations.values, observations.steps, strict=True)
    ):
        if outcome not in (Outcome.COMPLETED, Outcome.STOPPED) or not math.isfinite(final):
            continue
        completed = outcome is Outcome.COMPLETED
        end = maximum if completed and length == 0 else length
        value: float | None = None
        if end == rung or (completed and end < rung):
            value = final
        elif end > rung and observations.curves:
            value = value_at(observations.curves[row], rung)
        if value is not None:
            yield row, value


def at_rung(observations: Observations, rung: int, maximum: int) -> Observations:
    """Return the observations as they would be if trainings ended at the rung.

    Those that got there are completed with their value there; those that were stopped before stay stopped, and are
    foretold from what the others had at their stop step.
    """
    outcomes, values = list(observations.outcomes), list(observations.values)
    for row, outcome in enumerate(outcomes):
        if outcome is Outcome.COMPLETED:
            outcomes[row] = Outcome.STOPPED
    for row, value in reached(observations, rung, maximum):
        outcomes[row], values[row] = Outcome.COMPLETED, value
    return replace(observations, outcomes=tuple(outcomes), values=tuple(values), doubt=RUNG_DOUBT)
