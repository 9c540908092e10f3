"""MetricsService on the wire: read back what trainings said, and follow it live."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, Final

import grpc

from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.names import split_training_id
from tunewright.core.states import TrainingState
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Bus
from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.rpc.server import caller
from tunewright.platform.store.port import Query, Store, Stored
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import metrics_service_pb2_grpc
from tunewright_metrics import records
from tunewright_metrics.news import News

OUTPUT: Final = "training.output"
CHUNKS: Final = 100
LOOK_AGAIN_S: Final = 1.0
"""Another collector may be the one that writes, and its news do not arrive here."""


class MetricsServicer(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self, store: Store, bus: Bus, news: News) -> None:
        self._store, self._bus, self._news = store, bus, news

    async def ReportMetrics(  # noqa: N802
        self, request: pb.ReportMetricsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ReportMetricsResponse:
        training = await self._training(request.training)
        message = output_pb2.MetricsReported(
            uid=training["uid"],
            number=training["number"],
            attempt=request.attempt or training["attempt"],
            report_id=request.request_id or uuid.uuid4().hex,
            values=[
                output_pb2.ReportedValue(metric=item.metric, value=item.value) for item in request.measurements
            ],
            at=instant_to_timestamp(time.time()),
        )
        await self._bus.publish([to_record(OUTPUT, training["uid"], message, source=records.SOURCE)])
        return pb.ReportMetricsResponse()

    async def ListMeasurements(  # noqa: N802
        self, request: pb.ListMeasurementsRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ListMeasurementsResponse:
        training = await self._training(request.training)
        attempt = request.attempt or training["attempt"]
        query = _query("measurements", training, attempt, after=request.page_token)
        page = await self._store.find(query)
        measurements = [point for item in page.items for point in _points(item, request.metric)]
        return pb.ListMeasurementsResponse(measurements=measurements, next_page_token=page.next or "")

    async def FollowMeasurements(  # noqa: N802
        self, request: pb.FollowMeasurementsRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.FollowMeasurementsResponse]:
        async for page in self._follow("measurements", request.training, ""):
            points = [point for item in page for point in _points(item, request.metric)]
            if points:
                yield pb.FollowMeasurementsResponse(measurements=points)

    async def ReadOutput(  # noqa: N802
        self, request: pb.ReadOutputRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ReadOutputResponse:
        training = await self._training(request.training)
        attempt = request.attempt or training["attempt"]
        if request.tail:
            chunks = await self._last_chunks(training, attempt, request.tail)
            lines = [line for item in chunks for line in _lines(item, request.contains)]
            return pb.ReadOutputResponse(lines=lines[-request.tail :])
        page = await self._store.find(_query("output", training, attempt, after=request.page_token))
        lines = [line for item in page.items for line in _lines(item, request.contains)]
        return pb.ReadOutputResponse(lines=lines, next_page_token=page.next or "")

    async def FollowOutput(  # noqa: N802
        self, request: pb.FollowOutputRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.FollowOutputResponse]:
        seen = ""
        if request.tail:
            training = await self._training(request.training)
            chunks = await self._last_chunks(training, training["attempt"], request.tail)
            lines = [line for item in chunks for line in _lines(item)][-request.tail :]
            seen = chunks[-1].document["order"] + "~" if chunks else ""
            yield pb.FollowOutputResponse(lines=lines)
        async for page in self._follow("output", request.training, seen):
            yield pb.FollowOutputResponse(lines=[line for item in page for line in _lines(item)])

    async def _follow(self, collection: str, name: str, seen: str) -> AsyncIterator[list[Stored]]:
        """Yield pages of what is there after `seen`, then of what comes, until the training has ended."""
        training = await self._training(name)
        with self._news.listen(training["uid"], training["number"]) as event:
            while True:
                training = await self._training(name)
                ended = TrainingState(training["state"]).final
                equals = {"uid": training["uid"], "number": training["number"]}
                page = await self._store.find(Query(collection, "by_training", equals, low=seen or None, limit=CHUNKS))
                if page.items:
                    seen = page.items[-1].document["order"] + "~"  # after this one, before the next
                    yield page.items
                elif ended:
                    return
                else:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_AGAIN_S):
                            await event.wait()
                    event.clear()

    async def _last_chunks(self, training: dict[str, Any], attempt: int, lines: int) -> list[Stored]:
        """Return the last chunks that hold at least so many lines, in order."""
        chunks: list[Stored] = []
        after: str | None = None
        while sum(item.document["count"] for item in chunks) < lines:
            query = _query("output", training, attempt, descending=True, after=after or "")
            page = await self._store.find(query)
            chunks.extend(page.items)
            after = page.next
            if after is None:
                break
        return chunks[::-1]

    async def _training(self, training: str) -> dict[str, Any]:
        """Return the scheduler's record of a training of the caller's, by name or id. Raises NotFound."""
        try:
            split_training_id(training)
            stored = await self._store.get("training_jobs", training)
        except ValueError:
            page = await self._store.find(Query("training_jobs", "by_name", {"name": training}, limit=1))
            stored = page.items[0] if page.items else None
        if stored is None or stored.document["owner"] != caller():
            raise NotFound("training job", training)
        return stored.document


def _query(
    collection: str, training: dict[str, Any], attempt: int, *, after: str = "", descending: bool = False
) -> Query:
    if attempt < 0:
        raise InvalidSpec("attempt", "must be at least 1", "Leave it out for the last one")
    return Query(
        collection,
        "by_training",
        {"uid": training["uid"], "number": training["number"]},
        low=f"{attempt:04d}/",
        high=f"{attempt:04d}0",  # the character after the slash
        descending=descending,
        limit=CHUNKS,
        after=after or None,
    )


def _points(stored: Stored, metric: str) -> Iterator[pb.Measurement]:
    document = stored.document
    for name, value, step, line in document["points"]:
        if metric in {"", name}:
            at = instant_to_timestamp(document["at"])
            yield pb.Measurement(
                metric=name, value=value, step=step, line=line, instance=document["instance"], at=at
            )


def _lines(stored: Stored, contains: str = "") -> Iterator[pb.OutputLine]:
    document = stored.document
    at = instant_to_timestamp(document["at"])
    for index, text in enumerate(records.lines_of(document), document["first_line"]):
        if contains in text:
            yield pb.OutputLine(index=index, text=text, instance=document["instance"], at=at)
