"""Pages, ends and followers, whatever buckets the lines lie in and whenever they come."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.metrics.desk import Desk
from tests.unit.metrics.messages import UID, lines, started
from tunewright.core.states import TrainingState
from tunewright.platform.store.port import Page, Query, Stored
from tunewright_metrics.collecting import buckets
from tunewright_metrics.core.finding import wanted
from tunewright_metrics.jobs import Jobs, Training
from tunewright_metrics.reading_back import archive, paging
from tunewright_metrics.reading_back.archive import Archive, Extent
from tunewright_metrics.reading_back.news import News
from tunewright_metrics.reading_back.opening import Lines
from tunewright_metrics.reading_back.paging import Place, Reading

EXTENT = Extent("output", Training(UID, 1, 1, TrainingState.RUNNING, "ada"), 1)


@dataclass
class Shelf:
    """As much of a store as reading one training needs, over what a desk has folded."""

    desk: Desk = field(default_factory=Desk)
    printed: int = 0
    second: float = 1

    def __post_init__(self) -> None:
        self.desk.deliver(started())

    def prints(self, count: int) -> None:
        """Have further lines stored: every third one has a needle in it, and their moments differ."""
        texts = [text(number) for number in range(self.printed, self.printed + count)]
        self.second += 3
        self.desk.deliver(lines(self.printed, texts, second=self.second))
        self.printed += count

    async def find(self, query: Query) -> Page:
        buckets_there = self.desk.buckets(query.collection)
        if query.descending:
            buckets_there.reverse()
        low, high = query.low or "", query.high or "~"
        there = [bucket for bucket in buckets_there if low <= bucket["order"] < high]
        start = int(query.after or 0)
        items = [Stored(bucket["order"], 1, bucket) for bucket in there[start : start + query.limit]]
        return Page(items, str(start + query.limit) if start + query.limit < len(there) else None)

    async def get(self, collection: str, _key: str) -> Stored | None:
        training = {"uid": UID, "number": 1, "attempt": 1, "owner": "ada", "name": "t", "state": "COMPLETED"}
        return Stored("key", 1, training) if collection == "training_jobs" else None


def text(number: int) -> str:
    return f"line {number}" + (" needle" if number % 3 == 0 else "")


def reader(shelf: Shelf) -> Archive:
    store: Any = shelf
    return Archive(store, Jobs(store), News())


@pytest.fixture(autouse=True)
def small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have many of them, and few read at a time."""
    monkeypatch.setattr(buckets._Lines, "full", 60)
    monkeypatch.setattr(buckets._Lines, "most", 90)
    monkeypatch.setattr(archive, "FEW", 2)


amounts = st.lists(st.integers(1, 12), min_size=1, max_size=8)


@settings(deadline=None)
@given(amounts, amounts, st.integers(1, 9), st.sampled_from(["", "needle"]))
def test_pages_hold_every_line_once_while_more_is_written(
    before: list[int], meanwhile: list[int], size: int, contains: str
) -> None:
    shelf, read = Shelf(), []
    coming = list(meanwhile)

    async def read_all() -> None:
        token = ""
        while True:
            page, token = await reader(shelf).page(EXTENT, Lines(wanted(contains, "")), size, token)
            assert len(page) <= size
            read.extend(line.text for line in page)
            if not token:
                return
            if coming:
                shelf.prints(coming.pop())

    for count in before:
        shelf.prints(count)
    asyncio.run(read_all())
    printed = shelf.printed
    assert read == [line for line in map(text, range(printed)) if contains in line]


@settings(deadline=None)
@given(amounts, st.integers(1, 30), amounts)
def test_the_last_lines_and_what_comes_after_them_are_all_there_are(
    before: list[int], size: int, meanwhile: list[int]
) -> None:
    shelf = Shelf()
    for count in before:
        shelf.prints(count)
    printed = shelf.printed

    async def read_all() -> tuple[list[str], list[str]]:
        last = await reader(shelf).last(EXTENT, Lines(), size)
        for count in meanwhile:
            shelf.prints(count)
        following = reader(shelf).follow(EXTENT, Lines(), last.behind)
        return [line.text for line in last.items], [line.text async for some in following for line in some.items]

    tail, followed = asyncio.run(read_all())
    assert tail == [text(number) for number in range(max(printed - size, 0), printed)]
    assert followed == [text(number) for number in range(printed, shelf.printed)]


async def test_the_last_lines_are_no_more_than_a_page_holds_however_long_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "PAGE_CHARACTERS", 25)
    shelf = Shelf()
    for _ in range(10):
        shelf.prints(3)
    last = await reader(shelf).last(EXTENT, Lines(), 1000)
    assert [line.text for line in last.items] == [text(28), text(29)]


@pytest.mark.parametrize("limit", [{"chunks_left": 1}, {"characters_left": 1}])
async def test_a_page_that_finds_nothing_ends_and_its_token_goes_on(limit: dict[str, int]) -> None:
    shelf = Shelf()
    for _ in range(20):
        shelf.prints(4)
    wanted_line = Lines(wanted(f"line {shelf.printed - 1}", ""))
    pages, place, found = 0, Place(), []
    full = True
    while full:
        page = Reading(wanted_line, 10, Place.of(str(place)), **limit)
        full = await reader(shelf).read(EXTENT, page)
        pages, place, found = pages + 1, page.place, found + page.items
    assert pages > 10
    assert [line.text for line in found] == [text(shelf.printed - 1)]
