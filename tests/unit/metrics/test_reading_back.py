"""Curves of a job and searches through it, over a real channel, with what a collector has stored."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from tests.callers import gate
from tests.unit.metrics.messages import UID, batch, ended, lines, started
from tunewright.core.errors import InvalidSpec, NotFound, TunewrightError
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.store.port import Insert, Put
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import metrics_service_pb2_grpc
from tunewright_metrics.analysing.analyst import Analyst
from tunewright_metrics.analysing.answers import Answers
from tunewright_metrics.collecting.collector import Collector
from tunewright_metrics.jobs import Jobs
from tunewright_metrics.reading_back import searching
from tunewright_metrics.reading_back.archive import Archive
from tunewright_metrics.reading_back.curves import Curves
from tunewright_metrics.reading_back.news import News
from tunewright_metrics.reading_back.searching import Search
from tunewright_metrics.servicer import MetricsServicer

PATIENCE_S = 20


@dataclass
class Follower:
    call: Any
    token: str = ""

    async def read(self) -> Any:
        """Return the next message that has curves, or that there is none."""
        while (answer := await self.call.read()) is not grpc.aio.EOF:
            self.token = answer.next_page_token
            if answer.curves:
                break
        return answer

    async def connected(self) -> None:
        """Read until there is a token to go on with."""
        while not self.token:
            self.token = (await self.call.read()).next_page_token


class World:
    """A job whose trainings say what a test has them say, to one collector of two."""

    def __init__(self, store: SqliteStore, bus: MemoryBus, stub: Any, news: News) -> None:
        self.store, self.stub, self.news = store, stub, news
        self.collector = Collector(store, bus, news.tell)
        self.other = Collector(store, bus, lambda _uid, _number: None)
        """Its news do not arrive where the service is."""

    async def job(self, state: str = "RUNNING", owner: str = "ada", *, deleted: bool = False) -> None:
        document = {"uid": UID, "owner": owner, "state": state, "deleted": deleted, "spec_revision": 1}
        name = Put("job_names", f"{owner}/digits", {"uid": UID})
        await self.store.commit([Put("tuning_jobs", UID, document), name])

    async def training(self, number: int, state: str = "RUNNING", attempt: int = 1) -> None:
        document = {"uid": UID, "number": number, "name": f"digits-{number:03d}", "owner": "ada", "state": state}
        await self.store.commit([Put("training_jobs", f"{UID}/{number:06d}", document | {"attempt": attempt})])

    async def says(self, *messages: Message, through: Collector | None = None) -> None:
        await (through or self.collector).handle(batch(*messages))

    async def printed(self, number: int, texts: Sequence[str], **given: Any) -> None:
        await self.training(number)
        await self.says(started(number=number), lines(0, texts, number=number), **given)

    async def curves(self, **request: Any) -> list[pb.Curve]:
        return list((await self.stub.ListCurves(pb.ListCurvesRequest(job="digits", **request))).curves)

    async def found(self, **request: Any) -> list[tuple[int, str]]:
        """Search to the end; return number and text of each line."""
        asked = pb.SearchOutputRequest(job="digits", **request)
        found = []
        while True:
            page = await self.stub.SearchOutput(asked)
            found += [(line.number, line.line.text) for line in page.lines]
            if not page.next_page_token:
                return found
            asked.page_token = page.next_page_token

    async def refused(self, call: Any) -> TunewrightError:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        return error_of(caught.value)

    @asynccontextmanager
    async def following(self, **request: Any) -> AsyncIterator[Follower]:
        follower = Follower(self.stub.FollowCurves(pb.FollowCurvesRequest(job="digits", **request)))
        async with asyncio.timeout(PATIENCE_S):
            yield follower
            follower.call.cancel()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store, bus, news = SqliteStore(tmp_path / "store.db"), MemoryBus(topics().values()), News()
    jobs = Jobs(store)
    archive = Archive(store, jobs, news)
    answers = Answers(store, jobs, Analyst())
    servicer = MetricsServicer(
        store, bus, jobs, archive, Curves(store, jobs, archive, news), Search(store, archive), answers
    )
    server = RpcServer("127.0.0.1", 0, gate({"token": "ada", "other": "bob"}))
    service = "tunewright.v1.MetricsService"
    await server.start(
        {service: lambda at: metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(servicer, at)}
    )
    async with open_channel(f"127.0.0.1:{server.port}", "token") as channel:
        world = World(store, bus, metrics_service_pb2_grpc.MetricsServiceStub(channel), news)
        await world.job()
        yield world
    await server.stop(grace_s=0)
    await store.close()


def accuracies(values: Sequence[float]) -> list[str]:
    return [f"accuracy={value} loss={1 - value}" for value in values]


async def test_a_jobs_curves_are_its_objectives_values_and_running_means(world: World) -> None:
    await world.printed(1, accuracies([0.2, 0.4]))
    await world.printed(2, ["nothing yet"])
    first, second = await world.curves()
    assert (first.training_name, first.number, first.attempt, first.complete) == ("digits-001", 1, 1, False)
    assert list(first.steps) == [1, 2]
    assert list(first.values) == [0.2, 0.4]
    assert list(first.means) == pytest.approx([0.2, 0.3])
    assert (second.number, list(second.steps)) == (2, [])


async def test_a_long_curve_has_at_most_64_points_and_its_last_value(world: World) -> None:
    await world.printed(1, accuracies([step / 1000 for step in range(1, 1001)]))
    for asked, most in ((0, 64), (10, 10), (5000, 64)):
        (curve,) = await world.curves(max_points=asked)
        assert most / 2 <= len(curve.steps) <= most
        assert (curve.steps[-1], curve.values[-1]) == (1000, 1.0)
        assert len(curve.steps) == len(curve.values) == len(curve.means)


async def test_another_metrics_curves_keep_their_peaks_and_leave_out_what_is_no_number(world: World) -> None:
    losses = [0.5] * 1000
    losses[637] = 9.0
    losses[500] = math.nan
    await world.printed(1, [f"accuracy=1 loss={value}" for value in losses])
    await world.printed(2, ["accuracy=1"])
    first, second = await world.curves(metric="loss", max_points=20)
    assert len(first.steps) == 20
    assert (638, 9.0) in zip(first.steps, first.values, strict=True)
    assert 501 not in first.steps
    assert list(first.means) == list(second.steps) == []


async def test_the_last_attempts_curve_counts(world: World) -> None:
    await world.training(1, attempt=2)
    await world.says(started(), lines(0, accuracies([0.1])))
    await world.says(started(attempt=2), lines(0, accuracies([0.7]), attempt=2))
    (curve,) = await world.curves()
    assert (curve.attempt, list(curve.values)) == (2, [0.7])


@pytest.mark.parametrize("metric", ["", "loss"])
async def test_pages_of_curves_are_complete_and_stay_so_while_trainings_are_added(world: World, metric: str) -> None:
    for number in range(1, 6):
        await world.printed(number, accuracies([0.5]))
    request = pb.ListCurvesRequest(job="digits", page_size=2, metric=metric)
    read = []
    while True:
        page = await world.stub.ListCurves(request)
        read += [curve.number for curve in page.curves]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
        await world.printed(6, accuracies([0.5]))
    assert read == [1, 2, 3, 4, 5, 6]


async def test_a_page_of_another_metric_ends_before_it_has_read_much(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunewright_metrics.reading_back.drawn.POINTS_A_PAGE", 5)
    for number in range(1, 5):
        await world.printed(number, accuracies([0.5] * number))
    page = await world.stub.ListCurves(pb.ListCurvesRequest(job="digits", metric="loss"))
    assert [curve.number for curve in page.curves] == [1, 2]
    page = await world.stub.ListCurves(pb.ListCurvesRequest(job="digits", metric="loss", page_token="4"))
    assert [curve.number for curve in page.curves] == [4]


async def test_a_training_that_has_ended_has_its_whole_curve(world: World) -> None:
    await world.printed(1, accuracies([0.5]))
    await world.says(ended(1))
    assert [curve.complete for curve in await world.curves()] == [True]


async def test_following_gives_what_there_is_then_what_changes_then_ends_with_the_job(world: World) -> None:
    await world.printed(1, accuracies([0.1]))
    await world.printed(2, accuracies([0.2]))
    async with world.following() as call:
        assert [curve.number for curve in (await call.read()).curves] == [1, 2]
        await world.says(lines(1, accuracies([0.3]), number=2))
        (changed,) = (await call.read()).curves
        assert (changed.number, list(changed.values)) == (2, [0.2, 0.3])
        await world.says(lines(1, ["no value", "loss=0.5"], number=1))
        await world.printed(3, accuracies([0.4]))
        assert [curve.number for curve in (await call.read()).curves] == [3]
        await world.job("COMPLETED")
        assert await call.read() is grpc.aio.EOF


async def test_a_follower_sees_what_another_collector_has_taken_over(world: World) -> None:
    await world.printed(1, accuracies([0.1]))
    async with world.following() as call:
        await call.read()
        await world.says(lines(1, accuracies([0.2])), through=world.other)
        (changed,) = (await call.read()).curves
        assert list(changed.values) == [0.1, 0.2]


async def test_a_change_that_is_seen_late_is_not_missed(world: World) -> None:
    """Two collectors' clocks differ, and a commit takes a while: a change bears an earlier time than the last look."""
    await world.printed(1, accuracies([0.1]))
    async with world.following() as call:
        await call.read()
        await world.printed(2, accuracies([0.2]))
        assert [curve.number for curve in (await call.read()).curves] == [2]
        stored = await world.store.get("streams", f"{UID}/000001/0001")
        assert stored
        await world.says(lines(1, accuracies([0.3])), through=world.other)
        late = await world.store.get("streams", stored.key)
        assert late
        await world.store.commit(
            [Put("streams", stored.key, late.document | {"changed_at": stored.document["changed_at"]})]
        )
        assert [curve.number for curve in (await call.read()).curves] == [1]


async def test_a_follower_that_lost_its_connection_is_told_what_has_changed_since(world: World) -> None:
    for number in (1, 2):
        await world.printed(number, accuracies([0.1]))
    async with world.following() as call:
        assert len((await call.read()).curves) == 2
        await call.connected()
    stored = await world.store.get("streams", f"{UID}/000001/0001")
    assert stored
    long_ago = stored.document | {"changed_at": stored.document["changed_at"] - 60}
    await world.store.commit([Put("streams", stored.key, long_ago)])
    await world.says(lines(1, accuracies([0.2]), number=2))
    async with world.following(page_token=call.token) as again:
        (changed,) = (await again.read()).curves
        assert (changed.number, list(changed.values)) == (2, [0.1, 0.2])
    refused = await world.refused(world.stub.FollowCurves(pb.FollowCurvesRequest(job="digits", page_token="x")).read())
    assert isinstance(refused, InvalidSpec)


async def test_a_follower_that_has_gone_leaves_nothing_behind(world: World) -> None:
    await world.printed(1, accuracies([0.1]))
    async with world.following() as call:
        await call.read()
        assert world.news.followed == 1
    async with asyncio.timeout(PATIENCE_S):
        while world.news.followed:  # noqa: ASYNC110 - who leaves tells nobody
            await asyncio.sleep(0.01)


async def test_output_of_a_whole_job_is_searched_by_number(world: World) -> None:
    await world.printed(2, ["Warning: b", "fine"])
    await world.printed(1, ["fine", "Warning: a", "warning: c"])
    await world.printed(3, ["fine"])
    assert await world.found(contains="Warning") == [(1, "Warning: a"), (2, "Warning: b")]
    assert await world.found(matches="(?i)^warning: [ac]$") == [(1, "Warning: a"), (1, "warning: c")]
    assert await world.found(contains="a", matches="(?i)WARNING") == [
        (1, "Warning: a"),
        (1, "warning: c"),
        (2, "Warning: b"),
    ]
    assert await world.found(contains="never said") == []


async def test_a_search_goes_on_by_pages_whatever_is_in_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "TRAININGS_A_PAGE", 2)
    for number in range(1, 8):
        await world.printed(number, ["x", f"needle {number}", "x", "needle again"])
    expected = [(number, text) for number in range(1, 8) for text in (f"needle {number}", "needle again")]
    for size in (1, 3, 100):
        assert await world.found(contains="needle", page_size=size) == expected


async def test_only_the_last_attempts_output_is_searched(world: World) -> None:
    await world.training(1, attempt=2)
    await world.says(started(), lines(0, ["needle of old"]))
    await world.says(started(attempt=2), lines(0, ["needle"], attempt=2))
    assert await world.found(contains="needle") == [(1, "needle")]


async def test_removed_output_is_told_of_in_a_search(world: World) -> None:
    await world.printed(1, ["needle"])
    removed = {"output_removed_at": 1.0, "measurements_removed_at": 1.0}
    await world.store.commit([Insert("contents", f"{UID}/000001", removed)])
    page = await world.stub.SearchOutput(pb.SearchOutputRequest(job="digits", contains="needle"))
    assert [(line.training_name, line.HasField("line")) for line in page.lines] == [("digits-001", False)]
    assert [curve.removed for curve in await world.curves(metric="loss")] == [True]
    assert [curve.removed for curve in await world.curves()] == [False]


async def test_one_instances_output_is_read_by_itself(world: World) -> None:
    await world.training(1)
    await world.says(started(instances=2), lines(0, ["a", "b"]), lines(0, ["c"], instance=1), lines(2, ["d"]))
    for instance, expected in ((0, ["a", "b", "d"]), (1, ["c"]), (7, [])):
        answer = await world.stub.ReadOutput(pb.ReadOutputRequest(training=f"{UID}/1", instance=instance))
        assert [line.text for line in answer.lines] == expected


@pytest.mark.parametrize("pattern", ["(?=x)", r"(a)\1", "(", "x" * 501, "a{1001}"])
async def test_a_pattern_that_cannot_be_used_is_refused_with_a_remedy(world: World, pattern: str) -> None:
    await world.training(1)
    for call in (
        world.stub.SearchOutput(pb.SearchOutputRequest(job="digits", matches=pattern)),
        world.stub.ReadOutput(pb.ReadOutputRequest(training=f"{UID}/1", matches=pattern)),
    ):
        error = await world.refused(call)
        assert isinstance(error, InvalidSpec)
        assert error.field == "matches"
        assert error.remedy


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.SearchOutputRequest(job="digits"), "contains"),
        (pb.SearchOutputRequest(job="digits", contains="x", page_token="1:x"), "page_token"),
        (pb.SearchOutputRequest(job="digits", contains="x", page_token="0001/000000000000+0"), "page_token"),
        (pb.SearchOutputRequest(job="digits", contains="x", page_token=f"{'9' * 5000}:"), "page_token"),
        (pb.SearchOutputRequest(job="digits", contains="x", page_size=-1), "page_size"),
        (pb.ListCurvesRequest(job="digits", page_token="x"), "page_token"),
        (pb.ListCurvesRequest(job="digits", page_token="9" * 5000), "page_token"),
        (pb.ListCurvesRequest(job="digits", max_points=-1), "max_points"),
        (pb.ReadOutputRequest(training=f"{UID}/1", page_token=f"0001/000000000000+{'9' * 5000}"), "page_token"),
        (pb.ReadOutputRequest(training=f"{UID}/1", page_token="0001/000000000000+1", attempt=2), "page_token"),
        (pb.ReadOutputRequest(training=f"{UID}/1", page_token="zzz+0"), "page_token"),
        (pb.ReadOutputRequest(training=f"{UID}/1", tail=-1), "tail"),
    ],
)
async def test_bad_requests_name_the_field(world: World, request_: Message, field: str) -> None:
    await world.printed(1, ["x"])
    methods = {"Search": world.stub.SearchOutput, "List": world.stub.ListCurves, "Read": world.stub.ReadOutput}
    method = next(method for name, method in methods.items() if request_.DESCRIPTOR.name.startswith(name))
    error = await world.refused(method(request_))
    assert isinstance(error, InvalidSpec)
    assert error.field == field


@pytest.mark.parametrize("other", [{"owner": "bob"}, {"deleted": True}])
async def test_jobs_of_others_and_deleted_ones_are_not_found(world: World, other: dict[str, Any]) -> None:
    await world.printed(1, ["x"])
    await world.job(**other)
    for name in ("digits", UID, "Digits"):
        for call in (
            world.stub.ListCurves(pb.ListCurvesRequest(job=name)),
            world.stub.SearchOutput(pb.SearchOutputRequest(job=name, contains="x")),
            world.stub.FollowCurves(pb.FollowCurvesRequest(job=name)).read(),
        ):
            assert isinstance(await world.refused(call), NotFound)


async def test_a_jobs_name_is_taken_in_any_case_and_no_further(world: World) -> None:
    await world.printed(1, ["x"])
    assert (await world.stub.ListCurves(pb.ListCurvesRequest(job="DIGITS"))).curves
    assert isinstance(await world.refused(world.stub.ListCurves(pb.ListCurvesRequest(job="digit"))), NotFound)
