"""The judge of a drill can find fault: a record that is right passes, and one that breaks a rule is told of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.drill.history import Fact
from tests.drill.judge import Found, failures, problems
from tests.wire.trainings import job
from tunewright.core.states import JobState, TrainingState
from tunewright_scheduler.core.job import Best, ObjectiveCounters, Provenance, TrainingCounters, TuningJob
from tunewright_scheduler.core.training import Training

UID, NAME, STEPS = "uid", "judged", 2
READ = ("step 1 loss=0.8", "step 2 loss=0.7", "score=0.5")


@dataclass(frozen=True, slots=True)
class Record:
    found: Found
    facts: Sequence[Fact]
    stamps: Sequence[str]
    full: frozenset[str] = frozenset()


def training(number: int, state: TrainingState, value: float | None, attempt: int, losses: int) -> Training:
    return Training(
        uid=UID,
        number=number,
        name=f"{NAME}-{number}",
        owner="tunewright",
        configuration={"x": 0.5},
        spec_revision=1,
        created_at=0.0,
        pool="default",
        claim_order=None,
        provenance=Provenance("RANDOM"),
        state=state,
        objective_value=value,
        attempt=attempt,
        holder="host-a",
        losses=losses,
    )


def lease(number: int, attempt: int, begins: float, ends: float, end: str = "TrainingJobExited") -> list[Fact]:
    granted = Fact(begins, "TrainingJobGranted", UID, number, attempt, "host-a")
    return [granted, Fact(ends, end, UID, number, attempt)]


RIGHT = Record(
    found=Found(
        job=TuningJob(
            uid=UID,
            name=NAME,
            owner="tunewright",
            created_at=0.0,
            modified_at=0.0,
            seed=3,
            state=JobState.COMPLETED,
            started=3,
            trainings=TrainingCounters(completed=2, retryable_error=1),
            objectives=ObjectiveCounters(succeeded=2, failed=1),
            best=Best(2, 0.9),
        ),
        trainings=[
            training(1, TrainingState.COMPLETED, 0.5, attempt=1, losses=0),
            training(2, TrainingState.COMPLETED, 0.9, attempt=2, losses=1),
            training(3, TrainingState.FAILED, None, attempt=3, losses=3),
        ],
        log=[
            {"fold_index": 0, "number": 1, "value": 0.5},
            {"fold_index": 1, "number": 3, "value": None},
            {"fold_index": 2, "number": 2, "value": 0.9},
        ],
        asks=[{"number": 0}, {"number": 1}],
        output={1: READ, 2: READ, 3: ()},
    ),
    facts=[
        *(Fact(1.0, "TrainingJobCreated", UID, number) for number in (1, 2, 3)),
        *lease(1, 1, 2.0, 9.0),
        *lease(2, 1, 2.0, 5.0, "TrainingJobLost"),
        *lease(2, 2, 5.0, 8.0),
        *lease(3, 1, 9.0, 10.0, "TrainingJobLost"),
        *lease(3, 2, 11.0, 12.0, "TrainingJobLost"),
        *lease(3, 3, 13.0, 14.0, "TrainingJobLost"),
        *(Fact(15.0, "TrainingJobEnded", UID, number) for number in (1, 2, 3)),
    ],
    stamps=[
        "judged-1 b 2.1",
        "judged-1 e 8.9 0.5",
        "judged-2 b 2.1",
        "judged-2 e 4.9 0.9",  # nobody heard of it: it was lost
        "judged-2 b 5.1",
        "judged-2 e 7.9 0.9",
        "judged-3 b 9.1",
    ],
)
"""One training ran through, one was lost once, and one three times."""


def told(record: Record, folder: Path) -> list[str]:
    wanted = job(folder, NAME, trainings=3, parallel=2, steps=STEPS)
    wanted.stamps.write_text("\n".join(record.stamps))
    return list(problems(record.found, wanted, record.facts, record.full))


def test_what_is_right_is_found_right(tmp_path: Path):
    assert told(RIGHT, tmp_path) == []
    assert [text.partition(":")[0] for text in failures(RIGHT.found)] == ["judged-3"]


def of_job(**changes: object) -> Record:
    return replace(RIGHT, found=replace(RIGHT.found, job=replace(RIGHT.found.job, **changes)))  # type: ignore[arg-type]


def of_training(number: int, **changes: object) -> Record:
    trainings = [
        replace(item, **changes) if item.number == number else item  # type: ignore[arg-type]
        for item in RIGHT.found.trainings
    ]
    return replace(RIGHT, found=replace(RIGHT.found, trainings=trainings))


def stamped(*more: str) -> Record:
    return replace(RIGHT, stamps=[*RIGHT.stamps, *more])


def reported(*more: Fact) -> Record:
    return replace(RIGHT, facts=[*RIGHT.facts, *more])


def found(change: Callable[[Found], Found]) -> Record:
    return replace(RIGHT, found=change(RIGHT.found))


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        pytest.param(of_job(state=JobState.FAILED, reason="why"), "it is FAILED: why", id="failed"),
        pytest.param(of_job(started=4), "has started 4, and was to have 3", id="one-too-many-started"),
        pytest.param(
            found(lambda it: replace(it, trainings=it.trainings[:2])),
            "it has trainings [1, 2]",
            id="a-training-missing",
        ),
        pytest.param(
            found(lambda it: replace(it, trainings=[*it.trainings, it.trainings[2]])),
            "it has trainings [1, 2, 3, 3]",
            id="a-training-twice",
        ),
        pytest.param(of_job(slots=(3,)), "something of it is open: (3,)", id="a-slot-open"),
        pytest.param(of_job(due_at=99.0), "something of it is open", id="still-due"),
        pytest.param(
            of_job(trainings=TrainingCounters(completed=3)), "its counters say (3, 0, 0, 0)", id="a-loss-not-counted"
        ),
        pytest.param(of_job(objectives=ObjectiveCounters(3, 0)), "2 of 3 have one", id="objectives-miscounted"),
        pytest.param(
            of_job(best=Best(1, 0.5)), "its best is 0.5, and the best of its trainings 0.9", id="not-the-best"
        ),
        pytest.param(
            found(lambda it: replace(it, log=[*it.log[:2], {**it.log[2], "fold_index": 3}])),
            "its fold indexes are [0, 1, 3]",
            id="a-gap-in-the-log",
        ),
        pytest.param(
            found(lambda it: replace(it, log=[*it.log[:2], {**it.log[2], "value": 0.8}])),
            "its observations are not its trainings' objectives",
            id="another-value-in-the-log",
        ),
        pytest.param(
            found(lambda it: replace(it, asks=[{"number": 0}, {"number": 2}])),
            "its asks are numbered [0, 2]",
            id="an-ask-missing",
        ),
        pytest.param(
            replace(RIGHT, facts=RIGHT.facts[1:]), "TrainingJobCreated was not told of each", id="a-creation-not-told"
        ),
        pytest.param(
            reported(Fact(16.0, "TrainingJobEnded", UID, 2)),
            "TrainingJobEnded was not told of each training once",
            id="ended-twice",
        ),
        pytest.param(
            reported(*lease(3, 4, 3.0, 4.0)), "3 trainings were leased at once, and 2 may be", id="too-many-leased"
        ),
        pytest.param(of_training(1, state=TrainingState.EXITED), "judged-1 is EXITED", id="a-training-not-over"),
        pytest.param(
            stamped("judged-1 b 9.5"), "judged-1 has begun 2 times under 1 leases", id="begun-without-a-lease"
        ),
        pytest.param(
            stamped("judged-1 e 9.9 0.5"),
            "judged-1 has ended 2 times and was lost 0 times",
            id="ended-again-without-loss",
        ),
        pytest.param(of_training(1, objective_value=0.4), "judged-1 has 0.4, and said 0.5", id="another-objective"),
        pytest.param(of_training(1, objective_value=None), "judged-1 has None, and said 0.5", id="no-objective"),
        pytest.param(
            found(lambda it: replace(it, output={**it.output, 1: READ[1:]})), "of judged-1 was read: ", id="a-line-lost"
        ),
        pytest.param(
            found(lambda it: replace(it, output={**it.output, 1: (*READ, READ[2])})),
            "of judged-1 was read: ",
            id="a-line-twice",
        ),
        pytest.param(
            of_training(3, losses=2, reason="why"),
            "judged-3 is FAILED for no reason that was made: why",
            id="failed-without-cause",
        ),
        pytest.param(
            of_training(3, state=TrainingState.STOPPED), "judged-3 is STOPPED for no reason", id="stopped-by-nobody"
        ),
    ],
)
def test_what_breaks_a_rule_is_told(record: Record, sentence: str, tmp_path: Path):
    assert any(sentence in text for text in told(record, tmp_path)), told(record, tmp_path)


@pytest.mark.parametrize("where", ["holder", "left_by"])
def test_a_full_disk_excuses_who_failed_there(where: str, tmp_path: Path):
    failed = of_training(3, **{"losses": 1, "holder": "", where: "host-b"})
    excused = replace(failed, full=frozenset({"host-b"}))
    assert [text for text in told(failed, tmp_path) if "no reason" in text]
    assert not [text for text in told(excused, tmp_path) if "no reason" in text]
