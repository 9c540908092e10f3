"""Problems that a parent job may have tuned before, made from the problem of its child."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Final

from bench.suggester.cache import evaluate
from bench.suggester.problems.problem import Problem
from tunewright.core.space import Choice, Configuration, Range, Value, from_unit, to_unit

SHIFT: Final = 0.1
"""On the unit axis of each numeric range."""


class Relation(StrEnum):
    """What a parent job tuned, seen from its child."""

    SAME = "same"
    SHIFTED = "shifted"
    """Its optimum lies farther along each axis."""
    NEGATED = "negated"
    """Its best is the child's worst."""


def related(problem: Problem, relation: Relation) -> Problem:
    """Return the problem of a parent, in the child's space; its evaluations are the child's own, cached with them."""

    def shifted(configuration: Configuration) -> float:
        moved = {name: _shifted(parameter, configuration[name]) for name, parameter in problem.space.items()}
        return evaluate(problem, moved)

    def negated(configuration: Configuration) -> float:
        return -evaluate(problem, configuration)

    values: dict[Relation, Callable[[Configuration], float]] = {Relation.SHIFTED: shifted, Relation.NEGATED: negated}
    if relation is Relation.SAME:
        return problem
    name = f"{problem.name}/{relation}"
    return replace(problem, name=name, value=values[relation], optimum=None, costly=False, base=problem.reference)


def _shifted(parameter: Range, value: Value) -> Value:
    """Return the value SHIFT below on the unit axis, or the lowest; a choice stays."""
    if isinstance(parameter, Choice):
        return value
    return from_unit(parameter, max(to_unit(parameter, value) - SHIFT, 0.0))
