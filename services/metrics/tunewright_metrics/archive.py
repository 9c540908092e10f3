"""What trainings said, read back: in pages, from the end, or followed as it comes.

Everything of an attempt stands in buckets, in the order in which it was taken; the last one may still grow. A page
token is a place in that order and stays good however much is added behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.core.names import split_training_id, training_id
from tunewright.core.states import TrainingState
from tunewright.platform.settings import variable
from tunewright.platform.store.port import Document, Query, Store
from tunewright_metrics.news import News
from tunewright_metrics.records import attempt_order
from tunewright_metrics.retention import removed_at

CHUNKS: Final = 100
CHUNKS_A_PAGE: Final = 2_000
"""After reading so many, a page ends with what has been found: a rare text must not take for ever."""

PAGE_CHARACTERS: Final = 2_000_000
LOOK_AGAIN_S: Final = 1.0
"""Another collector may be the one that writes, and its news do not arrive here."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Training:
    """As much of the scheduler's record as reading needs."""

    uid: str
    number: int
    attempt: int
    """The last one; 0 before the first."""
    state: TrainingState
    owner: str


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """An item of a chunk: a value or a line. `offset` is its place there."""

    offset: int
    item: T
    characters: int = 0


Expand = Callable[[Document], Iterable[Found[T]]]
"""Takes a chunk, returns what is wanted of it, in order."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where to read: a collection, a training, one of its attempts."""

    collection: str
    training: Training
    attempt: int


class Archive:
    def __init__(self, store: Store, news: News) -> None:
        self._store, self._news = store, news

    async def training(self, name: str, owner: str) -> Training:
        """Return a training of the owner, by name or id. Raises NotFound."""
        try:
            stored = await self._store.get("training_jobs", training_id(*split_training_id(name)))
        except ValueError:
            page = await self._store.find(Query("training_jobs", "by_name", {"name": name}, limit=1))
            stored = page.items[0] if page.items else None
        if stored is None or stored.document["owner"] != owner:
            raise NotFound("training job", name)
        found = stored.document
        job = await self._store.get("tuning_jobs", found["uid"])
        if job is not None and job.document["hidden"]:  # deleted; the sweep removes its trainings before it
            raise NotFound("training job", name)
        return Training(found["uid"], found["number"], found["attempt"], TrainingState(found["state"]), found["owner"])

    async def require_kept(self, extent: Extent) -> None:
        """Raise IllegalTransition if retention has removed what is to be read."""
        training, what = extent.training, extent.collection
        at = await removed_at(self._store, what, training.uid, training.number)
        if at is not None:
            day = datetime.fromtimestamp(at, UTC).date().isoformat()
            remedy = f"For trainings to come, raise {variable(f'{what}_kept_days')} or {variable(f'{what}_kept_gb')}"
            name = training_id(training.uid, training.number)
            raise IllegalTransition(f"{what} of training {name}", f"removed by retention on {day}", "read it", remedy)

    async def page(self, extent: Extent, expand: Expand[T], size: int, token: str) -> tuple[list[T], str]:
        """Return the next items and the token of the page after them, empty at the end. Raises InvalidSpec."""
        order, offset = _place(token)
        items: list[T] = []
        characters = chunks = 0
        async for document in self._chunks(_query(extent, order)):
            chunks += 1
            if chunks > CHUNKS_A_PAGE:
                return items, _token(document["order"], 0)
            for found in expand(document):
                if document["order"] == order and found.offset < offset:
                    continue
                if len(items) >= size or characters > PAGE_CHARACTERS:
                    return items, _token(document["order"], found.offset)
                items.append(found.item)
                characters += found.characters
        return items, ""

    async def last(self, extent: Extent, expand: Expand[T], size: int) -> tuple[list[T], str]:
        """Return the last items there are, in order, and the token of what will come after them."""
        chunks: list[list[T]] = []
        behind, count = "", 0
        async for document in self._chunks(_query(extent, descending=True)):
            found = list(expand(document))
            behind = behind or _token(document["order"], _after(found))
            chunks.append([item.item for item in found])
            count += len(chunks[-1])
            if count >= size or len(chunks) >= CHUNKS_A_PAGE:
                break
        items = [item for chunk in reversed(chunks) for item in chunk]
        return items[max(len(items) - size, 0) :], behind

    async def follow(self, extent: Extent, expand: Expand[T], token: str) -> AsyncIterator[list[T]]:
        """Yield what there is from the token on, then what comes, also of later attempts, until the training ends."""
        training = extent.training
        order, offset = _place(token)
        order = order or attempt_order(extent.attempt)
        with self._news.listen(training.uid, training.number) as news:
            while True:
                news.clear()
                over = (await self.training(training_id(training.uid, training.number), training.owner)).state.final
                seen = order, offset
                async for document in self._chunks(replace(_query(extent, order), high=None)):
                    first = offset if document["order"] == order else 0  # the last one read may have grown
                    found = [item for item in expand(document) if item.offset >= first]
                    order, offset = document["order"], max(first, _after(found))
                    if found:
                        yield [item.item for item in found]
                if over:
                    return
                if (order, offset) == seen:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_AGAIN_S):
                            await news.wait()

    async def _chunks(self, query: Query) -> AsyncIterator[Document]:
        after: str | None = None
        while True:
            page = await self._store.find(replace(query, after=after))
            for stored in page.items:
                yield stored.document
            after = page.next
            if after is None:
                return


def _query(extent: Extent, order: str = "", *, descending: bool = False) -> Query:
    prefix = attempt_order(extent.attempt)
    return Query(
        extent.collection,
        "by_training",
        {"uid": extent.training.uid, "number": extent.training.number},
        low=max(order, f"{prefix}/"),
        high=f"{prefix}0",  # "0" comes after "/"
        descending=descending,
        limit=CHUNKS,
    )


def _after(found: Sequence[Found[T]]) -> int:
    """Return the offset behind what has been found in a bucket."""
    return found[-1].offset + 1 if found else 0


def _token(order: str, offset: int) -> str:
    return f"{order}+{offset}"


def _place(token: str) -> tuple[str, int]:
    if not token:
        return "", 0
    order, _, offset = token.rpartition("+")
    if not order or not offset.isdecimal():
        raise InvalidSpec("page_token", "is not one that was given out", "Start again without it")
    return order, int(offset)
