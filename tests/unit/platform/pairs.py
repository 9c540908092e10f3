"""Every pair of dataclass and message that the codec carries, and values of such a dataclass."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from google.protobuf.message import Message
from hypothesis import strategies as st

from tunewright.client import drafting, explaining, operations, resources
from tunewright.core import finished, space, spec
from tunewright.events.v1 import facts_pb2, output_pb2, results_pb2
from tunewright.v1 import (
    explanation_service_pb2,
    metrics_service_pb2,
    operations_service_pb2,
    spec_pb2,
    suggestion_service_pb2,
    tuning_service_pb2,
    worker_service_pb2,
)
from tunewright_metrics.core.stream import Started
from tunewright_metrics.core.summary import Summary
from tunewright_scheduler.core import attempt, controls, cost, diagnosis, facts, training
from tunewright_scheduler.core import job as scheduler_job
from tunewright_suggester.core import ask as suggester_ask
from tunewright_trainer.core.attempt import Attempt, Launch

Pair = tuple[type, type[Message]]


def _of(module: types.ModuleType, messages: types.ModuleType) -> list[Pair]:
    names = [name for name in vars(module) if is_dataclass(getattr(module, name)) and hasattr(messages, name)]
    return [(getattr(module, name), getattr(messages, name)) for name in names]


WHOLE: list[Pair] = [
    *_of(spec, spec_pb2),
    *_of(space, spec_pb2),
    *_of(facts, facts_pb2),
    (scheduler_job.Provenance, tuning_service_pb2.Provenance),
    (scheduler_job.Outlook, tuning_service_pb2.Outlook),
    (attempt.Attempt, tuning_service_pb2.TrainingAttempt),
    (resources.TrainingAttempt, tuning_service_pb2.TrainingAttempt),
    (suggester_ask.Outlook, tuning_service_pb2.Outlook),
    (suggester_ask.Neighbour, suggestion_service_pb2.Neighbour),
    (resources.Provenance, tuning_service_pb2.Provenance),
    (resources.TrainingCounters, tuning_service_pb2.TrainingCounters),
    (resources.ObjectiveCounters, tuning_service_pb2.ObjectiveCounters),
    (resources.Finding, tuning_service_pb2.Finding),
    (finished.FinishedTraining, tuning_service_pb2.FinishedTraining),
    (resources.ReadingFault, tuning_service_pb2.ReadingFault),
    (training.ReadingFault, results_pb2.ReadingFault),
    (training.ReadingFault, tuning_service_pb2.ReadingFault),
    (diagnosis.Finding, tuning_service_pb2.Finding),
    *_of(explaining, explanation_service_pb2),
    (explaining.Neighbour, suggestion_service_pb2.Neighbour),
    (operations.TrainerInfo, operations_service_pb2.TrainerInfo),
    (operations.Quota, operations_service_pb2.Quota),
    (controls.Quota, operations_service_pb2.Quota),
    (cost.CostEstimate, tuning_service_pb2.CostEstimate),
    (drafting.CostEstimate, tuning_service_pb2.CostEstimate),
    (drafting.JobFileFault, tuning_service_pb2.JobFileFault),
    (drafting.JobFileRead, tuning_service_pb2.ReadJobFileResponse),
    (drafting.TriedReading, metrics_service_pb2.TriedReading),
    (drafting.TriedMetrics, metrics_service_pb2.TryMetricsResponse),
    (Attempt, worker_service_pb2.Attempt),
    (Summary, results_pb2.TrainingSummarized),
]
"""Both have the same fields."""

PARTIAL: list[Pair] = [
    (suggester_ask.Provenance, tuning_service_pb2.Provenance),
    (resources.TrainingJob, tuning_service_pb2.TrainingJob),
    (resources.TuningJob, tuning_service_pb2.TuningJob),
    (resources.Watched, tuning_service_pb2.WatchTuningJobResponse),
    (resources.OutputLine, metrics_service_pb2.OutputLine),
    (resources.Measurement, metrics_service_pb2.Measurement),
    (Started, output_pb2.TrainingStarted),
    (Launch, worker_service_pb2.Grant),
]
"""The dataclass takes part of the message."""
ADDED_HERE = {"gpus", "tracing"}
"""Fields of a partial dataclass that its receiver adds."""

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def values_of(value_type: type, message_type: type[Message]) -> st.SearchStrategy[Any]:
    """Return a strategy of the dataclass's values, as far as the message can tell them apart."""
    return _dataclass(value_type, message_type.DESCRIPTOR)


@cache
def _dataclass(value_type: Any, descriptor: Any) -> st.SearchStrategy[Any]:
    match value_type:
        case space.Float:
            ends = st.floats(-1e300, 1e300)
            return st.tuples(ends, ends).map(sorted).map(lambda both: space.Float(*both, space.ScalingType.LINEAR))
        case space.Int:
            ends = st.integers(-(2**53), 2**53)
            return st.tuples(ends, ends).map(sorted).map(lambda both: space.Int(*both))
        case space.Choice:
            return st.lists(TEXTS, min_size=1, max_size=3, unique=True).map(tuple).map(space.Choice)
    hints = get_type_hints(value_type)
    told = [field for field in fields(value_type) if field.name not in ADDED_HERE]
    named = {field.name: _field(field, hints[field.name], descriptor) for field in told}
    if value_type is Attempt:
        named["training_id"] = st.from_regex(r"\A[a-z0-9]{1,4}/[0-9]{1,6}\Z")
    if value_type is Launch:
        named["training_name"] = st.from_regex(r"\A[a-z][a-z0-9-]{0,9}\Z")
    return st.builds(value_type, **named)


def _field(field: Any, hint: Any, message: Any) -> st.SearchStrategy[Any]:
    options = [option for option in _options(hint) if option is not type(None)]
    descriptor = message.fields_by_name.get(field.name)
    if descriptor is None:
        cases = {case.message_type.name: case.message_type for case in message.oneofs_by_name[field.name].fields}
        return st.one_of([_dataclass(option, cases[option.__name__]) for option in options])
    told = _told(descriptor, Union[tuple(options)])  # noqa: UP007 - built at run time
    if len(options) < len(_options(hint)):
        return st.none() | told
    zero_means_default = not (descriptor.has_presence or descriptor.is_repeated) and field.default not in {
        MISSING,
        False,
    }
    return told.filter(bool) if zero_means_default else told


def _told(descriptor: Any, hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is tuple:
        return st.lists(_one(descriptor, get_args(hint)[0]), max_size=2).map(tuple)
    if get_origin(hint) in {dict, Mapping}:
        value = descriptor.message_type.fields_by_name["value"]
        return st.dictionaries(TEXTS, _one(value, get_args(hint)[1]), max_size=2)
    return _one(descriptor, hint)


def _one(descriptor: Any, hint: Any) -> st.SearchStrategy[Any]:
    if is_dataclass(hint):
        return _dataclass(hint, descriptor.message_type)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if descriptor.message_type is not None and descriptor.message_type.name == "Timestamp":
        return st.floats(2.0**23, 2.0**33)
    if descriptor.message_type is not None:
        return TEXTS | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    bits = 31 if descriptor.cpp_type == descriptor.CPPTYPE_INT32 else 63
    scalars = {
        bool: st.booleans(),
        int: st.integers(-(2**bits), 2**bits - 1),
        float: st.floats(allow_nan=False),
        str: TEXTS,
    }
    return scalars[hint]


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
