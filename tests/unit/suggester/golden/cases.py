"""The asks that are kept, one function of the seed each; every strategy, and whatever an ask may hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tests.unit.suggester.histories import CATEGORICAL, MIXED, SMALL, curved, loss_of, observations_of
from tunewright.core.draws import random_configuration, uniform
from tunewright.core.space import Choice, Float, Int, ScalingType, Space
from tunewright.core.spec import Direction, HyperbandConfig, Strategy, WarmStartType
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Observations, Outcome, Parent

BAYESIAN, HYPERBAND = Strategy.BAYESIAN, Strategy.HYPERBAND
IDENTICAL, TRANSFER = WarmStartType.IDENTICAL_DATA_AND_ALGORITHM, WarmStartType.TRANSFER_LEARNING
Loss = Callable[[dict[str, float]], float]
SQUARE: Final[Space] = {"x": Float(-5.0, 10.0), "y": Float(0.0, 15.0)}
DEEP: Final[Space] = {f"x{place}": Float(0.0, 1.0) for place in range(30)}
SCALES: Final[Space] = {
    "rate": Float(1e-6, 1.0, ScalingType.LOGARITHMIC),
    "momentum": Float(0.5, 0.999, ScalingType.REVERSE_LOGARITHMIC),
    "units": Int(1, 4096),
    "fixed": Float(2.0, 2.0),
}
CROSSED: Final[Space] = {name: Choice(tuple(f"{name}{place}" for place in range(30))) for name in "ab"}


def bowl(at):
    return sum((float(value) - 4.0) ** 2 for value in at.values())


def deep_loss(at):
    return (at["x0"] - 0.3) ** 2 + 2.0 * (at["x7"] - 0.8) ** 2 + 0.5 * at["x0"] * at["x7"]


def scales_loss(at):
    rate, units = math.log10(at["rate"]) + 3.0, math.log2(at["units"]) - 8.0
    return rate**2 + 0.1 * units**2 + 5.0 * (at["momentum"] - 0.9) ** 2


def depth_loss(at):
    return at["depth"] + 0.5 * (at["kind"] == "a")


def crossed_loss(at):
    return abs(int(at["a"][1:]) - 11) + 0.5 * abs(int(at["b"][1:]) - 20)


def drawn(space, rows, seed=77):
    return [random_configuration(space, seed, draw) for draw in range(rows)]


def seen(space, loss, rows, *, seed=77, change=None, outcome=None) -> Observations:
    """Return observations of random draws; `change` and `outcome` say what became of a row."""
    told = drawn(space, rows, seed)
    outcomes = [outcome(row) if outcome else Outcome.COMPLETED for row in range(rows)]
    values = [change(row, loss(one)) if change else loss(one) for row, one in enumerate(told)]
    return observations_of(space, told, values, outcomes)


def of(space, observations=None, strategy=BAYESIAN, **fields) -> Ask:
    """Return an ask of one definition; fields of the definition and of the ask are told apart by their names."""
    own = {name: fields.pop(name) for name in ("pending", "default_point", "parents", "static") if name in fields}
    definition = DefinitionAsk(space, "", observations or Observations(), **own)
    rows = len(definition.observations) + len(definition.pending)
    return Ask(strategy, (definition,), **{"number": rows, "started": rows, "hyperband": resources(strategy), **fields})


def several(*definitions, strategy=BAYESIAN, **fields) -> Ask:
    rows = sum(len(one.observations) for one in definitions)
    return Ask(strategy, definitions, number=rows, started=rows, hyperband=resources(strategy), **fields)


def resources(strategy):
    return HyperbandConfig(1, 27) if strategy is HYPERBAND else None


def trained(space, lengths, *, full=27) -> Observations:
    """Return trainings of so many epochs, those below `full` stopped, which come down towards their loss."""
    told = drawn(space, len(lengths))
    series = [
        [loss_of(one) + 8.0 * math.exp(-step / 4.0) for step in range(1, length + 1)]
        for one, length in zip(told, lengths, strict=True)
    ]
    outcomes = [Outcome.COMPLETED if length == full else Outcome.STOPPED for length in lengths]
    return curved(space, told, series, outcomes)


def parent(space, loss, rows, seed=5, **static) -> Parent:
    return Parent(space, seen(space, loss, rows, seed=seed), static)


def noisy(row, value):
    return value + 0.5 * (uniform(1, row, "noise") - 0.5)


def offered_before(observations: Observations, name: str) -> Observations:
    """Return the observations with the first value of a choice no longer offered."""
    return replace(observations, columns={**observations.columns, name: (None, *observations.columns[name][1:])})


def failed_third(row):
    return Outcome.FAILED if row % 3 == 0 else Outcome.COMPLETED


def nothing_where_failed(row, value):
    return math.nan if row % 3 == 0 else value


LENGTHS: Final = (27, 3, 9, 1, 27, 3, 27, 9, 1, 3, 27, 9, 27, 1, 3)
CASES: Final[dict[str, Ask]] = {
    "random": of(MIXED, strategy=Strategy.RANDOM, count=3, started=5),
    "random-finite-to-its-end": of(SMALL, strategy=Strategy.RANDOM, count=4, started=4),
    "random-definitions": several(
        DefinitionAsk(MIXED, "a"), DefinitionAsk(SMALL, "b"), strategy=Strategy.RANDOM, count=3
    ),
    "random-parents": of(
        SMALL, strategy=Strategy.RANDOM, count=4, warm_start=IDENTICAL, parents=(parent(SMALL, depth_loss, 3),)
    ),
    "grid": of(CATEGORICAL, strategy=Strategy.GRID, count=3, started=2),
    "grid-to-its-end": of(CATEGORICAL, strategy=Strategy.GRID, count=3, started=5),
    "hyperband-draws": of(MIXED, strategy=HYPERBAND, count=5),
    "hyperband-model": of(MIXED, trained(MIXED, LENGTHS), HYPERBAND, count=3),
    "hyperband-pending": of(MIXED, trained(MIXED, LENGTHS), HYPERBAND, pending=tuple(drawn(MIXED, 3, 9))),
    "hyperband-definitions": several(
        DefinitionAsk(MIXED, "a", trained(MIXED, LENGTHS)), DefinitionAsk(SMALL, "b"), strategy=HYPERBAND, count=3
    ),
    "first": of(MIXED, count=5),
    "default-point": of(MIXED, default_point={"rate": 0.05, "units": 100, "kind": "adam", "decay": 0.25}),
    "default-point-in-part": of(SCALES, default_point={"units": 7}, count=2),
    "plane": of(SQUARE, seen(SQUARE, bowl, 12)),
    "mixed": of(MIXED, seen(MIXED, loss_of, 15)),
    "mixed-maximise": of(MIXED, seen(MIXED, lambda at: -loss_of(at), 20), direction=Direction.MAXIMIZE),
    "mixed-pending": of(MIXED, seen(MIXED, loss_of, 15), pending=tuple(drawn(MIXED, 4, 9)), parallel=5),
    "mixed-three-at-once": of(MIXED, seen(MIXED, loss_of, 10), count=3, parallel=3),
    "mixed-long": of(MIXED, seen(MIXED, loss_of, 150)),
    "mixed-fast": of(MIXED, seen(MIXED, loss_of, 25), effort="fast"),
    "mixed-thorough": of(MIXED, seen(MIXED, loss_of, 12), effort="thorough"),
    "mixed-no-longer-offered": of(MIXED, offered_before(seen(MIXED, loss_of, 12), "kind")),
    "outlook-of-a-short-budget": of(SQUARE, seen(SQUARE, bowl, 25), budget=5),
    "outlook-of-a-long-budget": of(SQUARE, seen(SQUARE, bowl, 8), budget=100),
    "scales": of(SCALES, seen(SCALES, scales_loss, 15)),
    "finite": of(SMALL, seen(SMALL, depth_loss, 4), count=2),
    "finite-to-its-end": of(SMALL, seen(SMALL, depth_loss, 5), count=2),
    "finite-given-out": of(SMALL, seen(SMALL, depth_loss, 5), pending=(random_configuration(SMALL, 77, 5),)),
    "choices-30-by-30": of(CROSSED, seen(CROSSED, crossed_loss, 20)),
    "thirty-dimensions": of(DEEP, seen(DEEP, deep_loss, 25)),
    "failed": of(MIXED, seen(MIXED, loss_of, 18, change=nothing_where_failed, outcome=failed_third)),
    "all-failed": of(MIXED, seen(MIXED, lambda _: math.nan, 8, outcome=lambda _: Outcome.FAILED)),
    "infeasible": of(
        MIXED, seen(MIXED, loss_of, 12, outcome=lambda row: Outcome.INFEASIBLE if row < 3 else Outcome.COMPLETED)
    ),
    "constant": of(SQUARE, seen(SQUARE, lambda _: 3.0, 8)),
    "one-value-huge": of(SQUARE, seen(SQUARE, bowl, 12, change=lambda row, value: 1e30 if row == 4 else value)),
    "stopped-with-curves": of(MIXED, trained(MIXED, LENGTHS)),
    "stopped-without-curves": of(MIXED, replace(trained(MIXED, LENGTHS), curves=())),
    "noisy": of(SQUARE, seen(SQUARE, bowl, 20, change=noisy)),
    "noisy-with-errors": of(
        SQUARE,
        replace(seen(SQUARE, bowl, 15, change=noisy), errors=(0.1, 0.3, math.nan) * 5),
        direction=Direction.MINIMIZE,
    ),
    "definitions-first-shares": several(
        DefinitionAsk(MIXED, "a", seen(MIXED, loss_of, 5)), DefinitionAsk(SQUARE, "b", seen(SQUARE, bowl, 3)), count=3
    ),
    "definitions-competing": several(
        DefinitionAsk(MIXED, "a", seen(MIXED, loss_of, 12)),
        DefinitionAsk(SQUARE, "b", seen(SQUARE, bowl, 10)),
        budget=20,
    ),
    "parent-identical": of(MIXED, seen(MIXED, loss_of, 5), parents=(parent(MIXED, loss_of, 15),), warm_start=IDENTICAL),
    "parent-identical-wider": of(
        SQUARE, parents=(parent({"x": Float(-20.0, 20.0), "y": Float(0.0, 30.0)}, bowl, 12),), warm_start=IDENTICAL
    ),
    "parent-identical-of-another-static": of(
        SQUARE, parents=(parent(SQUARE, bowl, 12, epochs="5"),), static={"epochs": "9"}, warm_start=IDENTICAL
    ),
    "parent-transfer-first": of(SQUARE, parents=(parent(SQUARE, bowl, 20),), warm_start=TRANSFER),
    "parents-transfer": of(
        SQUARE,
        seen(SQUARE, bowl, 8),
        parents=(parent(SQUARE, bowl, 20), parent(SQUARE, lambda at: -bowl(at), 20, seed=6)),
        warm_start=TRANSFER,
    ),
}
"""By name; the seed of each is chosen where it is recorded."""
