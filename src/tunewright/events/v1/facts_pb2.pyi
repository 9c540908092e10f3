import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CommandAccepted(_message.Message):
    __slots__ = ("command_id", "uid")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    uid: str
    def __init__(self, command_id: _Optional[str] = ..., uid: _Optional[str] = ...) -> None: ...

class CommandRejected(_message.Message):
    __slots__ = ("command_id", "reason", "field", "message")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    reason: str
    field: str
    message: str
    def __init__(self, command_id: _Optional[str] = ..., reason: _Optional[str] = ..., field: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class TuningJobCreated(_message.Message):
    __slots__ = ("uid", "name", "owner", "spec_revision", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    SPEC_REVISION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    name: str
    owner: str
    spec_revision: int
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., name: _Optional[str] = ..., owner: _Optional[str] = ..., spec_revision: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TuningJobChanged(_message.Message):
    __slots__ = ("uid", "name", "state", "reason", "spec_revision", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SPEC_REVISION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    name: str
    state: str
    reason: str
    spec_revision: int
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., name: _Optional[str] = ..., state: _Optional[str] = ..., reason: _Optional[str] = ..., spec_revision: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TuningJobEnded(_message.Message):
    __slots__ = ("uid", "name", "state", "reason", "best_training_name", "best_value", "trainings", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BEST_TRAINING_NAME_FIELD_NUMBER: _ClassVar[int]
    BEST_VALUE_FIELD_NUMBER: _ClassVar[int]
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    name: str
    state: str
    reason: str
    best_training_name: str
    best_value: float
    trainings: int
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., name: _Optional[str] = ..., state: _Optional[str] = ..., reason: _Optional[str] = ..., best_training_name: _Optional[str] = ..., best_value: _Optional[float] = ..., trainings: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TuningJobDeleted(_message.Message):
    __slots__ = ("uid", "name", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    name: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., name: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrainingJobCreated(_message.Message):
    __slots__ = ("uid", "number", "training_name", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TRAINING_NAME_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    training_name: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., training_name: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrainingJobGranted(_message.Message):
    __slots__ = ("uid", "number", "attempt", "holder", "at", "training_name", "definition_name", "hyperparameters", "objective_metric", "due_at")
    class HyperparametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    TRAINING_NAME_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    HYPERPARAMETERS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_METRIC_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    holder: str
    at: _timestamp_pb2.Timestamp
    training_name: str
    definition_name: str
    hyperparameters: _containers.ScalarMap[str, str]
    objective_metric: str
    due_at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., holder: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., training_name: _Optional[str] = ..., definition_name: _Optional[str] = ..., hyperparameters: _Optional[_Mapping[str, str]] = ..., objective_metric: _Optional[str] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrainingJobStopRequested(_message.Message):
    __slots__ = ("uid", "number", "attempt", "training_name", "reason", "due_at", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TRAINING_NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    training_name: str
    reason: str
    due_at: _timestamp_pb2.Timestamp
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., training_name: _Optional[str] = ..., reason: _Optional[str] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrainingJobExited(_message.Message):
    __slots__ = ("uid", "number", "attempt", "cause", "exit_code", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    cause: str
    exit_code: int
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., cause: _Optional[str] = ..., exit_code: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrainingJobLost(_message.Message):
    __slots__ = ("uid", "number", "attempt", "holder", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    holder: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., holder: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrainingJobEnded(_message.Message):
    __slots__ = ("uid", "number", "training_name", "state", "objective_value", "reason", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TRAINING_NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_VALUE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    training_name: str
    state: str
    objective_value: float
    reason: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., training_name: _Optional[str] = ..., state: _Optional[str] = ..., objective_value: _Optional[float] = ..., reason: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
