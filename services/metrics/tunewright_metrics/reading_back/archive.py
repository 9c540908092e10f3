"""What trainings said, read back: in pages, from the end, or followed as it comes.

Everything of an attempt stands in buckets, in the order in which it was taken; the last one may still grow. A page
token is a place in that order, a bucket and an offset in it, and stays good however much is added behind it. What is
read at a time is bounded, and is gone through in a thread: no text and no pattern holds up who else is served.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from tunewright.core.errors import IllegalTransition, InvalidSpec
from tunewright.core.names import training_id
from tunewright.platform.settings import variable
from tunewright.platform.store.port import Document, Query, Store
from tunewright_metrics.collecting.records import attempt_order
from tunewright_metrics.collecting.retention import removed_at
from tunewright_metrics.jobs import Jobs, Training
from tunewright_metrics.reading_back.news import News
from tunewright_metrics.reading_back.opening import Open
from tunewright_metrics.reading_back.paging import Place, Reading, Tail

FEW: Final = 8
MANY: Final = 128
"""Chunks that are fetched at once: few at first, twice as many each time while they are small."""

LARGE: Final = 1_000_000
"""Bytes of chunks that were fetched at once, from which on fewer are."""

FOLLOWED_AT_ONCE: Final = 1_000
LOOK_AGAIN_S: Final = 1.0
"""Another collector may be the one that writes, and its news do not arrive here."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Extent:
    """Where to read: a collection, a training, one of its attempts."""

    collection: str
    training: Training
    attempt: int


@dataclass(frozen=True, slots=True)
class Stretch(Generic[T]):
    """Items of an extent that follow each other."""

    items: list[T]
    before: str
    """Token of what comes before them; empty: nothing does."""
    behind: str
    """Token of what will come after them."""


class Archive:
    def __init__(self, store: Store, jobs: Jobs, news: News) -> None:
        self._store, self._jobs, self._news = store, jobs, news

    async def extent(self, collection: str, training: Training, attempt: int = 0, token: str = "") -> Extent:
        """Return where to read: an attempt, 0 for that of the token or else the last one. Raises InvalidSpec."""
        if attempt < 0:
            raise InvalidSpec("attempt", "must be at least 1", "Leave it out for the last one")
        begun = Place.of(token).attempt
        if begun and attempt not in {0, begun}:
            raise InvalidSpec("page_token", f"is one of attempt {begun}", "Start again without it")
        return Extent(collection, training, attempt or begun or training.attempt)

    async def require_kept(self, extent: Extent) -> None:
        """Raise IllegalTransition if retention has removed what is to be read."""
        training, what = extent.training, extent.collection
        at = await removed_at(self._store, what, training.uid, training.number)
        if at is not None:
            day = datetime.fromtimestamp(at, UTC).date().isoformat()
            remedy = f"For trainings to come, raise {variable(f'{what}_kept_days')} or {variable(f'{what}_kept_gb')}"
            name = training.name or training_id(training.uid, training.number)
            raise IllegalTransition(f"{what} of training {name}", f"removed by retention on {day}", "read it", remedy)

    async def page(self, extent: Extent, open_: Open[T], size: int, token: str) -> tuple[list[T], str]:
        """Return the next items and the token of the page after them, empty at the end. Raises InvalidSpec."""
        reading = Reading(open_, size, Place.of(token))
        return reading.items, str(reading.place) if await self.read(extent, reading) else ""

    async def read(self, extent: Extent, reading: Reading[T]) -> bool:
        """Go on with a page from its place; return whether it is full before the end."""
        async for documents in self._batches(_query(extent, reading.place.order)):
            if await asyncio.to_thread(reading.take, documents):
                return True
        return False

    async def each(self, extent: Extent, take: Callable[[Document], object]) -> None:
        """Hand over all chunks, in order, in a thread."""
        async for documents in self._batches(_query(extent)):
            await asyncio.to_thread(_each, take, documents)

    async def last(self, extent: Extent, open_: Open[T], size: int, token: str = "") -> Stretch[T]:
        """Return the last items there are, or the last ones before a token's place, in order. Raises InvalidSpec."""
        before = Place.of(token)
        tail = Tail(open_, size, before)
        to_the_start = True
        async for documents in self._batches(_query(extent, descending=True, until=before.order)):
            if await asyncio.to_thread(tail.take, documents):
                to_the_start = False
                break
        items, begin = tail.items()
        begins_there = to_the_start and begin == tail.oldest
        return Stretch(items, "" if begins_there else str(begin), str(tail.behind or Place.start_of(extent.attempt)))

    async def follow(self, extent: Extent, open_: Open[T], token: str) -> AsyncIterator[Stretch[T]]:
        """Yield what there is from the token on, then what comes, also of later attempts, until the training ends.

        The first stretch may be empty: it says where one stands.
        """
        training, first = extent.training, True
        start = Place.start_of(extent.attempt)
        place = Place.of(token) if token else start
        with self._news.listen(training.uid, training.number) as news:
            while True:
                news.clear()
                over = (
                    await self._jobs.training(training_id(training.uid, training.number), training.owner)
                ).state.final
                reading = Reading(open_, FOLLOWED_AT_ONCE, place)
                async for documents in self._batches(replace(_query(extent), low=place.order, high=None)):
                    if await asyncio.to_thread(reading.take, documents):
                        break
                if reading.items or first:
                    yield Stretch(reading.items, "" if place == start else str(place), str(reading.place))
                moved, place, first = reading.place != place, reading.place, False
                if moved:
                    continue
                if over:
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        await news.wait()

    async def _batches(self, query: Query) -> AsyncIterator[list[Document]]:
        after: str | None = None
        limit = FEW
        while True:
            page = await self._store.find(replace(query, after=after, limit=limit))
            documents: list[Document] = [stored.document for stored in page.items]
            if documents:
                yield documents
            after = page.next
            if after is None:
                return
            size = sum(len(document.get("text", b"")) for document in documents)
            limit = min(2 * limit, MANY) if size < LARGE else FEW


def _each(take: Callable[[Document], object], documents: Sequence[Document]) -> None:
    for document in documents:
        take(document)


def _query(extent: Extent, order: str = "", *, descending: bool = False, until: str = "") -> Query:
    prefix = attempt_order(extent.attempt)
    return Query(
        extent.collection,
        "by_training",
        {"uid": extent.training.uid, "number": extent.training.number},
        low=max(order, f"{prefix}/"),
        high=f"{until}+" if until else f"{prefix}0",  # "0" comes after "/", and "+" after nothing
        descending=descending,
    )
