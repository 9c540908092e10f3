"""How long a recovery took is read off the schedulers' own facts."""

from __future__ import annotations

import pytest

from tests.drill.hand import Deed
from tests.drill.history import Fact, held_by, most_leased
from tests.drill.plan import Fault, Kind
from tests.drill.recovery import Circumstances, recovery_of

KNOWN = Circumstances(frozenset({"model"}), {"trainer-0": "host-a", "trainer-1": "host-b"})
FACTS = [
    Fact(1.0, "TrainingJobGranted", "plain", 1, 1, "host-a"),
    Fact(2.0, "TrainingJobGranted", "model", 1, 1, "host-b"),
    Fact(3.0, "TrainingJobGranted", "plain", 2, 1, "host-a"),
    Fact(4.0, "TrainingJobExited", "plain", 2, 1),
    Fact(12.0, "TrainingJobExited", "model", 1, 1),
    Fact(13.0, "TrainingJobCreated", "model", 2),
    Fact(14.0, "TrainingJobEnded", "model", 1),
    Fact(20.0, "TrainingJobLost", "plain", 1, 1, "host-a"),
    Fact(21.0, "TrainingJobGranted", "plain", 1, 2, "host-b"),
    Fact(25.0, "TrainingJobExited", "plain", 1, 2, well=True),
    Fact(26.0, "TrainingJobEnded", "plain", 1),
    Fact(27.0, "TuningJobEnded", "plain"),
]


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("trainer-0", (1, 11.0, 11.0)),  # the loss is no progress, the next grant is
        ("trainer-1", (1, 2.0, 2.0)),
        ("disk of trainer-1", (1, 15.0, 15.0)),  # what it ran at the time did not end well
        ("suggester-0", (1, 3.0, 3.0)),
        ("metrics-1", (2, 4.0, 16.0)),
        ("line to broker-0", (2, 4.0, 16.0)),
        ("line to scheduler-1", (2, 2.0, 10.0)),
        ("database", (2, 2.0, 10.0)),
    ],
)
def test_from_the_fault_to_the_progress_of_what_it_hit(target: str, found: tuple[int, float, float]):
    recovery = recovery_of(Deed(Fault(1, Kind.KILL, target, 0, 0), 10.0, 11.0), FACTS, KNOWN)
    assert (recovery.hit, recovery.first_s, recovery.all_s) == found


def test_a_fault_after_all_was_over_has_hit_nothing():
    recovery = recovery_of(Deed(Fault(1, Kind.KILL, "scheduler-0", 0, 0), 30.0, 31.0), FACTS, KNOWN)
    assert (recovery.hit, recovery.first_s, recovery.all_s) == (0, None, None)


def test_who_held_what_and_how_many_at_once():
    assert held_by(FACTS, "host-a", 3.5) == {("plain", 1), ("plain", 2)}
    assert held_by(FACTS, "host-a", 22.0) == set()
    assert (most_leased(FACTS, "plain"), most_leased(FACTS, "model")) == (2, 1)
