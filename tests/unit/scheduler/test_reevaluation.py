"""The best configurations are run again before the job ends, and what has the best mean is recommended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.errors import IllegalTransition
from tunewright.core.space import Choice
from tunewright.core.spec import (
    Completion,
    Definition,
    Direction,
    EnqueuedConfiguration,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Reevaluation,
    Strategy,
)
from tunewright.core.states import JobState, TrainingState
from tunewright_scheduler import records
from tunewright_scheduler.amendments import Amendments
from tunewright_scheduler.core.amendment import Amendment
from tunewright_scheduler.core.asking import Answered
from tunewright_scheduler.core.decide import StopRequested
from tunewright_scheduler.core.job import Provenance, Suggestion
from tunewright_scheduler.tuning_jobs import TuningJobs
from tunewright_scheduler.worker_servicer import _grant

SEARCH = 6


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


def wanted(top: int = 2, repeats: int = 2, seed_parameter: str = "seed", parallel: int = 1, **fields: object):
    limits = Limits(max_parallel=parallel, max_trainings=SEARCH + top * repeats)
    return spec(limits=limits, reevaluation=Reevaluation(top, repeats, seed_parameter), **fields)


async def answer(world: World) -> None:
    """Propose configurations that differ."""
    while world.asked:
        number = world.asked.pop()
        ask = await records.read_ask(world.store, UID, number)
        assert ask is not None
        rates = [0.001 * (ask.started + index + 1) for index in range(ask.count)]
        configurations = [{"lr": rate, "epochs": 3, "batch": "32"} for rate in rates]
        suggestions = tuple(Suggestion(item, Provenance("random")) for item in configurations)
        await world.changes.send(UID, Answered(number, suggestions))


async def run(world: World, values: dict[int, float | None], repeats: dict[int, list[float | None]]) -> None:
    """Run the job to its end; training n gives values[n], its repeats what `repeats` lists."""
    left = {number: list(again) for number, again in repeats.items()}
    epoch = await world.open("t")
    while not (await world.job()).state.final:
        await answer(world)
        claimed = await world.claim("t", epoch, f"r{world.store.clock}", slots=8)
        assert claimed, await world.job()
        for training in claimed:
            world.store.clock += 3  # a model waits a moment for summaries
            value = values.get(training.number, 0.1) if training.repeats is None else left[training.repeats].pop(0)
            await world.exit(training, 0 if value is not None else 1)
            await world.summarize(training, value)


VALUES = {1: 0.5, 2: 0.9, 3: 0.6, 4: 0.8, 5: 0.2, 6: 0.3}


@pytest.mark.parametrize("parallel", [1, 3, 8])
@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.BAYESIAN])
async def test_the_last_trainings_repeat_the_best_and_the_best_mean_is_recommended(
    world: World, strategy: Strategy, parallel: int
) -> None:
    """Training 2 was lucky."""
    await world.create(wanted(strategy=strategy, parallel=parallel))
    await run(world, VALUES, {2: [0.5, 0.4], 4: [0.8, 0.82]})
    job = await world.job()
    assert (job.state, job.started, job.trainings.completed) == (JobState.COMPLETED, 10, 10)
    assert job.reason == "all 6 trainings have ended; the best 2 were run 2 times more"
    assert job.best is not None
    assert (job.best.number, job.recommended) == (2, 4)
    assert [(item.number, item.count) for item in job.evaluated] == [(2, 3), (4, 3)]
    assert [item.mean for item in job.evaluated] == pytest.approx([0.6, 2.42 / 3])
    assert job.evaluated[0].deviation == pytest.approx(0.2645751)
    again = [training for training in await world.trainings() if training.repeats is not None]
    assert [training.repeats for training in again] == [2, 4, 2, 4]
    originals = {number: await world.training(number) for number in (2, 4)}
    for training in again:
        assert training.configuration == originals[training.repeats or 0].configuration
        assert training.provenance.source == "repeat"
    assert job.observations == 10


async def test_each_repetition_has_a_seed_of_its_own_and_the_same_for_all(world: World) -> None:
    job_spec = wanted()
    await world.create(job_spec)
    await run(world, VALUES, {2: [0.5, 0.4], 4: [0.8, 0.82]})
    again = [training for training in await world.trainings() if training.repeats is not None]
    seeds = [_grant(training, job_spec).hyperparameters["seed"] for training in again]
    assert seeds[0] == seeds[1] != seeds[2] == seeds[3]
    assert all(1 <= int(seed) < 2**31 for seed in seeds)
    first = await world.training(1)
    assert "seed" not in _grant(first, job_spec).hyperparameters


async def test_a_seed_that_the_definition_fixes_is_changed_for_repeats_only(world: World) -> None:
    base = spec().definitions[0]
    fixed = Definition(
        "file:///train",
        parameters=base.parameters,
        metric_definitions=base.metric_definitions,
        static_hyperparameters={"seed": "1"},
    )
    job_spec = wanted(top=1, repeats=1, definitions=(fixed,))
    await world.create(job_spec)
    await run(world, VALUES, {2: [0.5]})
    seeds = [_grant(training, job_spec).hyperparameters["seed"] for training in await world.trainings()]
    assert seeds[:6] == ["1"] * 6
    assert seeds[6] != "1"


async def test_without_a_seed_they_are_run_as_they_were(world: World) -> None:
    job_spec = wanted(seed_parameter="")
    await world.create(job_spec)
    await run(world, VALUES, {2: [0.5, 0.4], 4: [0.8, 0.82]})
    assert all(dict(training.overrides) == {} for training in await world.trainings())


async def test_minimising_recommends_the_smallest_mean(world: World) -> None:
    await world.create(wanted(objective=Objective("acc", Direction.MINIMIZE)))
    await run(world, VALUES, {5: [0.9, 0.9], 6: [0.3, 0.2]})
    job = await world.job()
    assert job.best is not None
    assert (job.best.number, job.recommended) == (5, 6)
    assert [item.number for item in job.evaluated] == [5, 6]


async def test_a_repeat_may_become_the_best_training_which_stays_amts(world: World) -> None:
    await world.create(wanted())
    await run(world, VALUES, {2: [0.95, 0.4], 4: [0.8, 0.82]})
    job = await world.job()
    assert job.best is not None
    best = await world.training(job.best.number)
    assert (best.repeats, job.best.value) == (2, 0.95)


async def test_what_fails_when_repeated_is_not_recommended_for_its_first_luck(world: World) -> None:
    await world.create(wanted())
    await run(world, VALUES, {2: [None, None], 4: [0.7, 0.7]})
    job = await world.job()
    assert (job.state, job.recommended) == (JobState.COMPLETED, 4)
    assert [item.count for item in job.evaluated] == [1, 3]


async def test_where_fewer_have_a_value_only_those_are_run_again(world: World) -> None:
    await world.create(wanted(top=3, repeats=1))
    values: dict[int, float | None] = dict.fromkeys(range(1, 7))
    await run(world, values | {3: 0.5}, {3: [0.6]})
    job = await world.job()
    assert (job.state, job.started, job.recommended) == (JobState.COMPLETED, 7, 3)


async def test_a_target_that_is_reached_ends_the_job_without_repeats(world: World) -> None:
    await world.create(wanted(completion=Completion(target=0.85)))
    await run(world, VALUES, {})
    job = await world.job()
    assert (job.state, job.evaluated) == (JobState.COMPLETED, ())
    assert job.reason.startswith("the objective reached its target")


async def test_a_stop_ends_the_repeats_too(world: World) -> None:
    await world.create(wanted(parallel=2))
    epoch = await world.open("t")
    for _ in range(SEARCH):
        await answer(world)
        for training in await world.claim("t", epoch, f"r{world.store.clock}", slots=1):
            world.store.clock += 1
            await world.exit(training)
            await world.summarize(training, VALUES[training.number])
    assert (await world.job()).slots == (7, 8)
    await world.changes.send(UID, StopRequested("enough"))
    job = await world.job()
    assert (job.state, job.started, job.recommended) == (JobState.STOPPED, 8, None)
    assert [(await world.training(number)).state for number in (7, 8)] == [TrainingState.STOPPED] * 2


async def in_repeats(world: World, **fields: int) -> Amendments:
    """Bring a job to its repeats, of which none has been claimed."""
    await world.create(wanted(**fields))  # type: ignore[arg-type]
    epoch = await world.open("t")
    for index in range(SEARCH):
        await answer(world)
        (training,) = await world.claim("t", epoch, f"r{index}")
        await world.exit(training)
        await world.summarize(training, VALUES[training.number])
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    return Amendments(world.store, world.changes, jobs)


async def test_a_job_that_runs_its_best_again_is_not_given_more_to_try(world: World) -> None:
    amendments = await in_repeats(world)
    more = EnqueuedConfiguration({"lr": 0.01, "epochs": 3, "batch": "32"})
    for refused in (Amendment(1, max_trainings=50), Amendment(1, enqueue=(more,))):
        with pytest.raises(IllegalTransition, match="Extend it once it has ended"):
            await amendments.amend("owner", "job", refused)


async def test_repeats_wait_while_their_job_is_paused_and_go_on_when_it_is_resumed(world: World) -> None:
    amendments = await in_repeats(world, top=1, repeats=2)
    await amendments.pause("owner", "job")
    assert await world.claim("t", await world.open("t"), "paused") == []
    await amendments.resume("owner", "job")
    await run(world, {}, {2: [0.5, 0.4]})
    assert (await world.job()).reason == "all 6 trainings have ended; the best one was run 2 times more"


async def test_more_at_once_holds_for_repeats(world: World) -> None:
    amendments = await in_repeats(world)
    assert (await world.job()).slots == (7,)
    await amendments.amend("owner", "job", Amendment(1, max_parallel=3))
    assert (await world.job()).slots == (7, 8, 9)


async def test_a_lost_repeat_is_run_again_as_the_same_repeat(world: World) -> None:
    await world.create(wanted(top=1, repeats=1))
    epoch = await world.open("t")
    for index in range(SEARCH):
        await answer(world)
        (training,) = await world.claim("t", epoch, f"r{index}")
        await world.exit(training)
        await world.summarize(training, VALUES[training.number])
    (repeat,) = await world.claim("t", epoch, "again")
    await world.sessions.lose(repeat)
    (second,) = await world.claim("t", epoch, "and again")
    assert (second.repeats, second.overrides, second.attempt) == (2, repeat.overrides, 2)


async def test_the_cost_limit_holds_for_repeats(world: World) -> None:
    limits = Limits(max_parallel=1, max_trainings=10, max_cost=7.0)
    await world.create(spec(limits=limits, reevaluation=Reevaluation(2, 2), prices_per_second={"local": 1.0}))
    await run(world, VALUES, {2: [0.5, 0.4], 4: [0.8, 0.82]})
    job = await world.job()
    assert (job.started, job.repeated, job.spent) == (7, 1, 7.0)
    assert job.reason.startswith("the cost limit")


async def test_a_grid_is_searched_whole_before_its_best_are_run_again(world: World) -> None:
    definition = Definition(
        "file:///train",
        parameters=(Parameter("batch", Choice(("32", "64", "128"))),),
        metric_definitions=(MetricDefinition("acc", "acc=(.*)"),),
    )
    limits = Limits(max_parallel=1, max_trainings=5)
    await world.create(
        spec(definitions=(definition,), strategy=Strategy.GRID, limits=limits, reevaluation=Reevaluation(1, 2))
    )
    await run(world, {1: 0.3, 2: 0.1, 3: 0.2}, {1: [0.2, 0.3]})
    job = await world.job()
    assert (job.state, job.started, job.recommended) == (JobState.COMPLETED, 5, 1)


async def test_the_model_is_asked_for_the_search_alone(world: World) -> None:
    await world.create(wanted(strategy=Strategy.BAYESIAN, parallel=3))
    ask = await records.read_ask(world.store, UID, 0)
    assert ask is not None
    assert (ask.count, ask.budget) == (3, SEARCH)
    await run(world, VALUES, {2: [0.5, 0.4], 4: [0.8, 0.82]})
    assert (await world.job()).asks <= SEARCH


async def test_what_the_model_recommends_stands_until_repeats_tell_better(world: World) -> None:
    await world.create(wanted(strategy=Strategy.BAYESIAN, top=1, repeats=1))
    ask = await records.read_ask(world.store, UID, 0)
    assert ask is not None
    suggestion = Suggestion({"lr": 0.01, "epochs": 3, "batch": "32"}, Provenance("random"))
    await world.changes.send(UID, Answered(0, (suggestion,), recommended=1))
    assert (await world.job()).recommended == 1
    world.asked.clear()
    await run(world, VALUES, {2: [0.7]})
    assert (await world.job()).recommended == 2
