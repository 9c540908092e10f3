from tunewright.v1 import suggestion_service_pb2 as _suggestion_service_pb2
from tunewright.v1 import tuning_service_pb2 as _tuning_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExplainTrainingJobRequest(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: str
    def __init__(self, training: _Optional[str] = ...) -> None: ...

class ExplainTrainingJobResponse(_message.Message):
    __slots__ = ("explanation",)
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    explanation: Explanation
    def __init__(self, explanation: _Optional[_Union[Explanation, _Mapping]] = ...) -> None: ...

class Explanation(_message.Message):
    __slots__ = ("training", "text", "ask_number", "observations", "pending", "neighbours", "lengthscales", "noise")
    class LengthscalesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ASK_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    NEIGHBOURS_FIELD_NUMBER: _ClassVar[int]
    LENGTHSCALES_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    training: _tuning_service_pb2.TrainingJob
    text: str
    ask_number: int
    observations: int
    pending: _containers.RepeatedScalarFieldContainer[int]
    neighbours: _containers.RepeatedCompositeFieldContainer[_suggestion_service_pb2.Neighbour]
    lengthscales: _containers.ScalarMap[str, float]
    noise: float
    def __init__(self, training: _Optional[_Union[_tuning_service_pb2.TrainingJob, _Mapping]] = ..., text: _Optional[str] = ..., ask_number: _Optional[int] = ..., observations: _Optional[int] = ..., pending: _Optional[_Iterable[int]] = ..., neighbours: _Optional[_Iterable[_Union[_suggestion_service_pb2.Neighbour, _Mapping]]] = ..., lengthscales: _Optional[_Mapping[str, float]] = ..., noise: _Optional[float] = ...) -> None: ...

class ReplayTuningJobRequest(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: str
    def __init__(self, job: _Optional[str] = ...) -> None: ...

class ReplayTuningJobResponse(_message.Message):
    __slots__ = ("replayed",)
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    replayed: Replayed
    def __init__(self, replayed: _Optional[_Union[Replayed, _Mapping]] = ...) -> None: ...

class Replayed(_message.Message):
    __slots__ = ("ask_number", "trainings", "difference")
    ASK_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    ask_number: int
    trainings: _containers.RepeatedScalarFieldContainer[int]
    difference: str
    def __init__(self, ask_number: _Optional[int] = ..., trainings: _Optional[_Iterable[int]] = ..., difference: _Optional[str] = ...) -> None: ...
