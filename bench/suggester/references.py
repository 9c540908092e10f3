"""What a regret is measured against: the optimum, and how good random configurations are.

    python -m bench.suggester.references [--only NAME,NAME] [--improve RESULTS.jsonl]

Makes references.json: for each problem a large random design, whose quantiles say how many random draws a value is
worth, and a local search from its best points. --improve takes over better values that optimisers have found since.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from bench.suggester.cache import evaluate
from bench.suggester.problems import catalogue
from bench.suggester.problems.problem import Problem
from bench.suggester.results import read
from tunewright.core.draws import random_configuration
from tunewright.core.space import Choice, Configuration, from_unit, to_unit

FILE: Final = Path(__file__).with_name("references.json")
PROBABILITIES: Final = (0.0, *(float(p) for p in np.geomspace(2.5e-4, 0.5, 48)), 0.75, 1.0)
DESIGN: Final = 8192
COSTLY_DESIGN: Final = 768
POLISH: Final = 6000
COSTLY_POLISH: Final = 250
SEED: Final = 20_261
POOL: Final = 5
"""Best points that the local search goes on from."""
SPREADS: Final = (0.2, 0.005)
"""Of its first and last mutations, on the unit axis."""


@dataclass(frozen=True, slots=True)
class Reference:
    optimum: float
    """Known, or the best that was ever found."""
    median: float
    """Of random configurations; those that fail count as the worst."""
    quantiles: tuple[float, ...]
    """At PROBABILITIES; a failed one is infinite."""
    design: int
    """How many random configurations the quantiles come from."""

    @property
    def scale(self) -> float:
        return self.median - self.optimum


@cache
def references() -> Mapping[str, Reference]:
    stored = json.loads(FILE.read_text()) if FILE.exists() else {}
    return {
        name: Reference(
            item["optimum"],
            item["median"],
            tuple(math.inf if value is None else value for value in item["quantiles"]),
            item["design"],
        )
        for name, item in stored.items()
    }


def reference_of(problem: Problem) -> Reference:
    size, steps = (COSTLY_DESIGN, COSTLY_POLISH) if problem.costly else (DESIGN, POLISH)
    drawn = [random_configuration(problem.space, SEED, draw) for draw in range(size)]
    values = [_or_infinite(evaluate(problem, configuration)) for configuration in drawn]
    found = _polished(problem, drawn, values, steps)
    optimum = found if problem.optimum is None else problem.optimum
    # Values, not interpolations between them: an infinite neighbour must not spoil a finite quantile.
    quantiles = np.quantile(values, PROBABILITIES, method="higher")
    return Reference(optimum, float(np.median(values)), tuple(float(f"{value:.7g}") for value in quantiles), size)


def _polished(problem: Problem, drawn: list[Configuration], values: list[float], steps: int) -> float:
    """Return the best value after a local search from the best points of the design."""
    random = np.random.default_rng(SEED)
    pool = [(values[place], drawn[place]) for place in np.argsort(values)[:POOL]]
    for step in range(steps):
        spread = SPREADS[0] * (SPREADS[1] / SPREADS[0]) ** (step / steps)
        parent = pool[min(random.geometric(0.5), len(pool)) - 1][1]
        child = mutated(problem, parent, spread, random)
        value = _or_infinite(evaluate(problem, child))
        if value < pool[-1][0]:
            pool = sorted([*pool[:-1], (value, child)], key=lambda item: item[0])
    return float(pool[0][0])


def mutated(problem: Problem, parent: Configuration, spread: float, random: np.random.Generator) -> Configuration:
    """Return a copy with two parameters changed in the mean: a choice drawn anew, a number moved by `spread`."""
    child = dict(parent)
    changes = random.random(len(child)) < 2 / len(child)
    for (name, parameter), change in zip(problem.space.items(), changes, strict=True):
        if not change:
            continue
        if isinstance(parameter, Choice):
            child[name] = parameter.values[random.integers(len(parameter.values))]
        else:
            unit = to_unit(parameter, child[name]) + random.normal(0, spread)
            child[name] = from_unit(parameter, min(max(unit, 0.0), 1.0))
    return child


def _or_infinite(value: float) -> float:
    return value if math.isfinite(value) else math.inf


def store(found: Mapping[str, Reference]) -> None:
    merged = {name: references()[name] for name in references()} | dict(found)
    lines = ",\n".join(f"{json.dumps(name)}: {_text_of(merged[name])}" for name in sorted(merged))
    FILE.write_text(f"{{\n{lines}\n}}\n")
    references.cache_clear()


def _text_of(reference: Reference) -> str:
    item = asdict(reference)
    item["quantiles"] = [value if math.isfinite(value) else None for value in reference.quantiles]
    return json.dumps(item)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="bench.suggester.references")
    arguments.add_argument("--only", help="names, separated by commas; otherwise all that have none")
    arguments.add_argument("--improve", type=Path, help="results whose better values become optima")
    given = arguments.parse_args()
    if given.improve:
        improve(given.improve)
        return
    own = {name: problem for name, problem in catalogue().items() if not problem.base}
    wanted = given.only.split(",") if given.only else [name for name in own if name not in references()]
    for name in wanted:
        store({name: reference_of(own[name])})
        print(f"{name:22} optimum {references()[name].optimum:.7g}, median {references()[name].median:.7g}")


def improve(results: Path) -> None:
    """Lower the optima that are only the best ever found, where a run has found better; the known ones stand."""
    better: dict[str, Reference] = {}
    for run in read(results):
        problem = catalogue()[run.problem]
        known = better.get(problem.reference, references()[problem.reference])
        reached = [value for value in run.trace if value is not None]
        if problem.optimum is None and reached and reached[-1] < known.optimum:
            better[problem.reference] = replace(known, optimum=reached[-1])
    store(better)
    print(f"improved: {', '.join(sorted(better)) or 'none'}")


if __name__ == "__main__":
    main()
