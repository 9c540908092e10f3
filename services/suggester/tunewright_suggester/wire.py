"""Between messages and the core's values: an ask in, an answer or an explanation out. No numpy, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Space, Value, check_configuration, check_part
from tunewright.core.spec import Direction, HyperbandConfig, Parameter, Strategy, WarmStartType
from tunewright.platform.codec import from_message, to_message, value_from_message, value_to_message
from tunewright.v1 import spec_pb2, tuning_service_pb2
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.columns import read_observations
from tunewright_suggester.core.ask import (
    Answer,
    Ask,
    DefinitionAsk,
    Explanation,
    Neighbour,
    Outlook,
    Parent,
    Suggestion,
)

STRATEGIES: Final = {spec_pb2.Strategy.Value(f"STRATEGY_{one.name}"): one for one in Strategy}
DIRECTIONS: Final = {spec_pb2.Direction.Value(f"DIRECTION_{one.name}"): one for one in Direction} | {
    spec_pb2.DIRECTION_UNSPECIFIED: Direction.MAXIMIZE
}
WARM_STARTS: Final = {spec_pb2.WarmStartType.Value(f"WARM_START_TYPE_{one.name}"): one for one in WarmStartType}
MOST_SUGGESTIONS: Final = 1_000
MOST_OBSERVATIONS: Final = 20_000
"""In one ask, parents apart: what a model answers in seconds. A tuning job has half as many at most."""
MOST_VALUES: Final = 2_000_000
"""Values of parameters in one ask, parents included: decoded, they are some 32 bytes each."""


def read_ask(request: pb.SuggestRequest) -> Ask:
    """Decode an ask; its observations are those sent. Raises: InvalidSpec: names what is wrong, with its path."""
    _check_numbers(request)
    _check_size(request)
    definitions = tuple(
        _read_definition(message, f"definitions[{place}]") for place, message in enumerate(request.definitions)
    )
    warm_start = _read_warm_start(request)
    if warm_start is None and any(definition.parents for definition in definitions):
        raise InvalidSpec("warm_start", "is missing, though there are parents", "Say what the parents mean")
    return Ask(
        strategy=read_strategy(request),
        definitions=definitions,
        direction=_read_direction(request),
        seed=request.seed,
        number=request.ask_number,
        count=request.count,
        started=request.started,
        budget=request.budget if request.HasField("budget") else None,
        parallel=request.parallel or 1,
        effort=request.effort,
        hyperband=_read_hyperband(request),
        warm_start=warm_start,
    )


def read_strategy(request: pb.SuggestRequest) -> Strategy:
    if request.strategy not in STRATEGIES:
        raise InvalidSpec("strategy", "is missing or unknown", f"Choose from {', '.join(Strategy)}")
    return STRATEGIES[request.strategy]


def write_answer(answer: Answer) -> pb.SuggestResponse:
    response = pb.SuggestResponse(suggestions=map(_write_suggestion, answer.suggestions), exhausted=answer.exhausted)
    if answer.recommended is not None:
        response.recommended = answer.recommended
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


def _check_numbers(request: pb.SuggestRequest) -> None:
    for name in ("ask_number", "budget", "parallel", "prefix_length", "started"):
        if getattr(request, name) < 0:
            raise InvalidSpec(name, f"{getattr(request, name)} is negative", "Count from 0")
    if not 1 <= request.count <= MOST_SUGGESTIONS:
        raise InvalidSpec("count", f"{request.count} is not in 1 … {MOST_SUGGESTIONS}", "Ask for fewer at once")


def _check_size(request: pb.SuggestRequest) -> None:
    """Refuse what would take too much memory or time, before it is decoded."""
    rows, values = request.prefix_length, 0
    for definition in request.definitions:
        rows += len(definition.observations.outcomes)
        values += len(definition.observations.outcomes) * len(definition.parameters)
        values += sum(len(one.observations.outcomes) * len(one.parameters) for one in definition.parents)
    if rows > MOST_OBSERVATIONS:
        raise InvalidSpec("definitions", f"{rows} observations are more than {MOST_OBSERVATIONS}", "Send fewer")
    if values > MOST_VALUES:
        raise InvalidSpec("definitions", f"{values} observed values are more than {MOST_VALUES}", "Send fewer")


def _read_direction(request: pb.SuggestRequest) -> Direction:
    if request.direction not in DIRECTIONS:
        raise InvalidSpec("direction", f"{request.direction} is unknown", f"Choose from {', '.join(Direction)}")
    return DIRECTIONS[request.direction]


def _read_hyperband(request: pb.SuggestRequest) -> HyperbandConfig | None:
    return from_message(request.hyperband, HyperbandConfig, "hyperband") if request.HasField("hyperband") else None


def _read_warm_start(request: pb.SuggestRequest) -> WarmStartType | None:
    if not request.HasField("warm_start"):
        return None
    if request.warm_start not in WARM_STARTS:
        raise InvalidSpec("warm_start", f"{request.warm_start} is unknown", f"Choose from {', '.join(WarmStartType)}")
    return WARM_STARTS[request.warm_start]


def _read_definition(message: pb.DefinitionRequest, path: str) -> DefinitionAsk:
    space = _read_space(message.parameters, f"{path}.parameters")
    default_point = _read_values(message.default_point, f"{path}.default_point")
    check_part(space, default_point, f"{path}.default_point")
    return DefinitionAsk(
        space=space,
        name=message.name,
        observations=read_observations(message.observations, space, f"{path}.observations"),
        pending=_read_pending(message.pending, space, f"{path}.pending"),
        default_point=default_point,
        static=dict(message.static_hyperparameters),
        parents=tuple(_read_parent(parent, f"{path}.parents[{place}]") for place, parent in enumerate(message.parents)),
    )


def _read_space(messages: Sequence[spec_pb2.Parameter], path: str) -> Space:
    parameters = [_read_parameter(message, f"{path}[{place}]") for place, message in enumerate(messages)]
    space = {parameter.name: parameter.range for parameter in parameters}
    if not space or len(space) < len(parameters):
        raise InvalidSpec(path, "there is none, or two have one name", "Name each parameter once")
    return space


def _read_parameter(message: spec_pb2.Parameter, path: str) -> Parameter:
    try:
        return _parameter(message.SerializeToString(deterministic=True))
    except InvalidSpec as error:
        raise InvalidSpec(f"{path}.{error.field}", error.why, error.remedy) from error


@lru_cache(maxsize=4096)
def _parameter(encoded: bytes) -> Parameter:
    """Decode a parameter once: a job sends the same ones with every ask, and they cost more than a short tail."""
    return from_message(spec_pb2.Parameter.FromString(encoded), Parameter)


def _read_parent(message: pb.Parent, path: str) -> Parent:
    space = _read_space(message.parameters, f"{path}.parameters")
    observations = read_observations(message.observations, space, f"{path}.observations")
    return Parent(space, observations, dict(message.static_hyperparameters))


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
