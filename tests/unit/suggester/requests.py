"""Requests as a scheduler sends them."""

from __future__ import annotations

from tests.unit.suggester.histories import MIXED, loss_of
from tunewright.core.draws import random_configuration
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Parameter
from tunewright.platform.codec import to_message, value_to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import suggestion_service_pb2 as pb


def request_of(strategy="BAYESIAN", space=MIXED, rows=0, **fields) -> pb.SuggestRequest:
    """Return a request with a history of `rows` random draws of MIXED."""
    definition = pb.DefinitionRequest(
        parameters=[to_message(Parameter(name, parameter), spec_pb2.Parameter) for name, parameter in space.items()],
        observations=observations_of(space, range(rows)),
    )
    return pb.SuggestRequest(
        **{
            "uid": "u",
            "strategy": spec_pb2.Strategy.Value(f"STRATEGY_{strategy}"),
            "direction": spec_pb2.DIRECTION_MINIMIZE,
            "seed": 3,
            "ask_number": rows,
            "started": rows,
            "count": 1,
            "parallel": 1,
            "definitions": [definition],
            **fields,
        }
    )


def observations_of(space, draws) -> pb.Observations:
    configurations = [random_configuration(space, 77, draw) for draw in draws]
    count = len(configurations)
    return pb.Observations(
        columns=[_column(name, parameter, configurations) for name, parameter in space.items()],
        outcomes=[pb.OUTCOME_COMPLETED] * count,
        values=[loss_of(one) for one in configurations],
        steps=[1] * count,
        costs=[0.5] * count,
        numbers=[draw + 1 for draw in draws],
        curves=[float(draw) for draw in draws],
        curve_lengths=[1] * count,
        curve_steps=[1] * count,
    )


def pending_of(number, configuration) -> pb.Pending:
    message = pb.Pending(number=number)
    for name, value in configuration.items():
        message.configuration[name].CopyFrom(value_to_message(value))
    return message


def _column(name, parameter, configurations) -> pb.Column:
    values = [one[name] for one in configurations]
    match parameter:
        case Float():
            return pb.Column(name=name, floats=values)
        case Int():
            return pb.Column(name=name, ints=values)
        case Choice():
            return pb.Column(name=name, choices=[parameter.values.index(value) for value in values])
