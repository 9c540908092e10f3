"""What trainings said, read back: in pages, from the end, or followed as it comes.

Everything of an attempt stands in buckets, in the order in which it was taken; the last one may still grow. A page
token is a place in that order, a bucket and an offset in it, and stays good however much is added behind it. What is
read at a time is bounded, and is gone through in a thread: no text and no pattern holds up who else is served.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.core.names import split_training_id, training_id
from tunewright.core.states import JobState, TrainingState
from tunewright.platform.settings import variable
from tunewright.platform.store.port import Document, Query, Store
from tunewright_metrics.news import News
from tunewright_metrics.opening import Open
from tunewright_metrics.records import attempt_order
from tunewright_metrics.retention import removed_at

FEW: Final = 8
MANY: Final = 128
"""Chunks that are fetched at once: few at first, twice as many each time while they are small."""

LARGE: Final = 1_000_000
"""Bytes of chunks that were fetched at once, from which on fewer are."""

CHUNKS_A_PAGE: Final = 200
READ_A_PAGE: Final = 8_000_000
"""After reading so many chunks, or characters, a page ends with what has been found: it is to take under 100 ms."""

CHUNKS_FOR_A_TAIL: Final = 2_000
FOLLOWED_AT_ONCE: Final = 1_000
PAGE_CHARACTERS: Final = 2_000_000
LOOK_AGAIN_S: Final = 1.0
"""Another collector may be the one that writes, and its news do not arrive here."""

TOKEN: Final = re.compile(r"(\d{4,9})/\d{12}\+\d{1,9}", re.ASCII)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """As much of the scheduler's record as reading needs."""

    uid: str
    owner: str
    state: JobState


@dataclass(frozen=True, slots=True)
class Training:
    """Likewise."""

    uid: str
    number: int
    attempt: int
    """The last one; 0 before the first."""
    state: TrainingState
    owner: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where to read: a collection, a training, one of its attempts."""

    collection: str
    training: Training
    attempt: int


@dataclass(frozen=True, slots=True)
class Place:
    """The next item that counts: a chunk's order, or "" for the first one, and an offset in the chunk."""

    order: str = ""
    offset: int = 0

    @staticmethod
    def of(token: str) -> Place:
        """Raises InvalidSpec: the token was not given out."""
        if not token:
            return Place()
        if TOKEN.fullmatch(token) is None:
            raise InvalidSpec("page_token", "is not one that was given out", "Start again without it")
        order, _, offset = token.rpartition("+")
        return Place(order, int(offset))

    @property
    def attempt(self) -> int:
        """0 for the start of any."""
        return int(self.order.partition("/")[0] or 0)

    def __str__(self) -> str:
        return f"{self.order}+{self.offset}" if self.order else ""


@dataclass(slots=True)
class Reading(Generic[T]):
    """A page in the making."""

    open: Open[T]
    size: int
    """Items at most."""
    place: Place = Place()
    chunks_left: int = CHUNKS_A_PAGE
    characters_left: int = READ_A_PAGE
    items: list[T] = field(default_factory=list)
    _characters: int = 0

    def take(self, documents: Sequence[Document]) -> bool:
        """Go through further chunks; return whether the page is full, or has cost enough. `place` is behind it then."""
        for document in documents:
            order = document["order"]
            start = self.place.offset if order == self.place.order else 0
            opened = self.open(document)
            for offset, item, characters in opened.found:
                if offset < start:
                    continue
                if len(self.items) >= self.size or self._characters > PAGE_CHARACTERS:
                    self.place = Place(order, offset)
                    return True
                self.items.append(item)
                self._characters += characters
            self.place = Place(order, max(opened.count, start))
            if not start:  # the bucket that the page before ended in is free: there is always some progress
                self.chunks_left -= 1
                self.characters_left -= opened.characters
            if self.chunks_left <= 0 or self.characters_left <= 0:
                return True
        return False


@dataclass(slots=True)
class Tail(Generic[T]):
    """The last items, in the making from the end on."""

    open: Open[T]
    size: int
    behind: Place = Place()
    """What will come after them."""
    chunks_left: int = CHUNKS_FOR_A_TAIL
    _chunks: list[list[T]] = field(default_factory=list)
    _count: int = 0

    def take(self, documents: Sequence[Document]) -> bool:
        """Go through chunks that are further from the end; return whether that is enough."""
        for document in documents:
            opened = self.open(document)
            self._chunks.append([found.item for found in opened.found])
            if not self.behind.order:
                self.behind = Place(document["order"], opened.count)
            self._count += len(self._chunks[-1])
            self.chunks_left -= 1
            if self._count >= self.size or self.chunks_left <= 0:
                return True
        return False

    def items(self) -> list[T]:
        found = [item for chunk in reversed(self._chunks) for item in chunk]
        return found[max(len(found) - self.size, 0) :]


class Archive:
    def __init__(self, store: Store, news: News) -> None:
        self._store, self._news = store, news

    async def job(self, name: str, owner: str) -> Job:
        """Return a tuning job of the owner, by name or uid. Raises NotFound, also for a deleted one."""
        key, equals = name.lower(), {"owner": owner, "hidden": False}
        named = (await self._store.find(Query("tuning_jobs", "by_name", equals, low=key, limit=1))).items
        same = named and named[0].document["name_key"] == key
        stored = named[0] if same else await self._store.get("tuning_jobs", name)
        if stored is None or stored.document["owner"] != owner or stored.document["hidden"]:
            raise NotFound("tuning job", name)
        return Job(stored.document["uid"], owner, JobState(stored.document["state"]))

    async def training(self, name: str, owner: str) -> Training:
        """Return a training of the owner, by name or id. Raises NotFound."""
        try:
            stored = await self._store.get("training_jobs", training_id(*split_training_id(name)))
        except ValueError:
            page = await self._store.find(Query("training_jobs", "by_name", {"name": name}, limit=1))
            stored = page.items[0] if page.items else None
        if stored is None or stored.document["owner"] != owner:
            raise NotFound("training job", name)
        job = await self._store.get("tuning_jobs", stored.document["uid"])
        if job is not None and job.document["hidden"]:  # deleted; the sweep removes its trainings before it
            raise NotFound("training job", name)
        return training_of(stored.document)

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

    async def last(self, extent: Extent, open_: Open[T], size: int) -> tuple[list[T], str]:
        """Return the last items there are, in order, and the token of what will come after them."""
        tail = Tail(open_, size)
        async for documents in self._batches(_query(extent, descending=True)):
            if await asyncio.to_thread(tail.take, documents):
                break
        return tail.items(), str(tail.behind)

    async def follow(self, extent: Extent, open_: Open[T], token: str) -> AsyncIterator[list[T]]:
        """Yield what there is from the token on, then what comes, also of later attempts, until the training ends."""
        training = extent.training
        place = Place.of(token)
        with self._news.listen(training.uid, training.number) as news:
            while True:
                news.clear()
                over = (await self.training(training_id(training.uid, training.number), training.owner)).state.final
                reading = Reading(open_, FOLLOWED_AT_ONCE, place)
                async for documents in self._batches(replace(_query(extent, place.order), high=None)):
                    if await asyncio.to_thread(reading.take, documents):
                        break
                if reading.items:
                    yield reading.items
                moved, place = reading.place != place, reading.place
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


def training_of(document: Document) -> Training:
    """Read the scheduler's record."""
    state = TrainingState(document["state"])
    uid, number, attempt = document["uid"], document["number"], document["attempt"]
    return Training(uid, number, attempt, state, document["owner"], document["name"])


def _each(take: Callable[[Document], object], documents: Sequence[Document]) -> None:
    for document in documents:
        take(document)


def _query(extent: Extent, order: str = "", *, descending: bool = False) -> Query:
    prefix = attempt_order(extent.attempt)
    return Query(
        extent.collection,
        "by_training",
        {"uid": extent.training.uid, "number": extent.training.number},
        low=max(order, f"{prefix}/"),
        high=f"{prefix}0",  # "0" comes after "/"
        descending=descending,
    )
