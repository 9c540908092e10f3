import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tunewright.v1 import spec_pb2 as _spec_pb2
from tunewright.v1 import tuning_service_pb2 as _tuning_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Attempt(_message.Message):
    __slots__ = ("training_id", "attempt")
    TRAINING_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    training_id: str
    attempt: int
    def __init__(self, training_id: _Optional[str] = ..., attempt: _Optional[int] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("attempt", "training_name", "job_name", "definition", "hyperparameters", "objective", "early_stopping", "rungs", "max_runtime_s", "created_at", "owner", "bracket", "need", "traceparent")
    class HyperparametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TRAINING_NAME_FIELD_NUMBER: _ClassVar[int]
    JOB_NAME_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    HYPERPARAMETERS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    EARLY_STOPPING_FIELD_NUMBER: _ClassVar[int]
    RUNGS_FIELD_NUMBER: _ClassVar[int]
    MAX_RUNTIME_S_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    BRACKET_FIELD_NUMBER: _ClassVar[int]
    NEED_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    training_name: str
    job_name: str
    definition: _spec_pb2.Definition
    hyperparameters: _containers.ScalarMap[str, str]
    objective: _spec_pb2.Objective
    early_stopping: _spec_pb2.EarlyStoppingRule
    rungs: _containers.RepeatedScalarFieldContainer[int]
    max_runtime_s: int
    created_at: _timestamp_pb2.Timestamp
    owner: str
    bracket: int
    need: Need
    traceparent: str
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., training_name: _Optional[str] = ..., job_name: _Optional[str] = ..., definition: _Optional[_Union[_spec_pb2.Definition, _Mapping]] = ..., hyperparameters: _Optional[_Mapping[str, str]] = ..., objective: _Optional[_Union[_spec_pb2.Objective, _Mapping]] = ..., early_stopping: _Optional[_Union[_spec_pb2.EarlyStoppingRule, _Mapping]] = ..., rungs: _Optional[_Iterable[int]] = ..., max_runtime_s: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., owner: _Optional[str] = ..., bracket: _Optional[int] = ..., need: _Optional[_Union[Need, _Mapping]] = ..., traceparent: _Optional[str] = ...) -> None: ...

class Need(_message.Message):
    __slots__ = ("cpus", "memory_bytes", "gpus", "gpus_shared")
    CPUS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    GPUS_FIELD_NUMBER: _ClassVar[int]
    GPUS_SHARED_FIELD_NUMBER: _ClassVar[int]
    cpus: float
    memory_bytes: int
    gpus: int
    gpus_shared: bool
    def __init__(self, cpus: _Optional[float] = ..., memory_bytes: _Optional[int] = ..., gpus: _Optional[int] = ..., gpus_shared: bool = ...) -> None: ...

class Capacity(_message.Message):
    __slots__ = ("cpus", "memory_bytes", "gpus", "gpus_shared", "only_gpus")
    CPUS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    GPUS_FIELD_NUMBER: _ClassVar[int]
    GPUS_SHARED_FIELD_NUMBER: _ClassVar[int]
    ONLY_GPUS_FIELD_NUMBER: _ClassVar[int]
    cpus: float
    memory_bytes: int
    gpus: int
    gpus_shared: int
    only_gpus: int
    def __init__(self, cpus: _Optional[float] = ..., memory_bytes: _Optional[int] = ..., gpus: _Optional[int] = ..., gpus_shared: _Optional[int] = ..., only_gpus: _Optional[int] = ...) -> None: ...

class Phase(_message.Message):
    __slots__ = ("status", "started_at", "message")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    status: str
    started_at: _timestamp_pb2.Timestamp
    message: str
    def __init__(self, status: _Optional[str] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., message: _Optional[str] = ...) -> None: ...

class OpenSessionRequest(_message.Message):
    __slots__ = ("trainer_id", "pool", "slots", "gpus", "labels", "holding", "host", "capacity", "session_key")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    GPUS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    HOLDING_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    trainer_id: str
    pool: str
    slots: int
    gpus: int
    labels: _containers.ScalarMap[str, str]
    holding: _containers.RepeatedCompositeFieldContainer[Attempt]
    host: str
    capacity: Capacity
    session_key: str
    def __init__(self, trainer_id: _Optional[str] = ..., pool: _Optional[str] = ..., slots: _Optional[int] = ..., gpus: _Optional[int] = ..., labels: _Optional[_Mapping[str, str]] = ..., holding: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ..., host: _Optional[str] = ..., capacity: _Optional[_Union[Capacity, _Mapping]] = ..., session_key: _Optional[str] = ...) -> None: ...

class OpenSessionResponse(_message.Message):
    __slots__ = ("epoch", "lease_s", "lease_grace_s", "heartbeat_s", "abandon")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    LEASE_S_FIELD_NUMBER: _ClassVar[int]
    LEASE_GRACE_S_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_S_FIELD_NUMBER: _ClassVar[int]
    ABANDON_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    lease_s: float
    lease_grace_s: float
    heartbeat_s: float
    abandon: _containers.RepeatedCompositeFieldContainer[Attempt]
    def __init__(self, epoch: _Optional[int] = ..., lease_s: _Optional[float] = ..., lease_grace_s: _Optional[float] = ..., heartbeat_s: _Optional[float] = ..., abandon: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ...) -> None: ...

class Holding(_message.Message):
    __slots__ = ("attempt", "phase", "exited", "phases")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    EXITED_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    phase: str
    exited: bool
    phases: _containers.RepeatedCompositeFieldContainer[Phase]
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., phase: _Optional[str] = ..., exited: bool = ..., phases: _Optional[_Iterable[_Union[Phase, _Mapping]]] = ...) -> None: ...

class RunnerAbsence(_message.Message):
    __slots__ = ("since", "why")
    SINCE_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    since: _timestamp_pb2.Timestamp
    why: str
    def __init__(self, since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., why: _Optional[str] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ("trainer_id", "epoch", "holding", "wait_s", "draining", "runner_absence", "session_key")
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    HOLDING_FIELD_NUMBER: _ClassVar[int]
    WAIT_S_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    RUNNER_ABSENCE_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    trainer_id: str
    epoch: int
    holding: _containers.RepeatedCompositeFieldContainer[Holding]
    wait_s: float
    draining: bool
    runner_absence: RunnerAbsence
    session_key: str
    def __init__(self, trainer_id: _Optional[str] = ..., epoch: _Optional[int] = ..., holding: _Optional[_Iterable[_Union[Holding, _Mapping]]] = ..., wait_s: _Optional[float] = ..., draining: bool = ..., runner_absence: _Optional[_Union[RunnerAbsence, _Mapping]] = ..., session_key: _Optional[str] = ...) -> None: ...

class StopOrder(_message.Message):
    __slots__ = ("attempt", "reason", "grace_s")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    GRACE_S_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    reason: str
    grace_s: float
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., reason: _Optional[str] = ..., grace_s: _Optional[float] = ...) -> None: ...

class SettledOrder(_message.Message):
    __slots__ = ("attempt", "publish_artifact")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    PUBLISH_ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    publish_artifact: bool
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., publish_artifact: bool = ...) -> None: ...

class ResendOrder(_message.Message):
    __slots__ = ("attempt", "instance", "from_line")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    FROM_LINE_FIELD_NUMBER: _ClassVar[int]
    attempt: Attempt
    instance: int
    from_line: int
    def __init__(self, attempt: _Optional[_Union[Attempt, _Mapping]] = ..., instance: _Optional[int] = ..., from_line: _Optional[int] = ...) -> None: ...

class HeartbeatResponse(_message.Message):
    __slots__ = ("stop", "settled", "resend", "abandon")
    STOP_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    RESEND_FIELD_NUMBER: _ClassVar[int]
    ABANDON_FIELD_NUMBER: _ClassVar[int]
    stop: _containers.RepeatedCompositeFieldContainer[StopOrder]
    settled: _containers.RepeatedCompositeFieldContainer[SettledOrder]
    resend: _containers.RepeatedCompositeFieldContainer[ResendOrder]
    abandon: _containers.RepeatedCompositeFieldContainer[Attempt]
    def __init__(self, stop: _Optional[_Iterable[_Union[StopOrder, _Mapping]]] = ..., settled: _Optional[_Iterable[_Union[SettledOrder, _Mapping]]] = ..., resend: _Optional[_Iterable[_Union[ResendOrder, _Mapping]]] = ..., abandon: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ...) -> None: ...

class ClaimRequest(_message.Message):
    __slots__ = ("trainer_id", "epoch", "request_id", "slots", "wait_s", "again", "free", "session_key")
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    WAIT_S_FIELD_NUMBER: _ClassVar[int]
    AGAIN_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    trainer_id: str
    epoch: int
    request_id: str
    slots: int
    wait_s: float
    again: bool
    free: Capacity
    session_key: str
    def __init__(self, trainer_id: _Optional[str] = ..., epoch: _Optional[int] = ..., request_id: _Optional[str] = ..., slots: _Optional[int] = ..., wait_s: _Optional[float] = ..., again: bool = ..., free: _Optional[_Union[Capacity, _Mapping]] = ..., session_key: _Optional[str] = ...) -> None: ...

class ClaimResponse(_message.Message):
    __slots__ = ("grants",)
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    grants: _containers.RepeatedCompositeFieldContainer[Grant]
    def __init__(self, grants: _Optional[_Iterable[_Union[Grant, _Mapping]]] = ...) -> None: ...

class ExitedRequest(_message.Message):
    __slots__ = ("trainer_id", "epoch", "attempt", "cause", "exit_code", "reason", "started_at", "ended_at", "artifact_uri", "phases", "session_key")
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_URI_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    trainer_id: str
    epoch: int
    attempt: Attempt
    cause: _tuning_service_pb2.EndCause
    exit_code: int
    reason: str
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    artifact_uri: str
    phases: _containers.RepeatedCompositeFieldContainer[Phase]
    session_key: str
    def __init__(self, trainer_id: _Optional[str] = ..., epoch: _Optional[int] = ..., attempt: _Optional[_Union[Attempt, _Mapping]] = ..., cause: _Optional[_Union[_tuning_service_pb2.EndCause, str]] = ..., exit_code: _Optional[int] = ..., reason: _Optional[str] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., artifact_uri: _Optional[str] = ..., phases: _Optional[_Iterable[_Union[Phase, _Mapping]]] = ..., session_key: _Optional[str] = ...) -> None: ...

class ExitedResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CloseSessionRequest(_message.Message):
    __slots__ = ("trainer_id", "epoch", "session_key")
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    trainer_id: str
    epoch: int
    session_key: str
    def __init__(self, trainer_id: _Optional[str] = ..., epoch: _Optional[int] = ..., session_key: _Optional[str] = ...) -> None: ...

class CloseSessionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
