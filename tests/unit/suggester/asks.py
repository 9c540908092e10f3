"""Random asks, for properties: every kind of parameter, every kind of outcome, and values that nobody hopes for."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from tests.unit.suggester.histories import curve_through
from tunewright.core.draws import random_configuration
from tunewright.core.space import Choice, Float, Int, ScalingType, size, text_of
from tunewright.core.spec import Direction, HyperbandConfig, Strategy
from tunewright_suggester.core.ask import Ask, Curve, DefinitionAsk, Observations, Outcome, Parent

MODELLED = (Strategy.BAYESIAN, Strategy.HYPERBAND)
SEEDS = st.integers(-(2**63), 2**63 - 1)
RANGES = (
    Float(0.0, 1.0),
    Float(-3.0, 1e9),
    Float(1e-8, 1e3, ScalingType.LOGARITHMIC),
    Float(0.0, 0.9999, ScalingType.REVERSE_LOGARITHMIC),
    Float(2.5, 2.5),
    Float(1.0, 1.0 + 1e-9),
    Int(1, 3),
    Int(-7, 7),
    Int(1, 10**6),
    Int(1, 4096, ScalingType.LINEAR),
    Int(0, 2**53),
    Int(4, 4),
    Choice(("only",)),
    Choice(("sgd", "adam", "rmsprop")),
    Choice(tuple(f"c{number}" for number in range(30))),
    Choice(tuple(f"d{number}" for number in range(30))),
)
TARGETS = st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -1e300, 0.0, 1.0, 1.0, 2.5]) | st.floats(-10, 10)
CURVES = st.lists(st.floats(-10, 10), min_size=1, max_size=5).map(curve_through)


@st.composite
def spaces(draw):
    ranges = draw(st.lists(st.sampled_from(RANGES), min_size=1, max_size=8))
    return {f"p{place}": parameter for place, parameter in enumerate(ranges)}


@st.composite
def configurations(draw, space):
    """Return a random draw of the space, out of few, so that some come twice."""
    most = size(space)
    number = draw(st.integers(0, 40))
    return dict(random_configuration(space, 5, number if most is None else number % most))


@st.composite
def observed(draw, space, most=12):
    """Return observations of any outcome; some lie outside the space, or hold values that it no longer offers."""
    count = draw(st.integers(0, most))
    rows = [displaced(draw(configurations(space)), draw(st.integers(0, 9))) for _ in range(count)]
    outcomes = draw(st.lists(st.sampled_from([*Outcome, Outcome.COMPLETED]), min_size=count, max_size=count))
    curves = draw(st.lists(CURVES | st.just(Curve()), min_size=count, max_size=count))
    return Observations(
        columns={name: tuple(row[name] for row in rows) for name in space},
        outcomes=tuple(outcomes),
        values=tuple(draw(st.lists(TARGETS, min_size=count, max_size=count))),
        steps=tuple(curve.steps[-1] if curve.steps else 1 for curve in curves),
        numbers=tuple(range(1, count + 1)),
        errors=tuple(draw(st.just([]) | st.lists(st.floats(0, 9) | st.just(math.nan), min_size=count, max_size=count))),
        curves=draw(st.sampled_from([tuple(curves), ()])),
    )


def displaced(configuration, luck):
    """Move one value out of the space, one time in five."""
    if luck > 1:
        return configuration
    name = min(configuration)
    value = configuration[name]
    return {**configuration, name: None if isinstance(value, str) else value + 10**9}


@st.composite
def asks(draw, strategies=tuple(Strategy), definitions=2):
    strategy = draw(st.sampled_from(strategies))
    given = tuple(draw(defined(strategy, f"d{place}")) for place in range(draw(st.integers(1, definitions))))
    return Ask(
        strategy=strategy,
        definitions=given,
        direction=draw(st.sampled_from(Direction)),
        seed=draw(SEEDS),
        number=draw(st.integers(0, 2**31 - 1)),
        count=draw(st.integers(1, 3)),
        started=draw(st.integers(0, 20)),
        budget=draw(st.none() | st.integers(0, 50)),
        effort="fast",
        hyperband=HyperbandConfig(1, 9) if strategy is Strategy.HYPERBAND else None,
    )


@st.composite
def defined(draw, strategy, name):
    space = draw(spaces())
    if strategy is Strategy.GRID:
        space = {name: one for name, one in space.items() if isinstance(one, Choice)} or {"p0": RANGES[-1]}
    pending = tuple(draw(st.lists(configurations(space), max_size=4)))
    seen = draw(observed(space))
    default = draw(st.just({}) | configurations(space))
    return DefinitionAsk(space, name, seen, pending, default)


@st.composite
def parents(draw, space):
    """Return a parent of the same parameters, of which it may hold one fixed."""
    fixed = draw(st.sampled_from([None, *space]))
    own = {name: parameter for name, parameter in space.items() if name != fixed or len(space) == 1}
    static = {name: text_of(random_configuration({name: space[name]}, 5, 0)[name]) for name in space if name not in own}
    return Parent(own, draw(observed(own)), static)
