import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tunewright.v1 import spec_pb2 as _spec_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Measurement(_message.Message):
    __slots__ = ("metric", "value", "step", "at", "instance", "line")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    metric: str
    value: float
    step: int
    at: _timestamp_pb2.Timestamp
    instance: int
    line: int
    def __init__(self, metric: _Optional[str] = ..., value: _Optional[float] = ..., step: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., instance: _Optional[int] = ..., line: _Optional[int] = ...) -> None: ...

class OutputLine(_message.Message):
    __slots__ = ("index", "text", "instance", "at", "cut")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    index: int
    text: str
    instance: int
    at: _timestamp_pb2.Timestamp
    cut: bool
    def __init__(self, index: _Optional[int] = ..., text: _Optional[str] = ..., instance: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cut: bool = ...) -> None: ...

class ReportMetricsRequest(_message.Message):
    __slots__ = ("training", "attempt", "measurements", "request_id")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    training: str
    attempt: int
    measurements: _containers.RepeatedCompositeFieldContainer[Measurement]
    request_id: str
    def __init__(self, training: _Optional[str] = ..., attempt: _Optional[int] = ..., measurements: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReportMetricsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListMeasurementsRequest(_message.Message):
    __slots__ = ("training", "metric", "page_size", "page_token", "max_points", "attempt")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MAX_POINTS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    training: str
    metric: str
    page_size: int
    page_token: str
    max_points: int
    attempt: int
    def __init__(self, training: _Optional[str] = ..., metric: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., max_points: _Optional[int] = ..., attempt: _Optional[int] = ...) -> None: ...

class ListMeasurementsResponse(_message.Message):
    __slots__ = ("measurements", "next_page_token")
    MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    measurements: _containers.RepeatedCompositeFieldContainer[Measurement]
    next_page_token: str
    def __init__(self, measurements: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class FollowMeasurementsRequest(_message.Message):
    __slots__ = ("training", "metric")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    training: str
    metric: str
    def __init__(self, training: _Optional[str] = ..., metric: _Optional[str] = ...) -> None: ...

class FollowMeasurementsResponse(_message.Message):
    __slots__ = ("measurements",)
    MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    measurements: _containers.RepeatedCompositeFieldContainer[Measurement]
    def __init__(self, measurements: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ...) -> None: ...

class ReadOutputRequest(_message.Message):
    __slots__ = ("training", "page_size", "page_token", "contains", "tail", "attempt")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONTAINS_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    training: str
    page_size: int
    page_token: str
    contains: str
    tail: int
    attempt: int
    def __init__(self, training: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., contains: _Optional[str] = ..., tail: _Optional[int] = ..., attempt: _Optional[int] = ...) -> None: ...

class ReadOutputResponse(_message.Message):
    __slots__ = ("lines", "next_page_token")
    LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[OutputLine]
    next_page_token: str
    def __init__(self, lines: _Optional[_Iterable[_Union[OutputLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class FollowOutputRequest(_message.Message):
    __slots__ = ("training", "tail")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    training: str
    tail: int
    def __init__(self, training: _Optional[str] = ..., tail: _Optional[int] = ...) -> None: ...

class FollowOutputResponse(_message.Message):
    __slots__ = ("lines",)
    LINES_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[OutputLine]
    def __init__(self, lines: _Optional[_Iterable[_Union[OutputLine, _Mapping]]] = ...) -> None: ...

class AnalyzeRequest(_message.Message):
    __slots__ = ("job", "analyses")
    JOB_FIELD_NUMBER: _ClassVar[int]
    ANALYSES_FIELD_NUMBER: _ClassVar[int]
    job: str
    analyses: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, job: _Optional[str] = ..., analyses: _Optional[_Iterable[str]] = ...) -> None: ...

class Importance(_message.Message):
    __slots__ = ("parameter", "share", "deviation")
    PARAMETER_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    DEVIATION_FIELD_NUMBER: _ClassVar[int]
    parameter: _spec_pb2.Parameter
    share: float
    deviation: float
    def __init__(self, parameter: _Optional[_Union[_spec_pb2.Parameter, _Mapping]] = ..., share: _Optional[float] = ..., deviation: _Optional[float] = ...) -> None: ...

class Advice(_message.Message):
    __slots__ = ("kind", "text", "suggested")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SUGGESTED_FIELD_NUMBER: _ClassVar[int]
    kind: str
    text: str
    suggested: _spec_pb2.Parameter
    def __init__(self, kind: _Optional[str] = ..., text: _Optional[str] = ..., suggested: _Optional[_Union[_spec_pb2.Parameter, _Mapping]] = ...) -> None: ...

class AnalyzeResponse(_message.Message):
    __slots__ = ("importances", "advice", "refused")
    class RefusedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    IMPORTANCES_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    importances: _containers.RepeatedCompositeFieldContainer[Importance]
    advice: _containers.RepeatedCompositeFieldContainer[Advice]
    refused: _containers.ScalarMap[str, str]
    def __init__(self, importances: _Optional[_Iterable[_Union[Importance, _Mapping]]] = ..., advice: _Optional[_Iterable[_Union[Advice, _Mapping]]] = ..., refused: _Optional[_Mapping[str, str]] = ...) -> None: ...
