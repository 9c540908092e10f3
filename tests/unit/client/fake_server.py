"""A server that answers what a test has put into it, over a real channel."""

# ruff: noqa: N802 - gRPC's names

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.callers import gate
from tunewright.client import Address
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound, Unavailable
from tunewright.core.states import JobState
from tunewright.platform.rpc.server import RpcServer
from tunewright.v1 import metrics_service_pb2 as mpb
from tunewright.v1 import metrics_service_pb2_grpc, spec_pb2, tuning_service_pb2_grpc
from tunewright.v1 import tuning_service_pb2 as pb

TOKEN = "right"
PAGE = 2


class Tuning(tuning_service_pb2_grpc.TuningServiceServicer):
    """Keeps jobs by name; every method that fails does so `failures` times first, as if the server were away."""

    def __init__(self) -> None:
        self.jobs: dict[str, pb.TuningJob] = {}
        self.trainings: list[pb.TrainingJob] = []
        self.failures = 0
        self.closing = False
        self.faster = 0
        """So many times somebody else amends a job first."""
        self.requests: list[object] = []
        self.left_s = 0.0
        """Until the deadline of an import."""
        self.steps: list[pb.WatchTuningJobResponse | None] = []
        """What a watcher is sent; None breaks the connection."""

    async def CreateTuningJob(self, request, _context):
        self._note(request)
        if not request.spec.name:
            raise InvalidSpec("name", "is missing", "Give one")
        job = pb.TuningJob(uid="u", spec=request.spec, state="JOB_STATE_RUNNING")
        if not request.validate_only:
            self.jobs[request.spec.name] = job
        return pb.CreateTuningJobResponse(job=job)

    async def GetTuningJob(self, request, _context):
        self._note(request)
        return pb.GetTuningJobResponse(job=self._job(request.job))

    async def ListTuningJobs(self, request, _context):
        asked = [job for job in self.jobs.values() if request.state_equals in {"", shown(job)}]
        page, token = paged(asked, request.page_token)
        return pb.ListTuningJobsResponse(jobs=page, next_page_token=token)

    async def StopTuningJob(self, request, _context):
        job = self._job(request.job)
        job.state = pb.JOB_STATE_STOPPING
        return pb.StopTuningJobResponse(job=job)

    async def PauseTuningJob(self, request, _context):
        job = self._job(request.job)
        job.state = pb.JOB_STATE_PAUSED
        return pb.PauseTuningJobResponse(job=job)

    async def ResumeTuningJob(self, request, _context):
        job = self._job(request.job)
        job.state = pb.JOB_STATE_RUNNING
        return pb.ResumeTuningJobResponse(job=job)

    async def AmendTuningJob(self, request, _context):
        self._note(request)
        job = self._job(request.job)
        if self.closing:
            raise IllegalTransition(f"tuning job {request.job}", "closing", "be changed")
        job.spec_revision += 1
        if self.faster:
            self.faster -= 1
            raise IllegalTransition(f"tuning job {request.job}", "at another revision", "be amended")
        return pb.AmendTuningJobResponse(job=job)

    async def ExtendTuningJob(self, request, _context):
        self._note(request)
        return pb.ExtendTuningJobResponse(job=self._job(request.job))

    async def RetryTuningJob(self, request, _context):
        self._note(request)
        return pb.RetryTuningJobResponse(job=self._job(request.job))

    async def DeleteTuningJob(self, request, _context):
        del self.jobs[self._job(request.job).spec.name]
        return pb.DeleteTuningJobResponse()

    async def ListTrainingJobs(self, request, _context):
        self._note(request)
        page, token = paged(self.trainings, request.page_token)
        return pb.ListTrainingJobsResponse(trainings=page, next_page_token=token)

    async def CreateTrainingJob(self, request, _context):
        self._note(request)
        training = pb.TrainingJob(id="u/000001", name=request.name, state="TRAINING_STATE_READY", alone=True)
        return pb.CreateTrainingJobResponse(training=training)

    async def ChangeTags(self, request, _context):
        self._note(request)
        return pb.ChangeTagsResponse(tags=request.set)

    async def ImportTuningJob(self, request, context):
        self._note(request)
        self.left_s = context.time_remaining()
        return pb.ImportTuningJobResponse(job=pb.TuningJob(uid="u", spec=request.spec, state="JOB_STATE_COMPLETED"))

    async def WatchTuningJob(self, request, _context):
        self._note(request)
        self._job(request.job)
        while self.steps:
            step = self.steps.pop(0)
            if step is None:
                raise Unavailable("scheduler")
            yield step

    def _job(self, name: str) -> pb.TuningJob:
        for job in self.jobs.values():
            if name in {job.spec.name, job.uid}:
                return job
        raise NotFound("tuning job", name)

    def _note(self, request: object) -> None:
        self.requests.append(request)
        if self.failures:
            self.failures -= 1
            raise Unavailable("store", "it is away")


class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self) -> None:
        self.lines = [mpb.OutputLine(index=index, text=f"line {index}") for index in range(5)]
        self.measured = [mpb.Measurement(metric="acc", value=step / 10, step=step) for step in range(1, 6)]
        self.curves = [
            mpb.Curve(
                training=f"u/{number}", training_name=f"a-{number:03d}", number=number, steps=[1, 2], values=[0, 1]
            )
            for number in range(1, 6)
        ]
        self.requests: list[object] = []

    async def ReadOutput(self, request, _context):
        self.requests.append(request)
        if request.tail:
            return mpb.ReadOutputResponse(lines=self.lines[-request.tail :])
        page, token = paged(self.lines, request.page_token)
        return mpb.ReadOutputResponse(lines=page, next_page_token=token)

    async def FollowOutput(self, request, _context):
        if request.training == "unknown":
            raise NotFound("training job", request.training)
        for line in self.lines[-request.tail :]:
            yield mpb.FollowOutputResponse(lines=[line])

    async def ReportMetrics(self, request, _context):
        self.requests.append(request)
        return mpb.ReportMetricsResponse()

    async def ListMeasurements(self, request, _context):
        page, token = paged(self.measured, request.page_token)
        return mpb.ListMeasurementsResponse(measurements=page, next_page_token=token)

    async def ListCurves(self, request, _context):
        self.requests.append(request)
        page, token = paged(self.curves, request.page_token)
        return mpb.ListCurvesResponse(curves=page, next_page_token=token)

    async def FollowCurves(self, _request, _context):
        for curve in self.curves:
            yield mpb.FollowCurvesResponse(curves=[curve])

    async def SearchOutput(self, request, _context):
        self.requests.append(request)
        found = [mpb.FoundLine(training_name="a-001", number=1, line=line) for line in self.lines]
        page, token = paged([mpb.FoundLine(training_name="a-000"), *found], request.page_token)
        return mpb.SearchOutputResponse(lines=page, next_page_token=token)

    async def FollowMeasurements(self, _request, _context):
        for measurement in self.measured:
            yield mpb.FollowMeasurementsResponse(measurements=[measurement])

    async def Analyze(self, request, _context):
        if request.job == "unknown":
            raise NotFound("tuning job", request.job)
        return mpb.AnalyzeResponse(
            importances=[mpb.Importance(parameter="lr", method="sobol", share=0.5, low=0.25, high=0.75)],
            dependences=[
                mpb.PartialDependence(
                    parameter="lr", at=[spec_pb2.Value(float_value=at) for at in (0.0, 1.0)], mean=[0.0, 2.0],
                    deviation=[0.1, 0.1],
                )
            ],
            best_so_far=[mpb.BestStep(number=3, at={"seconds": 9}, value=0.0, trainings=4)],
            refused=[mpb.Refusal(analysis="ANALYSIS_DISTRIBUTION", reason=f"{list(request.analyses)}")],
            trainings=7,
        )  # fmt: skip


def shown(job: pb.TuningJob) -> str:
    return JobState(pb.JobState.Name(job.state).removeprefix("JOB_STATE_")).shown


def paged(items: list, token: str) -> tuple[list, str]:
    start = int(token or 0)
    return items[start : start + PAGE], str(start + PAGE) if start + PAGE < len(items) else ""


@asynccontextmanager
async def serving(tuning: Tuning, metrics: Metrics) -> AsyncIterator[Address]:
    server = RpcServer("127.0.0.1", 0, gate({TOKEN: "me"}))
    await server.start(
        {
            "tunewright.v1.TuningService": partial(tuning_service_pb2_grpc.add_TuningServiceServicer_to_server, tuning),
            "tunewright.v1.MetricsService": partial(
                metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server, metrics
            ),
        }
    )
    try:
        yield Address(f"127.0.0.1:{server.port}", TOKEN)
    finally:
        await server.stop(0)
