"""MetricsService over a real channel, with what a collector has stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from tests.callers import gate
from tests.unit.metrics.messages import UID, lines, reported, started
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound, TunewrightError
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.topics import topics
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.store.naming import name_key
from tunewright.platform.store.port import Put
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import metrics_service_pb2_grpc
from tunewright_metrics.main import Metrics

NAME = "job-001-1a2b3c4d"


class World:
    """A served Metrics, and a hand on the scheduler's record of one training."""

    def __init__(self, store: SqliteStore, bus: MemoryBus, stub: metrics_service_pb2_grpc.MetricsServiceStub) -> None:
        self.store, self.bus, self.stub = store, bus, stub

    async def training(self, state: str = "RUNNING", attempt: int = 1, owner: str = "ada") -> None:
        document = {"uid": UID, "number": 1, "name": NAME, "owner": owner, "state": state, "attempt": attempt}
        name = Put("training_names", name_key(owner, NAME), {"uid": UID})
        await self.store.commit([Put("training_jobs", f"{UID}/000001", document), name])

    async def said(self, *messages: Message) -> None:
        """Publish, and wait until it is all stored."""
        await self.bus.publish([to_record("training.output", UID, message, source="test") for message in messages])
        wanted = sum(len(getattr(message, "lines", [])) for message in messages)
        wanted += sum(message.DESCRIPTOR.name == "MetricsReported" for message in messages)
        before = await self.position()
        async with asyncio.timeout(10):
            while await self.position() < before + wanted:  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.001)

    async def position(self) -> int:
        """Return how much has been taken of all attempts."""
        names = [f"{UID}/000001/{attempt:04d}" for attempt in (1, 2)]
        stored = await self.store.get_many("streams", names)
        return sum(item.document["position"] for item in stored.values())

    async def output(self, **request: Any) -> tuple[list[str], str]:
        answer = await self.stub.ReadOutput(pb.ReadOutputRequest(training=NAME, **request))
        return [line.text for line in answer.lines], answer.next_page_token

    async def points(self, **request: Any) -> tuple[list[tuple[str, float, int]], str]:
        answer = await self.stub.ListMeasurements(pb.ListMeasurementsRequest(training=NAME, **request))
        return [(item.metric, item.value, item.step) for item in answer.measurements], answer.next_page_token

    async def refused(self, call: Any) -> TunewrightError:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        return error_of(caught.value)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store, bus = SqliteStore(tmp_path / "store.db"), MemoryBus(topics().values())
    metrics = Metrics(store, bus)
    collecting = asyncio.create_task(metrics.run())
    services = {
        "tunewright.v1.MetricsService": lambda at: metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(
            metrics.servicer, at
        )
    }
    server = RpcServer("127.0.0.1", 0, gate({"token": "ada"}))
    await server.start(services)
    async with open_channel(f"127.0.0.1:{server.port}", "token") as channel:
        world = World(store, bus, metrics_service_pb2_grpc.MetricsServiceStub(channel))
        await world.training()
        yield world
    await server.stop(grace_s=0)
    collecting.cancel()
    await asyncio.gather(collecting, return_exceptions=True)
    await store.close()


async def test_output_is_read_page_by_page_whatever_the_chunks(world: World) -> None:
    texts = [f"line {number}" for number in range(25)]
    await world.said(started(), *(lines(at, texts[at : at + 4], second=2 * at) for at in range(0, 25, 4)))
    read: list[str] = []
    token = ""
    for _ in range(4):
        page, token = await world.output(page_size=7, page_token=token)
        read += page
    assert (read, token) == (texts, "")


async def test_a_page_token_stays_good_while_more_is_stored(world: World) -> None:
    await world.said(started(), lines(0, ["a", "b", "c"]))
    first, token = await world.output(page_size=2)
    await world.said(lines(3, ["d"]))
    rest, _ = await world.output(page_token=token)
    assert (first, rest) == (["a", "b"], ["c", "d"])


async def test_output_is_searched(world: World) -> None:
    await world.said(started(), lines(0, ["warn a", "b", "warn c"]), lines(3, ["d", "warn e"], second=9))
    first, token = await world.output(contains="warn", page_size=2)
    rest, end = await world.output(contains="warn", page_size=2, page_token=token)
    assert (first, rest, end) == (["warn a", "warn c"], ["warn e"], "")


@pytest.mark.parametrize(("tail", "expected"), [(2, ["d", "e"]), (4, ["b", "c", "d", "e"]), (99, list("abcde"))])
async def test_the_last_lines_are_read_first(world: World, tail: int, expected: list[str]) -> None:
    await world.said(started(), lines(0, ["a", "b"]), lines(2, ["c", "d"], second=9), lines(4, ["e"], second=20))
    assert await world.output(tail=tail) == (expected, "")


@pytest.mark.parametrize("tail", [1, 2, 3, 4, 99])
@pytest.mark.parametrize("contains", ["", "4", "no such"])
async def test_output_is_read_backwards_to_its_start(world: World, tail: int, contains: str) -> None:
    texts = [f"line {number}" for number in range(24)]
    await world.said(started(), *(lines(at, texts[at : at + 5], second=9 * at) for at in range(0, 24, 5)))
    asked = pb.ReadOutputRequest(training=NAME, tail=tail, contains=contains)
    read: list[str] = []
    while True:
        page = await world.stub.ReadOutput(asked)
        read = [line.text for line in page.lines] + read
        if not page.previous_page_token:
            break
        asked.page_token = page.previous_page_token
    assert read == [text for text in texts if contains in text]


async def test_what_is_before_a_page_and_before_what_is_followed_is_read(world: World) -> None:
    await world.said(started(), lines(0, ["a", "b", "c"]), lines(3, ["d", "e"], second=9))
    _, token = await world.output(page_size=2)
    page = await world.stub.ReadOutput(pb.ReadOutputRequest(training=NAME, page_size=2, page_token=token))
    assert await world.output(tail=9, page_token=page.previous_page_token) == (["a", "b"], "")
    call = world.stub.FollowOutput(pb.FollowOutputRequest(training=NAME, tail=1))
    async with asyncio.timeout(20):
        for before, more in (("d", "f"), ("e", "g")):
            followed = await call.read()
            assert (await world.output(tail=1, page_token=followed.previous_page_token))[0] == [before]
            await world.said(lines(ord(more) - ord("a"), [more], second=20))
    call.cancel()


async def test_lines_say_where_they_come_from_and_whether_they_are_whole(world: World) -> None:
    second = lines(1, ["b"], instance=1)
    second.cut.append(0)
    second.first_line = 0
    await world.said(started(instances=2), lines(0, ["a"], second=5), second)
    answer = await world.stub.ReadOutput(pb.ReadOutputRequest(training=f"{UID}/1"))
    assert [(line.text, line.index, line.instance, line.cut) for line in answer.lines] == [
        ("a", 0, 0, False),
        ("b", 0, 1, True),
    ]
    assert answer.lines[0].at.seconds == 1_700_000_005


async def test_measurements_are_paged_and_filtered(world: World) -> None:
    await world.said(
        started(),
        lines(0, ["accuracy=1 loss=3", "accuracy=2"]),
        reported("r", ("f1", 0.5), ("accuracy", 3), second=9),
        lines(2, ["loss=1 accuracy=4"], second=20),
    )
    first, token = await world.points(page_size=4)
    rest, end = await world.points(page_size=4, page_token=token)
    assert first == [("accuracy", 1, 1), ("loss", 3, 1), ("accuracy", 2, 2), ("f1", 0.5, 1)]
    assert (rest, end) == ([("accuracy", 3, 3), ("accuracy", 4, 4), ("loss", 1, 2)], "")
    assert await world.points(metric="loss") == ([("loss", 3, 1), ("loss", 1, 2)], "")


async def test_a_long_curve_is_thinned_per_metric(world: World) -> None:
    peak = [f"accuracy={9 if number == 70 else 0} loss={number}" for number in range(100)]
    await world.said(started(), lines(0, peak))
    found, token = await world.points(max_points=10)
    assert token == ""
    assert [metric for metric, _, _ in found] == ["accuracy"] * 10 + ["loss"] * 10
    assert ("accuracy", 9, 71) in found
    assert [found[index][2] for index in (0, 9)] == [1, 100]


async def test_attempts_are_read_apart_and_the_last_one_by_default(world: World) -> None:
    await world.said(started(), lines(0, ["first"]), started(attempt=2), lines(0, ["second"], attempt=2))
    await world.training(attempt=2)
    assert (await world.output())[0] == ["second"]
    assert (await world.output(attempt=1))[0] == ["first"]


async def test_output_is_followed_until_the_training_is_over(world: World) -> None:
    await world.said(started(instances=2), lines(0, ["a", "b"]), reported("r", ("f1", 1)))
    followed: list[str] = []
    enough = asyncio.Event()

    async def follow() -> None:
        async for answer in world.stub.FollowOutput(pb.FollowOutputRequest(training=NAME)):
            followed.extend(line.text for line in answer.lines)
            if "d" in followed:
                enough.set()

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(follow())
        await world.said(lines(0, ["c"], instance=1))
        await world.said(lines(2, ["d"]))
        await enough.wait()
        assert followed == ["a", "b", "c", "d"]
        await world.training("COMPLETED")
        await world.said(lines(3, ["e"]))
    assert followed == ["a", "b", "c", "d", "e"]


async def test_following_from_the_tail_misses_and_repeats_nothing(world: World) -> None:
    await world.said(started(), lines(0, ["a", "b", "c"]))
    call = world.stub.FollowOutput(pb.FollowOutputRequest(training=NAME, tail=2))
    async with asyncio.timeout(20):
        assert [line.text for line in (await call.read()).lines] == ["b", "c"]
        await world.said(lines(3, ["d"]))
        assert [line.text for line in (await call.read()).lines] == ["d"]
    call.cancel()


async def test_following_goes_on_behind_a_token_whatever_comes_in_between(world: World) -> None:
    await world.said(started())
    first = world.stub.FollowOutput(pb.FollowOutputRequest(training=NAME))
    async with asyncio.timeout(20):
        answer = await first.read()
        assert list(answer.lines) == []
        for number, attempt in ((0, 1), (1, 1)):
            first.cancel()
            await world.said(lines(number, ["abc"[number]], attempt=attempt))
            first = world.stub.FollowOutput(
                pb.FollowOutputRequest(training=NAME, page_token=answer.next_page_token, tail=1)
            )
            answer = await first.read()
            assert [line.text for line in answer.lines] == ["abc"[number]]
        first.cancel()
        await world.said(lines(2, ["c"]), started(attempt=2), lines(0, ["d"], attempt=2))
        last = world.stub.FollowOutput(pb.FollowOutputRequest(training=NAME, page_token=answer.next_page_token))
        assert [line.text for line in (await last.read()).lines] == ["c", "d"]
        last.cancel()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await world.stub.FollowOutput(pb.FollowOutputRequest(training=NAME, page_token="x")).read()
    assert isinstance(error_of(caught.value), InvalidSpec)


async def test_following_goes_on_with_the_next_attempt(world: World) -> None:
    await world.said(started(), lines(0, ["accuracy=1"]))
    call = world.stub.FollowMeasurements(pb.FollowMeasurementsRequest(training=NAME, metric="accuracy"))
    async with asyncio.timeout(20):
        assert [item.value for item in (await call.read()).measurements] == [1]
        await world.said(started(attempt=2), lines(0, ["loss=1", "accuracy=2"], attempt=2))
        assert [item.value for item in (await call.read()).measurements] == [2]
    call.cancel()


async def test_only_new_values_are_followed_where_the_rest_is_listed(world: World) -> None:
    await world.said(started(), lines(0, ["accuracy=1", "accuracy=2"]))
    call = world.stub.FollowMeasurements(pb.FollowMeasurementsRequest(training=NAME, only_new=True))
    async with asyncio.timeout(20):
        assert not (await call.read()).measurements
        await world.said(lines(2, ["accuracy=3"]))
        assert [item.value for item in (await call.read()).measurements] == [3]
    call.cancel()


async def test_news_reach_a_follower_well_before_it_looks_again(world: World) -> None:
    await world.said(started(), lines(0, ["a"]))
    call = world.stub.FollowOutput(pb.FollowOutputRequest(training=NAME))
    await call.read()
    delays_s = []
    for number in range(1, 6):
        start_s = time.monotonic()
        await world.said(lines(number, ["x"]))
        await call.read()
        delays_s.append(time.monotonic() - start_s)
    call.cancel()
    assert min(delays_s) < 0.5


async def test_reported_metrics_are_stored_and_counted_once(world: World) -> None:
    await world.said(started())
    point = pb.Measurement(metric="accuracy", value=0.5)
    for _ in range(2):
        await world.stub.ReportMetrics(
            pb.ReportMetricsRequest(training=NAME, measurements=[point], request_id="the same")
        )
    await world.stub.ReportMetrics(pb.ReportMetricsRequest(training=NAME, measurements=[point]))
    async with asyncio.timeout(10):
        while await world.position() < 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
    assert (await world.points())[0] == [("accuracy", 0.5, 1), ("accuracy", 0.5, 2)]


async def test_what_cannot_be_reported_is_refused(world: World) -> None:
    point = pb.Measurement(metric="accuracy", value=0.5)
    nothing = pb.ReportMetricsRequest(training=NAME)
    assert isinstance(await world.refused(world.stub.ReportMetrics(nothing)), InvalidSpec)
    long = pb.ReportMetricsRequest(training=NAME, measurements=[pb.Measurement(metric="x" * 256)])
    assert isinstance(await world.refused(world.stub.ReportMetrics(long)), InvalidSpec)
    request = pb.ReportMetricsRequest(training=NAME, measurements=[point])
    long = pb.ReportMetricsRequest(training=NAME, measurements=[pb.Measurement(metric="x" * 256, value=1)])
    refused = await world.refused(world.stub.ReportMetrics(long))
    assert str(refused).startswith("measurements.metric: has 256 characters")
    before = pb.ReportMetricsRequest(training=NAME, measurements=[point], attempt=-1)
    assert isinstance(await world.refused(world.stub.ReportMetrics(before)), InvalidSpec)
    to_come = pb.ReportMetricsRequest(training=NAME, measurements=[point], attempt=2)
    assert isinstance(await world.refused(world.stub.ReportMetrics(to_come)), IllegalTransition)
    for state, attempt in (("COMPLETED", 1), ("READY", 0)):
        await world.training(state, attempt)
        assert isinstance(await world.refused(world.stub.ReportMetrics(request)), IllegalTransition)
    await world.training("RUNNING", 2)
    for attempt, error in ((-1, InvalidSpec), (3, IllegalTransition)):
        request.attempt = attempt
        assert isinstance(await world.refused(world.stub.ReportMetrics(request)), error)


async def test_trainings_of_others_are_not_found(world: World) -> None:
    await world.training(owner="bob")
    for name in (NAME, f"{UID}/000001", "nobody"):
        error = await world.refused(world.stub.ReadOutput(pb.ReadOutputRequest(training=name)))
        assert isinstance(error, NotFound)


@pytest.mark.parametrize(
    ("field", "value"), [("page_token", "x"), ("page_token", "+1"), ("page_size", -1), ("attempt", -1)]
)
async def test_bad_requests_name_the_field(world: World, field: str, value: object) -> None:
    error = await world.refused(world.stub.ReadOutput(pb.ReadOutputRequest(training=NAME, **{field: value})))
    assert isinstance(error, InvalidSpec)
    assert error.field == field


async def test_a_training_that_has_not_started_has_said_nothing(world: World) -> None:
    await world.training("READY", attempt=0)
    assert await world.output() == ([], "")
    assert await world.output(tail=5) == ([], "")
    assert await world.points() == ([], "")


async def test_a_deleted_jobs_output_is_gone_before_it_is_removed(world: World) -> None:
    await world.training()
    await world.store.commit([Put("tuning_jobs", UID, {"deleted": True})])
    error = await world.refused(world.stub.ReadOutput(pb.ReadOutputRequest(training=NAME)))
    assert isinstance(error, NotFound)
