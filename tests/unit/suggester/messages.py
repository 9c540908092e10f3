"""Any ask of the core as the request that says the same."""

from __future__ import annotations

import math

from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Parameter
from tunewright.platform.codec import to_message, value_to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.ask import Curve


def request_from(ask) -> pb.SuggestRequest:
    """Return a request that is read as this ask."""
    request = pb.SuggestRequest(
        uid="u",
        strategy=spec_pb2.Strategy.Value(f"STRATEGY_{ask.strategy.name}"),
        direction=spec_pb2.Direction.Value(f"DIRECTION_{ask.direction.name}"),
        seed=ask.seed,
        ask_number=ask.number,
        count=ask.count,
        started=ask.started,
        budget=ask.budget,
        parallel=ask.parallel,
        effort=ask.effort,
        definitions=map(_definition, ask.definitions),
    )
    if ask.hyperband is not None:
        request.hyperband.CopyFrom(to_message(ask.hyperband, spec_pb2.HyperbandConfig))
    if ask.warm_start is not None:
        request.warm_start = spec_pb2.WarmStartType.Value(f"WARM_START_TYPE_{ask.warm_start.name}")
    return request


def _definition(given):
    message = pb.DefinitionRequest(
        name=given.name,
        parameters=_parameters(given.space),
        observations=_observations(given.space, given.observations),
        static_hyperparameters=given.static,
        parents=[
            pb.Parent(
                parameters=_parameters(parent.space),
                observations=_observations(parent.space, parent.observations),
                static_hyperparameters=parent.static,
            )
            for parent in given.parents
        ],
    )
    _put(message.default_point, given.default_point)
    for number, configuration in enumerate(given.pending, len(given.observations) + 1):
        _put(message.pending.add(number=number).configuration, configuration)
    return message


def _put(target, configuration):
    for name, value in configuration.items():
        target[name].CopyFrom(value_to_message(value))


def _parameters(space):
    return [to_message(Parameter(name, parameter), spec_pb2.Parameter) for name, parameter in space.items()]


def _observations(space, seen):
    curves = seen.curves or (Curve(),) * len(seen)
    return pb.Observations(
        columns=[_column(name, space[name], values) for name, values in seen.columns.items()],
        outcomes=[pb.Outcome.Value(f"OUTCOME_{outcome.name}") for outcome in seen.outcomes],
        values=seen.values,
        steps=seen.steps,
        numbers=seen.numbers,
        errors=seen.errors if any(map(math.isfinite, seen.errors)) else (),
        curves=[mean for curve in curves for mean in curve.means],
        curve_steps=[step for curve in curves for step in curve.steps],
        curve_lengths=[len(curve.steps) for curve in curves] if any(curve.steps for curve in curves) else (),
    )


def _column(name, parameter, values):
    match parameter:
        case Float():
            return pb.Column(name=name, floats=values)
        case Int():
            return pb.Column(name=name, ints=values)
        case Choice(offered):
            return pb.Column(name=name, choices=[offered.index(one) if one in offered else -1 for one in values])
