"""What a learning curve says of its values between the points that were kept. No numpy.

A curve holds running means m at steps t, so t·m is the sum of the values up to t. Between two points that sum is taken
to grow evenly: the values of a segment that was thinned away are all its mean.
"""

from __future__ import annotations

from bisect import bisect_left

from tunewright_suggester.core.ask import Curve


def sum_up_to(curve: Curve, step: float) -> float:
    """Return the sum of the values up to a step in 0 … the curve's end; nothing is added beyond its end."""
    place = bisect_left(curve.steps, step)
    if place == len(curve.steps):
        return curve.steps[-1] * curve.means[-1] if place else 0.0
    end, mean = curve.steps[place], curve.means[place]
    start, before = (curve.steps[place - 1], curve.means[place - 1]) if place else (0, 0.0)
    return start * before + (end * mean - start * before) * (step - start) / (end - start)


def mean_between(curve: Curve, start: float, end: float) -> float:
    """Return the mean of the values after step `start` and up to step `end`, 0 ≤ start < end ≤ the curve's end."""
    return (sum_up_to(curve, end) - sum_up_to(curve, start)) / (end - start)


def value_at(curve: Curve, step: int) -> float | None:
    """Return the value at a step from 1, None where the curve does not reach it."""
    if not curve.steps or curve.steps[-1] < step:
        return None
    return mean_between(curve, step - 1, step)
