"""A job to which everything happens ends as its twin to which nothing does: the same trainings, with the same outcome.

Random and Grid need nothing from the past, so their twins are equal whatever the order of events; so is a Bayesian job
that runs one training at a time, once each summary is waited for. Where several run at once a model's suggestions
follow the order in which observations were folded: there, each ask on record is answered again as it was answered.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.proofs import SAME_ANSWER, SAME_END, STORE_FAILS
from tests.simulation.circle import story
from tests.simulation.outcome import asked_again, outcome
from tests.simulation.stories import BUS, STORE, WIRE, Event, Story, What, without_faults
from tests.simulation.telling import tell
from tests.simulation.timeless import play
from tests.simulation.verdict import read_trainings
from tunewright.core.spec import Limits, Strategy
from tunewright_scheduler.core.ending import MAX_LOSSES

LEAVES_SUMMARIES_TIME_S = 3600.0
BEFALLS = (What.CUT, What.KILL, What.CRASH, What.STORE_GONE, What.BROKER_GONE, What.BROKER_EMPTIED)


def troubled(seed: int, strategy: Strategy, parallel: int, events: int = 2) -> Story:
    """Two things befall it, beside lost calls: few trainings are lost a third time, which ends them."""
    chance = random.Random(seed)  # noqa: S311 - to replay
    wanted = story(parallel, 5, strategy)
    (definition,) = wanted.definitions
    slow = replace(definition, static_hyperparameters={"pace": "3.0"})
    wanted = replace(wanted, definitions=(slow,), suggest_wait_s=LEAVES_SUMMARIES_TIME_S)
    told = Story(seed, wanted, (2, 1), schedulers=2, collectors=2, store=STORE, bus=BUS, wire=WIRE)
    who = [name for name in told.processes if name != "suggester0"]  # without it a model's job takes random draws
    befalls = []
    for what in chance.sample(BEFALLS, events):
        name = chance.choice(who) if what is What.KILL else f"trainer{chance.randrange(2)}"
        befalls.append(Event(what, chance.uniform(1, 20), chance.choice([1.0, 15.0]), name, chance.randint(0, 4)))
    return replace(told, events=tuple(befalls))


def assert_ends_as_its_twin(told: Story) -> None:
    recorded = tell(told).recorded
    lost = {training.number for training in play(read_trainings(recorded)) if training.losses >= MAX_LOSSES}
    troubled_end, untroubled_end = (
        [row for row in play(outcome(store)) if row[0] not in lost]
        for store in (recorded, tell(without_faults(told)).recorded)
    )
    assert troubled_end == untroubled_end
    assert len(troubled_end) == 2 * (told.wanted.limits.max_trainings - len(lost))
    assert len(lost) <= 1


@pytest.mark.proves(STORE_FAILS, "any call, Random and Grid", SAME_END)
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.GRID])
def test_a_troubled_job_that_learns_nothing_ends_as_an_untroubled_one(strategy: Strategy, seed: int) -> None:
    assert_ends_as_its_twin(troubled(seed, strategy, parallel=1 + seed % 3))


@pytest.mark.proves(STORE_FAILS, "any call, Bayesian one by one", SAME_END)
@pytest.mark.parametrize("seed", range(3))
def test_a_troubled_bayesian_job_one_by_one_ends_as_an_untroubled_one(seed: int) -> None:
    told = troubled(seed, Strategy.BAYESIAN, parallel=1)
    assert_ends_as_its_twin(replace(told, suggester_wire=replace(WIRE, request_lost=0.0, answer_lost=0.0)))


@pytest.mark.proves(STORE_FAILS, "any call, two at once", SAME_ANSWER)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strategy", [Strategy.BAYESIAN, Strategy.RANDOM, Strategy.GRID])
def test_each_ask_on_record_is_answered_again_as_it_was(strategy: Strategy, seed: int) -> None:
    told = troubled(seed, strategy, parallel=2)
    told = replace(told, wanted=replace(told.wanted, limits=Limits(2, 6)))
    asked = play(asked_again(tell(told)))
    assert asked > (0 if strategy is not Strategy.BAYESIAN else 2)
