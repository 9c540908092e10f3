"""What must be true of a finished job, whatever happened on the way: by the store and the machines' own record."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.simulation.circle import OVER_WITHIN_S, UID, Script, Trainers
from tests.simulation.host import Run
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState, TrainingState
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Page, Query, Store
from tunewright_metrics.collecting.buckets import lines_of, points_in
from tunewright_metrics.collecting.records import attempt_order
from tunewright_metrics.core.standing import FEWEST_COMPLETED
from tunewright_scheduler import records
from tunewright_scheduler.core.attempt import MOST_KEPT
from tunewright_scheduler.core.attempts import attempts_of
from tunewright_scheduler.core.ending import MAX_LOSSES
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.sessions import LeaseTerms

Span = tuple[float, float]
"""From when to when, by the loop's clock."""
LEASE_GRACE_S = LeaseTerms().lease_grace_s
RETURN_S = 30.0
"""A trainer that has come back needs so long at most to learn what has become of its runs."""
HEARD_WITHIN_S = 3.0
"""A call that fails by the seed is made again; until then nobody has heard of an end, and its trainer may go."""


@dataclass(frozen=True, slots=True)
class Excuses:
    """What has befallen a job that lets it end otherwise than its trainings would have it."""

    stopped: bool = False
    """Trainings may have been stopped: by an order, a limit of time, or a criterion."""
    job_stopped: bool = False
    ends_early: bool = False
    """Fewer trainings than allowed may have been started."""
    dead: dict[str, Sequence[Span]] = field(default_factory=dict)
    """Per trainer's data folder: when it was dead. What runs goes on then, and nobody is there to end it."""
    cut: dict[str, Sequence[Span]] = field(default_factory=dict)
    """Likewise: when it could reach no scheduler."""
    restored: bool = False
    """The store was brought back from a backup: what had ended since may have run again."""

    deaf: Sequence[Span] = ()
    """When no scheduler could take note of anything: the store was gone, or a scheduler was."""

    def dead_at_end_of(self, run: Run) -> bool:
        return _within(self.dead, run)

    def unheard_at_end_of(self, run: Run) -> bool:
        """Say whether nobody heard of its end in time: its trainer was away, or went before it could be heard."""
        if _within(self.dead, run) or _within(self.cut, run):
            return True
        own = [*_own(self.dead, run), *_own(self.cut, run)]
        deaf = [(begin, end + RETURN_S) for begin, end in self.deaf if begin <= run.ends <= end + RETURN_S]
        return any(run.ends <= begin <= until for _, until in deaf for begin, _ in own)


def _within(spans: dict[str, Sequence[Span]], run: Run) -> bool:
    return any(begin - HEARD_WITHIN_S <= run.ends <= end + RETURN_S for begin, end in _own(spans, run))


def _own(spans: dict[str, Sequence[Span]], run: Run) -> Sequence[Span]:
    return spans.get(str(run.process.folder.root.parent.parent), ())


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


async def read_trainings(store: Store) -> list[Training]:
    page = await store.find(Query("training_jobs", "by_job", {"uid": UID}, limit=100))
    return [from_document(item.document, Training) for item in page.items]


async def read_log(store: Store) -> list[dict[str, object]]:
    """Return the job's observations in fold order."""
    page = await store.find(Query("observations", "by_job", {"uid": UID}, limit=100))
    return [item.document for item in page.items]


async def judge(store: Store, trainers: Trainers, wanted: TuningJobSpec, excuses: Excuses = Excuses()) -> None:
    job = (await records.read_job(store, UID)).value
    trainings = await read_trainings(store)
    runs = [run for host in trainers.hosts for run in host.runs.values()]
    _judge_job(job, trainings, wanted, excuses)
    _judge_counts(job, trainings)
    _judge_hosts(trainers)
    if not any(excuses.dead.values()) and not excuses.restored:
        assert most_at_once(runs, _taken_back(trainings, runs)) <= wanted.limits.max_parallel
    for training in trainings:
        own = sorted((run for run in runs if run.attempt.number == training.number), key=lambda run: run.begins)
        if excuses.restored:
            run = next((run for run in own if run.attempt.attempt == training.attempt), None)
        else:
            _judge_overlap(own, excuses)
            run = _judge_runs(training, own, excuses)
            _judge_attempts(training, own)
        _judge_end(training, run, excuses)
        _judge_evidence(training, run, trainings, wanted)
        await _judge_output(store, training, run)
    await _judge_observations(store, trainings)


def _judge_job(job: TuningJob, trainings: list[Training], wanted: TuningJobSpec, excuses: Excuses) -> None:
    limit = wanted.limits.max_trainings
    assert job.state is JobState.COMPLETED or (excuses.job_stopped and job.state is JobState.STOPPED), job
    assert len(trainings) == job.started
    if limit is not None:
        assert job.started == limit or (excuses.ends_early and job.started < limit), job
    assert [training.number for training in trainings] == list(range(1, job.started + 1))
    assert (job.slots, job.awaiting, job.ask, job.due_at) == ((), (), None, None)


def _judge_counts(job: TuningJob, trainings: list[Training]) -> None:
    ended = defaultdict(int)
    for training in trainings:
        assert training.state.final
        retryable = training.state is TrainingState.FAILED and training.losses == MAX_LOSSES
        ended[training.state, retryable] += 1
    counters = job.trainings
    assert counters.completed == ended[TrainingState.COMPLETED, False]
    assert counters.stopped == ended[TrainingState.STOPPED, False]
    assert counters.non_retryable_error == ended[TrainingState.FAILED, False]
    assert counters.retryable_error == ended[TrainingState.FAILED, True]
    values = [item.objective_value for item in trainings if item.objective_value is not None]
    assert (job.objectives.succeeded, job.objectives.failed) == (len(values), len(trainings) - len(values))
    assert (job.best.value if job.best is not None else None) == max(values, default=None)


def _judge_hosts(trainers: Trainers) -> None:
    for settings, host in zip(trainers.settings, trainers.hosts, strict=True):
        assert most_at_once(host.runs.values()) <= settings.slots


def _taken_back(trainings: Sequence[Training], runs: Iterable[Run]) -> set[Run]:
    """Return the runs that were ended for a lost lease: until the end of its grace they may run beside the next."""
    counted = {(training.number, training.attempt) for training in trainings}
    return {run for run in runs if not run.ended_by_itself and (run.attempt.number, run.attempt.attempt) not in counted}


def most_at_once(runs: Iterable[Run], taken_back: Collection[Run] = ()) -> int:
    """Return how many ran at the same time, at most; one that begins as another ends is not beside it."""
    ends = {run: max(run.begins, run.ends - LEASE_GRACE_S) if run in taken_back else run.ends for run in runs}
    moves = sorted([(run.begins, 1) for run in ends] + [(end, -1) for end in ends.values()])
    running = most = 0
    for _, step in moves:
        running += step
        most = max(most, running)
    return most


def _judge_overlap(runs: Sequence[Run], excuses: Excuses) -> None:
    """One attempt has ended before the next begins, unless nobody was there to end it.

    As a rule the trainer gives up after the lease, the scheduler only after lease and grace. A trainer that is back
    within the grace says at once what it has given up, while that may still be ending: by the end of the grace at most.
    """
    for earlier, later in pairwise(runs):
        late_s = 0.0 if earlier.ended_by_itself else LEASE_GRACE_S
        assert earlier.ends - late_s <= later.begins or excuses.dead_at_end_of(earlier), "two attempts ran at once"


def _judge_runs(training: Training, runs: Sequence[Run], excuses: Excuses) -> Run | None:
    """What has run to its end has done so once, and it is the attempt that counts; return that."""
    assert len(runs) <= training.attempt
    assert training.attempt <= training.losses + training.retries + 1
    for run in runs:
        if run.ended_by_itself and run.attempt.attempt != training.attempt:
            assert excuses.unheard_at_end_of(run), "an attempt has run to its end, and then another began"
    counted = [run for run in runs if run.attempt.attempt == training.attempt]
    return counted[0] if counted else None


def _judge_attempts(training: Training, runs: Sequence[Run]) -> None:
    """Every attempt is told once, with its end; so is each that has run."""
    attempts = attempts_of(training)
    assert [attempt.number for attempt in attempts] == list(range(1, training.attempt + 1))[-MOST_KEPT:]
    assert all(attempt.ended_at is not None and attempt.granted_at is not None for attempt in attempts)
    assert all(earlier.granted_at <= later.granted_at for earlier, later in pairwise(attempts))
    assert {run.attempt.attempt for run in runs[-MOST_KEPT:]} <= {attempt.number for attempt in attempts}


def _judge_end(training: Training, run: Run | None, excuses: Excuses) -> None:
    if training.losses >= MAX_LOSSES:
        assert (training.state, training.objective_value) == (TrainingState.FAILED, None)
        return
    if training.state is TrainingState.STOPPED:
        assert excuses.stopped or training.stopped_early is not None, training
        return
    assert training.stopped_early is None
    assert run is not None
    script = Script(run.process.launch)
    failed = script.exit_code != 0
    assert run.ended_by_itself
    assert training.state is (TrainingState.FAILED if failed else TrainingState.COMPLETED)
    assert training.objective_value == (script.scores[-1] if script.scores and not failed else None)
    assert dict(training.summary.last_values) == {name: value for name, value, _ in _emitted(script.lines)}


def _judge_evidence(training: Training, run: Run | None, trainings: Sequence[Training], wanted: TuningJobSpec) -> None:
    """What a rule has stopped was stopped by a rule of its job, for a value that it has emitted, which was worse."""
    evidence = training.stopped_early
    if evidence is None:
        return
    assert training.state is TrainingState.STOPPED
    assert training.reason == evidence.text
    assert run is not None
    scores = Script(run.process.launch).scores
    assert evidence.value == scores[evidence.step - 1]
    assert training.objective_value is None or training.objective_value in scores[evidence.step - 1 :]
    if evidence.against is not None:
        assert evidence.value < evidence.against or evidence.rule == "patience"
    if wanted.hyperband is not None:
        assert evidence.step in training.rungs
        assert (evidence.rule == "max_resource") == (evidence.step == wanted.hyperband.max_resource)
    if evidence.rule in {"median", "percentile"}:
        assert len(evidence.compared) >= FEWEST_COMPLETED
        by_themselves = {item.number for item in trainings if item.exit is not None and item.exit.exit_code == 0}
        assert by_themselves >= set(evidence.compared)


async def _judge_output(store: Store, training: Training, run: Run | None) -> None:
    """All that was printed was read; of what was stopped, all up to where it was."""
    if run is None or training.losses >= MAX_LOSSES:
        return
    printed = Script(run.process.launch).lines
    read = await _output(store, training)
    if training.state is TrainingState.STOPPED:
        printed = printed[: len(read)]
    assert read == printed, f"output of {training.name}"
    assert await _measured(store, training) == _emitted(printed), f"measurements of {training.name}"


def _emitted(lines: Sequence[str]) -> list[tuple[str, float, int]]:
    """Return what a training prints that counts: metric, value, line."""
    pairs = [(index, line.partition("=")) for index, line in enumerate(lines) if "=" in line]
    return [(name, float(value), index) for index, (name, _, value) in pairs]


async def _judge_observations(store: Store, trainings: list[Training]) -> None:
    log = await read_log(store)
    assert [item["fold_index"] for item in log] == list(range(len(trainings)))
    assert {item["number"]: item["value"] for item in log} == {item.number: item.objective_value for item in trainings}


async def _output(store: Store, training: Training) -> list[str]:
    page = await _of_last_attempt(store, "output", training)
    return [line for item in page.items for line in lines_of(item.document)]


async def _measured(store: Store, training: Training) -> list[tuple[str, float, int]]:
    page = await _of_last_attempt(store, "measurements", training)
    points: defaultdict[int, list[tuple[str, float, int]]] = defaultdict(list)
    for item in page.items:
        for metric, value, _, line, *_ in points_in(item.document):
            points[line].append((metric, value, line))
    return [point for line in sorted(points) for point in points[line]]


async def _of_last_attempt(store: Store, collection: str, training: Training) -> Page:
    prefix = attempt_order(training.attempt)
    equals = {"uid": training.uid, "number": training.number}
    return await store.find(Query(collection, "by_training", equals, low=f"{prefix}/", high=f"{prefix}0", limit=100))
