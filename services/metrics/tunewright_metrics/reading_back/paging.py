"""Pages in the making: from a place on, and from the end; each is bounded by what is read for it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Generic, TypeVar

from tunewright.core.errors import InvalidSpec
from tunewright.platform.store.port import Document
from tunewright_metrics.collecting.records import attempt_order
from tunewright_metrics.reading_back.opening import Found, Open

CHUNKS_A_PAGE: Final = 200
READ_A_PAGE: Final = 8_000_000
"""After reading so many chunks, or characters, a page ends with what has been found: it is to take under 100 ms."""

CHUNKS_FOR_A_TAIL: Final = 2_000
PAGE_CHARACTERS: Final = 2_000_000
TOKEN: Final = re.compile(r"(\d{4,9})/\d{12}\+\d{1,9}", re.ASCII)
T = TypeVar("T")


def not_given_out() -> InvalidSpec:
    return InvalidSpec("page_token", "is not one that was given out", "Start again without it")


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
            raise not_given_out()
        order, _, offset = token.rpartition("+")
        return Place(order, int(offset))

    @staticmethod
    def start_of(attempt: int) -> Place:
        """Return where all of an attempt is still to come, also before anything of it is there."""
        return Place(f"{attempt_order(attempt)}/{0:012d}")

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
    """The last items, or the last ones before a place, in the making from the end on."""

    open: Open[T]
    size: int
    before: Place = Place()
    """Of all that there is, if it is the start."""
    behind: Place | None = None
    """What will come after them; None: there are none."""
    chunks_left: int = CHUNKS_FOR_A_TAIL
    _chunks: list[tuple[str, list[Found[T]]]] = field(default_factory=list)
    _count: int = 0
    _characters: int = 0

    def take(self, documents: Sequence[Document]) -> bool:
        """Go through chunks that are further from the end; return whether that is enough."""
        for document in documents:
            order, opened = document["order"], self.open(document)
            end = self.before.offset if order == self.before.order else opened.count
            found = [item for item in opened.found if item.offset < end]
            self._chunks.append((order, found))
            if self.behind is None:
                self.behind = Place(order, end)
            self._count += len(found)
            self._characters += sum(item.characters for item in found)
            self.chunks_left -= 1
            if self._count >= self.size or self._characters > PAGE_CHARACTERS or self.chunks_left <= 0:
                return True
        return False

    @property
    def oldest(self) -> Place:
        """Where the chunks begin that were gone through."""
        return Place(self._chunks[-1][0]) if self._chunks else Place()

    def items(self) -> tuple[list[T], Place]:
        """Return the last ones, one at least if there is any, as many as a page may hold; and where they begin."""
        found = [(Place(order, item.offset), item) for order, chunk in reversed(self._chunks) for item in chunk]
        begin = self.oldest
        characters = list(accumulate(item.characters for _, item in reversed(found[-self.size :])))
        kept = max(bisect_right(characters, PAGE_CHARACTERS), 1)
        if kept < len(found):
            found = found[-kept:]
            begin = found[0][0]
        return [item.item for _, item in found], begin
