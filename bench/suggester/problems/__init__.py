"""All problems by name. None is left out of a table because of how it went."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import chain
from typing import Final

from bench.suggester.problems import mixed, models, synthetic
from bench.suggester.problems.problem import Problem, noisy, without_flags
from tunewright.core.space import ScalingType

SHORT: Final = (
    "branin",
    "hartmann6",
    "rosenbrock4",
    "rastrigin5-rotated",
    "ackley5",
    "svr-diabetes",
    "tree-cancer",
    "mlp-wine",
    "knn-digits",
    "mixed-branin",
    "hartmann6~5",
    "svr-diabetes~5",
)
"""The twelve of the short form: a few of every kind, named before any was measured."""
WITH_NOISE: Final = ("branin", "hartmann6", "mixed-branin", "svr-diabetes", "sgd-digits")
UNFLAGGED: Final = ("svr-diabetes", "mlp-wine", "sgd-digits", "descent-diverging", "mixed-architecture")
"""Problems of logarithmic ranges, of which there are copies that do not say so."""


@cache
def catalogue() -> Mapping[str, Problem]:
    """Return every problem by name."""
    own = {problem.name: problem for problem in chain(synthetic.problems(), mixed.problems(), models.problems())}
    copies = [noisy(own[name]) for name in WITH_NOISE]
    copies += [
        without_flags(own[name], scaling) for name in UNFLAGGED for scaling in (ScalingType.AUTO, ScalingType.LINEAR)
    ]
    return own | {problem.name: problem for problem in copies}


def standard() -> tuple[str, ...]:
    """Return the names of all problems but the copies without flags, which answer a question of their own."""
    return tuple(name for name in catalogue() if "#" not in name)
