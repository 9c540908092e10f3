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

class TrainingStarted(_message.Message):
    __slots__ = ("uid", "number", "attempt", "training_name", "owner", "metric_definitions", "objective", "early_stopping", "rungs", "instance_count", "at", "bracket", "definition_name", "metrics_file")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TRAINING_NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    METRIC_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    EARLY_STOPPING_FIELD_NUMBER: _ClassVar[int]
    RUNGS_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    BRACKET_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    METRICS_FILE_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    training_name: str
    owner: str
    metric_definitions: _containers.RepeatedCompositeFieldContainer[_spec_pb2.MetricDefinition]
    objective: _spec_pb2.Objective
    early_stopping: _spec_pb2.EarlyStoppingRule
    rungs: _containers.RepeatedScalarFieldContainer[int]
    instance_count: int
    at: _timestamp_pb2.Timestamp
    bracket: int
    definition_name: str
    metrics_file: bool
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., training_name: _Optional[str] = ..., owner: _Optional[str] = ..., metric_definitions: _Optional[_Iterable[_Union[_spec_pb2.MetricDefinition, _Mapping]]] = ..., objective: _Optional[_Union[_spec_pb2.Objective, _Mapping]] = ..., early_stopping: _Optional[_Union[_spec_pb2.EarlyStoppingRule, _Mapping]] = ..., rungs: _Optional[_Iterable[int]] = ..., instance_count: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., bracket: _Optional[int] = ..., definition_name: _Optional[str] = ..., metrics_file: bool = ...) -> None: ...

class OutputLines(_message.Message):
    __slots__ = ("uid", "number", "attempt", "instance", "first_line", "lines", "cut", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    FIRST_LINE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    instance: int
    first_line: int
    lines: _containers.RepeatedScalarFieldContainer[str]
    cut: _containers.RepeatedScalarFieldContainer[int]
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., instance: _Optional[int] = ..., first_line: _Optional[int] = ..., lines: _Optional[_Iterable[str]] = ..., cut: _Optional[_Iterable[int]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportedValue(_message.Message):
    __slots__ = ("metric", "value")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    metric: str
    value: float
    def __init__(self, metric: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class MetricsReported(_message.Message):
    __slots__ = ("uid", "number", "attempt", "instance", "report_id", "values", "at")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    instance: int
    report_id: str
    values: _containers.RepeatedCompositeFieldContainer[ReportedValue]
    at: _timestamp_pb2.Timestamp
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., instance: _Optional[int] = ..., report_id: _Optional[str] = ..., values: _Optional[_Iterable[_Union[ReportedValue, _Mapping]]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrainingEnded(_message.Message):
    __slots__ = ("uid", "number", "attempt", "line_counts", "cause", "exit_code", "at", "metrics_file_fault", "reports")
    UID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNTS_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    METRICS_FILE_FAULT_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    uid: str
    number: int
    attempt: int
    line_counts: _containers.RepeatedScalarFieldContainer[int]
    cause: _tuning_service_pb2.EndCause
    exit_code: int
    at: _timestamp_pb2.Timestamp
    metrics_file_fault: str
    reports: int
    def __init__(self, uid: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., line_counts: _Optional[_Iterable[int]] = ..., cause: _Optional[_Union[_tuning_service_pb2.EndCause, str]] = ..., exit_code: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., metrics_file_fault: _Optional[str] = ..., reports: _Optional[int] = ...) -> None: ...
