"""What a message's new objective values mean for its training, and for the standing that others are judged against."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tunewright.core.rungs import passed
from tunewright_metrics.core.judging import Rules, judge
from tunewright_metrics.core.series import Measured
from tunewright_metrics.core.standing import Standing
from tunewright_metrics.core.stream import Stream
from tunewright_metrics.core.summary import objective_of


def rules_of(stream: Stream) -> Rules | None:
    """Return what judges the stream's attempt; None: nothing does."""
    if stream.started is None or stream.objective is None:
        return None
    rules = Rules(stream.started.early_stopping, stream.objective.direction, stream.started.rungs)
    return rules if rules.active else None


def with_verdict(
    before: Stream, after: Stream, measured: Sequence[Measured], standing: Standing, at: float
) -> tuple[Stream, Standing]:
    """Judge the values that `after` has beyond `before`, one by one; a decision bears the time `at`.

    What is emitted after a decision, while the training is being stopped, is not judged and not compared with.
    """
    rules, now = rules_of(after), _steps(after)
    if rules is None or after.judged.stop is not None or now == _steps(before):
        return after, standing
    judged = after.judged
    rungs = passed(rules.rungs[:-1], _steps(before), now)
    for step, value in _emitted(_steps(before), after, measured):
        judged = judge(judged, rules, standing, after.number, step, value)
        if step in rungs:
            shown = value if math.isfinite(value) else math.nan
            standing = standing.with_value(step, after.number, shown)
            judged = replace(judged, at_rungs=(*judged.at_rungs, (step, shown)))
        if judged.stop is not None:
            judged = replace(judged, stop=replace(judged.stop, at=at))
            break
    return (after if judged == after.judged else replace(after, judged=judged)), standing


def completed(stream: Stream) -> bool:
    """Say whether others are compared with this attempt: its process ended by itself, well, and left an objective."""
    return stream.ended is not None and stream.ended.well and objective_of(stream)[0] is not None


def _steps(stream: Stream) -> int:
    """Return how many values of the objective there have been."""
    state = stream.series.metrics.get(stream.objective.metric_name) if stream.objective else None
    return state.steps if state else 0


def _emitted(since: int, stream: Stream, measured: Sequence[Measured]) -> Iterator[tuple[int, float]]:
    """Yield step and value of each emission since; what could not be read as a number, and is not stored, is NaN."""
    name = stream.objective.metric_name if stream.objective else ""
    read = {item.step: item.value for item in measured if item.metric == name}
    for step in range(since + 1, _steps(stream) + 1):
        yield step, read.get(step, math.nan)
