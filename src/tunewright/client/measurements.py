"""The part of the SDK that is about what trainings say: output, values, curves, and analyses of them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping

from tunewright.client.calling import PATIENCE_S, Calling
from tunewright.client.requests import request_of
from tunewright.client.resources import Curve, FoundLine, Measurement, OutputLine
from tunewright.core.analysis import Analyses, Analysis
from tunewright.core.errors import InvalidSpec
from tunewright.platform.codec import from_message
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1.metrics_service_pb2_grpc import MetricsServiceStub


class AsyncMeasurements(Calling):
    _metrics: MetricsServiceStub

    async def output(
        self,
        training: str,
        *,
        follow: bool = False,
        tail: int = 0,
        contains: str = "",
        matches: str = "",
        instance: int | None = None,
        patience_s: float = PATIENCE_S,
    ) -> AsyncIterator[OutputLine]:
        """Yield what a training has printed, with `follow` also what comes, until it has ended.

        Following goes on where it was after a lost connection; Unavailable is raised after so long without one.
        Of all that, only lines that contain a text, match a regular expression (RE2) and come from an instance, where
        these are given. Raises InvalidSpec: RE2 refuses the expression.
        """
        what = {"training": training, "tail": tail, "contains": contains, "matches": matches, "instance": instance}
        if follow:
            request = request_of(pb.FollowOutputRequest, **what)
            async for response in self._followed(self._metrics.FollowOutput, request, patience_s):
                for line in response.lines:
                    yield from_message(line, OutputLine)
            return
        async for response in self._pages(self._metrics.ReadOutput, request_of(pb.ReadOutputRequest, **what)):
            for line in response.lines:
                yield from_message(line, OutputLine)

    async def search_output(self, job: str, *, contains: str = "", matches: str = "") -> AsyncIterator[FoundLine]:
        """Yield the lines that a job's trainings have printed which contain a text and match a regular expression.

        By number of the training, of the last attempts. Raises InvalidSpec: neither is given, or RE2 refuses it.
        """
        request = request_of(pb.SearchOutputRequest, job=job, contains=contains, matches=matches)
        async for response in self._pages(self._metrics.SearchOutput, request):
            for line in response.lines:
                yield from_message(line, FoundLine)

    async def curves(self, job: str, metric: str = "", *, max_points: int = 0) -> AsyncIterator[Curve]:
        """Yield the curves of a job's trainings by number, of the objective or of another metric.

        They are for drawing: at most 64 points each. `measurements` gives all values of one training.
        """
        request = request_of(pb.ListCurvesRequest, job=job, metric=metric, max_points=max_points)
        async for response in self._pages(self._metrics.ListCurves, request):
            for curve in response.curves:
                yield from_message(curve, Curve)

    async def follow_curves(
        self, job: str, metric: str = "", *, max_points: int = 0, patience_s: float = PATIENCE_S
    ) -> AsyncIterator[Curve]:
        """Yield the curves that there are, then each that has changed, until the job has ended.

        Each takes the place of the one before of the same training. They come a few times a second at most; after a
        lost connection those come that have changed since. Raises Unavailable after so long without one.
        """
        request = request_of(pb.FollowCurvesRequest, job=job, metric=metric, max_points=max_points)
        async for response in self._followed(self._metrics.FollowCurves, request, patience_s):
            for curve in response.curves:
                yield from_message(curve, Curve)

    async def measurements(
        self,
        training: str,
        metric: str = "",
        *,
        follow: bool = False,
        max_points: int = 0,
        patience_s: float = PATIENCE_S,
    ) -> AsyncIterator[Measurement]:
        """Yield a training's measurements in order, with `follow` also what comes, until it has ended; as `output`.

        With `max_points`, so many of each metric, metric by metric: those that keep the shape of the curve.
        """
        if follow:
            following = request_of(pb.FollowMeasurementsRequest, training=training, metric=metric)
            async for response in self._followed(self._metrics.FollowMeasurements, following, patience_s):
                for message in response.measurements:
                    yield from_message(message, Measurement)
            return
        request = request_of(pb.ListMeasurementsRequest, training=training, metric=metric, max_points=max_points)
        async for response in self._pages(self._metrics.ListMeasurements, request):
            for message in response.measurements:
                yield from_message(message, Measurement)

    async def report(
        self, training: str, values: Mapping[str, float], *, attempt: int = 0, request_id: str | None = None
    ) -> None:
        """Report one value of each metric, from within a training that runs: its name is in TRAINING_JOB_NAME.

        Each call is a further step of its metrics; what comes twice under one `request_id` counts once. Raises
        NotFound, IllegalTransition: the training does not run.
        """
        for name, value in values.items():
            if value is None:
                raise InvalidSpec("values", f"{name} is None", "Give a number; NaN is one")
        request = request_of(
            pb.ReportMetricsRequest,
            training=training,
            attempt=attempt,
            measurements=[request_of(pb.Measurement, metric=name, value=value) for name, value in values.items()],
            request_id=request_id or str(uuid.uuid4()),
        )
        await self._call(self._metrics.ReportMetrics, request)

    async def analyze(self, job: str, *analyses: Analysis, definition_name: str = "") -> Analyses:
        """Return analyses of a job's trainings so far, all of them if none is named; see docs/analysis.md.

        What there is too little data for is among the `refused`. Raises NotFound, InvalidSpec.
        """
        named = [pb.Analysis.Value(f"ANALYSIS_{analysis.name}") for analysis in analyses]
        request = request_of(pb.AnalyzeRequest, job=job, analyses=named, definition_name=definition_name)
        return from_message(await self._call(self._metrics.Analyze, request), Analyses)
