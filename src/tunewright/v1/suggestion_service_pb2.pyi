from tunewright.v1 import spec_pb2 as _spec_pb2
from tunewright.v1 import tuning_service_pb2 as _tuning_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_COMPLETED: _ClassVar[Outcome]
    OUTCOME_STOPPED: _ClassVar[Outcome]
    OUTCOME_FAILED: _ClassVar[Outcome]
    OUTCOME_INFEASIBLE: _ClassVar[Outcome]
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_COMPLETED: Outcome
OUTCOME_STOPPED: Outcome
OUTCOME_FAILED: Outcome
OUTCOME_INFEASIBLE: Outcome

class Column(_message.Message):
    __slots__ = ("name", "floats", "ints", "choices")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FLOATS_FIELD_NUMBER: _ClassVar[int]
    INTS_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    name: str
    floats: _containers.RepeatedScalarFieldContainer[float]
    ints: _containers.RepeatedScalarFieldContainer[int]
    choices: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, name: _Optional[str] = ..., floats: _Optional[_Iterable[float]] = ..., ints: _Optional[_Iterable[int]] = ..., choices: _Optional[_Iterable[int]] = ...) -> None: ...

class Observations(_message.Message):
    __slots__ = ("columns", "outcomes", "values", "steps", "costs", "numbers", "curves", "curve_lengths", "errors", "curve_steps")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    CURVES_FIELD_NUMBER: _ClassVar[int]
    CURVE_LENGTHS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    CURVE_STEPS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    outcomes: _containers.RepeatedScalarFieldContainer[Outcome]
    values: _containers.RepeatedScalarFieldContainer[float]
    steps: _containers.RepeatedScalarFieldContainer[int]
    costs: _containers.RepeatedScalarFieldContainer[float]
    numbers: _containers.RepeatedScalarFieldContainer[int]
    curves: _containers.RepeatedScalarFieldContainer[float]
    curve_lengths: _containers.RepeatedScalarFieldContainer[int]
    errors: _containers.RepeatedScalarFieldContainer[float]
    curve_steps: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ..., outcomes: _Optional[_Iterable[_Union[Outcome, str]]] = ..., values: _Optional[_Iterable[float]] = ..., steps: _Optional[_Iterable[int]] = ..., costs: _Optional[_Iterable[float]] = ..., numbers: _Optional[_Iterable[int]] = ..., curves: _Optional[_Iterable[float]] = ..., curve_lengths: _Optional[_Iterable[int]] = ..., errors: _Optional[_Iterable[float]] = ..., curve_steps: _Optional[_Iterable[int]] = ...) -> None: ...

class Pending(_message.Message):
    __slots__ = ("number", "configuration")
    class ConfigurationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _spec_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_spec_pb2.Value, _Mapping]] = ...) -> None: ...
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    number: int
    configuration: _containers.MessageMap[str, _spec_pb2.Value]
    def __init__(self, number: _Optional[int] = ..., configuration: _Optional[_Mapping[str, _spec_pb2.Value]] = ...) -> None: ...

class DefinitionRequest(_message.Message):
    __slots__ = ("name", "parameters", "observations", "pending", "default_point", "parents", "static_hyperparameters")
    class DefaultPointEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _spec_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_spec_pb2.Value, _Mapping]] = ...) -> None: ...
    class StaticHyperparametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_POINT_FIELD_NUMBER: _ClassVar[int]
    PARENTS_FIELD_NUMBER: _ClassVar[int]
    STATIC_HYPERPARAMETERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    parameters: _containers.RepeatedCompositeFieldContainer[_spec_pb2.Parameter]
    observations: Observations
    pending: _containers.RepeatedCompositeFieldContainer[Pending]
    default_point: _containers.MessageMap[str, _spec_pb2.Value]
    parents: _containers.RepeatedCompositeFieldContainer[Parent]
    static_hyperparameters: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., parameters: _Optional[_Iterable[_Union[_spec_pb2.Parameter, _Mapping]]] = ..., observations: _Optional[_Union[Observations, _Mapping]] = ..., pending: _Optional[_Iterable[_Union[Pending, _Mapping]]] = ..., default_point: _Optional[_Mapping[str, _spec_pb2.Value]] = ..., parents: _Optional[_Iterable[_Union[Parent, _Mapping]]] = ..., static_hyperparameters: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Parent(_message.Message):
    __slots__ = ("uid", "parameters", "observations", "static_hyperparameters")
    class StaticHyperparametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    UID_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    STATIC_HYPERPARAMETERS_FIELD_NUMBER: _ClassVar[int]
    uid: str
    parameters: _containers.RepeatedCompositeFieldContainer[_spec_pb2.Parameter]
    observations: Observations
    static_hyperparameters: _containers.ScalarMap[str, str]
    def __init__(self, uid: _Optional[str] = ..., parameters: _Optional[_Iterable[_Union[_spec_pb2.Parameter, _Mapping]]] = ..., observations: _Optional[_Union[Observations, _Mapping]] = ..., static_hyperparameters: _Optional[_Mapping[str, str]] = ...) -> None: ...

class SuggestRequest(_message.Message):
    __slots__ = ("uid", "spec_revision", "strategy", "hyperband", "direction", "seed", "ask_number", "count", "budget", "parallel", "effort", "definitions", "warm_start", "prefix_digest", "prefix_length", "started")
    UID_FIELD_NUMBER: _ClassVar[int]
    SPEC_REVISION_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    HYPERBAND_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    ASK_NUMBER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    PARALLEL_FIELD_NUMBER: _ClassVar[int]
    EFFORT_FIELD_NUMBER: _ClassVar[int]
    DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    WARM_START_FIELD_NUMBER: _ClassVar[int]
    PREFIX_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PREFIX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    uid: str
    spec_revision: int
    strategy: _spec_pb2.Strategy
    hyperband: _spec_pb2.HyperbandConfig
    direction: _spec_pb2.Direction
    seed: int
    ask_number: int
    count: int
    budget: int
    parallel: int
    effort: str
    definitions: _containers.RepeatedCompositeFieldContainer[DefinitionRequest]
    warm_start: _spec_pb2.WarmStartType
    prefix_digest: bytes
    prefix_length: int
    started: int
    def __init__(self, uid: _Optional[str] = ..., spec_revision: _Optional[int] = ..., strategy: _Optional[_Union[_spec_pb2.Strategy, str]] = ..., hyperband: _Optional[_Union[_spec_pb2.HyperbandConfig, _Mapping]] = ..., direction: _Optional[_Union[_spec_pb2.Direction, str]] = ..., seed: _Optional[int] = ..., ask_number: _Optional[int] = ..., count: _Optional[int] = ..., budget: _Optional[int] = ..., parallel: _Optional[int] = ..., effort: _Optional[str] = ..., definitions: _Optional[_Iterable[_Union[DefinitionRequest, _Mapping]]] = ..., warm_start: _Optional[_Union[_spec_pb2.WarmStartType, str]] = ..., prefix_digest: _Optional[bytes] = ..., prefix_length: _Optional[int] = ..., started: _Optional[int] = ...) -> None: ...

class Suggestion(_message.Message):
    __slots__ = ("definition_name", "configuration", "provenance", "bracket", "rungs")
    class ConfigurationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _spec_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_spec_pb2.Value, _Mapping]] = ...) -> None: ...
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    BRACKET_FIELD_NUMBER: _ClassVar[int]
    RUNGS_FIELD_NUMBER: _ClassVar[int]
    definition_name: str
    configuration: _containers.MessageMap[str, _spec_pb2.Value]
    provenance: _tuning_service_pb2.Provenance
    bracket: int
    rungs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, definition_name: _Optional[str] = ..., configuration: _Optional[_Mapping[str, _spec_pb2.Value]] = ..., provenance: _Optional[_Union[_tuning_service_pb2.Provenance, _Mapping]] = ..., bracket: _Optional[int] = ..., rungs: _Optional[_Iterable[int]] = ...) -> None: ...

class SuggestResponse(_message.Message):
    __slots__ = ("suggestions", "outlook", "exhausted", "unknown_prefix", "digest", "recommended")
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    OUTLOOK_FIELD_NUMBER: _ClassVar[int]
    EXHAUSTED_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_PREFIX_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDED_FIELD_NUMBER: _ClassVar[int]
    suggestions: _containers.RepeatedCompositeFieldContainer[Suggestion]
    outlook: _tuning_service_pb2.Outlook
    exhausted: bool
    unknown_prefix: bool
    digest: bytes
    recommended: int
    def __init__(self, suggestions: _Optional[_Iterable[_Union[Suggestion, _Mapping]]] = ..., outlook: _Optional[_Union[_tuning_service_pb2.Outlook, _Mapping]] = ..., exhausted: bool = ..., unknown_prefix: bool = ..., digest: _Optional[bytes] = ..., recommended: _Optional[int] = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ("ask", "index")
    ASK_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ask: SuggestRequest
    index: int
    def __init__(self, ask: _Optional[_Union[SuggestRequest, _Mapping]] = ..., index: _Optional[int] = ...) -> None: ...

class Neighbour(_message.Message):
    __slots__ = ("number", "distance", "value")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    number: int
    distance: float
    value: float
    def __init__(self, number: _Optional[int] = ..., distance: _Optional[float] = ..., value: _Optional[float] = ...) -> None: ...

class ExplainResponse(_message.Message):
    __slots__ = ("suggestion", "neighbours", "lengthscales", "noise", "text")
    class LengthscalesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    SUGGESTION_FIELD_NUMBER: _ClassVar[int]
    NEIGHBOURS_FIELD_NUMBER: _ClassVar[int]
    LENGTHSCALES_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    suggestion: Suggestion
    neighbours: _containers.RepeatedCompositeFieldContainer[Neighbour]
    lengthscales: _containers.ScalarMap[str, float]
    noise: float
    text: str
    def __init__(self, suggestion: _Optional[_Union[Suggestion, _Mapping]] = ..., neighbours: _Optional[_Iterable[_Union[Neighbour, _Mapping]]] = ..., lengthscales: _Optional[_Mapping[str, float]] = ..., noise: _Optional[float] = ..., text: _Optional[str] = ...) -> None: ...
