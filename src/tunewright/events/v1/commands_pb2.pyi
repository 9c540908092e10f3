from tunewright.v1 import spec_pb2 as _spec_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateTuningJob(_message.Message):
    __slots__ = ("command_id", "spec")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    spec: _spec_pb2.TuningJobSpec
    def __init__(self, command_id: _Optional[str] = ..., spec: _Optional[_Union[_spec_pb2.TuningJobSpec, _Mapping]] = ...) -> None: ...

class StopTuningJob(_message.Message):
    __slots__ = ("command_id", "job")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    job: str
    def __init__(self, command_id: _Optional[str] = ..., job: _Optional[str] = ...) -> None: ...

class DeleteTuningJob(_message.Message):
    __slots__ = ("command_id", "job")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    job: str
    def __init__(self, command_id: _Optional[str] = ..., job: _Optional[str] = ...) -> None: ...

class AmendTuningJob(_message.Message):
    __slots__ = ("command_id", "job", "expected_revision", "max_trainings", "max_parallel", "max_runtime_s", "max_cost", "definition_name", "parameters", "enqueue", "priority")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    MAX_TRAININGS_FIELD_NUMBER: _ClassVar[int]
    MAX_PARALLEL_FIELD_NUMBER: _ClassVar[int]
    MAX_RUNTIME_S_FIELD_NUMBER: _ClassVar[int]
    MAX_COST_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    ENQUEUE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    job: str
    expected_revision: int
    max_trainings: int
    max_parallel: int
    max_runtime_s: int
    max_cost: float
    definition_name: str
    parameters: _containers.RepeatedCompositeFieldContainer[_spec_pb2.Parameter]
    enqueue: _containers.RepeatedCompositeFieldContainer[_spec_pb2.EnqueuedConfiguration]
    priority: int
    def __init__(self, command_id: _Optional[str] = ..., job: _Optional[str] = ..., expected_revision: _Optional[int] = ..., max_trainings: _Optional[int] = ..., max_parallel: _Optional[int] = ..., max_runtime_s: _Optional[int] = ..., max_cost: _Optional[float] = ..., definition_name: _Optional[str] = ..., parameters: _Optional[_Iterable[_Union[_spec_pb2.Parameter, _Mapping]]] = ..., enqueue: _Optional[_Iterable[_Union[_spec_pb2.EnqueuedConfiguration, _Mapping]]] = ..., priority: _Optional[int] = ...) -> None: ...

class EndTraining(_message.Message):
    __slots__ = ("command_id", "training", "attempt", "failed", "reason", "reports")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    training: str
    attempt: int
    failed: bool
    reason: str
    reports: int
    def __init__(self, command_id: _Optional[str] = ..., training: _Optional[str] = ..., attempt: _Optional[int] = ..., failed: bool = ..., reason: _Optional[str] = ..., reports: _Optional[int] = ...) -> None: ...
