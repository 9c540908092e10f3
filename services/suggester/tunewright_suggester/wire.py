"""Between messages and the core's values: an ask in, an answer or an explanation out. No numpy, no I/O.

Choices travel as indexes; an index of -1 is a value that the space no longer offers and becomes None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int, Range, Space, Value, check_configuration
from tunewright.core.spec import Direction, HyperbandConfig, Parameter, Strategy
from tunewright.platform.codec import from_message, to_message, value_from_message, value_to_message
from tunewright.v1 import spec_pb2, tuning_service_pb2
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.ask import (
    Answer,
    Ask,
    DefinitionAsk,
    Explanation,
    Neighbour,
    Observations,
    Outcome,
    Outlook,
    Suggestion,
)

STRATEGIES: Final = {spec_pb2.Strategy.Value(f"STRATEGY_{one.name}"): one for one in Strategy}
DIRECTIONS: Final = {spec_pb2.Direction.Value(f"DIRECTION_{one.name}"): one for one in Direction}
OUTCOMES: Final = {pb.Outcome.Value(f"OUTCOME_{one.name}"): one for one in Outcome}


def read_ask(request: pb.SuggestRequest) -> Ask:
    """Decode an ask that holds all its observations. Raises: InvalidSpec: names what is wrong, with its path."""
    if request.HasField("warm_start"):
        raise InvalidSpec("warm_start", "is not served yet", "Leave it out")
    return Ask(
        strategy=read_strategy(request),
        definitions=tuple(
            _read_definition(message, f"definitions[{place}]") for place, message in enumerate(request.definitions)
        ),
        direction=DIRECTIONS.get(request.direction, Direction.MAXIMIZE),
        seed=request.seed,
        number=request.ask_number,
        count=request.count,
        started=request.started,
        budget=request.budget if request.HasField("budget") else None,
        parallel=request.parallel,
        effort=request.effort,
        hyperband=from_message(request.hyperband, HyperbandConfig) if request.HasField("hyperband") else None,
    )


def read_strategy(request: pb.SuggestRequest) -> Strategy:
    if request.strategy not in STRATEGIES:
        raise InvalidSpec("strategy", "is missing or unknown", f"Choose from {', '.join(Strategy)}")
    return STRATEGIES[request.strategy]


def write_answer(answer: Answer) -> pb.SuggestResponse:
    response = pb.SuggestResponse(suggestions=map(_write_suggestion, answer.suggestions), exhausted=answer.exhausted)
    if answer.outlook is not None:
        response.outlook.CopyFrom(_write_outlook(answer.outlook))
    return response


def write_explanation(explanation: Explanation) -> pb.ExplainResponse:
    return pb.ExplainResponse(
        suggestion=_write_suggestion(explanation.suggestion),
        neighbours=map(_write_neighbour, explanation.neighbours),
        lengthscales=explanation.lengthscales,
        noise=explanation.noise,
        text=explanation.text,
    )


def _read_definition(message: pb.DefinitionRequest, path: str) -> DefinitionAsk:
    parameters = [
        from_message(parameter, Parameter, f"{path}.parameters[{place}]")
        for place, parameter in enumerate(message.parameters)
    ]
    space = {parameter.name: parameter.range for parameter in parameters}
    if not space or len(space) < len(parameters):
        raise InvalidSpec(f"{path}.parameters", "there is none, or two have one name", "Name each parameter once")
    default_point = _read_values(message.default_point, f"{path}.default_point")
    check_configuration(
        {name: parameter for name, parameter in space.items() if name in default_point},
        default_point,
        f"{path}.default_point",
    )
    return DefinitionAsk(
        space=space,
        name=message.name,
        observations=_read_observations(message.observations, space, f"{path}.observations"),
        pending=_read_pending(message.pending, space, f"{path}.pending"),
        default_point=default_point,
    )


def _read_pending(messages: Sequence[pb.Pending], space: Space, path: str) -> tuple[Mapping[str, Value], ...]:
    """Return what is pending by training number, whatever order it is listed in."""
    pending = []
    for message in sorted(messages, key=lambda message: message.number):
        configuration = _read_values(message.configuration, path)
        check_configuration(space, configuration, path)
        pending.append(configuration)
    return tuple(pending)


def _read_values(messages: Mapping[str, spec_pb2.Value], path: str) -> dict[str, Value]:
    return {name: value_from_message(value, f"{path}.{name}") for name, value in messages.items()}


def _read_observations(message: pb.Observations, space: Space, path: str) -> Observations:
    rows = len(message.outcomes)
    columns = {column.name: column for column in message.columns}
    for name in space:
        if rows and name not in columns:
            raise InvalidSpec(f"{path}.columns", f"{name!r} is missing", "Send a column per parameter")
    observations = Observations(
        columns={name: _read_column(columns[name], space[name]) if rows else () for name in space},
        outcomes=tuple(OUTCOMES.get(number, Outcome.INFEASIBLE) for number in message.outcomes),
        values=tuple(message.values),
        steps=tuple(message.steps),
        numbers=tuple(message.numbers),
        errors=tuple(message.errors),
    )
    _check_lengths(observations, rows, path)
    return observations


def _read_column(column: pb.Column, parameter: Range) -> tuple[Value | None, ...]:
    match parameter:
        case Float():
            return tuple(column.floats)
        case Int():
            return tuple(column.ints)
        case Choice(values):
            return tuple(values[index] if 0 <= index < len(values) else None for index in column.choices)


def _check_lengths(observations: Observations, rows: int, path: str) -> None:
    lengths = {name: len(column) for name, column in observations.columns.items()}
    lengths |= {"values": len(observations.values), "steps": len(observations.steps)}
    lengths |= {"numbers": len(observations.numbers), "errors": len(observations.errors) or rows}
    for name, length in lengths.items():
        if length != rows:
            raise InvalidSpec(f"{path}.{name}", f"has {length} rows beside {rows} outcomes", "Send equally many")


def _write_suggestion(suggestion: Suggestion) -> pb.Suggestion:
    message = pb.Suggestion(
        definition_name=suggestion.definition_name,
        provenance=to_message(suggestion.provenance, tuning_service_pb2.Provenance),
        bracket=suggestion.bracket,
        rungs=suggestion.rungs,
    )
    for name, value in suggestion.configuration.items():
        message.configuration[name].CopyFrom(value_to_message(value))
    return message


def _write_outlook(outlook: Outlook) -> tuning_service_pb2.Outlook:
    return to_message(outlook, tuning_service_pb2.Outlook)


def _write_neighbour(neighbour: Neighbour) -> pb.Neighbour:
    return to_message(neighbour, pb.Neighbour)
