"""Warm start as its user meets it: parents are found, checked, kept, sent to the suggester, and never tried again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.scheduler.test_asker import Replica, served
from tests.unit.scheduler.world import World, any_program, spec, with_limits
from tunewright.core.errors import Conflict, IllegalTransition, InvalidSpec, NotFound
from tunewright.core.space import Choice
from tunewright.core.spec import Completion, Direction, Objective, Parameter, Strategy, WarmStart, WarmStartType
from tunewright.core.states import JobState, ObjectiveState, TrainingState
from tunewright.platform.documents import to_document
from tunewright.platform.store.naming import name_key
from tunewright.platform.store.port import Insert
from tunewright.v1 import spec_pb2
from tunewright_scheduler import records
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.core.job import Best, Provenance, TuningJob
from tunewright_scheduler.core.training import Summary, Training
from tunewright_scheduler.parents import overall_best
from tunewright_scheduler.resources import job_message, training_message
from tunewright_scheduler.tuning_jobs import TuningJobs

IDENTICAL, TRANSFER = WarmStartType.IDENTICAL_DATA_AND_ALGORITHM, WarmStartType.TRANSFER_LEARNING
GRID = {"batch": ("32", "64"), "opt": ("sgd", "adam"), "act": ("relu", "gelu", "tanh")}


def small(**fields):
    """Return a specification over twelve configurations."""
    parameters = tuple(Parameter(name, Choice(values)) for name, values in GRID.items())
    definition = replace(spec().definitions[0], parameters=parameters)
    return spec(**{"definitions": (definition,)} | fields)


def child(*parents: str, kind: WarmStartType = IDENTICAL, **fields):
    return small(**{"name": "child", "warm_start": WarmStart(parents, kind)} | fields)


def configuration(index: int) -> dict[str, str]:
    return {"batch": GRID["batch"][index // 6], "opt": GRID["opt"][index // 3 % 2], "act": GRID["act"][index % 3]}


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


@pytest.fixture
def jobs(world: World) -> TuningJobs:
    return TuningJobs(world.store, world.changes, any_program, world.room)


async def ended(world, name, values, *, wanted=None, state=JobState.COMPLETED, owner="owner", first=0) -> TuningJob:
    """Store an ended job that has tried so many configurations of the small space, from number `first` on."""
    wanted = wanted or small(name=name)
    uid = f"uid-of-{name}".lower()
    best = max(range(len(values)), key=values.__getitem__) + 1 if values else 0
    job = TuningJob(
        uid,
        name,
        owner,
        created_at=1.0,
        modified_at=1.0,
        seed=1,
        state=state,
        observations=len(values),
        started=len(values),
        best=Best(best, values[best - 1]) if values else None,
    )
    trainings = [
        Training(
            uid,
            number,
            f"{name}-{number:03d}-00000000",
            owner,
            configuration(first + number - 1),
            1,
            created_at=1.0,
            pool="default",
            claim_order=1.0,
            provenance=Provenance("random"),
            state=TrainingState.COMPLETED,
            objective_state=ObjectiveState.SUCCEEDED,
            objective_value=value,
            summary=Summary(value, steps=1),
        )
        for number, value in enumerate(values, 1)
    ]
    await world.store.commit(
        [
            Insert("tuning_jobs", uid, records.job_document(job)),
            Insert("job_names", name_key(owner, name), {"uid": uid}),
            Insert("specs", records.spec_key(uid, 1), records.Specification.of(wanted).document()),
            *(Insert("training_jobs", records.training_key(one), to_document(one)) for one in trainings),
            *(
                Insert("observations", records.ask_key(uid, index), records.observation_document(index, one))
                for index, one in enumerate(trainings)
            ),
        ]
    )
    return job


async def job_of(world, uid) -> TuningJob:
    found = await records.read_job(world.store, uid)
    assert found is not None
    return found.value


async def test_a_child_keeps_its_parents_as_they_stood(world, jobs):
    await ended(world, "One", [0.1, 0.9])
    await ended(world, "two", [], state=JobState.FAILED)
    uid = await jobs.create("owner", child("one", "uid-of-two"))
    first, second = (await job_of(world, uid)).parents
    assert (first.uid, first.name, first.observations, first.best) == ("uid-of-one", "One", 2, Best(2, 0.9))
    assert (second.name, second.observations, second.best) == ("two", 0, None)
    message = job_message(await job_of(world, uid), 1, await world.changes.specification(uid, 1))
    assert [parent.name for parent in message.parents] == ["One", "two"]


async def test_hostile_parents_are_refused_by_name_and_nothing_is_made(world, jobs):
    await ended(world, "theirs", [0.1], owner="somebody else")
    await ended(world, "one", [0.1])
    await ended(world, "other", [0.1], wanted=small(name="other", objective=Objective("acc", Direction.MINIMIZE)))
    await world.create(small(name="running"), "uid-of-running")
    wrong = [
        (child("theirs"), NotFound, "'theirs'; the warm start names it"),
        (child("child"), NotFound, "'child'"),
        (child("nobody"), NotFound, "'nobody'"),
        (child("one", "nobody"), NotFound, "'nobody'; the warm start names it"),
        (child("one", "UID-of-one".lower()), InvalidSpec, "warm_start.parents[1]: 'uid-of-one' is a job that is named"),
        (child("running"), InvalidSpec, "'running' is InProgress; a parent must have ended"),
        (child("other"), InvalidSpec, "objective.direction: is Maximize here and Minimize in parent job other"),
    ]
    for wanted, kind, said in wrong:
        with pytest.raises(kind) as caught:
            await jobs.create("owner", wanted)
        assert said in str(caught.value)
    with pytest.raises(NotFound):
        await jobs.find("owner", "child")


async def test_a_parent_is_not_deleted_while_its_child_runs(world, jobs):
    await ended(world, "one", [0.1])
    uid = await jobs.create("owner", child("one"))
    with pytest.raises(IllegalTransition) as caught:
        await jobs.delete("owner", "one")
    assert "a parent of tuning job child, which has not ended" in str(caught.value)
    await jobs.stop("owner", uid)
    await jobs.delete("owner", "one")
    assert (await job_of(world, "uid-of-one")).deleted


async def test_a_parent_that_is_deleted_while_the_child_is_made_is_not_found(world, jobs):
    await ended(world, "one", [0.1])
    await rival(world, lambda: jobs.delete("owner", "one"))
    with pytest.raises(NotFound):
        await jobs.create("owner", child("one"))
    with pytest.raises(NotFound):
        await jobs.find("owner", "child")


async def test_a_child_that_is_made_while_its_parent_is_deleted_keeps_it(world, jobs):
    await ended(world, "one", [0.1])
    await rival(world, lambda: jobs.create("owner", child("one")))
    with pytest.raises(IllegalTransition):
        await jobs.delete("owner", "one")
    assert not (await job_of(world, "uid-of-one")).deleted


async def test_two_children_of_one_parent_at_once(world, jobs):
    await ended(world, "one", [0.1])
    names = [f"child-{index}" for index in range(5)]
    made = await asyncio.gather(*(jobs.create("owner", child("one", name=name)) for name in names))
    assert [(await job_of(world, uid)).parents[0].name for uid in made] == ["one"] * 5


async def rival(world: World, act) -> None:
    """Let `act` be done by another replica just before the next commit."""
    commit = world.store.commit

    async def after_another(writes):
        world.store.commit = commit
        await act()
        await commit(writes)

    world.store.commit = after_another


async def test_the_suggester_is_told_of_the_parents_once(world, jobs):
    old = replace(small().definitions[0], static_hyperparameters={"depth": "3", "sagemaker_job_name": "one"})
    await ended(world, "one", [0.3, 0.1, 0.2], wanted=small(name="one", definitions=(old,)))
    new = replace(old, static_hyperparameters={"depth": "3", "sagemaker_job_name": "child"})
    uid = await jobs.create("owner", child("one", definitions=(new,), strategy=Strategy.BAYESIAN))
    replica = Replica()
    async with served(replica) as channel:
        asker = Asker(world.changes, channel)
        for number in (0, 0):
            ask = await records.read_ask(world.store, uid, number)
            answer = await asker.answer(await job_of(world, uid), ask)
    await replica.close()
    first, second = replica.heard
    kind = spec_pb2.WARM_START_TYPE_IDENTICAL_DATA_AND_ALGORITHM
    assert (first.warm_start, second.warm_start) == (kind, kind)
    (parent,) = first.definitions[0].parents
    assert (parent.uid, list(parent.observations.values)) == ("uid-of-one", [0.3, 0.1, 0.2])
    assert dict(parent.static_hyperparameters) == dict(first.definitions[0].static_hyperparameters) == {"depth": "3"}
    assert not second.definitions[0].parents
    assert second.prefix_digest
    assert answer.suggestions


@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.BAYESIAN])
async def test_a_child_tries_what_its_parents_have_not_and_ends_when_nothing_is_left(world, jobs, strategy):
    await ended(world, "one", [0.1, 0.2, 0.3, 0.4, 0.5])
    await ended(world, "two", [0.1, 0.2, 0.3], first=4)
    wanted = with_limits(child("one", "two", strategy=strategy), max_parallel=9, max_trainings=50)
    uid = await jobs.create("owner", wanted)
    replica = Replica()
    async with served(replica) as channel:
        asker = Asker(world.changes, channel)
        for _ in range(8):
            await settle(world, asker, uid)
    await replica.close()
    job = await job_of(world, uid)
    tried = [sorted(one.configuration.items()) for one in await world.trainings(uid)]
    left = [sorted(configuration(index).items()) for index in range(7, 12)]
    assert sorted(tried) == sorted(left)
    assert (job.state, job.trainings.completed) == (JobState.COMPLETED, 5)
    assert "all 5 distinct configurations" in job.reason


async def settle(world, asker, uid) -> None:
    """Answer the open ask, and run all that waits."""
    job = await job_of(world, uid)
    if job.ask is not None:
        ask = await records.read_ask(world.store, uid, job.ask.number)
        await world.changes.send(uid, await asker.answer(job, ask))
    epoch = await world.open("t", 20)
    for training in await world.claim("t", epoch, f"r{epoch}", 20):
        await world.exit(training)
        await world.summarize(training, 0.05 * training.number)


async def test_parents_reach_no_target_and_are_counted_nowhere(world, jobs):
    await ended(world, "one", [0.99] * 5)
    uid = await jobs.create("owner", child("one", completion=Completion(target=0.9)))
    job = await job_of(world, uid)
    assert (job.state, job.best, job.not_improving, job.observations) == (JobState.RUNNING, None, 0, 0)
    assert job.trainings.completed == job.objectives.succeeded == 0


@pytest.mark.parametrize(("kind", "expected"), [(IDENTICAL, "one"), (TRANSFER, None)])
async def test_the_best_of_all_is_told_with_the_job_it_came_from(world, jobs, kind, expected):
    await ended(world, "one", [0.1, 0.9])
    await ended(world, "two", [0.3])
    wanted = child("one", "two", kind=kind)
    uid = await jobs.create("owner", wanted)
    best = await overall_best(world.store, await job_of(world, uid), wanted)
    found = None if best is None else training_message(best)
    assert (found and found.job_name) == expected
    assert found is None or found.objective_value == 0.9


async def test_the_best_of_all_may_be_the_childs_own(world, jobs):
    await ended(world, "one", [0.1])
    wanted = child("one")
    uid = await jobs.create("owner", wanted)
    replica = Replica()
    async with served(replica) as channel:
        for _ in range(3):
            await settle(world, Asker(world.changes, channel), uid)
    await replica.close()
    best = await overall_best(world.store, await job_of(world, uid), wanted)
    assert best is not None
    assert training_message(best).job_name == "child"


async def test_a_parent_whose_record_is_lost_parks_the_child_with_the_reason(world, jobs):
    await ended(world, "one", [0.1, 0.2])
    uid = await jobs.create("owner", child("one"))
    parent = replace((await job_of(world, uid)).parents[0], observations=3)
    replica = Replica()
    async with served(replica) as channel:
        asker = Asker(world.changes, channel)
        stored = await records.read_job(world.store, uid)
        await world.changes.make(uid, lambda change: _with_parent(change, parent))
        asker.ask(uid, stored.value.ask.number)
        async with asyncio.timeout(30):  # its suggester starts a process
            while (await job_of(world, uid)).state is not JobState.BLOCKED:  # noqa: ASYNC110
                await asyncio.sleep(0)
        await asker.close()
    await replica.close()
    assert "parent job one is gone" in (await job_of(world, uid)).reason


async def _with_parent(change, parent) -> None:
    change.job = replace(change.job, parents=(parent,))


async def test_a_conflict_that_is_not_about_parents_is_the_callers(world, jobs):
    await ended(world, "one", [0.1])
    taken = Insert("requests", "r", {"expires_at": 1.0})
    await world.store.commit([taken])
    with pytest.raises(Conflict):
        await jobs.create("owner", child("one"), lambda _uid, _now: [taken])
