"""Pages of lists: a walk through ranges of indexes, with filters on what they yield, and tokens that hold.

A list is read part by part: in the order of statuses each status is a part. What a filter asks for and no index gives
is looked for in what is read, but in no more than MOST_READ documents a call: such a page may have fewer items than
asked for, even none, while there is a next one.

A token names a part and a place in its order, so nothing that comes or goes between two pages moves what follows. An
item whose own place changes meanwhile, for it ends or is written, may be met at both places or at neither.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.states import STATUSES
from tunewright.platform.store.collections import COLLECTIONS
from tunewright.platform.store.cursor import cursor
from tunewright.platform.store.port import Document, Query, Store, Stored

MOST_READ: Final = 2_000
"""Documents that a call reads at most where it filters, a few at a time."""
AT_ONCE: Final = 250


@dataclass(frozen=True, slots=True)
class Filters:
    """What documents must be like, all of it; what is empty or None asks for nothing. Times are Unix seconds."""

    name_contains: str = ""
    """In lower case."""
    created_after: float | None = None
    """Inclusive, as `modified_after`; the others are not."""
    created_before: float | None = None
    modified_after: float | None = None
    modified_before: float | None = None
    equals: tuple[tuple[str, object], ...] = ()
    """Fields and their values."""

    @property
    def active(self) -> bool:
        return self != Filters()

    def let_pass(self, document: Document) -> bool:
        created, modified = document["created_at"], document.get("modified_at") or document["created_at"]
        return (
            self.name_contains in document["name"].lower()
            and all(document.get(field) == value for field, value in self.equals)
            and _within(created, self.created_after, self.created_before)
            and _within(modified, self.modified_after, self.modified_before)
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed: queries without limit and place, one after another, and what else must hold."""

    parts: Sequence[Query]
    filters: Filters = Filters()


@dataclass(frozen=True, slots=True)
class Listed:
    items: list[Stored]
    token: str
    """Of the next page; empty: there is none."""


Sift = Callable[[list[Stored]], Awaitable[list[Stored]]]
"""Leaves out what is not to be seen, in the same order."""


async def everything(found: list[Stored]) -> list[Stored]:
    return found


def filters_of(request: Any, **equals: object) -> Filters:
    """Read the filters of a request that lists tuning or training jobs, and fields that must have given values."""
    times = ("created_after", "created_before", "modified_after", "modified_before")
    given = {name: getattr(request, name).ToNanoseconds() / 1e9 for name in times if request.HasField(name)}
    return Filters(request.name_contains.lower(), **given, equals=tuple(equals.items()))


def by_creation(query: Query, filters: Filters) -> Listing:
    """List what an index in the order of creation gives: its range takes the filter's."""
    ranged = replace(query, low=filters.created_after, high=filters.created_before)
    return Listing([ranged], replace(filters, created_after=None, created_before=None))


def by_change(query: Query, filters: Filters) -> Listing:
    """List what an index in the order of the last change gives, likewise."""
    ranged = replace(query, low=filters.modified_after, high=filters.modified_before)
    return Listing([ranged], replace(filters, modified_after=None, modified_before=None))


def by_status(listing: Listing, wanted: Sequence[str]) -> Listing:
    """List one status after another, by their texts: the listing's one part with each of them."""
    (query,) = listing.parts
    order = sorted(wanted, reverse=query.descending)
    return replace(listing, parts=[replace(query, equals={**query.equals, "shown": status}) for status in order])


def statuses(asked: str, field: str) -> tuple[str, ...]:
    """Return the statuses that are asked for, all without one. Raises InvalidSpec: there is no such status."""
    if asked and asked not in STATUSES:
        raise InvalidSpec(field, f"{asked!r} is no status", f"Choose one of {', '.join(STATUSES)}")
    return (asked,) if asked else STATUSES


async def read_page(store: Store, listing: Listing, size: int, token: str, sift: Sift) -> Listed:
    """Return up to `size` items from the token's place on. Raises InvalidSpec: the token was not given out."""
    place, after = _place(token, len(listing.parts))
    items: list[Stored] = []
    read = 0
    while place < len(listing.parts):
        if len(items) == size or read >= MOST_READ:
            return Listed(items, f"{place}.{after or ''}")
        limit = AT_ONCE if read and listing.filters.active else size - len(items)
        page = await store.find(replace(listing.parts[place], limit=limit, after=after))
        read += len(page.items)
        kept = await sift([item for item in page.items if listing.filters.let_pass(item.document)])
        room = size - len(items)
        items += kept[:room]
        if len(kept) > room:
            return Listed(items, f"{place}.{_behind(items[-1], listing.parts[place])}")
        place, after = (place, page.next) if page.next is not None else (place + 1, None)
    return Listed(items, "")


def _place(token: str, parts: int) -> tuple[int, str | None]:
    if not token:
        return 0, None
    place, _, after = token.partition(".")
    if not place.isdecimal() or int(place) >= parts:
        raise InvalidSpec("page_token", "is not one that was given out", "Start again without it")
    return int(place), after or None


def _behind(item: Stored, part: Query) -> str:
    index = next(index for index in COLLECTIONS[part.collection].indexes if index.name == part.index)
    return cursor(item.document.get(index.sort), item.key)


def _within(instant: float, low: float | None, high: float | None) -> bool:
    return (low is None or instant >= low) and (high is None or instant < high)
