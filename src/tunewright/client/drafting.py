"""The part of the SDK for who is still writing a job: job files, and metrics tried on a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tunewright.client.calling import Calling
from tunewright.client.requests import request_of
from tunewright.client.resources import ReadingFault
from tunewright.core.spec import MetricDefinition, Objective, TuningJobSpec
from tunewright.platform.codec import from_message, to_message
from tunewright.v1 import metrics_service_pb2, spec_pb2, tuning_service_pb2
from tunewright.v1.metrics_service_pb2_grpc import MetricsServiceStub
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """The most that a job can take, foretold from its specification."""

    max_trainings: int | None = None
    max_instance_seconds: float | None = None
    """AMT's estimate; None without a time limit of the job."""
    max_cost: float | None = None
    """By the tightest of its limits; None without prices."""
    text: str = ""
    """All this in sentences, with what bounds it and what does not."""


@dataclass(frozen=True, slots=True)
class JobFileFault:
    """Something wrong in a job file."""

    member: str = ""
    """As the file calls it; empty: the file as a whole."""
    line: int = 0
    """From 1; 0: of no line."""
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class JobFileRead:
    """What a job file says: a job as it would run and what that can cost, or all that is wrong."""

    spec: TuningJobSpec | None
    faults: tuple[JobFileFault, ...] = ()
    estimate: CostEstimate | None = None
    readable: TuningJobSpec | None = None
    """The specification as far as it can be read, also with faults."""


@dataclass(frozen=True, slots=True)
class TriedReading:
    """What one metric definition read in one line."""

    metric: str
    line: int = 0
    """From 0."""
    kind: str = ""
    """number, nan, infinite, unparsable, cut or timed out."""
    value: float = 0.0
    step: int = 0
    """From 1, per metric; 0: it is no emission, for the pattern timed out."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TriedMetrics:
    """What metric definitions read in a log."""

    readings: tuple[TriedReading, ...] = ()
    left_out: int = 0
    """How many more readings there were."""
    faults: tuple[ReadingFault, ...] = ()
    lines: int = 0
    objective_value: float | None = None
    objective_fault: str = ""
    """Why there would be no objective."""
    unnamed: Mapping[str, float] = field(default_factory=dict)
    """Numbers in lines that are JSON objects which no definition names."""


class AsyncDrafts(Calling):
    _tuning: TuningServiceStub
    _metrics: MetricsServiceStub

    async def read_job_file(self, text: str, *, name: str = "") -> JobFileRead:
        """Have the server read and check a job file; all that is wrong with it is in the answer.

        The server knows no folder of yours: paths in it are absolute. `name` is for a file that gives none.
        """
        request = request_of(tuning_service_pb2.ReadJobFileRequest, text=text, name=name)
        return from_message(await self._call(self._tuning.ReadJobFile, request), JobFileRead)

    async def write_job_file(self, spec: TuningJobSpec) -> str:
        """Return the shortest job file that says this, AMT's body if only that can. Raises InvalidSpec: none can."""
        message = to_message(spec, spec_pb2.TuningJobSpec)
        request = request_of(tuning_service_pb2.WriteJobFileRequest, spec=message)
        text: str = (await self._call(self._tuning.WriteJobFile, request)).text
        return text

    async def try_metrics(
        self, metrics: Sequence[MetricDefinition], text: str, *, objective: Objective | None = None
    ) -> TriedMetrics:
        """Read a log as the output of a training with these metrics would be read. Raises InvalidSpec."""
        request = request_of(
            metrics_service_pb2.TryMetricsRequest,
            metrics=[to_message(item, spec_pb2.MetricDefinition) for item in metrics],
            text=text,
            objective=None if objective is None else to_message(objective, spec_pb2.Objective),
        )
        return from_message(await self._call(self._metrics.TryMetrics, request), TriedMetrics)
