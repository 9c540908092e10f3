"""What must be true of a finished job, whatever happened on the way: by the store and the machines' own record."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from tests.simulation.circle import OVER_WITHIN_S, UID, Script, Trainers
from tests.simulation.host import Run
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState, TrainingState
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Page, Query, Store
from tunewright_metrics.records import attempt_order, lines_of
from tunewright_scheduler import records
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training


async def settled(store: Store, trainers: Trainers) -> None:
    """Wait until nothing is left to be told: facts are published, spools given back."""
    async with asyncio.timeout(OVER_WITHIN_S):
        while await _outbox(store) or _kept(trainers):  # noqa: ASYNC110 - files have no event
            await asyncio.sleep(1)


async def _outbox(store: Store) -> bool:
    return bool((await store.find(Query("outbox", "unsent", limit=1))).items)


def _kept(trainers: Trainers) -> list[str]:
    return [
        str(folder.root)
        for host in trainers.hosts
        for folder in host.folders.granted()
        if not folder.abandoned.exists()
    ]


async def judge(store: Store, trainers: Trainers, wanted: TuningJobSpec) -> None:
    job = (await records.read_job(store, UID)).value
    page = await store.find(Query("training_jobs", "by_job", {"uid": UID}, limit=100))
    trainings = [from_document(item.document, Training) for item in page.items]
    runs = [run for host in trainers.hosts for run in host.runs.values()]
    _judge_counts(job, trainings, wanted)
    _judge_limits(runs, trainers, wanted)
    for training in trainings:
        script = _judge_runs(training, [run for run in runs if run.attempt.number == training.number])
        _judge_end(training, script)
        assert await _output(store, training) == script.lines, f"output of {training.name}"
        assert await _measured(store, training) == _emitted(script), f"measurements of {training.name}"
    await _judge_observations(store, job, trainings)


def _judge_counts(job: TuningJob, trainings: list[Training], wanted: TuningJobSpec) -> None:
    ended_well = [item for item in trainings if item.state is TrainingState.COMPLETED]
    values = [item.objective_value for item in trainings if item.objective_value is not None]
    assert job.state is JobState.COMPLETED, job
    assert len(trainings) == job.started == wanted.limits.max_trainings
    assert all(item.state.final for item in trainings)
    assert job.trainings.completed == len(ended_well)
    assert job.trainings.non_retryable_error == len(trainings) - len(ended_well)
    assert (job.trainings.stopped, job.trainings.retryable_error) == (0, 0)
    assert (job.objectives.succeeded, job.objectives.failed) == (len(values), len(trainings) - len(values))
    assert job.best.value == max(values)


def _judge_limits(runs: list[Run], trainers: Trainers, wanted: TuningJobSpec) -> None:
    assert most_at_once(runs) <= wanted.limits.max_parallel
    for settings, host in zip(trainers.settings, trainers.hosts, strict=True):
        assert most_at_once(host.runs.values()) <= settings.slots


def most_at_once(runs: Iterable[Run]) -> int:
    """Return how many ran at the same time, at most; one that begins as another ends is not beside it."""
    moves = sorted([(run.begins, 1) for run in runs] + [(run.ends, -1) for run in runs])
    running = most = 0
    for _, step in moves:
        running += step
        most = max(most, running)
    return most


def _judge_runs(training: Training, runs: list[Run]) -> Script:
    """What has run to its end has done so once, and it is the attempt that counts."""
    (finished,) = [run for run in runs if run.ended_by_itself]
    assert finished.attempt.attempt == training.attempt, "an attempt has run to its end, and then another began"
    assert len(runs) <= training.attempt == training.losses + 1
    return Script(finished.process.launch)


def _judge_end(training: Training, script: Script) -> None:
    failed = script.exit_code != 0
    assert training.state is (TrainingState.FAILED if failed else TrainingState.COMPLETED)
    assert training.objective_value == (script.scores[-1] if script.scores and not failed else None)
    assert dict(training.summary.last_values) == {name: value for name, value, _ in _emitted(script)}


def _emitted(script: Script) -> list[tuple[str, float, int]]:
    """Return what a training prints that counts: metric, value, line."""
    pairs = [(index, line.partition("=")) for index, line in enumerate(script.lines) if "=" in line]
    return [(name, float(value), index) for index, (name, _, value) in pairs]


async def _judge_observations(store: Store, job: TuningJob, trainings: list[Training]) -> None:
    page = await store.find(Query("observations", "by_job", {"uid": job.uid}, limit=100))
    log = [item.document for item in page.items]
    assert [item["fold_index"] for item in log] == list(range(len(trainings)))
    assert {item["number"]: item["value"] for item in log} == {item.number: item.objective_value for item in trainings}


async def _output(store: Store, training: Training) -> list[str]:
    page = await _of_last_attempt(store, "output", training)
    return [line for item in page.items for line in lines_of(item.document)]


async def _measured(store: Store, training: Training) -> list[tuple[str, float, int]]:
    page = await _of_last_attempt(store, "measurements", training)
    points: defaultdict[int, list[tuple[str, float, int]]] = defaultdict(list)
    for item in page.items:
        for metric, value, _, line in item.document["points"]:
            points[line].append((metric, value, line))
    return [point for line in sorted(points) for point in points[line]]


async def _of_last_attempt(store: Store, collection: str, training: Training) -> Page:
    prefix = attempt_order(training.attempt)
    equals = {"uid": training.uid, "number": training.number}
    return await store.find(Query(collection, "by_training", equals, low=f"{prefix}/", high=f"{prefix}0", limit=100))
