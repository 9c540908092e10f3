"""Asks with histories, for tests."""

from __future__ import annotations

import math

from tunewright.core.draws import random_configuration
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Direction, HyperbandConfig, Strategy
from tunewright_suggester.core.ask import Ask, Curve, DefinitionAsk, Observations, Outcome

MIXED = {
    "rate": Float(1e-4, 1e-1),
    "units": Int(8, 1024),
    "kind": Choice(("sgd", "adam", "rmsprop")),
    "decay": Float(0.0, 1.0),
}
SMALL = {"depth": Int(1, 3), "kind": Choice(("a", "b"))}
CATEGORICAL = {"kind": Choice(("a", "b", "c")), "loss": Choice(("l1", "l2"))}


def loss_of(configuration) -> float:
    rate = math.log10(configuration["rate"]) + 2.5
    units = math.log2(configuration["units"]) - 7
    return rate**2 + 0.2 * units**2 + {"sgd": 0.5, "adam": 0.0, "rmsprop": 0.3}[configuration["kind"]]


def observations_of(space, configurations, values, outcomes=None, curves=()) -> Observations:
    """Return observations in the order given, each as long as its curve."""
    count = len(configurations)
    return Observations(
        columns={name: tuple(one[name] for one in configurations) for name in space},
        outcomes=tuple(outcomes or [Outcome.COMPLETED] * count),
        values=tuple(values),
        steps=tuple(curve.steps[-1] for curve in curves) or (1,) * count,
        numbers=tuple(range(1, count + 1)),
        curves=tuple(curves),
    )


def curve_through(values) -> Curve:
    """Return the curve of values at steps 1, 2, …"""
    steps = range(1, len(values) + 1)
    return Curve(tuple(steps), tuple(sum(values[:step]) / step for step in steps))


def curved(space, configurations, series, outcomes=None) -> Observations:
    """Return observations of trainings that emitted a series of values each."""
    return observations_of(
        space, configurations, [one[-1] for one in series], outcomes, [curve_through(one) for one in series]
    )


def mixed_ask(rows=12, *, values=None, direction=Direction.MINIMIZE, **fields) -> Ask:
    """Return a Bayesian ask over MIXED with a history of random draws."""
    configurations = [random_configuration(MIXED, 77, draw) for draw in range(rows)]
    values = values if values is not None else [loss_of(one) for one in configurations]
    pending = fields.pop("pending", ())
    definition = DefinitionAsk(MIXED, "", observations_of(MIXED, configurations, values), pending)
    return Ask(Strategy.BAYESIAN, (definition,), direction, **{"seed": 3, "number": rows, "started": rows, **fields})


def fresh_ask(strategy, space, **fields) -> Ask:
    return Ask(strategy, (DefinitionAsk(space),), hyperband=HyperbandConfig(1, 27), **fields)
