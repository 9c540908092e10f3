from __future__ import annotations

from itertools import combinations

import pytest

from tests.drill.plan import APART_S, Fault, Kind, drawn

TARGETS = {
    Kind.KILL: [["scheduler-0", "scheduler-1"], ["metrics-0", "metrics-1"], ["trainer-0", "trainer-1"]],
    Kind.STILL: [["scheduler-0", "scheduler-1"], ["trainer-0", "trainer-1"]],
    Kind.RESTART: [["broker"], ["database"]],
    Kind.FILL: [],
}
COUNTS = {Kind.KILL: 6, Kind.STILL: 4, Kind.RESTART: 2, Kind.FILL: 2}


def test_a_seed_is_a_drill():
    assert drawn(3, TARGETS, COUNTS, 120) == drawn(3, TARGETS, COUNTS, 120)
    assert drawn(3, TARGETS, COUNTS, 120) != drawn(4, TARGETS, COUNTS, 120)


@pytest.mark.parametrize("seed", range(50))
def test_every_group_is_hit_in_turn_and_no_target_twice_at_once(seed: int):
    faults = drawn(seed, TARGETS, COUNTS, 120)
    assert [fault.number for fault in faults] == list(range(1, 13)), "what has no target is left out"
    killed = [fault.target.partition("-")[0] for fault in faults if fault.kind is Kind.KILL]
    assert sorted(killed) == sorted(["scheduler", "metrics", "trainer"] * 2)
    assert all(fault.at_s >= 0 and fault.over_s <= 120 for fault in faults)
    assert all(apart(one, other) for one, other in combinations(faults, 2) if one.target == other.target)


def apart(one: Fault, other: Fault) -> bool:
    return one.over_s + APART_S <= other.at_s + 0.02 or other.over_s + APART_S <= one.at_s + 0.02


def test_what_finds_no_room_is_told():
    with pytest.raises(ValueError, match="too many faults of broker for 10 s"):
        drawn(1, {Kind.RESTART: [["broker"]]}, {Kind.RESTART: 12}, 10)
