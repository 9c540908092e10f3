"""MetricsService on the wire: take reports, read back what trainings said, follow it live."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Final

import grpc

from tunewright.core.errors import IllegalTransition, InvalidSpec
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Bus
from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.rpc.server import caller
from tunewright.platform.store.port import Document
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import metrics_service_pb2_grpc
from tunewright_metrics.archive import Archive, Expand, Extent, Found
from tunewright_metrics.buckets import lines_in, points_in
from tunewright_metrics.collector import SOURCE
from tunewright_metrics.core.thinning import largest_triangles

OUTPUT: Final = "training.output"
PAGE_SIZE: Final = 1_000
LARGEST_PAGE: Final = 10_000
POINTS_READ: Final = 1_000_000
"""A curve is thinned from so many values of an attempt at most."""


class MetricsServicer(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self, archive: Archive, bus: Bus) -> None:
        self._archive, self._bus = archive, bus

    async def ReportMetrics(  # noqa: N802
        self, request: pb.ReportMetricsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ReportMetricsResponse:
        training = await self._archive.training(request.training, caller())
        attempt = request.attempt or training.attempt
        if training.state.final or attempt == 0:
            remedy = "Report from within the training, while it runs"
            raise IllegalTransition(f"training job {request.training}", training.state, "report metrics", remedy)
        if not request.measurements or not all(item.metric for item in request.measurements):
            raise InvalidSpec("measurements", "each needs a metric, and there must be one", "Name the metric")
        message = output_pb2.MetricsReported(
            uid=training.uid,
            number=training.number,
            attempt=attempt,
            report_id=request.request_id or uuid.uuid4().hex,
            values=[output_pb2.ReportedValue(metric=item.metric, value=item.value) for item in request.measurements],
            at=instant_to_timestamp(time.time()),
        )
        await self._bus.publish([to_record(OUTPUT, training.uid, message, source=SOURCE)])
        return pb.ReportMetricsResponse()

    async def ListMeasurements(  # noqa: N802
        self, request: pb.ListMeasurementsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListMeasurementsResponse:
        extent = await self._extent("measurements", request.training, request.attempt)
        wanted = _measurements(request.metric)
        if request.max_points:
            return pb.ListMeasurementsResponse(measurements=await self._thinned(extent, wanted, request.max_points))
        found, token = await self._archive.page(extent, wanted, _page_size(request.page_size), request.page_token)
        return pb.ListMeasurementsResponse(measurements=found, next_page_token=token)

    async def FollowMeasurements(  # noqa: N802
        self, request: pb.FollowMeasurementsRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.FollowMeasurementsResponse]:
        extent = await self._extent("measurements", request.training, 0)
        async for found in self._archive.follow(extent, _measurements(request.metric), ""):
            yield pb.FollowMeasurementsResponse(measurements=found)

    async def ReadOutput(  # noqa: N802
        self, request: pb.ReadOutputRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ReadOutputResponse:
        extent = await self._extent("output", request.training, request.attempt)
        wanted = _lines(request.contains)
        if request.tail:
            found, _ = await self._archive.last(extent, wanted, _page_size(request.tail))
            return pb.ReadOutputResponse(lines=found)
        found, token = await self._archive.page(extent, wanted, _page_size(request.page_size), request.page_token)
        return pb.ReadOutputResponse(lines=found, next_page_token=token)

    async def FollowOutput(  # noqa: N802
        self, request: pb.FollowOutputRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.FollowOutputResponse]:
        extent = await self._extent("output", request.training, 0)
        token = ""
        if request.tail:
            found, token = await self._archive.last(extent, _lines(), _page_size(request.tail))
            yield pb.FollowOutputResponse(lines=found)
        async for found in self._archive.follow(extent, _lines(), token):
            yield pb.FollowOutputResponse(lines=found)

    async def _extent(self, collection: str, name: str, attempt: int) -> Extent:
        """Return where to read; attempt 0 is the last one. Raises NotFound, InvalidSpec, IllegalTransition."""
        if attempt < 0:
            raise InvalidSpec("attempt", "must be at least 1", "Leave it out for the last one")
        training = await self._archive.training(name, caller())
        extent = Extent(collection, training, attempt or training.attempt)
        await self._archive.require_kept(extent)
        return extent

    async def _thinned(self, extent: Extent, wanted: Expand[pb.Measurement], max_points: int) -> list[pb.Measurement]:
        """Return the curve of each metric, thinned."""
        if max_points < 0:
            raise InvalidSpec("max_points", "must be at least 1", "Leave it out for all points")
        curves: dict[str, list[pb.Measurement]] = {}
        token, read = "", 0
        while True:
            found, token = await self._archive.page(extent, wanted, LARGEST_PAGE, token)
            read += len(found)
            for item in found:
                curves.setdefault(item.metric, []).append(item)
            if not token or read >= POINTS_READ:
                break
        return [
            curve[index]
            for curve in curves.values()
            for index in largest_triangles([item.step for item in curve], [item.value for item in curve], max_points)
        ]


def _page_size(asked: int) -> int:
    if asked < 0:
        raise InvalidSpec("page_size", "must not be negative", "Leave it out for the default")
    return min(asked or PAGE_SIZE, LARGEST_PAGE)


def _measurements(metric: str) -> Expand[pb.Measurement]:
    """Return what takes the values of a metric, of all if it is empty, out of a chunk."""

    def expand(document: Document) -> Iterator[Found[pb.Measurement]]:
        for offset, (name, value, step, line, instance, moment) in enumerate(points_in(document)):
            if metric in {"", name}:
                at = instant_to_timestamp(moment)
                found = pb.Measurement(metric=name, value=value, step=step, line=line, instance=instance, at=at)
                yield Found(offset, found)

    return expand


def _lines(contains: str = "") -> Expand[pb.OutputLine]:
    """Return what takes the lines with a text out of a chunk."""

    def expand(document: Document) -> Iterator[Found[pb.OutputLine]]:
        for offset, line in enumerate(lines_in(document)):
            if contains in line.text:
                at = instant_to_timestamp(line.at)
                found = pb.OutputLine(index=line.line, text=line.text, instance=line.instance, at=at, cut=line.cut)
                yield Found(offset, found, len(line.text))

    return expand
