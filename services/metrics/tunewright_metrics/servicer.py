"""MetricsService on the wire: take reports, read back what trainings said, follow it live, analyse it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

import grpc

from tunewright.core.errors import InvalidSpec
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Bus
from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.rpc.server import caller
from tunewright.platform.store.port import Store
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import metrics_service_pb2_grpc
from tunewright_metrics.analysing.answers import Answers
from tunewright_metrics.claimed import Specs, claimed_output
from tunewright_metrics.collecting.collector import SOURCE
from tunewright_metrics.core.finding import wanted
from tunewright_metrics.jobs import Jobs
from tunewright_metrics.reading_back.archive import Archive, Extent, Stretch
from tunewright_metrics.reading_back.columns import Columns
from tunewright_metrics.reading_back.curves import MOST_TRAININGS, Curves, Request, points_kept
from tunewright_metrics.reading_back.opening import Lines, Points
from tunewright_metrics.reading_back.searching import Search
from tunewright_metrics.reports import OUTPUT, check_names, reportable_attempt
from tunewright_metrics.trying import Tries

PAGE_SIZE: Final = 1_000
LARGEST_PAGE: Final = 10_000


class MetricsServicer(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(
        self, store: Store, bus: Bus, jobs: Jobs, archive: Archive, curves: Curves, search: Search, answers: Answers
    ) -> None:
        self._bus, self._jobs, self._specs = bus, jobs, Specs(store)
        self._archive, self._curves, self._search, self._answers = archive, curves, search, answers
        self._tries = Tries()

    async def ReportMetrics(  # noqa: N802
        self, request: pb.ReportMetricsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ReportMetricsResponse:
        training = await self._jobs.training(request.training, caller())
        check_names([item.metric for item in request.measurements], "measurements")
        message = output_pb2.MetricsReported(
            uid=training.uid,
            number=training.number,
            attempt=reportable_attempt(training, request.attempt),
            report_id=request.request_id or uuid.uuid4().hex,
            values=[output_pb2.ReportedValue(metric=item.metric, value=item.value) for item in request.measurements],
            at=instant_to_timestamp(time.time()),
        )
        await self._bus.publish([to_record(OUTPUT, training.uid, message, source=SOURCE)])
        return pb.ReportMetricsResponse()

    async def SendOutput(  # noqa: N802
        self, request: pb.SendOutputRequest, _context: grpc.aio.ServicerContext
    ) -> pb.SendOutputResponse:
        training = await self._jobs.training_record(request.training, caller())
        await self._bus.publish(await claimed_output(self._specs, training, request))
        return pb.SendOutputResponse()

    async def ListMeasurements(  # noqa: N802
        self, request: pb.ListMeasurementsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListMeasurementsResponse:
        extent = await self._extent("measurements", request.training, request.attempt, request.page_token)
        if request.max_points:
            most = _page_size(request.max_points, "max_points")
            columns = Columns(request.metric)
            await self._archive.each(extent, columns.add)
            thinned = await asyncio.to_thread(columns.thinned, most)
            return pb.ListMeasurementsResponse(measurements=thinned)
        points, size = Points(request.metric), _page_size(request.page_size)
        found, token = await self._archive.page(extent, points, size, request.page_token)
        return pb.ListMeasurementsResponse(measurements=found, next_page_token=token)

    async def FollowMeasurements(  # noqa: N802
        self, request: pb.FollowMeasurementsRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.FollowMeasurementsResponse]:
        extent = await self._extent("measurements", request.training)
        points, token, told = Points(request.metric), request.page_token, False
        if request.only_new and not token:
            token, told = (await self._archive.last(extent, points, 1)).behind, True
            yield pb.FollowMeasurementsResponse(next_page_token=token)
        async for some in self._archive.follow(extent, points, token):
            if some.items or not told:
                yield pb.FollowMeasurementsResponse(measurements=some.items, next_page_token=some.behind)

    async def ReadOutput(  # noqa: N802
        self, request: pb.ReadOutputRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ReadOutputResponse:
        extent = await self._extent("output", request.training, request.attempt, request.page_token)
        lines = _lines(request)
        if request.tail:
            last = await self._archive.last(extent, lines, _page_size(request.tail, "tail"), request.page_token)
            return pb.ReadOutputResponse(lines=last.items, previous_page_token=last.before)
        found, token = await self._archive.page(extent, lines, _page_size(request.page_size), request.page_token)
        return pb.ReadOutputResponse(lines=found, next_page_token=token, previous_page_token=request.page_token)

    async def FollowOutput(  # noqa: N802
        self, request: pb.FollowOutputRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.FollowOutputResponse]:
        extent = await self._extent("output", request.training)
        lines = _lines(request)
        token, told = request.page_token, False
        if request.tail and not token:
            last = await self._archive.last(extent, lines, _page_size(request.tail, "tail"))
            token, told = last.behind, True
            yield _followed(last)
        async for some in self._archive.follow(extent, lines, token):
            if some.items or not told:
                yield _followed(some)

    async def Analyze(  # noqa: N802
        self, request: pb.AnalyzeRequest, _context: grpc.aio.ServicerContext
    ) -> pb.AnalyzeResponse:
        return await self._answers.answer(request, caller())

    async def TryMetrics(  # noqa: N802
        self, request: pb.TryMetricsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.TryMetricsResponse:
        return await self._tries.answer(request)

    async def SearchOutput(  # noqa: N802
        self, request: pb.SearchOutputRequest, _context: grpc.aio.ServicerContext
    ) -> pb.SearchOutputResponse:
        if not request.contains and not request.matches:
            raise InvalidSpec("contains", "is missing, and so is matches", "Say what to look for")
        looked_for = wanted(request.contains, request.matches)
        job = await self._jobs.job(request.job, caller())
        found, token = await self._search.page(job.uid, looked_for, _page_size(request.page_size), request.page_token)
        return pb.SearchOutputResponse(lines=found, next_page_token=token)

    async def ListCurves(  # noqa: N802
        self, request: pb.ListCurvesRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListCurvesResponse:
        curves, token = await self._curves.page(
            await self._drawn(request), _page_size(request.page_size, default=MOST_TRAININGS), request.page_token
        )
        return pb.ListCurvesResponse(curves=curves, next_page_token=token)

    async def FollowCurves(  # noqa: N802
        self, request: pb.FollowCurvesRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.FollowCurvesResponse]:
        async with aclosing(self._curves.follow(await self._drawn(request), request.page_token)) as following:
            async for curves, token in following:
                yield pb.FollowCurvesResponse(curves=curves, next_page_token=token)

    async def _drawn(self, request: pb.ListCurvesRequest | pb.FollowCurvesRequest) -> Request:
        points = points_kept(request.max_points)
        return Request(await self._jobs.job(request.job, caller()), request.metric, points)

    async def _extent(self, collection: str, name: str, attempt: int = 0, token: str = "") -> Extent:
        """Return where to read. Raises NotFound, InvalidSpec, IllegalTransition."""
        extent = await self._archive.extent(collection, await self._jobs.training(name, caller()), attempt, token)
        await self._archive.require_kept(extent)
        return extent


def _followed(some: Stretch[pb.OutputLine]) -> pb.FollowOutputResponse:
    return pb.FollowOutputResponse(lines=some.items, next_page_token=some.behind, previous_page_token=some.before)


def _lines(request: pb.ReadOutputRequest | pb.FollowOutputRequest) -> Lines:
    """Raises InvalidSpec: the pattern cannot be used."""
    instance = request.instance if request.HasField("instance") else None
    return Lines(wanted(request.contains, request.matches), instance)


def _page_size(asked: int, field: str = "page_size", default: int = PAGE_SIZE) -> int:
    if asked < 0:
        raise InvalidSpec(field, "must not be negative", "Leave it out for the default")
    return min(asked or default, LARGEST_PAGE)
