"""The curves of a job's trainings: listed in pages, and followed as they grow.

The objective's curves stand in the streams' records, so that they cost one small read a training however long it runs.
Any other metric's are thinned from all of its values, a few trainings at a time.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.names import training_id
from tunewright.platform.store.port import Query, Store
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright_metrics.collecting.retention import removed_from
from tunewright_metrics.core.series import CURVE_POINTS
from tunewright_metrics.core.thinning import largest_triangles
from tunewright_metrics.jobs import Job, Jobs, Training, training_of
from tunewright_metrics.reading_back.archive import LOOK_AGAIN_S, Archive, Extent
from tunewright_metrics.reading_back.columns import Columns
from tunewright_metrics.reading_back.drawn import Drawn, Seen, affordable, drawn_from
from tunewright_metrics.reading_back.news import News
from tunewright_metrics.reading_back.paging import not_given_out

MOST_TRAININGS: Final = 200
OF_ANOTHER_METRIC: Final = 20
"""Trainings in a page at most where a metric is named: their values may have to be read."""

FOLLOWED_AT_ONCE: Final = 50
"""Trainings in a message at most: the first one is to come soon."""

PAUSE_S: Final = 0.3
"""Between two looks at the least, and as long as the look took: following a job costs half a core at most."""

LATE_S: Final = 15.0
"""A change may be seen so much later than the time that it bears: it takes 5 s to be committed at most, and the clocks
of two collectors, each counted on from the store's, differ by less than a second."""

TOKEN: Final = re.compile(r"\d{1,9}", re.ASCII)
MOMENT: Final = re.compile(r"\d{1,12}\.\d{3}", re.ASCII)
"""Token of who follows: since when there may be changes that it has not been told of."""


@dataclass(frozen=True, slots=True)
class Request:
    job: Job
    metric: str
    """Empty: the objective of each training."""
    max_points: int


class Curves:
    def __init__(self, store: Store, jobs: Jobs, archive: Archive, news: News) -> None:
        self._store, self._jobs, self._archive, self._news = store, jobs, archive, news

    async def page(self, request: Request, size: int, token: str) -> tuple[list[pb.Curve], str]:
        """Return the curves of the next trainings, by number, and the token of the page after them."""
        if token and TOKEN.fullmatch(token) is None:
            raise not_given_out()
        most = OF_ANOTHER_METRIC if request.metric else MOST_TRAININGS
        streams, behind = await self._streams(request.job.uid, int(token or 0), min(size, most))
        taken = affordable(streams, request.metric)
        further = streams[len(taken)].number if len(taken) < len(streams) else behind
        return await self._curves(request, taken), "" if further is None else str(further)

    async def follow(self, request: Request, token: str = "") -> AsyncGenerator[tuple[list[pb.Curve], str], None]:
        """Yield what there is, or has changed since the token, then what changes, until the job has ended.

        Each comes with the token to go on with; the first one may be empty. Raises InvalidSpec: the token was not given
        out. NotFound: the job has been deleted.
        """
        if token and MOMENT.fullmatch(token) is None:
            raise not_given_out()
        seen = Seen(request.metric)
        with self._news.listen(request.job.uid) as news:
            since = float(token) if token else await self._store.now() - LATE_S
            if not token:
                async for curves in self._all(request, seen):
                    yield curves, ""
            yield [], f"{since:.3f}"
            while True:
                news.clear()
                over = (await self._jobs.job(request.job.uid, request.job.owner)).state.final
                began, now = time.monotonic(), await self._store.now()
                async for curves in self._changed(request, seen, since):
                    yield curves, f"{since:.3f}"
                if over:
                    return
                since = now - LATE_S
                seen.forget(since)
                await asyncio.sleep(max(PAUSE_S, time.monotonic() - began))
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        await news.wait()

    async def _all(self, request: Request, seen: Seen) -> AsyncIterator[list[pb.Curve]]:
        number: int | None = 0
        while number is not None:
            streams, number = await self._streams(request.job.uid, number, FOLLOWED_AT_ONCE)
            async for curves in self._in_parts(request, seen.fresh(streams)):
                yield curves

    async def _changed(self, request: Request, seen: Seen, since: float) -> AsyncIterator[list[pb.Curve]]:
        """Yield the curves that have changed. What this costs grows with them, not with the job."""
        after: str | None = None
        equals = {"uid": request.job.uid}
        while True:
            query = Query("streams", "by_change", equals, low=since, limit=FOLLOWED_AT_ONCE, after=after)
            page = await self._store.find(query)
            fresh = seen.fresh(drawn_from([stored.document for stored in page.items]))
            async for curves in self._in_parts(request, fresh):
                yield curves
            after = page.next
            if after is None:
                return

    async def _in_parts(self, request: Request, streams: Sequence[Drawn]) -> AsyncIterator[list[pb.Curve]]:
        while streams:
            part = affordable(streams, request.metric)
            streams = streams[len(part) :]
            if curves := await self._curves(request, part):
                yield curves

    async def _streams(self, uid: str, number: int, size: int) -> tuple[list[Drawn], int | None]:
        """Return the last attempts of the next trainings, and the number after them, None at the end."""
        latest: dict[int, Drawn] = {}
        after: str | None = None
        while True:
            query = Query("streams", "by_job", {"uid": uid}, low=number, limit=size + 1, after=after)
            page = await self._store.find(query)
            for drawn in drawn_from([stored.document for stored in page.items]):
                if drawn.number not in latest and len(latest) == size:
                    return list(latest.values()), drawn.number
                latest[drawn.number] = drawn  # attempts ascend
            after = page.next
            if after is None:
                return list(latest.values()), None

    async def _curves(self, request: Request, streams: Sequence[Drawn]) -> list[pb.Curve]:
        keys = [training_id(drawn.uid, drawn.number) for drawn in streams]
        stored = await self._store.get_many("training_jobs", keys) if keys else {}
        read = [(drawn.uid, drawn.number) for drawn in streams if not drawn.is_of(request.metric)]
        removed = await removed_from(self._store, "measurements", read)
        curves = []
        for key, drawn in zip(keys, streams, strict=True):
            if key in stored:  # else it is being removed with its job
                curve = await self._curve(request, drawn, training_of(stored[key].document))
                curve.removed = (drawn.uid, drawn.number) in removed
                curves.append(curve)
        return curves

    async def _curve(self, request: Request, drawn: Drawn, training: Training) -> pb.Curve:
        curve = pb.Curve(
            training=training_id(drawn.uid, drawn.number),
            training_name=training.name,
            number=drawn.number,
            attempt=drawn.attempt,
            complete=training.state.final or (drawn.summary is not None and drawn.attempt == training.attempt),
        )
        if drawn.is_of(request.metric):
            (steps, means), values = drawn.series.curve.points(), drawn.series.curve.values_kept()
            _draw(curve, [steps, values, means], request.max_points)
        elif drawn.steps(request.metric):
            columns = Columns(request.metric)
            await self._archive.each(Extent("measurements", training, drawn.attempt), columns.add)
            points = await asyncio.to_thread(columns.finite)
            _draw(curve, [points["step"].tolist(), points["value"].tolist(), []], request.max_points)
        return curve


def points_kept(asked: int) -> int:
    """Return how many points a curve is to have. Raises InvalidSpec."""
    if asked < 0:
        raise InvalidSpec("max_points", "must be at least 1", f"Leave it out for {CURVE_POINTS}")
    return min(asked or CURVE_POINTS, CURVE_POINTS)


def _draw(curve: pb.Curve, columns: list[Sequence[Any]], max_points: int) -> None:
    """Put those points into a curve that keep its shape. The columns are steps, values and means, if there are any."""
    steps, values, _ = columns
    if len(steps) > max_points:
        kept = largest_triangles(steps, values, max_points)
        columns = [[column[index] for index in kept] if column else [] for column in columns]
    curve.steps.extend(columns[0])
    curve.values.extend(columns[1])
    curve.means.extend(columns[2])
