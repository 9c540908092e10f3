from __future__ import annotations

import asyncio
import os
import signal

import pytest
import structlog

from tunewright.platform.lifecycle import run_together, stop_on_signals, unless


class Part:
    """Runs until cancelled, and notes its end."""

    def __init__(self, name: str, ended: list[str], at_its_end: Exception | None = None) -> None:
        self.name, self._ended, self._at_its_end = name, ended, at_its_end
        self.running = asyncio.Event()

    async def run(self) -> None:
        self.running.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._ended.append(self.name)
            if self._at_its_end is not None:
                raise self._at_its_end


async def fails(part: Part, error: Exception) -> None:
    await part.running.wait()
    raise error


async def test_a_stop_ends_all_the_last_one_first():
    ended: list[str] = []
    parts = [Part(name, ended) for name in "abc"]
    stop = asyncio.Event()
    together = asyncio.create_task(run_together([part.run() for part in parts], stop))
    for part in parts:
        await part.running.wait()
    assert not together.done()
    stop.set()
    await together
    assert ended == ["c", "b", "a"]


async def test_a_stop_before_the_start_ends_all_too():
    stop = asyncio.Event()
    stop.set()
    await run_together([Part("a", []).run()], stop)


async def test_the_first_failure_ends_the_others_and_is_raised_as_it_was():
    ended: list[str] = []
    part = Part("a", ended)
    with pytest.raises(KeyError, match="what"), structlog.testing.capture_logs() as logs:
        await run_together([part.run(), fails(part, KeyError("what"))], asyncio.Event())
    assert ended == ["a"]
    assert logs == []


async def test_a_failure_at_the_end_is_logged_and_does_not_hide_the_first():
    part = Part("a", [], OSError("full"))
    with pytest.raises(KeyError), structlog.testing.capture_logs() as logs:
        await run_together([part.run(), fails(part, KeyError("what"))], asyncio.Event())
    assert [str(entry["exc_info"]) for entry in logs] == ["full"]


async def test_being_cancelled_ends_all():
    ended: list[str] = []
    part = Part("a", ended)
    together = asyncio.create_task(run_together([part.run()], asyncio.Event()))
    await part.running.wait()
    together.cancel()
    with pytest.raises(asyncio.CancelledError):
        await together
    assert ended == ["a"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_sets_the_stop(number):
    stop = asyncio.Event()
    stop_on_signals(stop)
    try:
        os.kill(os.getpid(), number)
        async with asyncio.timeout(5):
            await stop.wait()
    finally:
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(each)


async def test_each_signal_sets_one_more():
    first, second = asyncio.Event(), asyncio.Event()
    stop_on_signals(first, second)
    os.kill(os.getpid(), signal.SIGTERM)
    await first.wait()
    assert not second.is_set()
    os.kill(os.getpid(), signal.SIGINT)
    await second.wait()
    os.kill(os.getpid(), signal.SIGTERM)


async def test_a_call_is_given_up_for_a_stop():
    stop, given_up = asyncio.Event(), []

    async def call():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.append(True)
            raise

    waiting = asyncio.create_task(unless(stop, call()))
    await asyncio.sleep(0)
    stop.set()
    assert await waiting is None
    assert given_up == [True]


async def test_a_call_that_ends_first_is_heard():
    async def answer():
        return 3

    async def fail():
        raise KeyError("what")

    assert await unless(asyncio.Event(), answer()) == 3
    with pytest.raises(KeyError, match="what"):
        await unless(asyncio.Event(), fail())
