"""Bring your own loop: programs of a user's own claim trainings, and report, end, die and are stopped."""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from tests.e2e.claiming import Program, job, served
from tunewright.client import Address, AsyncClaimedTraining, AsyncClient, Client, TrainingJob, TrainingStopped
from tunewright.core.errors import InvalidSpec, NotFound, Unavailable
from tunewright.core.spec import EarlyStopping, EarlyStoppingRule, Limits
from tunewright.core.states import EndCause, JobState, TrainingState
from tunewright.platform.rpc.client import open_channel
from tunewright.v1 import worker_service_pb2 as pb
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub

COMPLETES = """
with training:
    print(training.number, flush=True)
    training.report("score", training.hyperparameters["x"])
    time.sleep(0.05)
"""


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[Address]:
    async with served(tmp_path) as address:
        yield address


@pytest.fixture
async def client(address: Address) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(address) as client:
        yield client


async def trainings(client: AsyncClient) -> list[TrainingJob]:
    return [training async for training in client.trainings("mine")]


async def reports_for_ever(training: AsyncClaimedTraining) -> None:
    async with training:
        while True:
            training.report("score", 1.0)
            await asyncio.sleep(0.02)


async def test_two_processes_share_a_job_and_each_training_runs_once(client: AsyncClient, address: Address) -> None:
    await client.create(job(limits=Limits(max_parallel=4, max_trainings=12)))
    programs = [Program(address, COMPLETES) for _ in range(2)]
    shares = [await program.lines() for program in programs]
    assert [program.process.returncode for program in programs] == [0, 0]  # their loops ended with the job
    assert sorted(map(int, shares[0] + shares[1])) == list(range(1, 13))
    done = await client.describe("mine")
    assert (done.state, done.trainings.completed, done.objectives.succeeded) == (JobState.COMPLETED, 12, 12)
    found = await trainings(client)
    assert [item.objective_value for item in found] == [item.configuration["x"] for item in found]
    assert {item.attempt for item in found} == {1}
    assert {item.holder for item in found if item.holder}, "whose it was is known"


async def test_one_that_is_killed_loses_its_training_to_another(client: AsyncClient, address: Address) -> None:
    await client.create(job(limits=Limits(max_parallel=1, max_trainings=1)))
    doomed = Program(address, "training.report('score', 1.0)\nprint(training.attempt, flush=True)\ntime.sleep(600)")
    assert await doomed.line() == "1"
    doomed.process.kill()
    await doomed.lines()
    heir = Program(address, "with training:\n    print(training.attempt)\n    training.report('score', 2.0)")
    assert await heir.lines() == ["2"]
    (training,) = await trainings(client)
    assert (training.state, training.attempt, training.losses) == (TrainingState.COMPLETED, 2, 1)
    assert training.objective_value == 2.0  # and nothing of what the first attempt said


async def test_a_loop_sees_what_it_is_given_as_python_values(client: AsyncClient) -> None:
    await client.create(job())
    async with aclosing(client.claim("mine")) as claimed:
        async for training in claimed:
            kinds = {name: type(value) for name, value in training.hyperparameters.items()}
            assert kinds == {"x": float, "depth": int, "batch": int, "act": str, "data": str, "epochs": int}
            assert (training.objective, training.job_name, training.attempt) == ("score", "mine", 1)
            assert training.max_runtime_s == 60
            break
    waiting = await client.describe_training(training.name)
    assert (waiting.state, waiting.losses) == (TrainingState.READY, 0)  # left in order, it was handed back


async def test_what_is_reported_is_kept_in_order_and_repeats_count_once(client: AsyncClient) -> None:
    await client.create(job(limits=Limits(max_parallel=1, max_trainings=1)))
    async for training in client.claim("mine"):
        for step in range(3):
            training.report("score", 0.5 + step, step=step)
            training.report("score", 0.5 + step, step=step)
            training.report({"loss": 1.0 - step, "score": math.nan} if step == 0 else {"loss": 1.0 - step})
        with pytest.raises(InvalidSpec, match="step: is 1, after 2, of score"):
            training.report("score", 1.0, step=1)
        with pytest.raises(InvalidSpec, match="Did you mean 'loss'"):
            training.report("los", 1.0)
        with pytest.raises(InvalidSpec, match="'high' of loss is no number"):
            training.report({"loss": "high"})  # type: ignore[dict-item]
        await training.complete()
        # It is settled, so that it counts whatever becomes of this process.
        assert (await client.describe_training(training.name)).objective_value == 2.5
    measured = [(item.metric, item.value) async for item in client.measurements(training.name)]
    assert [value for metric, value in measured if metric == "loss"] == [1.0, 0.0, -1.0]
    assert [value for metric, value in measured if metric == "score"][2:] == [1.5, 2.5]


async def test_a_failing_body_is_failed_with_its_reason(client: AsyncClient, address: Address) -> None:
    await client.create(job(limits=Limits(max_parallel=1, max_trainings=3)))
    failing = Program(address, "with training:\n    raise RuntimeError('no such data')")
    await failing.lines()
    assert failing.process.returncode == 1
    async for training in client.claim("mine"):
        if training.number == 2:
            await training.fail("out of patience")
    first, second, third = await trainings(client)
    assert {item.state for item in (first, second, third)} == {TrainingState.FAILED}
    assert (first.reason, second.reason) == ("RuntimeError: no such data", "out of patience")
    assert third.reason == "its loop went on without complete() or fail()"


async def test_a_stop_arrives_as_an_exception_and_the_loop_goes_on(client: AsyncClient) -> None:
    await client.create(job(limits=Limits(max_parallel=1, max_trainings=2)))
    async for training in client.claim("mine"):
        async with training:
            training.report("score", float(training.number))
            if training.number == 1:
                await client.stop_training(training.name)
                while not training.should_stop:  # noqa: ASYNC110 - what a loop does
                    await asyncio.sleep(0.01)
                training.report("score", 9.0)
                raise AssertionError("it was to be stopped")
    first, second = await trainings(client)
    assert (first.state, first.end_cause, first.objective_value) == (TrainingState.STOPPED, EndCause.STOPPED, 9.0)
    assert (second.state, second.objective_value) == (TrainingState.COMPLETED, 2.0)


async def test_who_does_not_listen_is_ended_after_the_grace(client: AsyncClient) -> None:
    await client.create(job(limits=Limits(max_parallel=1, max_trainings=1), max_runtime_s=60))
    async for training in client.claim("mine"):
        await client.stop("mine")
        done = await client.wait("mine")  # the body says nothing meanwhile
        with pytest.raises(TrainingStopped):
            training.report("score", 1.0)
        await training.complete()
    assert done.state is JobState.STOPPED


async def test_the_time_of_a_training_is_kept(client: AsyncClient) -> None:
    await client.create(job(limits=Limits(max_parallel=1, max_trainings=1), max_runtime_s=1))
    async for training in client.claim("mine"):
        await reports_for_ever(training)
    (ended,) = await trainings(client)
    assert (ended.state, ended.reason) == (TrainingState.STOPPED, "MaxRuntimeExceeded")
    assert ended.objective_value == 1.0


async def test_early_stopping_arrives(client: AsyncClient) -> None:
    rule = EarlyStoppingRule(EarlyStopping.OFF, threshold=0.0)
    await client.create(job(limits=Limits(max_parallel=1, max_trainings=1), early_stopping=rule))
    reported = 0
    async for training in client.claim("mine"):
        async with training:
            while reported < 1000:
                training.report("score", -1.0)
                reported += 1
                await asyncio.sleep(0.02)
    (ended,) = await trainings(client)
    assert reported < 1000
    assert ended.state is TrainingState.STOPPED
    assert ended.stopped_early is not None


async def test_nothing_that_was_said_is_lost_with_the_server(tmp_path: Path) -> None:
    async with AsyncExitStack() as clients:
        async with served(tmp_path) as address:
            client = await clients.enter_async_context(AsyncClient(address))
            await client.create(job(limits=Limits(max_parallel=1, max_trainings=1)))
            claimed = await clients.enter_async_context(aclosing(client.claim("mine")))
            training = await anext(claimed)
            training.report("score", 1.0)
            async with aclosing(client.measurements(training.name, follow=True)) as measured:
                await anext(measured)
        training.report("score", 2.0)  # nobody is there
        async with served(tmp_path, port=int(address.endpoint.rpartition(":")[2])):
            training.report("score", 3.0)
            await training.complete()
            assert [item.value async for item in client.measurements(training.name)] == [1.0, 2.0, 3.0]
            with pytest.raises(StopAsyncIteration):  # the job is over
                await anext(claimed)


async def test_what_ends_while_the_server_is_away_counts_once_it_is_back(tmp_path: Path) -> None:
    async with AsyncExitStack() as clients:
        async with served(tmp_path) as address:
            client = await clients.enter_async_context(AsyncClient(address))
            await client.create(job(limits=Limits(max_parallel=1, max_trainings=1)))
            claimed = await clients.enter_async_context(aclosing(client.claim("mine")))
            training = await anext(claimed)
            training.report("score", 1.0)
        completing = asyncio.ensure_future(training.complete())
        async with served(tmp_path, port=int(address.endpoint.rpartition(":")[2])):
            await completing
            (ended,) = await trainings(client)
            assert (ended.state, ended.attempt, ended.objective_value) == (TrainingState.COMPLETED, 1, 1.0)


async def test_a_loop_waits_for_a_server_as_long_as_it_was_told_to(tmp_path: Path) -> None:
    async with AsyncExitStack() as clients:
        async with served(tmp_path) as address:
            client = await clients.enter_async_context(AsyncClient(address))
            await client.create(job())
            claimed = await clients.enter_async_context(aclosing(client.claim("mine", patience_s=0.5)))
            await (await anext(claimed)).complete()
        with pytest.raises(Unavailable):
            await anext(claimed)


async def test_a_server_that_is_away_for_a_lease_ends_what_runs(tmp_path: Path) -> None:
    async with AsyncExitStack() as clients:
        async with served(tmp_path) as address:
            client = await clients.enter_async_context(AsyncClient(address))
            await client.create(job())
            training = await anext(await clients.enter_async_context(aclosing(client.claim("mine"))))
        while not training.should_stop:  # noqa: ASYNC110 - what a loop does
            await asyncio.sleep(0.05)
        with pytest.raises(TrainingStopped, match="its lease has passed"):
            training.report("score", 1.0)
        async with served(tmp_path, port=int(address.endpoint.rpartition(":")[2])), AsyncClient(address) as other:
            async for again in other.claim("mine"):
                if again.number == training.number:
                    break
                await again.complete()
        assert again.attempt == 2


def breaks_in_with(client: Client) -> None:
    for training in client.claim("mine"):
        with training:
            training.report("score", 1.0)
            break


def returns_in_with(client: Client) -> None:
    for training in client.claim("mine"):
        with training:
            training.report("score", 1.0)
            return


def hands_back_in_with(client: Client) -> None:
    for training in client.claim("mine"):
        with training:
            training.report("score", 1.0)
            training.hand_back()
            return


def breaks(client: Client) -> None:
    for training in client.claim("mine"):
        training.report("score", 1.0)
        break


def returns(client: Client) -> None:
    for training in client.claim("mine"):
        training.report("score", 1.0)
        return


@pytest.mark.parametrize(
    ("loop", "state"),
    [
        (breaks_in_with, TrainingState.COMPLETED),
        (returns_in_with, TrainingState.COMPLETED),
        (hands_back_in_with, TrainingState.READY),
        (breaks, TrainingState.READY),
        (returns, TrainingState.READY),
    ],
)
async def test_a_loop_that_is_left_completes_its_training_in_with_and_hands_it_back_without(
    client: AsyncClient, address: Address, loop: Callable[[Client], None], state: TrainingState
) -> None:
    await client.create(job(limits=Limits(max_parallel=1, max_trainings=1)))
    with await asyncio.to_thread(Client, address) as synchronous:
        await asyncio.to_thread(loop, synchronous)
        (training,) = await trainings(client)
        assert (training.state, training.losses) == (state, 0)


async def test_one_that_is_interrupted_hands_its_training_back(client: AsyncClient, address: Address) -> None:
    await client.create(job(limits=Limits(max_parallel=1, max_trainings=1)))
    program = Program(address, "with training:\n    print(training.name, flush=True)\n    time.sleep(600)")
    name = await program.line()
    program.process.send_signal(signal.SIGINT)
    await program.lines()
    assert program.process.returncode != 0
    waiting = await client.describe_training(name)
    assert (waiting.state, waiting.losses, waiting.retries) == (TrainingState.READY, 0, 1)


async def test_a_loop_that_is_not_told_where_metrics_is_says_so(tmp_path: Path) -> None:
    async with served(tmp_path, reads=False) as address, AsyncClient(address) as client:
        await client.create(job(limits=Limits(max_parallel=1, max_trainings=1)))
        training = await anext(client.claim("mine"))
        with pytest.raises(InvalidSpec, match="TUNEWRIGHT_METRICS_ENDPOINT"):
            await reports_for_ever(training)
        waiting = await client.describe_training(training.name)
        assert (waiting.state, waiting.waiting_for) == (TrainingState.READY, "a program to claim it")


async def test_a_client_is_closed_also_where_nothing_could_be_sent(tmp_path: Path) -> None:
    async with served(tmp_path, reads=False) as address:
        client = AsyncClient(address)
        await client.create(job(limits=Limits(max_parallel=1, max_trainings=1)))
        claimed = client.claim("mine")
        training = await anext(claimed)
        with pytest.raises(InvalidSpec, match="TUNEWRIGHT_METRICS_ENDPOINT"):  # noqa: PT012 - until it is known
            while True:
                training.report("score", 1.0)
                await asyncio.sleep(0.02)
        with pytest.raises(InvalidSpec, match="TUNEWRIGHT_METRICS_ENDPOINT"):
            await client.close()
        assert {channel.get_state() for channel in client._channels} == {grpc.ChannelConnectivity.SHUTDOWN}


async def test_a_job_of_trainers_cannot_be_claimed(client: AsyncClient) -> None:
    plain = job()
    trainers = replace(plain, definitions=(replace(plain.definitions[0], image="file:///train.py"),))
    await client.create(trainers)
    with pytest.raises(InvalidSpec, match="mine is run by trainers"):
        await anext(client.claim("mine"))


async def test_nobody_else_may_claim(client: AsyncClient, address: Address) -> None:
    created = await client.create(job())
    async with AsyncClient(Address(address.endpoint, "other")) as bob:
        with pytest.raises(NotFound):
            await anext(bob.claim("mine"))
    async with open_channel(address.endpoint, "other") as channel:  # who has heard of its uid
        opened = pb.OpenSessionRequest(trainer_id="bobs", slots=1, pool=f"claimed/{created.uid}")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await WorkerServiceStub(channel).OpenSession(opened)
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
