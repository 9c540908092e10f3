"""No more threads work at a time than may, also when callers have gone away."""

from __future__ import annotations

import asyncio
from threading import Event, Semaphore

import pytest

from tunewright.platform.in_threads import InThreads


class Work:
    """Goes on until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = Semaphore(0), Event()

    def __call__(self, number: int) -> int:
        self.begun.release()
        self.let_go.wait()
        return number


async def test_what_nobody_waits_for_any_more_keeps_its_place_until_it_ends():
    threads, work, second = InThreads(1), Work(), Work()
    second.let_go.set()
    try:
        left = asyncio.create_task(threads.run(work, 1))
        await asyncio.to_thread(work.begun.acquire)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        waiting = asyncio.create_task(threads.run(second, 2))
        await asyncio.to_thread(lambda: None)  # a thread's whole way: with room, the second would have begun its own
        assert not second.begun.acquire(blocking=False)
    finally:
        work.let_go.set()
    assert await waiting == 2


async def test_what_is_cancelled_before_there_is_room_never_begins_and_takes_none():
    threads, work, second = InThreads(1), Work(), Work()
    first = asyncio.create_task(threads.run(work, 1))
    await asyncio.to_thread(work.begun.acquire)
    left = asyncio.create_task(threads.run(second, 2))
    await asyncio.to_thread(lambda: None)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    work.let_go.set()
    assert await first == 1
    assert await threads.run(work, 3) == 3
    assert not second.begun.acquire(blocking=False)


async def test_what_fails_says_so_and_leaves_its_place():
    def failing() -> None:
        raise ValueError("no")

    threads = InThreads(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            await threads.run(failing)
