import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tunewright.v1 import tuning_service_pb2 as _tuning_service_pb2
from tunewright.v1 import worker_service_pb2 as _worker_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DiagnoseRequest(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: str
    def __init__(self, job: _Optional[str] = ...) -> None: ...

class DiagnoseResponse(_message.Message):
    __slots__ = ("findings",)
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    findings: _containers.RepeatedCompositeFieldContainer[_tuning_service_pb2.Finding]
    def __init__(self, findings: _Optional[_Iterable[_Union[_tuning_service_pb2.Finding, _Mapping]]] = ...) -> None: ...

class TrainerInfo(_message.Message):
    __slots__ = ("trainer_id", "host", "pool", "slots", "gpus", "holding", "draining", "cordoned", "reason", "opened_at", "lease_expires_at", "capacity", "free")
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    GPUS_FIELD_NUMBER: _ClassVar[int]
    HOLDING_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    CORDONED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    LEASE_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    trainer_id: str
    host: str
    pool: str
    slots: int
    gpus: int
    holding: _containers.RepeatedScalarFieldContainer[str]
    draining: bool
    cordoned: bool
    reason: str
    opened_at: _timestamp_pb2.Timestamp
    lease_expires_at: _timestamp_pb2.Timestamp
    capacity: _worker_service_pb2.Capacity
    free: _worker_service_pb2.Capacity
    def __init__(self, trainer_id: _Optional[str] = ..., host: _Optional[str] = ..., pool: _Optional[str] = ..., slots: _Optional[int] = ..., gpus: _Optional[int] = ..., holding: _Optional[_Iterable[str]] = ..., draining: bool = ..., cordoned: bool = ..., reason: _Optional[str] = ..., opened_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lease_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., capacity: _Optional[_Union[_worker_service_pb2.Capacity, _Mapping]] = ..., free: _Optional[_Union[_worker_service_pb2.Capacity, _Mapping]] = ...) -> None: ...

class ListTrainersRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StartsPaused(_message.Message):
    __slots__ = ("reason", "since")
    REASON_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    since: _timestamp_pb2.Timestamp
    def __init__(self, reason: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListTrainersResponse(_message.Message):
    __slots__ = ("trainers", "starts_paused")
    TRAINERS_FIELD_NUMBER: _ClassVar[int]
    STARTS_PAUSED_FIELD_NUMBER: _ClassVar[int]
    trainers: _containers.RepeatedCompositeFieldContainer[TrainerInfo]
    starts_paused: StartsPaused
    def __init__(self, trainers: _Optional[_Iterable[_Union[TrainerInfo, _Mapping]]] = ..., starts_paused: _Optional[_Union[StartsPaused, _Mapping]] = ...) -> None: ...

class CordonTrainerRequest(_message.Message):
    __slots__ = ("trainer_id", "reason")
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    trainer_id: str
    reason: str
    def __init__(self, trainer_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class CordonTrainerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UncordonTrainerRequest(_message.Message):
    __slots__ = ("trainer_id",)
    TRAINER_ID_FIELD_NUMBER: _ClassVar[int]
    trainer_id: str
    def __init__(self, trainer_id: _Optional[str] = ...) -> None: ...

class UncordonTrainerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReleaseTrainingJobRequest(_message.Message):
    __slots__ = ("training", "reason")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    training: str
    reason: str
    def __init__(self, training: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ReleaseTrainingJobResponse(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: _tuning_service_pb2.TrainingJob
    def __init__(self, training: _Optional[_Union[_tuning_service_pb2.TrainingJob, _Mapping]] = ...) -> None: ...

class SettleTrainingJobRequest(_message.Message):
    __slots__ = ("training", "state", "objective_value", "reason")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_VALUE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    training: str
    state: _tuning_service_pb2.TrainingState
    objective_value: float
    reason: str
    def __init__(self, training: _Optional[str] = ..., state: _Optional[_Union[_tuning_service_pb2.TrainingState, str]] = ..., objective_value: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class SettleTrainingJobResponse(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: _tuning_service_pb2.TrainingJob
    def __init__(self, training: _Optional[_Union[_tuning_service_pb2.TrainingJob, _Mapping]] = ...) -> None: ...

class UnparkTuningJobRequest(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: str
    def __init__(self, job: _Optional[str] = ...) -> None: ...

class UnparkTuningJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: _tuning_service_pb2.TuningJob
    def __init__(self, job: _Optional[_Union[_tuning_service_pb2.TuningJob, _Mapping]] = ...) -> None: ...

class PauseStartsRequest(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class PauseStartsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ResumeStartsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ResumeStartsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Quota(_message.Message):
    __slots__ = ("owner", "max_jobs", "max_parallel")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    MAX_JOBS_FIELD_NUMBER: _ClassVar[int]
    MAX_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    owner: str
    max_jobs: int
    max_parallel: int
    def __init__(self, owner: _Optional[str] = ..., max_jobs: _Optional[int] = ..., max_parallel: _Optional[int] = ...) -> None: ...

class SetQuotaRequest(_message.Message):
    __slots__ = ("quota",)
    QUOTA_FIELD_NUMBER: _ClassVar[int]
    quota: Quota
    def __init__(self, quota: _Optional[_Union[Quota, _Mapping]] = ...) -> None: ...

class SetQuotaResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListQuotasRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListQuotasResponse(_message.Message):
    __slots__ = ("quotas",)
    QUOTAS_FIELD_NUMBER: _ClassVar[int]
    quotas: _containers.RepeatedCompositeFieldContainer[Quota]
    def __init__(self, quotas: _Optional[_Iterable[_Union[Quota, _Mapping]]] = ...) -> None: ...

class PurgeTuningJobsRequest(_message.Message):
    __slots__ = ("job", "ended_before", "dry_run", "page_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    ENDED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: str
    ended_before: _timestamp_pb2.Timestamp
    dry_run: bool
    page_token: str
    def __init__(self, job: _Optional[str] = ..., ended_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., dry_run: bool = ..., page_token: _Optional[str] = ...) -> None: ...

class PurgedTuningJob(_message.Message):
    __slots__ = ("uid", "name", "ended_at", "trainings", "output_bytes", "measurements_bytes", "kept_because")
    UID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEASUREMENTS_BYTES_FIELD_NUMBER: _ClassVar[int]
    KEPT_BECAUSE_FIELD_NUMBER: _ClassVar[int]
    uid: str
    name: str
    ended_at: _timestamp_pb2.Timestamp
    trainings: int
    output_bytes: int
    measurements_bytes: int
    kept_because: str
    def __init__(self, uid: _Optional[str] = ..., name: _Optional[str] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trainings: _Optional[int] = ..., output_bytes: _Optional[int] = ..., measurements_bytes: _Optional[int] = ..., kept_because: _Optional[str] = ...) -> None: ...

class PurgeTuningJobsResponse(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[PurgedTuningJob]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[PurgedTuningJob, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
