import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StopAdvised(_message.Message):
    __slots__ = ("uid", "number", "attempt", "rule", "step", "value", "against", "compared", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    AGAINST_FIELD_NUMBER: _ClassVar[int]
    COMPARED_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    rule: str
    step: int
    value: float
    against: float
    compared: _containers.RepeatedScalarFieldContainer[int]
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., rule: _Optional[str] = ..., step: _Optional[int] = ..., value: _Optional[float] = ..., against: _Optional[float] = ..., compared: _Optional[_Iterable[int]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class OutputSettled(_message.Message):
    __slots__ = ("uid", "number", "attempt", "instance", "through_line")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    THROUGH_LINE_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    instance: int
    through_line: int
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., instance: _Optional[int] = ..., through_line: _Optional[int] = ...) -> None: ...

class ResendRequested(_message.Message):
    __slots__ = ("uid", "number", "attempt", "instance", "from_line")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    FROM_LINE_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    instance: int
    from_line: int
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., instance: _Optional[int] = ..., from_line: _Optional[int] = ...) -> None: ...

class MetricNeverMatched(_message.Message):
    __slots__ = ("uid", "number", "attempt", "metric", "regex", "lines_read", "nearest")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    REGEX_FIELD_NUMBER: _ClassVar[int]
    LINES_READ_FIELD_NUMBER: _ClassVar[int]
    NEAREST_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    metric: str
    regex: str
    lines_read: int
    nearest: str
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., metric: _Optional[str] = ..., regex: _Optional[str] = ..., lines_read: _Optional[int] = ..., nearest: _Optional[str] = ...) -> None: ...

class MetricMatched(_message.Message):
    __slots__ = ("uid", "number", "attempt", "metric")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    metric: str
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., metric: _Optional[str] = ...) -> None: ...

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

class LastValue(_message.Message):
    __slots__ = ("metric", "value")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    metric: str
    value: float
    def __init__(self, metric: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class TrainingSummarized(_message.Message):
    __slots__ = ("uid", "number", "attempt", "objective_value", "objective_fault", "steps", "last_values", "faults", "curve", "curve_steps", "tail", "objective_error")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_VALUE_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FAULT_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    LAST_VALUES_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    CURVE_FIELD_NUMBER: _ClassVar[int]
    CURVE_STEPS_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_ERROR_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    objective_value: float
    objective_fault: str
    steps: int
    last_values: _containers.RepeatedCompositeFieldContainer[LastValue]
    faults: _containers.RepeatedCompositeFieldContainer[ReadingFault]
    curve: _containers.RepeatedScalarFieldContainer[float]
    curve_steps: _containers.RepeatedScalarFieldContainer[int]
    tail: _containers.RepeatedScalarFieldContainer[str]
    objective_error: float
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., objective_value: _Optional[float] = ..., objective_fault: _Optional[str] = ..., steps: _Optional[int] = ..., last_values: _Optional[_Iterable[_Union[LastValue, _Mapping]]] = ..., faults: _Optional[_Iterable[_Union[ReadingFault, _Mapping]]] = ..., curve: _Optional[_Iterable[float]] = ..., curve_steps: _Optional[_Iterable[int]] = ..., tail: _Optional[_Iterable[str]] = ..., objective_error: _Optional[float] = ...) -> None: ...
