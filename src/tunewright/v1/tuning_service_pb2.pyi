import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tunewright.v1 import spec_pb2 as _spec_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATE_UNSPECIFIED: _ClassVar[JobState]
    JOB_STATE_RUNNING: _ClassVar[JobState]
    JOB_STATE_COMPLETING: _ClassVar[JobState]
    JOB_STATE_STOPPING: _ClassVar[JobState]
    JOB_STATE_FAILING: _ClassVar[JobState]
    JOB_STATE_BLOCKED: _ClassVar[JobState]
    JOB_STATE_COMPLETED: _ClassVar[JobState]
    JOB_STATE_STOPPED: _ClassVar[JobState]
    JOB_STATE_FAILED: _ClassVar[JobState]
    JOB_STATE_PAUSED: _ClassVar[JobState]

class TrainingState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAINING_STATE_UNSPECIFIED: _ClassVar[TrainingState]
    TRAINING_STATE_READY: _ClassVar[TrainingState]
    TRAINING_STATE_RUNNING: _ClassVar[TrainingState]
    TRAINING_STATE_EXITED: _ClassVar[TrainingState]
    TRAINING_STATE_COMPLETED: _ClassVar[TrainingState]
    TRAINING_STATE_FAILED: _ClassVar[TrainingState]
    TRAINING_STATE_STOPPED: _ClassVar[TrainingState]

class ObjectiveState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OBJECTIVE_STATE_UNSPECIFIED: _ClassVar[ObjectiveState]
    OBJECTIVE_STATE_PENDING: _ClassVar[ObjectiveState]
    OBJECTIVE_STATE_SUCCEEDED: _ClassVar[ObjectiveState]
    OBJECTIVE_STATE_FAILED: _ClassVar[ObjectiveState]

class EndCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    END_CAUSE_UNSPECIFIED: _ClassVar[EndCause]
    END_CAUSE_EXITED: _ClassVar[EndCause]
    END_CAUSE_STOPPED: _ClassVar[EndCause]
    END_CAUSE_MAX_RUNTIME_EXCEEDED: _ClassVar[EndCause]
    END_CAUSE_OUT_OF_MEMORY: _ClassVar[EndCause]
    END_CAUSE_START_FAILED: _ClassVar[EndCause]
    END_CAUSE_SPOOL_FULL: _ClassVar[EndCause]
    END_CAUSE_PREEMPTED: _ClassVar[EndCause]
    END_CAUSE_LOST: _ClassVar[EndCause]
    END_CAUSE_INPUT_UNUSABLE: _ClassVar[EndCause]
    END_CAUSE_OUTPUT_LOST: _ClassVar[EndCause]

class TuningJobOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TUNING_JOB_ORDER_UNSPECIFIED: _ClassVar[TuningJobOrder]
    TUNING_JOB_ORDER_CREATED_AT: _ClassVar[TuningJobOrder]
    TUNING_JOB_ORDER_NAME: _ClassVar[TuningJobOrder]
    TUNING_JOB_ORDER_STATUS: _ClassVar[TuningJobOrder]
    TUNING_JOB_ORDER_MODIFIED_AT: _ClassVar[TuningJobOrder]

class TrainingJobOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAINING_JOB_ORDER_UNSPECIFIED: _ClassVar[TrainingJobOrder]
    TRAINING_JOB_ORDER_NUMBER: _ClassVar[TrainingJobOrder]
    TRAINING_JOB_ORDER_OBJECTIVE_VALUE: _ClassVar[TrainingJobOrder]
    TRAINING_JOB_ORDER_CREATED_AT: _ClassVar[TrainingJobOrder]
    TRAINING_JOB_ORDER_NAME: _ClassVar[TrainingJobOrder]
    TRAINING_JOB_ORDER_STATUS: _ClassVar[TrainingJobOrder]
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_COMPLETING: JobState
JOB_STATE_STOPPING: JobState
JOB_STATE_FAILING: JobState
JOB_STATE_BLOCKED: JobState
JOB_STATE_COMPLETED: JobState
JOB_STATE_STOPPED: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_PAUSED: JobState
TRAINING_STATE_UNSPECIFIED: TrainingState
TRAINING_STATE_READY: TrainingState
TRAINING_STATE_RUNNING: TrainingState
TRAINING_STATE_EXITED: TrainingState
TRAINING_STATE_COMPLETED: TrainingState
TRAINING_STATE_FAILED: TrainingState
TRAINING_STATE_STOPPED: TrainingState
OBJECTIVE_STATE_UNSPECIFIED: ObjectiveState
OBJECTIVE_STATE_PENDING: ObjectiveState
OBJECTIVE_STATE_SUCCEEDED: ObjectiveState
OBJECTIVE_STATE_FAILED: ObjectiveState
END_CAUSE_UNSPECIFIED: EndCause
END_CAUSE_EXITED: EndCause
END_CAUSE_STOPPED: EndCause
END_CAUSE_MAX_RUNTIME_EXCEEDED: EndCause
END_CAUSE_OUT_OF_MEMORY: EndCause
END_CAUSE_START_FAILED: EndCause
END_CAUSE_SPOOL_FULL: EndCause
END_CAUSE_PREEMPTED: EndCause
END_CAUSE_LOST: EndCause
END_CAUSE_INPUT_UNUSABLE: EndCause
END_CAUSE_OUTPUT_LOST: EndCause
TUNING_JOB_ORDER_UNSPECIFIED: TuningJobOrder
TUNING_JOB_ORDER_CREATED_AT: TuningJobOrder
TUNING_JOB_ORDER_NAME: TuningJobOrder
TUNING_JOB_ORDER_STATUS: TuningJobOrder
TUNING_JOB_ORDER_MODIFIED_AT: TuningJobOrder
TRAINING_JOB_ORDER_UNSPECIFIED: TrainingJobOrder
TRAINING_JOB_ORDER_NUMBER: TrainingJobOrder
TRAINING_JOB_ORDER_OBJECTIVE_VALUE: TrainingJobOrder
TRAINING_JOB_ORDER_CREATED_AT: TrainingJobOrder
TRAINING_JOB_ORDER_NAME: TrainingJobOrder
TRAINING_JOB_ORDER_STATUS: TrainingJobOrder

class TrainingCounters(_message.Message):
    __slots__ = ("completed", "in_progress", "retryable_error", "non_retryable_error", "stopped")
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    IN_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_ERROR_FIELD_NUMBER: _ClassVar[int]
    NON_RETRYABLE_ERROR_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    completed: int
    in_progress: int
    retryable_error: int
    non_retryable_error: int
    stopped: int
    def __init__(self, completed: _Optional[int] = ..., in_progress: _Optional[int] = ..., retryable_error: _Optional[int] = ..., non_retryable_error: _Optional[int] = ..., stopped: _Optional[int] = ...) -> None: ...

class ObjectiveCounters(_message.Message):
    __slots__ = ("succeeded", "pending", "failed")
    SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    succeeded: int
    pending: int
    failed: int
    def __init__(self, succeeded: _Optional[int] = ..., pending: _Optional[int] = ..., failed: _Optional[int] = ...) -> None: ...

class Outlook(_message.Message):
    __slots__ = ("probability", "gain")
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    GAIN_FIELD_NUMBER: _ClassVar[int]
    probability: float
    gain: float
    def __init__(self, probability: _Optional[float] = ..., gain: _Optional[float] = ...) -> None: ...

class Provenance(_message.Message):
    __slots__ = ("source", "mean", "deviation", "acquisition", "reason")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    DEVIATION_FIELD_NUMBER: _ClassVar[int]
    ACQUISITION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    source: str
    mean: float
    deviation: float
    acquisition: float
    reason: str
    def __init__(self, source: _Optional[str] = ..., mean: _Optional[float] = ..., deviation: _Optional[float] = ..., acquisition: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class StopEvidence(_message.Message):
    __slots__ = ("rule", "step", "value", "against", "compared", "text")
    RULE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    AGAINST_FIELD_NUMBER: _ClassVar[int]
    COMPARED_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    rule: str
    step: int
    value: float
    against: float
    compared: _containers.RepeatedScalarFieldContainer[int]
    text: str
    def __init__(self, rule: _Optional[str] = ..., step: _Optional[int] = ..., value: _Optional[float] = ..., against: _Optional[float] = ..., compared: _Optional[_Iterable[int]] = ..., text: _Optional[str] = ...) -> None: ...

class ReadingFault(_message.Message):
    __slots__ = ("kind", "metric", "count", "example")
    KIND_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    EXAMPLE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    metric: str
    count: int
    example: str
    def __init__(self, kind: _Optional[str] = ..., metric: _Optional[str] = ..., count: _Optional[int] = ..., example: _Optional[str] = ...) -> None: ...

class Transition(_message.Message):
    __slots__ = ("status", "started_at", "message")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    status: str
    started_at: _timestamp_pb2.Timestamp
    message: str
    def __init__(self, status: _Optional[str] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ...) -> None: ...

class TrainingAttempt(_message.Message):
    __slots__ = ("number", "trainer_id", "host", "granted_at", "started_at", "ended_at", "end_cause", "exit_code", "reason")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    GRANTED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    END_CAUSE_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    number: int
    trainer_id: str
    host: str
    granted_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    end_cause: EndCause
    exit_code: int
    reason: str
    def __init__(self, number: _Optional[int] = ..., trainer_id: _Optional[str] = ..., host: _Optional[str] = ..., granted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_cause: _Optional[_Union[EndCause, str]] = ..., exit_code: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class TrainingJob(_message.Message):
    __slots__ = ("id", "name", "uid", "number", "definition_name", "configuration", "state", "objective_state", "objective_value", "reason", "attempt", "holder", "end_cause", "exit_code", "artifact_uri", "created_at", "started_at", "ended_at", "provenance", "steps", "final_metrics", "stopped_early", "losses", "waiting_for", "due_at", "spec_revision", "bracket", "rungs", "job_name", "cost", "retries", "repeats", "faults", "objective_error", "modified_at", "status", "tags", "alone", "overrides", "transitions", "max_wait_exceeded", "ran_s", "attempts")
    class ConfigurationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _spec_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_spec_pb2.Value, _Mapping]] = ...) -> None: ...
    class FinalMetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class OverridesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_STATE_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_VALUE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    END_CAUSE_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_URI_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    FINAL_METRICS_FIELD_NUMBER: _ClassVar[int]
    STOPPED_EARLY_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    WAITING_FOR_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    SPEC_REVISION_FIELD_NUMBER: _ClassVar[int]
    BRACKET_FIELD_NUMBER: _ClassVar[int]
    RUNGS_FIELD_NUMBER: _ClassVar[int]
    JOB_NAME_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    REPEATS_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_ERROR_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_AT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    ALONE_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_WAIT_EXCEEDED_FIELD_NUMBER: _ClassVar[int]
    RAN_S_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    uid: str
    number: int
    definition_name: str
    configuration: _containers.MessageMap[str, _spec_pb2.Value]
    state: TrainingState
    objective_state: ObjectiveState
    objective_value: float
    reason: str
    attempt: int
    holder: str
    end_cause: EndCause
    exit_code: int
    artifact_uri: str
    created_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    provenance: Provenance
    steps: int
    final_metrics: _containers.ScalarMap[str, float]
    stopped_early: StopEvidence
    losses: int
    waiting_for: str
    due_at: _timestamp_pb2.Timestamp
    spec_revision: str
    bracket: int
    rungs: _containers.RepeatedScalarFieldContainer[int]
    job_name: str
    cost: float
    retries: int
    repeats: int
    faults: _containers.RepeatedCompositeFieldContainer[ReadingFault]
    objective_error: float
    modified_at: _timestamp_pb2.Timestamp
    status: str
    tags: _containers.ScalarMap[str, str]
    alone: bool
    overrides: _containers.ScalarMap[str, str]
    transitions: _containers.RepeatedCompositeFieldContainer[Transition]
    max_wait_exceeded: bool
    ran_s: float
    attempts: _containers.RepeatedCompositeFieldContainer[TrainingAttempt]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., uid: _Optional[str] = ..., number: _Optional[int] = ..., definition_name: _Optional[str] = ..., configuration: _Optional[_Mapping[str, _spec_pb2.Value]] = ..., state: _Optional[_Union[TrainingState, str]] = ..., objective_state: _Optional[_Union[ObjectiveState, str]] = ..., objective_value: _Optional[float] = ..., reason: _Optional[str] = ..., attempt: _Optional[int] = ..., holder: _Optional[str] = ..., end_cause: _Optional[_Union[EndCause, str]] = ..., exit_code: _Optional[int] = ..., artifact_uri: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., provenance: _Optional[_Union[Provenance, _Mapping]] = ..., steps: _Optional[int] = ..., final_metrics: _Optional[_Mapping[str, float]] = ..., stopped_early: _Optional[_Union[StopEvidence, _Mapping]] = ..., losses: _Optional[int] = ..., waiting_for: _Optional[str] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., spec_revision: _Optional[str] = ..., bracket: _Optional[int] = ..., rungs: _Optional[_Iterable[int]] = ..., job_name: _Optional[str] = ..., cost: _Optional[float] = ..., retries: _Optional[int] = ..., repeats: _Optional[int] = ..., faults: _Optional[_Iterable[_Union[ReadingFault, _Mapping]]] = ..., objective_error: _Optional[float] = ..., modified_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status: _Optional[str] = ..., tags: _Optional[_Mapping[str, str]] = ..., alone: bool = ..., overrides: _Optional[_Mapping[str, str]] = ..., transitions: _Optional[_Iterable[_Union[Transition, _Mapping]]] = ..., max_wait_exceeded: bool = ..., ran_s: _Optional[float] = ..., attempts: _Optional[_Iterable[_Union[TrainingAttempt, _Mapping]]] = ...) -> None: ...

class Cost(_message.Message):
    __slots__ = ("spent", "forecast", "max_instance_seconds")
    SPENT_FIELD_NUMBER: _ClassVar[int]
    FORECAST_FIELD_NUMBER: _ClassVar[int]
    MAX_INSTANCE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    spent: float
    forecast: float
    max_instance_seconds: float
    def __init__(self, spent: _Optional[float] = ..., forecast: _Optional[float] = ..., max_instance_seconds: _Optional[float] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("number", "count", "mean", "deviation")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    DEVIATION_FIELD_NUMBER: _ClassVar[int]
    number: int
    count: int
    mean: float
    deviation: float
    def __init__(self, number: _Optional[int] = ..., count: _Optional[int] = ..., mean: _Optional[float] = ..., deviation: _Optional[float] = ...) -> None: ...

class ParentJob(_message.Message):
    __slots__ = ("uid", "name")
    UID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    uid: str
    name: str
    def __init__(self, uid: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("cause", "text", "remedy", "job", "training", "since", "until")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    cause: str
    text: str
    remedy: str
    job: str
    training: str
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    def __init__(self, cause: _Optional[str] = ..., text: _Optional[str] = ..., remedy: _Optional[str] = ..., job: _Optional[str] = ..., training: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TuningJob(_message.Message):
    __slots__ = ("uid", "spec", "spec_revision", "owner", "state", "reason", "created_at", "modified_at", "ended_at", "trainings", "objectives", "best", "not_improving", "converged_at", "outlook", "revision", "waiting_for", "due_at", "recommended", "cost", "overall_best", "parents", "extends", "findings", "evaluated", "imported_from")
    UID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    SPEC_REVISION_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVES_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    NOT_IMPROVING_FIELD_NUMBER: _ClassVar[int]
    CONVERGED_AT_FIELD_NUMBER: _ClassVar[int]
    OUTLOOK_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    WAITING_FOR_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDED_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    OVERALL_BEST_FIELD_NUMBER: _ClassVar[int]
    PARENTS_FIELD_NUMBER: _ClassVar[int]
    EXTENDS_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    EVALUATED_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_FROM_FIELD_NUMBER: _ClassVar[int]
    uid: str
    spec: _spec_pb2.TuningJobSpec
    spec_revision: int
    owner: str
    state: JobState
    reason: str
    created_at: _timestamp_pb2.Timestamp
    modified_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    trainings: TrainingCounters
    objectives: ObjectiveCounters
    best: TrainingJob
    not_improving: int
    converged_at: _timestamp_pb2.Timestamp
    outlook: Outlook
    revision: int
    waiting_for: str
    due_at: _timestamp_pb2.Timestamp
    recommended: TrainingJob
    cost: Cost
    overall_best: TrainingJob
    parents: _containers.RepeatedCompositeFieldContainer[ParentJob]
    extends: str
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    evaluated: _containers.RepeatedCompositeFieldContainer[Evaluation]
    imported_from: str
    def __init__(self, uid: _Optional[str] = ..., spec: _Optional[_Union[_spec_pb2.TuningJobSpec, _Mapping]] = ..., spec_revision: _Optional[int] = ..., owner: _Optional[str] = ..., state: _Optional[_Union[JobState, str]] = ..., reason: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trainings: _Optional[_Union[TrainingCounters, _Mapping]] = ..., objectives: _Optional[_Union[ObjectiveCounters, _Mapping]] = ..., best: _Optional[_Union[TrainingJob, _Mapping]] = ..., not_improving: _Optional[int] = ..., converged_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., outlook: _Optional[_Union[Outlook, _Mapping]] = ..., revision: _Optional[int] = ..., waiting_for: _Optional[str] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recommended: _Optional[_Union[TrainingJob, _Mapping]] = ..., cost: _Optional[_Union[Cost, _Mapping]] = ..., overall_best: _Optional[_Union[TrainingJob, _Mapping]] = ..., parents: _Optional[_Iterable[_Union[ParentJob, _Mapping]]] = ..., extends: _Optional[str] = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., evaluated: _Optional[_Iterable[_Union[Evaluation, _Mapping]]] = ..., imported_from: _Optional[str] = ...) -> None: ...

class CreateTuningJobRequest(_message.Message):
    __slots__ = ("spec", "request_id", "validate_only")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    spec: _spec_pb2.TuningJobSpec
    request_id: str
    validate_only: bool
    def __init__(self, spec: _Optional[_Union[_spec_pb2.TuningJobSpec, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: bool = ...) -> None: ...

class CreateTuningJobResponse(_message.Message):
    __slots__ = ("job", "estimate")
    JOB_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    estimate: CostEstimate
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ..., estimate: _Optional[_Union[CostEstimate, _Mapping]] = ...) -> None: ...

class CostEstimate(_message.Message):
    __slots__ = ("max_trainings", "max_instance_seconds", "max_cost", "text")
    MAX_TRAININGS_FIELD_NUMBER: _ClassVar[int]
    MAX_INSTANCE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_COST_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    max_trainings: int
    max_instance_seconds: float
    max_cost: float
    text: str
    def __init__(self, max_trainings: _Optional[int] = ..., max_instance_seconds: _Optional[float] = ..., max_cost: _Optional[float] = ..., text: _Optional[str] = ...) -> None: ...

class ReadJobFileRequest(_message.Message):
    __slots__ = ("text", "name")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    text: str
    name: str
    def __init__(self, text: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class JobFileFault(_message.Message):
    __slots__ = ("member", "line", "why", "remedy")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    member: str
    line: int
    why: str
    remedy: str
    def __init__(self, member: _Optional[str] = ..., line: _Optional[int] = ..., why: _Optional[str] = ..., remedy: _Optional[str] = ...) -> None: ...

class ReadJobFileResponse(_message.Message):
    __slots__ = ("spec", "faults", "estimate", "readable")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    READABLE_FIELD_NUMBER: _ClassVar[int]
    spec: _spec_pb2.TuningJobSpec
    faults: _containers.RepeatedCompositeFieldContainer[JobFileFault]
    estimate: CostEstimate
    readable: _spec_pb2.TuningJobSpec
    def __init__(self, spec: _Optional[_Union[_spec_pb2.TuningJobSpec, _Mapping]] = ..., faults: _Optional[_Iterable[_Union[JobFileFault, _Mapping]]] = ..., estimate: _Optional[_Union[CostEstimate, _Mapping]] = ..., readable: _Optional[_Union[_spec_pb2.TuningJobSpec, _Mapping]] = ...) -> None: ...

class WriteJobFileRequest(_message.Message):
    __slots__ = ("spec",)
    SPEC_FIELD_NUMBER: _ClassVar[int]
    spec: _spec_pb2.TuningJobSpec
    def __init__(self, spec: _Optional[_Union[_spec_pb2.TuningJobSpec, _Mapping]] = ...) -> None: ...

class WriteJobFileResponse(_message.Message):
    __slots__ = ("text", "not_short")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NOT_SHORT_FIELD_NUMBER: _ClassVar[int]
    text: str
    not_short: str
    def __init__(self, text: _Optional[str] = ..., not_short: _Optional[str] = ...) -> None: ...

class GetTuningJobRequest(_message.Message):
    __slots__ = ("job", "without_findings", "if_none_match")
    JOB_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_FINDINGS_FIELD_NUMBER: _ClassVar[int]
    IF_NONE_MATCH_FIELD_NUMBER: _ClassVar[int]
    job: str
    without_findings: bool
    if_none_match: str
    def __init__(self, job: _Optional[str] = ..., without_findings: bool = ..., if_none_match: _Optional[str] = ...) -> None: ...

class GetTuningJobResponse(_message.Message):
    __slots__ = ("job", "etag")
    JOB_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    etag: str
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class ListTuningJobsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "order", "descending", "name_contains", "state_equals", "created_after", "created_before", "modified_after", "modified_before", "with_best")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    NAME_CONTAINS_FIELD_NUMBER: _ClassVar[int]
    STATE_EQUALS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_AFTER_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    WITH_BEST_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    order: TuningJobOrder
    descending: bool
    name_contains: str
    state_equals: str
    created_after: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    modified_after: _timestamp_pb2.Timestamp
    modified_before: _timestamp_pb2.Timestamp
    with_best: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., order: _Optional[_Union[TuningJobOrder, str]] = ..., descending: bool = ..., name_contains: _Optional[str] = ..., state_equals: _Optional[str] = ..., created_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., with_best: bool = ...) -> None: ...

class ListTuningJobsResponse(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[TuningJob]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[TuningJob, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class StopTuningJobRequest(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: str
    def __init__(self, job: _Optional[str] = ...) -> None: ...

class StopTuningJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ...) -> None: ...

class DeleteTuningJobRequest(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: str
    def __init__(self, job: _Optional[str] = ...) -> None: ...

class DeleteTuningJobResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AmendTuningJobRequest(_message.Message):
    __slots__ = ("job", "expected_revision", "request_id", "max_trainings", "max_parallel", "max_runtime_s", "max_cost", "definition_name", "parameters", "enqueue", "priority")
    JOB_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_TRAININGS_FIELD_NUMBER: _ClassVar[int]
    MAX_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    MAX_RUNTIME_S_FIELD_NUMBER: _ClassVar[int]
    MAX_COST_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    ENQUEUE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    job: str
    expected_revision: int
    request_id: str
    max_trainings: int
    max_parallel: int
    max_runtime_s: int
    max_cost: float
    definition_name: str
    parameters: _containers.RepeatedCompositeFieldContainer[_spec_pb2.Parameter]
    enqueue: _containers.RepeatedCompositeFieldContainer[_spec_pb2.EnqueuedConfiguration]
    priority: int
    def __init__(self, job: _Optional[str] = ..., expected_revision: _Optional[int] = ..., request_id: _Optional[str] = ..., max_trainings: _Optional[int] = ..., max_parallel: _Optional[int] = ..., max_runtime_s: _Optional[int] = ..., max_cost: _Optional[float] = ..., definition_name: _Optional[str] = ..., parameters: _Optional[_Iterable[_Union[_spec_pb2.Parameter, _Mapping]]] = ..., enqueue: _Optional[_Iterable[_Union[_spec_pb2.EnqueuedConfiguration, _Mapping]]] = ..., priority: _Optional[int] = ...) -> None: ...

class AmendTuningJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ...) -> None: ...

class PauseTuningJobRequest(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: str
    def __init__(self, job: _Optional[str] = ...) -> None: ...

class PauseTuningJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ...) -> None: ...

class ResumeTuningJobRequest(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: str
    def __init__(self, job: _Optional[str] = ...) -> None: ...

class ResumeTuningJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ...) -> None: ...

class ExtendTuningJobRequest(_message.Message):
    __slots__ = ("job", "name", "max_trainings", "request_id")
    JOB_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MAX_TRAININGS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    job: str
    name: str
    max_trainings: int
    request_id: str
    def __init__(self, job: _Optional[str] = ..., name: _Optional[str] = ..., max_trainings: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class ExtendTuningJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ...) -> None: ...

class RetryTuningJobRequest(_message.Message):
    __slots__ = ("job", "request_id")
    JOB_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    job: str
    request_id: str
    def __init__(self, job: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RetryTuningJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ...) -> None: ...

class FinishedTraining(_message.Message):
    __slots__ = ("state", "configuration", "objective_value", "name", "definition_name", "reason", "steps", "started_at", "ended_at")
    class ConfigurationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _spec_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_spec_pb2.Value, _Mapping]] = ...) -> None: ...
    STATE_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_VALUE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    state: TrainingState
    configuration: _containers.MessageMap[str, _spec_pb2.Value]
    objective_value: float
    name: str
    definition_name: str
    reason: str
    steps: int
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    def __init__(self, state: _Optional[_Union[TrainingState, str]] = ..., configuration: _Optional[_Mapping[str, _spec_pb2.Value]] = ..., objective_value: _Optional[float] = ..., name: _Optional[str] = ..., definition_name: _Optional[str] = ..., reason: _Optional[str] = ..., steps: _Optional[int] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ImportTuningJobRequest(_message.Message):
    __slots__ = ("spec", "trainings", "origin")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    spec: _spec_pb2.TuningJobSpec
    trainings: _containers.RepeatedCompositeFieldContainer[FinishedTraining]
    origin: str
    def __init__(self, spec: _Optional[_Union[_spec_pb2.TuningJobSpec, _Mapping]] = ..., trainings: _Optional[_Iterable[_Union[FinishedTraining, _Mapping]]] = ..., origin: _Optional[str] = ...) -> None: ...

class ImportTuningJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ...) -> None: ...

class GetTrainingJobRequest(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: str
    def __init__(self, training: _Optional[str] = ...) -> None: ...

class GetTrainingJobResponse(_message.Message):
    __slots__ = ("training", "spec")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    training: TrainingJob
    spec: _spec_pb2.TuningJobSpec
    def __init__(self, training: _Optional[_Union[TrainingJob, _Mapping]] = ..., spec: _Optional[_Union[_spec_pb2.TuningJobSpec, _Mapping]] = ...) -> None: ...

class CreateTrainingJobRequest(_message.Message):
    __slots__ = ("name", "definition", "tags", "amt_patch", "request_id", "validate_only")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    AMT_PATCH_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    name: str
    definition: _spec_pb2.Definition
    tags: _containers.ScalarMap[str, str]
    amt_patch: str
    request_id: str
    validate_only: bool
    def __init__(self, name: _Optional[str] = ..., definition: _Optional[_Union[_spec_pb2.Definition, _Mapping]] = ..., tags: _Optional[_Mapping[str, str]] = ..., amt_patch: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: bool = ...) -> None: ...

class CreateTrainingJobResponse(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: TrainingJob
    def __init__(self, training: _Optional[_Union[TrainingJob, _Mapping]] = ...) -> None: ...

class DeleteTrainingJobRequest(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: str
    def __init__(self, training: _Optional[str] = ...) -> None: ...

class DeleteTrainingJobResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ChangeTagsRequest(_message.Message):
    __slots__ = ("job", "training", "set", "remove")
    class SetEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    JOB_FIELD_NUMBER: _ClassVar[int]
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    job: str
    training: str
    set: _containers.ScalarMap[str, str]
    remove: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, job: _Optional[str] = ..., training: _Optional[str] = ..., set: _Optional[_Mapping[str, str]] = ..., remove: _Optional[_Iterable[str]] = ...) -> None: ...

class ChangeTagsResponse(_message.Message):
    __slots__ = ("tags",)
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TAGS_FIELD_NUMBER: _ClassVar[int]
    tags: _containers.ScalarMap[str, str]
    def __init__(self, tags: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ListTrainingJobsRequest(_message.Message):
    __slots__ = ("job", "page_size", "page_token", "order", "descending", "state_equals", "status_equals", "name_contains", "created_after", "created_before", "modified_after", "modified_before")
    JOB_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    STATE_EQUALS_FIELD_NUMBER: _ClassVar[int]
    STATUS_EQUALS_FIELD_NUMBER: _ClassVar[int]
    NAME_CONTAINS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_AFTER_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    job: str
    page_size: int
    page_token: str
    order: TrainingJobOrder
    descending: bool
    state_equals: TrainingState
    status_equals: str
    name_contains: str
    created_after: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    modified_after: _timestamp_pb2.Timestamp
    modified_before: _timestamp_pb2.Timestamp
    def __init__(self, job: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., order: _Optional[_Union[TrainingJobOrder, str]] = ..., descending: bool = ..., state_equals: _Optional[_Union[TrainingState, str]] = ..., status_equals: _Optional[str] = ..., name_contains: _Optional[str] = ..., created_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., modified_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListTrainingJobsResponse(_message.Message):
    __slots__ = ("trainings", "next_page_token")
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    trainings: _containers.RepeatedCompositeFieldContainer[TrainingJob]
    next_page_token: str
    def __init__(self, trainings: _Optional[_Iterable[_Union[TrainingJob, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class StopTrainingJobRequest(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: str
    def __init__(self, training: _Optional[str] = ...) -> None: ...

class StopTrainingJobResponse(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: TrainingJob
    def __init__(self, training: _Optional[_Union[TrainingJob, _Mapping]] = ...) -> None: ...

class TrainingColumns(_message.Message):
    __slots__ = ("numbers", "names", "states", "statuses", "objective_states", "objective_values", "created_at", "started_at", "ended_at", "costs", "definition_names", "sources", "stop_rules", "trainers", "attempts", "brackets", "rungs", "parameters", "texts", "rung_lists", "earlier_attempts")
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_STATES_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_VALUES_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    COSTS_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAMES_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    STOP_RULES_FIELD_NUMBER: _ClassVar[int]
    TRAINERS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    BRACKETS_FIELD_NUMBER: _ClassVar[int]
    RUNGS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    RUNG_LISTS_FIELD_NUMBER: _ClassVar[int]
    EARLIER_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    numbers: _containers.RepeatedScalarFieldContainer[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    states: _containers.RepeatedScalarFieldContainer[TrainingState]
    statuses: _containers.RepeatedScalarFieldContainer[int]
    objective_states: _containers.RepeatedScalarFieldContainer[ObjectiveState]
    objective_values: _containers.RepeatedScalarFieldContainer[float]
    created_at: _containers.RepeatedScalarFieldContainer[float]
    started_at: _containers.RepeatedScalarFieldContainer[float]
    ended_at: _containers.RepeatedScalarFieldContainer[float]
    costs: _containers.RepeatedScalarFieldContainer[float]
    definition_names: _containers.RepeatedScalarFieldContainer[int]
    sources: _containers.RepeatedScalarFieldContainer[int]
    stop_rules: _containers.RepeatedScalarFieldContainer[int]
    trainers: _containers.RepeatedScalarFieldContainer[int]
    attempts: _containers.RepeatedScalarFieldContainer[int]
    brackets: _containers.RepeatedScalarFieldContainer[int]
    rungs: _containers.RepeatedScalarFieldContainer[int]
    parameters: _containers.RepeatedCompositeFieldContainer[ParameterColumn]
    texts: _containers.RepeatedScalarFieldContainer[str]
    rung_lists: _containers.RepeatedCompositeFieldContainer[RungList]
    earlier_attempts: _containers.RepeatedCompositeFieldContainer[EarlierAttempt]
    def __init__(self, numbers: _Optional[_Iterable[int]] = ..., names: _Optional[_Iterable[str]] = ..., states: _Optional[_Iterable[_Union[TrainingState, str]]] = ..., statuses: _Optional[_Iterable[int]] = ..., objective_states: _Optional[_Iterable[_Union[ObjectiveState, str]]] = ..., objective_values: _Optional[_Iterable[float]] = ..., created_at: _Optional[_Iterable[float]] = ..., started_at: _Optional[_Iterable[float]] = ..., ended_at: _Optional[_Iterable[float]] = ..., costs: _Optional[_Iterable[float]] = ..., definition_names: _Optional[_Iterable[int]] = ..., sources: _Optional[_Iterable[int]] = ..., stop_rules: _Optional[_Iterable[int]] = ..., trainers: _Optional[_Iterable[int]] = ..., attempts: _Optional[_Iterable[int]] = ..., brackets: _Optional[_Iterable[int]] = ..., rungs: _Optional[_Iterable[int]] = ..., parameters: _Optional[_Iterable[_Union[ParameterColumn, _Mapping]]] = ..., texts: _Optional[_Iterable[str]] = ..., rung_lists: _Optional[_Iterable[_Union[RungList, _Mapping]]] = ..., earlier_attempts: _Optional[_Iterable[_Union[EarlierAttempt, _Mapping]]] = ...) -> None: ...

class ParameterColumn(_message.Message):
    __slots__ = ("name", "numbers", "texts", "integer")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    name: str
    numbers: _containers.RepeatedScalarFieldContainer[float]
    texts: _containers.RepeatedScalarFieldContainer[int]
    integer: bool
    def __init__(self, name: _Optional[str] = ..., numbers: _Optional[_Iterable[float]] = ..., texts: _Optional[_Iterable[int]] = ..., integer: bool = ...) -> None: ...

class RungList(_message.Message):
    __slots__ = ("rungs",)
    RUNGS_FIELD_NUMBER: _ClassVar[int]
    rungs: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, rungs: _Optional[_Iterable[int]] = ...) -> None: ...

class EarlierAttempt(_message.Message):
    __slots__ = ("number", "attempt")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    number: int
    attempt: TrainingAttempt
    def __init__(self, number: _Optional[int] = ..., attempt: _Optional[_Union[TrainingAttempt, _Mapping]] = ...) -> None: ...

class ListTrainingColumnsRequest(_message.Message):
    __slots__ = ("job", "page_size", "page_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: str
    page_size: int
    page_token: str
    def __init__(self, job: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTrainingColumnsResponse(_message.Message):
    __slots__ = ("columns", "next_page_token", "position")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    columns: TrainingColumns
    next_page_token: str
    position: str
    def __init__(self, columns: _Optional[_Union[TrainingColumns, _Mapping]] = ..., next_page_token: _Optional[str] = ..., position: _Optional[str] = ...) -> None: ...

class WatchTuningJobRequest(_message.Message):
    __slots__ = ("job", "since", "in_columns")
    JOB_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    IN_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    job: str
    since: str
    in_columns: bool
    def __init__(self, job: _Optional[str] = ..., since: _Optional[str] = ..., in_columns: bool = ...) -> None: ...

class WatchTuningJobResponse(_message.Message):
    __slots__ = ("job", "trainings", "columns", "position")
    JOB_FIELD_NUMBER: _ClassVar[int]
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    job: TuningJob
    trainings: _containers.RepeatedCompositeFieldContainer[TrainingJob]
    columns: TrainingColumns
    position: str
    def __init__(self, job: _Optional[_Union[TuningJob, _Mapping]] = ..., trainings: _Optional[_Iterable[_Union[TrainingJob, _Mapping]]] = ..., columns: _Optional[_Union[TrainingColumns, _Mapping]] = ..., position: _Optional[str] = ...) -> None: ...

class WatchTuningJobsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchTuningJobsResponse(_message.Message):
    __slots__ = ("jobs", "deleted")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[TuningJob]
    deleted: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, jobs: _Optional[_Iterable[_Union[TuningJob, _Mapping]]] = ..., deleted: _Optional[_Iterable[str]] = ...) -> None: ...
