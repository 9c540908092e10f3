from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECTION_UNSPECIFIED: _ClassVar[Direction]
    DIRECTION_MAXIMIZE: _ClassVar[Direction]
    DIRECTION_MINIMIZE: _ClassVar[Direction]

class Strategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STRATEGY_UNSPECIFIED: _ClassVar[Strategy]
    STRATEGY_BAYESIAN: _ClassVar[Strategy]
    STRATEGY_RANDOM: _ClassVar[Strategy]
    STRATEGY_GRID: _ClassVar[Strategy]
    STRATEGY_HYPERBAND: _ClassVar[Strategy]

class EarlyStopping(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EARLY_STOPPING_UNSPECIFIED: _ClassVar[EarlyStopping]
    EARLY_STOPPING_OFF: _ClassVar[EarlyStopping]
    EARLY_STOPPING_AUTO: _ClassVar[EarlyStopping]

class WarmStartType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WARM_START_TYPE_UNSPECIFIED: _ClassVar[WarmStartType]
    WARM_START_TYPE_IDENTICAL_DATA_AND_ALGORITHM: _ClassVar[WarmStartType]
    WARM_START_TYPE_TRANSFER_LEARNING: _ClassVar[WarmStartType]

class ObjectiveReading(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OBJECTIVE_READING_UNSPECIFIED: _ClassVar[ObjectiveReading]
    OBJECTIVE_READING_LAST: _ClassVar[ObjectiveReading]
    OBJECTIVE_READING_BEST: _ClassVar[ObjectiveReading]
    OBJECTIVE_READING_MEAN_OF_LAST: _ClassVar[ObjectiveReading]

class InputMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INPUT_MODE_UNSPECIFIED: _ClassVar[InputMode]
    INPUT_MODE_FILE: _ClassVar[InputMode]
    INPUT_MODE_PIPE: _ClassVar[InputMode]
    INPUT_MODE_FAST_FILE: _ClassVar[InputMode]

class ScalingType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCALING_TYPE_UNSPECIFIED: _ClassVar[ScalingType]
    SCALING_TYPE_AUTO: _ClassVar[ScalingType]
    SCALING_TYPE_LINEAR: _ClassVar[ScalingType]
    SCALING_TYPE_LOGARITHMIC: _ClassVar[ScalingType]
    SCALING_TYPE_REVERSE_LOGARITHMIC: _ClassVar[ScalingType]
DIRECTION_UNSPECIFIED: Direction
DIRECTION_MAXIMIZE: Direction
DIRECTION_MINIMIZE: Direction
STRATEGY_UNSPECIFIED: Strategy
STRATEGY_BAYESIAN: Strategy
STRATEGY_RANDOM: Strategy
STRATEGY_GRID: Strategy
STRATEGY_HYPERBAND: Strategy
EARLY_STOPPING_UNSPECIFIED: EarlyStopping
EARLY_STOPPING_OFF: EarlyStopping
EARLY_STOPPING_AUTO: EarlyStopping
WARM_START_TYPE_UNSPECIFIED: WarmStartType
WARM_START_TYPE_IDENTICAL_DATA_AND_ALGORITHM: WarmStartType
WARM_START_TYPE_TRANSFER_LEARNING: WarmStartType
OBJECTIVE_READING_UNSPECIFIED: ObjectiveReading
OBJECTIVE_READING_LAST: ObjectiveReading
OBJECTIVE_READING_BEST: ObjectiveReading
OBJECTIVE_READING_MEAN_OF_LAST: ObjectiveReading
INPUT_MODE_UNSPECIFIED: InputMode
INPUT_MODE_FILE: InputMode
INPUT_MODE_PIPE: InputMode
INPUT_MODE_FAST_FILE: InputMode
SCALING_TYPE_UNSPECIFIED: ScalingType
SCALING_TYPE_AUTO: ScalingType
SCALING_TYPE_LINEAR: ScalingType
SCALING_TYPE_LOGARITHMIC: ScalingType
SCALING_TYPE_REVERSE_LOGARITHMIC: ScalingType

class Value(_message.Message):
    __slots__ = ("float_value", "int_value", "text_value")
    FLOAT_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT_VALUE_FIELD_NUMBER: _ClassVar[int]
    TEXT_VALUE_FIELD_NUMBER: _ClassVar[int]
    float_value: float
    int_value: int
    text_value: str
    def __init__(self, float_value: _Optional[float] = ..., int_value: _Optional[int] = ..., text_value: _Optional[str] = ...) -> None: ...

class Float(_message.Message):
    __slots__ = ("low", "high", "scaling")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    low: float
    high: float
    scaling: ScalingType
    def __init__(self, low: _Optional[float] = ..., high: _Optional[float] = ..., scaling: _Optional[_Union[ScalingType, str]] = ...) -> None: ...

class Int(_message.Message):
    __slots__ = ("low", "high", "scaling")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    low: int
    high: int
    scaling: ScalingType
    def __init__(self, low: _Optional[int] = ..., high: _Optional[int] = ..., scaling: _Optional[_Union[ScalingType, str]] = ...) -> None: ...

class Choice(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[str]] = ...) -> None: ...

class Parameter(_message.Message):
    __slots__ = ("name", "float_range", "int_range", "choice_range", "low_text", "high_text", "scaling_given", "hint")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FLOAT_RANGE_FIELD_NUMBER: _ClassVar[int]
    INT_RANGE_FIELD_NUMBER: _ClassVar[int]
    CHOICE_RANGE_FIELD_NUMBER: _ClassVar[int]
    LOW_TEXT_FIELD_NUMBER: _ClassVar[int]
    HIGH_TEXT_FIELD_NUMBER: _ClassVar[int]
    SCALING_GIVEN_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    name: str
    float_range: Float
    int_range: Int
    choice_range: Choice
    low_text: str
    high_text: str
    scaling_given: bool
    hint: Value
    def __init__(self, name: _Optional[str] = ..., float_range: _Optional[_Union[Float, _Mapping]] = ..., int_range: _Optional[_Union[Int, _Mapping]] = ..., choice_range: _Optional[_Union[Choice, _Mapping]] = ..., low_text: _Optional[str] = ..., high_text: _Optional[str] = ..., scaling_given: bool = ..., hint: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...

class Objective(_message.Message):
    __slots__ = ("metric_name", "direction", "reading", "last_k")
    METRIC_NAME_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    READING_FIELD_NUMBER: _ClassVar[int]
    LAST_K_FIELD_NUMBER: _ClassVar[int]
    metric_name: str
    direction: Direction
    reading: ObjectiveReading
    last_k: int
    def __init__(self, metric_name: _Optional[str] = ..., direction: _Optional[_Union[Direction, str]] = ..., reading: _Optional[_Union[ObjectiveReading, str]] = ..., last_k: _Optional[int] = ...) -> None: ...

class MetricDefinition(_message.Message):
    __slots__ = ("name", "regex")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REGEX_FIELD_NUMBER: _ClassVar[int]
    name: str
    regex: str
    def __init__(self, name: _Optional[str] = ..., regex: _Optional[str] = ...) -> None: ...

class Channel(_message.Message):
    __slots__ = ("name", "uri", "s3_data_type", "distribution", "content_type", "compression", "record_wrapper", "input_mode", "shuffle_seed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    S3_DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_FIELD_NUMBER: _ClassVar[int]
    RECORD_WRAPPER_FIELD_NUMBER: _ClassVar[int]
    INPUT_MODE_FIELD_NUMBER: _ClassVar[int]
    SHUFFLE_SEED_FIELD_NUMBER: _ClassVar[int]
    name: str
    uri: str
    s3_data_type: str
    distribution: str
    content_type: str
    compression: str
    record_wrapper: str
    input_mode: str
    shuffle_seed: int
    def __init__(self, name: _Optional[str] = ..., uri: _Optional[str] = ..., s3_data_type: _Optional[str] = ..., distribution: _Optional[str] = ..., content_type: _Optional[str] = ..., compression: _Optional[str] = ..., record_wrapper: _Optional[str] = ..., input_mode: _Optional[str] = ..., shuffle_seed: _Optional[int] = ...) -> None: ...

class Resources(_message.Message):
    __slots__ = ("instance_type", "instance_count", "volume_size_gb", "gpus_shared")
    INSTANCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    VOLUME_SIZE_GB_FIELD_NUMBER: _ClassVar[int]
    GPUS_SHARED_FIELD_NUMBER: _ClassVar[int]
    instance_type: str
    instance_count: int
    volume_size_gb: int
    gpus_shared: bool
    def __init__(self, instance_type: _Optional[str] = ..., instance_count: _Optional[int] = ..., volume_size_gb: _Optional[int] = ..., gpus_shared: bool = ...) -> None: ...

class StoppingCondition(_message.Message):
    __slots__ = ("max_runtime_s", "max_wait_s", "max_pending_s")
    MAX_RUNTIME_S_FIELD_NUMBER: _ClassVar[int]
    MAX_WAIT_S_FIELD_NUMBER: _ClassVar[int]
    MAX_PENDING_S_FIELD_NUMBER: _ClassVar[int]
    max_runtime_s: int
    max_wait_s: int
    max_pending_s: int
    def __init__(self, max_runtime_s: _Optional[int] = ..., max_wait_s: _Optional[int] = ..., max_pending_s: _Optional[int] = ...) -> None: ...

class Definition(_message.Message):
    __slots__ = ("image", "name", "parameters", "static_hyperparameters", "objective", "metric_definitions", "algorithm_name", "input_mode", "entrypoint", "arguments", "environment", "role_arn", "channels", "output_uri", "output_kms_key_id", "resources", "stopping", "pool", "checkpoint_uri", "checkpoint_path", "max_retries", "spot", "network_isolation", "traffic_encryption")
    class StaticHyperparametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class EnvironmentEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    STATIC_HYPERPARAMETERS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    METRIC_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_MODE_FIELD_NUMBER: _ClassVar[int]
    ENTRYPOINT_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    ROLE_ARN_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_URI_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_KMS_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    STOPPING_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_URI_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_PATH_FIELD_NUMBER: _ClassVar[int]
    MAX_RETRIES_FIELD_NUMBER: _ClassVar[int]
    SPOT_FIELD_NUMBER: _ClassVar[int]
    NETWORK_ISOLATION_FIELD_NUMBER: _ClassVar[int]
    TRAFFIC_ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    image: str
    name: str
    parameters: _containers.RepeatedCompositeFieldContainer[Parameter]
    static_hyperparameters: _containers.ScalarMap[str, str]
    objective: Objective
    metric_definitions: _containers.RepeatedCompositeFieldContainer[MetricDefinition]
    algorithm_name: str
    input_mode: InputMode
    entrypoint: _containers.RepeatedScalarFieldContainer[str]
    arguments: _containers.RepeatedScalarFieldContainer[str]
    environment: _containers.ScalarMap[str, str]
    role_arn: str
    channels: _containers.RepeatedCompositeFieldContainer[Channel]
    output_uri: str
    output_kms_key_id: str
    resources: Resources
    stopping: StoppingCondition
    pool: str
    checkpoint_uri: str
    checkpoint_path: str
    max_retries: int
    spot: bool
    network_isolation: bool
    traffic_encryption: bool
    def __init__(self, image: _Optional[str] = ..., name: _Optional[str] = ..., parameters: _Optional[_Iterable[_Union[Parameter, _Mapping]]] = ..., static_hyperparameters: _Optional[_Mapping[str, str]] = ..., objective: _Optional[_Union[Objective, _Mapping]] = ..., metric_definitions: _Optional[_Iterable[_Union[MetricDefinition, _Mapping]]] = ..., algorithm_name: _Optional[str] = ..., input_mode: _Optional[_Union[InputMode, str]] = ..., entrypoint: _Optional[_Iterable[str]] = ..., arguments: _Optional[_Iterable[str]] = ..., environment: _Optional[_Mapping[str, str]] = ..., role_arn: _Optional[str] = ..., channels: _Optional[_Iterable[_Union[Channel, _Mapping]]] = ..., output_uri: _Optional[str] = ..., output_kms_key_id: _Optional[str] = ..., resources: _Optional[_Union[Resources, _Mapping]] = ..., stopping: _Optional[_Union[StoppingCondition, _Mapping]] = ..., pool: _Optional[str] = ..., checkpoint_uri: _Optional[str] = ..., checkpoint_path: _Optional[str] = ..., max_retries: _Optional[int] = ..., spot: bool = ..., network_isolation: bool = ..., traffic_encryption: bool = ...) -> None: ...

class HyperbandConfig(_message.Message):
    __slots__ = ("min_resource", "max_resource")
    MIN_RESOURCE_FIELD_NUMBER: _ClassVar[int]
    MAX_RESOURCE_FIELD_NUMBER: _ClassVar[int]
    min_resource: int
    max_resource: int
    def __init__(self, min_resource: _Optional[int] = ..., max_resource: _Optional[int] = ...) -> None: ...

class BayesianConfig(_message.Message):
    __slots__ = ("effort",)
    EFFORT_FIELD_NUMBER: _ClassVar[int]
    effort: str
    def __init__(self, effort: _Optional[str] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_parallel", "max_trainings", "max_runtime_s", "max_cost")
    MAX_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    MAX_TRAININGS_FIELD_NUMBER: _ClassVar[int]
    MAX_RUNTIME_S_FIELD_NUMBER: _ClassVar[int]
    MAX_COST_FIELD_NUMBER: _ClassVar[int]
    max_parallel: int
    max_trainings: int
    max_runtime_s: int
    max_cost: float
    def __init__(self, max_parallel: _Optional[int] = ..., max_trainings: _Optional[int] = ..., max_runtime_s: _Optional[int] = ..., max_cost: _Optional[float] = ...) -> None: ...

class Completion(_message.Message):
    __slots__ = ("target", "max_not_improving", "on_convergence")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    MAX_NOT_IMPROVING_FIELD_NUMBER: _ClassVar[int]
    ON_CONVERGENCE_FIELD_NUMBER: _ClassVar[int]
    target: float
    max_not_improving: int
    on_convergence: bool
    def __init__(self, target: _Optional[float] = ..., max_not_improving: _Optional[int] = ..., on_convergence: bool = ...) -> None: ...

class EarlyStoppingRule(_message.Message):
    __slots__ = ("type", "percentile", "patience", "threshold")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PERCENTILE_FIELD_NUMBER: _ClassVar[int]
    PATIENCE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    type: EarlyStopping
    percentile: float
    patience: int
    threshold: float
    def __init__(self, type: _Optional[_Union[EarlyStopping, str]] = ..., percentile: _Optional[float] = ..., patience: _Optional[int] = ..., threshold: _Optional[float] = ...) -> None: ...

class WarmStart(_message.Message):
    __slots__ = ("parents", "type")
    PARENTS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    parents: _containers.RepeatedScalarFieldContainer[str]
    type: WarmStartType
    def __init__(self, parents: _Optional[_Iterable[str]] = ..., type: _Optional[_Union[WarmStartType, str]] = ...) -> None: ...

class Reevaluation(_message.Message):
    __slots__ = ("top", "repeats", "seed_parameter")
    TOP_FIELD_NUMBER: _ClassVar[int]
    REPEATS_FIELD_NUMBER: _ClassVar[int]
    SEED_PARAMETER_FIELD_NUMBER: _ClassVar[int]
    top: int
    repeats: int
    seed_parameter: str
    def __init__(self, top: _Optional[int] = ..., repeats: _Optional[int] = ..., seed_parameter: _Optional[str] = ...) -> None: ...

class EnqueuedConfiguration(_message.Message):
    __slots__ = ("configuration", "definition_name")
    class ConfigurationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    configuration: _containers.MessageMap[str, Value]
    definition_name: str
    def __init__(self, configuration: _Optional[_Mapping[str, Value]] = ..., definition_name: _Optional[str] = ...) -> None: ...

class TuningJobSpec(_message.Message):
    __slots__ = ("name", "definitions", "objective", "limits", "strategy", "hyperband", "bayesian", "completion", "early_stopping", "random_seed", "warm_start", "autotune", "auto_parameters", "enqueued", "priority", "tags", "prices_per_second", "listed_definitions", "summary_due_s", "suggest_wait_s", "reevaluation", "alone", "amt_patch")
    class AutoParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class PricesPerSecondEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    HYPERBAND_FIELD_NUMBER: _ClassVar[int]
    BAYESIAN_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_FIELD_NUMBER: _ClassVar[int]
    EARLY_STOPPING_FIELD_NUMBER: _ClassVar[int]
    RANDOM_SEED_FIELD_NUMBER: _ClassVar[int]
    WARM_START_FIELD_NUMBER: _ClassVar[int]
    AUTOTUNE_FIELD_NUMBER: _ClassVar[int]
    AUTO_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    ENQUEUED_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    PRICES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    LISTED_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_DUE_S_FIELD_NUMBER: _ClassVar[int]
    SUGGEST_WAIT_S_FIELD_NUMBER: _ClassVar[int]
    REEVALUATION_FIELD_NUMBER: _ClassVar[int]
    ALONE_FIELD_NUMBER: _ClassVar[int]
    AMT_PATCH_FIELD_NUMBER: _ClassVar[int]
    name: str
    definitions: _containers.RepeatedCompositeFieldContainer[Definition]
    objective: Objective
    limits: Limits
    strategy: Strategy
    hyperband: HyperbandConfig
    bayesian: BayesianConfig
    completion: Completion
    early_stopping: EarlyStoppingRule
    random_seed: int
    warm_start: WarmStart
    autotune: bool
    auto_parameters: _containers.ScalarMap[str, str]
    enqueued: _containers.RepeatedCompositeFieldContainer[EnqueuedConfiguration]
    priority: int
    tags: _containers.ScalarMap[str, str]
    prices_per_second: _containers.ScalarMap[str, float]
    listed_definitions: bool
    summary_due_s: float
    suggest_wait_s: float
    reevaluation: Reevaluation
    alone: bool
    amt_patch: str
    def __init__(self, name: _Optional[str] = ..., definitions: _Optional[_Iterable[_Union[Definition, _Mapping]]] = ..., objective: _Optional[_Union[Objective, _Mapping]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., strategy: _Optional[_Union[Strategy, str]] = ..., hyperband: _Optional[_Union[HyperbandConfig, _Mapping]] = ..., bayesian: _Optional[_Union[BayesianConfig, _Mapping]] = ..., completion: _Optional[_Union[Completion, _Mapping]] = ..., early_stopping: _Optional[_Union[EarlyStoppingRule, _Mapping]] = ..., random_seed: _Optional[int] = ..., warm_start: _Optional[_Union[WarmStart, _Mapping]] = ..., autotune: bool = ..., auto_parameters: _Optional[_Mapping[str, str]] = ..., enqueued: _Optional[_Iterable[_Union[EnqueuedConfiguration, _Mapping]]] = ..., priority: _Optional[int] = ..., tags: _Optional[_Mapping[str, str]] = ..., prices_per_second: _Optional[_Mapping[str, float]] = ..., listed_definitions: bool = ..., summary_due_s: _Optional[float] = ..., suggest_wait_s: _Optional[float] = ..., reevaluation: _Optional[_Union[Reevaluation, _Mapping]] = ..., alone: bool = ..., amt_patch: _Optional[str] = ...) -> None: ...
