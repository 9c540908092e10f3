import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tunewright.v1 import spec_pb2 as _spec_pb2
from tunewright.v1 import tuning_service_pb2 as _tuning_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Analysis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ANALYSIS_UNSPECIFIED: _ClassVar[Analysis]
    ANALYSIS_IMPORTANCE: _ClassVar[Analysis]
    ANALYSIS_PARTIAL_DEPENDENCE: _ClassVar[Analysis]
    ANALYSIS_BEST_SO_FAR: _ClassVar[Analysis]
    ANALYSIS_DISTRIBUTION: _ClassVar[Analysis]
    ANALYSIS_ADVICE: _ClassVar[Analysis]
ANALYSIS_UNSPECIFIED: Analysis
ANALYSIS_IMPORTANCE: Analysis
ANALYSIS_PARTIAL_DEPENDENCE: Analysis
ANALYSIS_BEST_SO_FAR: Analysis
ANALYSIS_DISTRIBUTION: Analysis
ANALYSIS_ADVICE: Analysis

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

class SendOutputRequest(_message.Message):
    __slots__ = ("training", "attempt", "start", "first_record", "records", "end", "session_key")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    FIRST_RECORD_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    SESSION_KEY_FIELD_NUMBER: _ClassVar[int]
    training: str
    attempt: int
    start: bool
    first_record: int
    records: _containers.RepeatedScalarFieldContainer[str]
    end: OutputEnd
    session_key: str
    def __init__(self, training: _Optional[str] = ..., attempt: _Optional[int] = ..., start: bool = ..., first_record: _Optional[int] = ..., records: _Optional[_Iterable[str]] = ..., end: _Optional[_Union[OutputEnd, _Mapping]] = ..., session_key: _Optional[str] = ...) -> None: ...

class OutputEnd(_message.Message):
    __slots__ = ("cause", "exit_code", "ended_at", "records")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    cause: _tuning_service_pb2.EndCause
    exit_code: int
    ended_at: _timestamp_pb2.Timestamp
    records: int
    def __init__(self, cause: _Optional[_Union[_tuning_service_pb2.EndCause, str]] = ..., exit_code: _Optional[int] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., records: _Optional[int] = ...) -> None: ...

class SendOutputResponse(_message.Message):
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
    __slots__ = ("training", "metric", "page_token", "only_new")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ONLY_NEW_FIELD_NUMBER: _ClassVar[int]
    training: str
    metric: str
    page_token: str
    only_new: bool
    def __init__(self, training: _Optional[str] = ..., metric: _Optional[str] = ..., page_token: _Optional[str] = ..., only_new: bool = ...) -> None: ...

class FollowMeasurementsResponse(_message.Message):
    __slots__ = ("measurements", "next_page_token")
    MEASUREMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    measurements: _containers.RepeatedCompositeFieldContainer[Measurement]
    next_page_token: str
    def __init__(self, measurements: _Optional[_Iterable[_Union[Measurement, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ReadOutputRequest(_message.Message):
    __slots__ = ("training", "page_size", "page_token", "contains", "matches", "instance", "tail", "attempt")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CONTAINS_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    training: str
    page_size: int
    page_token: str
    contains: str
    matches: str
    instance: int
    tail: int
    attempt: int
    def __init__(self, training: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., contains: _Optional[str] = ..., matches: _Optional[str] = ..., instance: _Optional[int] = ..., tail: _Optional[int] = ..., attempt: _Optional[int] = ...) -> None: ...

class ReadOutputResponse(_message.Message):
    __slots__ = ("lines", "next_page_token", "previous_page_token")
    LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[OutputLine]
    next_page_token: str
    previous_page_token: str
    def __init__(self, lines: _Optional[_Iterable[_Union[OutputLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., previous_page_token: _Optional[str] = ...) -> None: ...

class FollowOutputRequest(_message.Message):
    __slots__ = ("training", "tail", "contains", "matches", "instance", "page_token")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    CONTAINS_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    training: str
    tail: int
    contains: str
    matches: str
    instance: int
    page_token: str
    def __init__(self, training: _Optional[str] = ..., tail: _Optional[int] = ..., contains: _Optional[str] = ..., matches: _Optional[str] = ..., instance: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class FollowOutputResponse(_message.Message):
    __slots__ = ("lines", "next_page_token", "previous_page_token")
    LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[OutputLine]
    next_page_token: str
    previous_page_token: str
    def __init__(self, lines: _Optional[_Iterable[_Union[OutputLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., previous_page_token: _Optional[str] = ...) -> None: ...

class Curve(_message.Message):
    __slots__ = ("training", "training_name", "number", "attempt", "steps", "values", "means", "complete", "removed")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    TRAINING_NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    MEANS_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    training: str
    training_name: str
    number: int
    attempt: int
    steps: _containers.RepeatedScalarFieldContainer[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    means: _containers.RepeatedScalarFieldContainer[float]
    complete: bool
    removed: bool
    def __init__(self, training: _Optional[str] = ..., training_name: _Optional[str] = ..., number: _Optional[int] = ..., attempt: _Optional[int] = ..., steps: _Optional[_Iterable[int]] = ..., values: _Optional[_Iterable[float]] = ..., means: _Optional[_Iterable[float]] = ..., complete: bool = ..., removed: bool = ...) -> None: ...

class ListCurvesRequest(_message.Message):
    __slots__ = ("job", "metric", "max_points", "page_size", "page_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    MAX_POINTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: str
    metric: str
    max_points: int
    page_size: int
    page_token: str
    def __init__(self, job: _Optional[str] = ..., metric: _Optional[str] = ..., max_points: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCurvesResponse(_message.Message):
    __slots__ = ("curves", "next_page_token")
    CURVES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    curves: _containers.RepeatedCompositeFieldContainer[Curve]
    next_page_token: str
    def __init__(self, curves: _Optional[_Iterable[_Union[Curve, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class FollowCurvesRequest(_message.Message):
    __slots__ = ("job", "metric", "max_points", "page_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    MAX_POINTS_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: str
    metric: str
    max_points: int
    page_token: str
    def __init__(self, job: _Optional[str] = ..., metric: _Optional[str] = ..., max_points: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class FollowCurvesResponse(_message.Message):
    __slots__ = ("curves", "next_page_token")
    CURVES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    curves: _containers.RepeatedCompositeFieldContainer[Curve]
    next_page_token: str
    def __init__(self, curves: _Optional[_Iterable[_Union[Curve, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SearchOutputRequest(_message.Message):
    __slots__ = ("job", "contains", "matches", "page_size", "page_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    CONTAINS_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: str
    contains: str
    matches: str
    page_size: int
    page_token: str
    def __init__(self, job: _Optional[str] = ..., contains: _Optional[str] = ..., matches: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class FoundLine(_message.Message):
    __slots__ = ("training_name", "number", "line")
    TRAINING_NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    training_name: str
    number: int
    line: OutputLine
    def __init__(self, training_name: _Optional[str] = ..., number: _Optional[int] = ..., line: _Optional[_Union[OutputLine, _Mapping]] = ...) -> None: ...

class SearchOutputResponse(_message.Message):
    __slots__ = ("lines", "next_page_token")
    LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[FoundLine]
    next_page_token: str
    def __init__(self, lines: _Optional[_Iterable[_Union[FoundLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AnalyzeRequest(_message.Message):
    __slots__ = ("job", "analyses", "definition_name")
    JOB_FIELD_NUMBER: _ClassVar[int]
    ANALYSES_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    job: str
    analyses: _containers.RepeatedScalarFieldContainer[Analysis]
    definition_name: str
    def __init__(self, job: _Optional[str] = ..., analyses: _Optional[_Iterable[_Union[Analysis, str]]] = ..., definition_name: _Optional[str] = ...) -> None: ...

class Importance(_message.Message):
    __slots__ = ("definition_name", "parameter", "method", "share", "low", "high")
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMETER_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    definition_name: str
    parameter: str
    method: str
    share: float
    low: float
    high: float
    def __init__(self, definition_name: _Optional[str] = ..., parameter: _Optional[str] = ..., method: _Optional[str] = ..., share: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class PartialDependence(_message.Message):
    __slots__ = ("definition_name", "parameter", "at", "mean", "deviation")
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMETER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    DEVIATION_FIELD_NUMBER: _ClassVar[int]
    definition_name: str
    parameter: str
    at: _containers.RepeatedCompositeFieldContainer[_spec_pb2.Value]
    mean: _containers.RepeatedScalarFieldContainer[float]
    deviation: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, definition_name: _Optional[str] = ..., parameter: _Optional[str] = ..., at: _Optional[_Iterable[_Union[_spec_pb2.Value, _Mapping]]] = ..., mean: _Optional[_Iterable[float]] = ..., deviation: _Optional[_Iterable[float]] = ...) -> None: ...

class BestStep(_message.Message):
    __slots__ = ("number", "at", "value", "trainings")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    number: int
    at: _timestamp_pb2.Timestamp
    value: float
    trainings: int
    def __init__(self, number: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., value: _Optional[float] = ..., trainings: _Optional[int] = ...) -> None: ...

class Share(_message.Message):
    __slots__ = ("value", "share")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    value: float
    share: float
    def __init__(self, value: _Optional[float] = ..., share: _Optional[float] = ...) -> None: ...

class Advice(_message.Message):
    __slots__ = ("kind", "text", "remedy", "definition_name", "suggested")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    SUGGESTED_FIELD_NUMBER: _ClassVar[int]
    kind: str
    text: str
    remedy: str
    definition_name: str
    suggested: _spec_pb2.Parameter
    def __init__(self, kind: _Optional[str] = ..., text: _Optional[str] = ..., remedy: _Optional[str] = ..., definition_name: _Optional[str] = ..., suggested: _Optional[_Union[_spec_pb2.Parameter, _Mapping]] = ...) -> None: ...

class Narrowed(_message.Message):
    __slots__ = ("parameter", "reason", "definition_name")
    PARAMETER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    parameter: _spec_pb2.Parameter
    reason: str
    definition_name: str
    def __init__(self, parameter: _Optional[_Union[_spec_pb2.Parameter, _Mapping]] = ..., reason: _Optional[str] = ..., definition_name: _Optional[str] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("analysis", "definition_name", "reason")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    analysis: Analysis
    definition_name: str
    reason: str
    def __init__(self, analysis: _Optional[_Union[Analysis, str]] = ..., definition_name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class AnalyzeResponse(_message.Message):
    __slots__ = ("importances", "dependences", "best_so_far", "distribution", "advice", "refused", "trainings", "stopped", "left_out", "narrowed")
    IMPORTANCES_FIELD_NUMBER: _ClassVar[int]
    DEPENDENCES_FIELD_NUMBER: _ClassVar[int]
    BEST_SO_FAR_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    NARROWED_FIELD_NUMBER: _ClassVar[int]
    importances: _containers.RepeatedCompositeFieldContainer[Importance]
    dependences: _containers.RepeatedCompositeFieldContainer[PartialDependence]
    best_so_far: _containers.RepeatedCompositeFieldContainer[BestStep]
    distribution: _containers.RepeatedCompositeFieldContainer[Share]
    advice: _containers.RepeatedCompositeFieldContainer[Advice]
    refused: _containers.RepeatedCompositeFieldContainer[Refusal]
    trainings: int
    stopped: int
    left_out: int
    narrowed: _containers.RepeatedCompositeFieldContainer[Narrowed]
    def __init__(self, importances: _Optional[_Iterable[_Union[Importance, _Mapping]]] = ..., dependences: _Optional[_Iterable[_Union[PartialDependence, _Mapping]]] = ..., best_so_far: _Optional[_Iterable[_Union[BestStep, _Mapping]]] = ..., distribution: _Optional[_Iterable[_Union[Share, _Mapping]]] = ..., advice: _Optional[_Iterable[_Union[Advice, _Mapping]]] = ..., refused: _Optional[_Iterable[_Union[Refusal, _Mapping]]] = ..., trainings: _Optional[int] = ..., stopped: _Optional[int] = ..., left_out: _Optional[int] = ..., narrowed: _Optional[_Iterable[_Union[Narrowed, _Mapping]]] = ...) -> None: ...

class TryMetricsRequest(_message.Message):
    __slots__ = ("metrics", "text", "objective")
    METRICS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    metrics: _containers.RepeatedCompositeFieldContainer[_spec_pb2.MetricDefinition]
    text: str
    objective: _spec_pb2.Objective
    def __init__(self, metrics: _Optional[_Iterable[_Union[_spec_pb2.MetricDefinition, _Mapping]]] = ..., text: _Optional[str] = ..., objective: _Optional[_Union[_spec_pb2.Objective, _Mapping]] = ...) -> None: ...

class TriedReading(_message.Message):
    __slots__ = ("metric", "line", "kind", "value", "step", "text")
    METRIC_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    metric: str
    line: int
    kind: str
    value: float
    step: int
    text: str
    def __init__(self, metric: _Optional[str] = ..., line: _Optional[int] = ..., kind: _Optional[str] = ..., value: _Optional[float] = ..., step: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class TryMetricsResponse(_message.Message):
    __slots__ = ("readings", "left_out", "faults", "lines", "objective_value", "objective_fault", "unnamed")
    class UnnamedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    READINGS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_VALUE_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FAULT_FIELD_NUMBER: _ClassVar[int]
    UNNAMED_FIELD_NUMBER: _ClassVar[int]
    readings: _containers.RepeatedCompositeFieldContainer[TriedReading]
    left_out: int
    faults: _containers.RepeatedCompositeFieldContainer[_tuning_service_pb2.ReadingFault]
    lines: int
    objective_value: float
    objective_fault: str
    unnamed: _containers.ScalarMap[str, float]
    def __init__(self, readings: _Optional[_Iterable[_Union[TriedReading, _Mapping]]] = ..., left_out: _Optional[int] = ..., faults: _Optional[_Iterable[_Union[_tuning_service_pb2.ReadingFault, _Mapping]]] = ..., lines: _Optional[int] = ..., objective_value: _Optional[float] = ..., objective_fault: _Optional[str] = ..., unnamed: _Optional[_Mapping[str, float]] = ...) -> None: ...
