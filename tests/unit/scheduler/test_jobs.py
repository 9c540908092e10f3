"""What a user may rely on of a tuning job, whatever happens to its trainings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from tests.unit.scheduler.world import UID, World, running, spec, with_limits
from tunewright.core.errors import IllegalTransition
from tunewright.core.spec import Completion, EnqueuedConfiguration, Limits, Strategy
from tunewright.core.states import EndCause, JobState, ObjectiveState, TrainingState
from tunewright.events.v1 import results_pb2
from tunewright.platform.store.port import Query
from tunewright_scheduler import records
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.core.asking import AHEAD, AskFailed
from tunewright_scheduler.core.decide import Park, Resumed, StopRequested, Tick
from tunewright_scheduler.core.ending import MAX_LOSSES
from tunewright_scheduler.core.orders import Holding
from tunewright_scheduler.results import Results


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


@pytest.mark.parametrize(("strategy", "count"), [(Strategy.BAYESIAN, 2), (Strategy.RANDOM, 2 + AHEAD)])
async def test_a_model_is_asked_for_as_many_as_may_run_at_once_others_for_some_ahead(
    world: World, strategy: Strategy, count: int
) -> None:
    job = await world.create(spec(strategy=strategy, limits=Limits(max_parallel=2, max_trainings=30)))
    assert (job.state, job.slots, world.asked) == (JobState.RUNNING, (), [0])
    ask = await records.read_ask(world.store, UID, 0)
    assert ask is not None
    assert ask.count == count
    await world.answer_all()
    assert (await world.job()).slots == (1, 2)


async def test_a_job_runs_all_its_trainings_and_no_more(world: World) -> None:
    await world.create(spec())
    for _ in range(6):
        await world.answer_all()
        await world.run_one()
    job = await world.job()
    assert (job.state, job.started, job.trainings.completed) == (JobState.COMPLETED, 6, 6)
    assert job.ended_at is not None
    assert job.due_at is None
    assert world.asked == []


async def test_random_goes_on_in_the_commit_that_takes_note_of_an_exit(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await world.exit(claimed)
    job = await world.job()
    assert job.slots == (2, 3)
    assert job.awaiting[0].number == claimed.number
    assert world.asked == []


async def test_what_is_ahead_is_bounded_by_what_may_still_be_started(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    job = await world.job()
    assert (job.started, len(job.ahead), job.ask) == (2, 4, None)


async def test_what_is_ahead_is_started_though_the_suggester_has_no_more(world: World) -> None:
    await world.create(spec())
    await world.answer(world.asked.pop(), 3, exhausted=True)
    for _ in range(3):
        await world.run_one()
    job = await world.job()
    assert (job.state, job.started, job.trainings.completed) == (JobState.COMPLETED, 3, 3)


async def test_what_is_ahead_is_forgotten_when_the_job_stops(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    job = await world.changes.send(UID, StopRequested("enough"))
    assert (job.ahead, job.started) == ((), 2)


async def test_the_next_ask_goes_on_behind_what_is_ahead(world: World) -> None:
    await world.create(spec(limits=Limits(max_parallel=2, max_trainings=100)))
    await world.answer_all()
    while not world.asked:
        await world.run_one()
    ask = await records.read_ask(world.store, UID, 1)
    assert ask is not None
    job = await world.job()
    assert (ask.started, ask.budget) == (job.started + len(job.ahead), 100 - job.started - len(job.ahead))
    assert ask.started == 2 + AHEAD


async def test_bayesian_waits_a_moment_for_the_summary_then_treats_it_as_pending(world: World) -> None:
    await world.create(spec(strategy=Strategy.BAYESIAN))
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await world.exit(claimed)
    assert world.asked == []
    job = await world.job()
    assert job.due_at == world.store.clock + 2.0
    world.store.clock += 2.0
    await world.changes.send(UID, Tick())
    assert len(world.asked) == 1


async def test_the_best_is_the_best_by_the_objectives_direction(world: World) -> None:
    await world.create(spec())
    for value in (0.3, 0.9, 0.7):
        await world.answer_all()
        await world.run_one(value)
    job = await world.job()
    assert job.best is not None
    assert (job.best.number, job.best.value) == (2, 0.9)
    assert job.not_improving == 1


async def test_a_training_that_emits_nothing_completes_without_an_objective(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    training = await world.run_one(None)
    assert (training.state, training.objective_state) == (TrainingState.COMPLETED, ObjectiveState.FAILED)
    assert training.reason == "never emitted"


async def test_a_failed_training_tells_its_reason_and_its_last_words(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    training = await world.run_one(0.5, code=3)
    assert training.state is TrainingState.FAILED
    assert training.reason == "exit code 3\nlast line"
    assert training.objective_value is None


async def test_five_failures_without_a_success_fail_the_job_with_the_first_reason(world: World) -> None:
    await world.create(with_limits(spec(), max_trainings=50, max_parallel=1))
    for _ in range(5):
        await world.answer_all()
        await world.run_one(None, code=3)
    job = await world.job()
    assert job.state is JobState.FAILED
    assert job.reason.startswith("No training job succeeded after 5 attempts. For additional details")
    assert "The first failure: exit code 3\nlast line" in job.reason


async def test_failures_after_a_success_do_not_fail_the_job(world: World) -> None:
    await world.create(with_limits(spec(), max_parallel=1))
    for value, code in ((0.5, 0), (None, 1), (None, 1), (None, 1), (None, 1), (None, 1)):
        await world.answer_all()
        await world.run_one(value, code)
    job = await world.job()
    assert (job.state, job.trainings.non_retryable_error) == (JobState.COMPLETED, 5)


async def test_the_target_ends_the_job_and_stops_what_runs(world: World) -> None:
    await world.create(spec(completion=Completion(target=0.9)))
    await world.answer_all()
    epoch = await world.open("t")
    first, second = await world.claim("t", epoch, "r", slots=2)
    await world.exit(first)
    await world.answer_all()
    await world.summarize(first, 0.9)
    assert (await world.job()).state is JobState.COMPLETING
    assert (await world.training(second.number)).stop_reason.startswith("the objective reached its target")
    waiting = [item for item in await world.trainings() if item.number > 2]
    assert [item.state for item in waiting] == [TrainingState.STOPPED]
    await world.exit(second, -15, EndCause.STOPPED)
    await world.summarize(second, 0.95)
    job = await world.job()
    assert job.state is JobState.COMPLETED
    assert job.best is not None
    assert job.best.value == 0.95, "a training stopped at completion may still be the best"


async def test_the_time_limit_ends_the_job(world: World) -> None:
    await world.create(spec(limits=Limits(max_parallel=1, max_runtime_s=600)))
    await world.answer_all()
    assert (await world.job()).due_at == world.store.clock + 600
    world.store.clock += 600
    await world.changes.send(UID, Tick())
    assert (await world.job()).state is JobState.COMPLETED


async def test_an_exhausted_space_ends_the_job_when_all_have_ended(world: World) -> None:
    await world.create(spec())
    await world.answer(world.asked.pop(), 1, exhausted=True)
    await world.run_one()
    job = await world.job()
    assert (job.state, job.started) == (JobState.COMPLETED, 1)
    assert "distinct configurations" in job.reason


async def test_stopping_ends_waiting_trainings_at_once_and_running_ones_through_their_trainer(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    job = await world.changes.send(UID, StopRequested("by hand"))
    assert (job.state, job.slots) == (JobState.STOPPING, (claimed.number,))
    await world.exit(claimed, -15, EndCause.STOPPED)
    await world.summarize(claimed, 0.4)
    job = await world.job()
    assert (job.state, job.trainings.stopped) == (JobState.STOPPED, 2)
    assert (await world.training(claimed.number)).objective_value == 0.4


async def test_a_summary_before_the_exit_counts_once_the_exit_is_known(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await world.summarize(claimed, 0.6)
    assert (await world.training(claimed.number)).state is TrainingState.RUNNING
    await world.exit(claimed)
    ended = await world.training(claimed.number)
    assert (ended.state, ended.objective_value) == (TrainingState.COMPLETED, 0.6)


async def test_facts_told_twice_count_once(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    for _ in range(2):
        await world.exit(claimed)
    for _ in range(3):
        await world.summarize(claimed, 0.6)
    await world.exit(claimed)
    job = await world.job()
    assert (job.trainings.completed, job.observations, job.objectives.succeeded) == (1, 1, 1)
    log = await world.store.find(Query("observations", "by_job", {"uid": UID}))
    assert [item.document["value"] for item in log.items] == [0.6]


async def test_a_claim_repeated_after_a_lost_reply_gives_the_same_leases(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    first = await world.claim("t", epoch, "r", slots=1)
    again = await world.claim("t", epoch, "r", slots=1)
    assert [(item.number, item.attempt) for item in first] == [(item.number, item.attempt) for item in again]
    other = await world.claim("t", epoch, "r2", slots=1)
    assert other[0].number != first[0].number


async def test_a_lost_lease_runs_again_under_a_new_attempt_and_the_old_one_counts_no_more(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (lost,) = await world.claim("t", epoch, "r")
    world.store.clock += 100
    await world.sessions.lose_expired()
    again = await world.training(lost.number)
    assert (again.state, again.attempt, again.losses) == (TrainingState.READY, 1, 1)
    epoch = await world.open("u")
    claimed = await world.claim("u", epoch, "r", slots=2)
    (second,) = [item for item in claimed if item.number == lost.number]
    assert second.attempt == 2
    await world.summarize(lost, 0.99)
    with pytest.raises(IllegalTransition, match="Abandon"):
        await world.exit(replace(lost, holder="t"))
    await world.exit(second)
    await world.summarize(second, 0.5)
    assert (await world.training(lost.number)).objective_value == 0.5


async def test_the_third_loss_ends_a_training_as_a_retryable_error(world: World) -> None:
    await world.create(with_limits(spec(), max_parallel=1))
    await world.answer_all()
    for attempt in range(MAX_LOSSES):
        epoch = await world.open(f"t{attempt}")
        assert await world.claim(f"t{attempt}", epoch, "r")
        world.store.clock += 100
        await world.sessions.lose_expired()
    job = await world.job()
    assert (job.trainings.retryable_error, job.trainings.non_retryable_error) == (1, 0)
    assert "lost 3 times" in (await world.training(1)).reason


async def test_a_session_lives_as_long_as_it_is_renewed(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    holding = [Holding(f"{UID}/{claimed.number:06d}", 1)]
    for _ in range(10):
        world.store.clock += 20
        await world.heartbeats.answer("t", epoch, holding, wait_s=0, draining=False)
        await world.sessions.lose_expired()
    assert (await world.training(claimed.number)).state is TrainingState.RUNNING


async def test_a_trainer_that_comes_back_without_a_training_has_lost_it(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await world.open("t")
    assert (await world.training(claimed.number)).state is TrainingState.READY
    with pytest.raises(IllegalTransition, match="Open it again"):
        await world.claim("t", epoch, "r3")


async def test_output_that_never_comes_settles_without_an_objective(world: World) -> None:
    from tunewright_scheduler.sweep import Sweep

    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await world.exit(claimed)
    world.store.clock += 599
    sweep = Sweep(world.store, world.changes, world.sessions, world.elsewhere)
    await sweep.sweep()
    assert (await world.training(claimed.number)).state is TrainingState.EXITED
    world.store.clock += 2
    await world.collector_reads()
    await sweep.sweep()
    ended = await world.training(claimed.number)
    assert (ended.state, ended.objective_state) == (TrainingState.COMPLETED, ObjectiveState.FAILED)
    assert ended.reason.startswith("output lost")


async def test_random_goes_on_without_the_suggester_by_the_same_draws(world: World) -> None:
    from tunewright.core.draws import random_configuration

    await world.create(spec())
    await world.changes.send(UID, AskFailed(world.asked.pop(), "connection refused"))
    trainings = await world.trainings()
    space = spec().definitions[0].space
    assert [item.configuration for item in trainings] == [random_configuration(space, 7, draw) for draw in (0, 1)]
    assert trainings[0].provenance.source == "random"


async def test_bayesian_takes_a_few_tagged_fallbacks_then_waits(world: World) -> None:
    await world.create(with_limits(spec(strategy=Strategy.BAYESIAN), max_trainings=100, max_parallel=10))
    for _ in range(3):
        await world.changes.send(UID, AskFailed(world.asked.pop(), "connection refused"))
    assert [item.provenance.source for item in await world.trainings()] == ["fallback"] * 3
    job = await world.changes.send(UID, AskFailed(world.asked.pop(), "connection refused"))
    assert world.asked == []
    assert job.ask is not None
    assert job.due_at == world.store.clock + 2.0
    assert (job.unanswered_why, job.reason) == ("connection refused", "")


async def test_grid_waits_for_the_suggester(world: World) -> None:
    await world.create(spec(strategy=Strategy.GRID))
    job = await world.changes.send(UID, AskFailed(world.asked.pop(), "down"))
    assert await world.trainings() == []
    assert job.ask is not None
    world.store.clock = job.ask.retry_at
    await world.changes.send(UID, Tick())
    assert world.asked == [0]


async def test_after_a_restart_an_open_ask_is_asked_again_as_it_was(world: World) -> None:
    await world.create(spec())
    world.asked.clear()
    await world.changes.send(UID, Resumed())
    assert world.asked == [0]
    await world.answer_all()
    await world.answer(0, 2)
    assert (await world.job()).started == 2, "a second answer to the same ask starts nothing"


async def test_enqueued_configurations_run_first(world: World) -> None:
    wanted = {"lr": 0.05, "epochs": 1, "batch": "64"}
    await world.create(spec(enqueued=(EnqueuedConfiguration(wanted),)))
    trainings = await world.trainings()
    assert [(item.configuration, item.provenance.source) for item in trainings] == [(wanted, "enqueued")]
    await world.answer_all()
    assert (await world.job()).started == 2


async def test_a_parked_job_starts_nothing_and_can_be_stopped(world: World) -> None:
    await world.create(spec())
    job = await world.changes.send(UID, Park("a fault of ours"))
    assert (job.state, job.reason, job.state.shown) == (JobState.BLOCKED, "a fault of ours", "InProgress")
    await world.answer(0, 2)
    assert (await world.job()).started == 0
    assert (await world.changes.send(UID, StopRequested("by hand"))).state is JobState.STOPPED


async def test_a_loss_told_twice_is_one_loss(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    for losses in (1, 2):
        epoch = await world.open("t")
        (claimed,) = await world.claim("t", epoch, f"r{losses}")
        for _ in range(2):
            await world.exit(claimed, cause=EndCause.LOST)
        assert (await world.training(claimed.number)).losses == losses


async def test_a_loss_told_after_the_exit_changes_nothing(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    await world.exit(claimed)
    await world.exit(claimed, cause=EndCause.LOST)
    assert (await world.training(claimed.number)).state is TrainingState.EXITED


async def test_what_a_lost_attempt_said_never_counts_for_the_next(world: World) -> None:
    await world.create(with_limits(spec(), max_parallel=1))
    await world.answer_all()
    epoch = await world.open("t")
    (lost,) = await world.claim("t", epoch, "r")
    await world.sessions.close("t", epoch)
    await world.summarize(lost, 0.99)
    epoch = await world.open("u")
    (second,) = await world.claim("u", epoch, "r")
    await world.exit(second)
    assert (await world.training(second.number)).state is TrainingState.EXITED
    await world.summarize(second, 0.5)
    assert (await world.training(second.number)).objective_value == 0.5


async def test_a_session_that_could_not_be_ended_whole_is_ended_by_the_next_sweep(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    assert len(await world.claim("t", epoch, "r", slots=2)) == 2
    world.store.clock += 100
    world.store.commits_to_failure = 1
    await world.sessions.lose_expired()
    assert len(running(await world.trainings())) == 1
    await world.sessions.lose_expired()
    assert running(await world.trainings()) == []


async def test_an_epoch_is_never_used_again(world: World) -> None:
    first = await world.open("t")
    await world.sessions.close("t", first)
    world.store.clock += 1
    assert await world.open("t") > first
    with pytest.raises(IllegalTransition, match="Open it again"):
        await world.claim("t", first, "r")


async def test_the_stop_of_a_job_is_told_before_its_end(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    await world.changes.send(UID, StopRequested("by hand"))
    page = await world.store.find(Query("outbox", "unsent", limit=100))
    records = [record for item in page.items for record in item.document["records"]]
    told = [record["headers"]["ce_type"].decode().rpartition(".")[2] for record in records]
    assert told.index("TuningJobChanged") < told.index("TuningJobEnded")


async def test_a_store_that_is_away_while_asking_parks_no_job(world: World) -> None:
    await world.create(spec())
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        world.store.reads_to_fail = 1
        await Asker(world.changes, channel)._ask(UID, 0)
    assert (await world.job()).state is JobState.RUNNING


async def test_what_a_trainer_is_to_send_again_is_handed_on_once_also_after_it_has_opened_its_session_anew(
    world: World,
) -> None:
    await world.create(spec())
    await world.answer_all()
    epoch = await world.open("t")
    (claimed,) = await world.claim("t", epoch, "r")
    holding = [Holding(records.training_key(claimed), 1)]
    gap = results_pb2.ResendRequested(uid=UID, number=claimed.number, attempt=1, from_line=17)
    await Results(world.changes).take(gap)
    for _ in range(2):
        epoch = await world.open("t", holding=holding)
        orders = await world.heartbeats.answer("t", epoch, holding, wait_s=0, draining=False)
        assert [mark.from_line for _, mark in orders.resend] == [17]
        orders = await world.heartbeats.answer("t", epoch, holding, wait_s=0, draining=False)
        assert orders.resend == ()
