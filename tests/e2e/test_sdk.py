"""What users of the SDK rely on, with real servers: lost answers, deadlines, pages, servers that go and come back."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import claiming
from tests.e2e.served import Served, job
from tests.e2e.test_local import until
from tests.servers.line import Line, line_to
from tunewright.client import Address, AsyncClient, Client
from tunewright.core.errors import Unavailable
from tunewright.core.spec import EnqueuedConfiguration, Limits
from tunewright.core.states import JobState

PRINTS = """
i=0
while [ ! -e {folder}/done ]; do
  echo "line $i score=0.$i"
  i=$((i+1))
  sleep 0.02
done
"""
X = {"x": 0.5, "depth": 3, "batch": "32", "act": "tanh"}


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[Address]:
    async with claiming.served(tmp_path) as address:
        yield address


async def answered(line: Line, call: Coroutine[Any, Any, Any], done: Callable[[], Awaitable[bool]]) -> Any:
    """Make a call whose first answer is lost, once the server has done it; return the second answer."""
    line.hold_answers()
    asked = asyncio.ensure_future(call)
    async with asyncio.timeout(10):
        while not await done():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
    assert not asked.done()
    line.break_off()
    return await asked


async def test_what_is_said_again_after_a_lost_answer_is_done_once(address: Address) -> None:
    with line_to(address.endpoint) as line:
        behind = replace(address, endpoint=line.address)
        async with AsyncClient(behind) as client, AsyncClient(address) as direct:
            assert [found async for found in client.list()] == []

            async def is_created() -> bool:
                return [found.name async for found in direct.list()] == ["mine"]

            async def is_enqueued() -> bool:
                return bool((await direct.describe("mine")).spec.enqueued)

            created = await answered(line, client.create(claiming.job()), is_created)
            assert created.uid == (await direct.describe("mine")).uid
            enqueuing = client.amend(
                "mine", enqueue=[EnqueuedConfiguration(X)], expected_revision=created.spec_revision
            )
            amended = await answered(line, enqueuing, is_enqueued)
            assert [item.configuration for item in amended.spec.enqueued] == [X]
            assert (await direct.describe("mine")).spec_revision == created.spec_revision + 1


async def test_a_call_ends_with_its_deadline_and_says_what_to_do(address: Address) -> None:
    with line_to(address.endpoint) as line:
        async with AsyncClient(replace(address, endpoint=line.address), deadline_s=0.5) as client:
            line.cut()
            async with asyncio.timeout(20):
                with pytest.raises(Unavailable, match="See that it runs"):
                    await client.describe("mine")


async def test_what_is_more_than_a_page_is_read_to_the_end(address: Address) -> None:
    async with AsyncClient(address) as client:
        names = [f"job-{number:03d}" for number in range(130)]
        for name in names:
            await client.create(claiming.job(name, limits=Limits(max_parallel=1, max_trainings=1)))
        assert [found.name async for found in client.list(newest_first=False)] == names
        async for training in client.claim("job-000"):
            for step in range(1200):
                training.report("score", step, step)
            await training.complete()
        measured = [item.value async for item in client.measurements(training.name, "score")]
        assert measured == [float(step) for step in range(1200)]


async def test_a_watcher_is_told_what_ended_while_it_had_no_connection(address: Address) -> None:
    with line_to(address.endpoint) as line:
        async with AsyncClient(replace(address, endpoint=line.address)) as client, AsyncClient(address) as direct:
            await direct.create(claiming.job(limits=Limits(max_parallel=1, max_trainings=3)))
            watching = client.job("mine").watch()
            seen = {item.number for item in (await anext(watching)).trainings}
            line.cut()
            async for training in direct.claim("mine"):
                training.report("score", 1.0)
                await training.complete()
            line.break_off()
            async with asyncio.timeout(20):
                ended = [item.number async for step in watching for item in step.trainings if item.state.final]
            assert seen <= {1}
            assert sorted(ended) == [1, 2, 3]


@pytest.fixture
def served(tmp_path: Path):
    served = Served(tmp_path)
    served.start()
    yield served
    (tmp_path / "done").touch()
    served.end()


class Followers:
    """What a client is told of a job's first training by each way of following, in threads."""

    def __init__(self, client: Client, name: str, training: str, patience_s: float = 60.0) -> None:
        job = client.job(name)
        self.lines: list[Any] = []
        self.values: list[Any] = []
        self.curves: list[Any] = []
        self.steps: list[Any] = []
        self._pool = ThreadPoolExecutor(4)
        self.ends = [
            self._collect(client.output(training, follow=True, patience_s=patience_s), self.lines),
            self._collect(client.measurements(training, follow=True, patience_s=patience_s), self.values),
            self._collect(job.follow_curves(patience_s=patience_s), self.curves),
            self._collect(job.watch(patience_s=patience_s), self.steps),
        ]

    def _collect(self, items: Iterable[Any], into: list[Any]) -> Future[None]:
        return self._pool.submit(into.extend, items)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_whoever_follows_goes_on_when_the_server_is_there_again(served: Served, number: signal.Signals) -> None:
    image = served.program(PRINTS.format(folder=served.folder))
    with served.client() as client:
        client.create(job(image, limits=Limits(max_parallel=1, max_trainings=1)))
        until(lambda: bool(list(client.trainings("job"))))
        (training,) = client.trainings("job")
        followers = Followers(client, "job", training.name)
        until(lambda: len(followers.lines) >= 5 and len(followers.values) >= 5 and bool(followers.curves))
        served.end(number)
        had = len(followers.lines)
        served.start()
        until(lambda: len(followers.lines) >= had + 5)
        (served.folder / "done").touch()
        for end in followers.ends:
            end.result(60)
        assert followers.lines == list(client.output(training.name))
        assert followers.values == list(client.measurements(training.name))
        assert followers.curves[-1] == next(client.curves("job"))
        assert followers.steps[-1].job.state is JobState.COMPLETED
        ended = [item.name for step in followers.steps for item in step.trainings if item.state.final]
        assert ended == [training.name]


def test_patience_has_an_end(served: Served) -> None:
    image = served.program(PRINTS.format(folder=served.folder))
    with served.client() as client:
        client.create(job(image, limits=Limits(max_parallel=1, max_trainings=1)))
        until(lambda: bool(list(client.trainings("job"))))
        (training,) = client.trainings("job")
        followers = Followers(client, "job", training.name, patience_s=0.1)
        until(lambda: bool(followers.lines and followers.values and followers.curves and followers.steps))
        served.end(signal.SIGKILL)
        for end in followers.ends:
            with pytest.raises(Unavailable, match="See that it runs"):
                end.result(60)
        served.start()


def test_a_name_that_nobody_listens_at_is_told_of_at_once() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{bound.getsockname()[1]}"
        with Client(Address(endpoint, "token")) as client, pytest.raises(Unavailable, match="See that it runs"):
            client.describe("mine")
