"""Each service dies alone, at each deed in turn that outlasts it; the store and the broker go and come back.

Just before the deed, or just after it, unheard. Whatever it was, the job ends as if nothing had happened, no finished
training repeats, and every ask on record is answered as it was.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.proofs import BROKER_GONE, KILLED, SAME_ANSWER, SAME_END, STORE_GONE
from tests.simulation.circle import OVER_WITHIN_S, story
from tests.simulation.fleet import Fleet
from tests.simulation.outcome import asked_again, outcome
from tests.simulation.stories import Event, Story, What
from tests.simulation.telling import tell
from tests.simulation.timeless import play
from tunewright.core.spec import Strategy

DOWN_S = (0.0, 2.0, 15.0)
"""How long it is dead: not at all, while trainings end, beyond every lease."""
FEWEST = {"scheduler0": 10, "metrics0": 4, "trainer0": 10, "suggester0": 1}
"""Deeds that a small job takes at least, so that a test that tries none does not pass."""


def untroubled(strategy: Strategy = Strategy.RANDOM) -> Story:
    return Story(0, replace(story(2, 3, strategy), suggest_wait_s=600.0), slots=(2,))


@cache
def _end(strategy: Strategy) -> list[tuple[object, ...]]:
    return play(outcome(tell(untroubled(strategy)).recorded))


def recover(told: Story) -> Fleet:
    fleet = tell(told)
    assert play(outcome(fleet.recorded)) == _end(told.wanted.strategy)
    play(asked_again(fleet))
    return fleet


@pytest.mark.proves(KILLED, "every commit of the scheduler alone", SAME_END)
@pytest.mark.proves(KILLED, "every commit of metrics alone", SAME_END)
@pytest.mark.proves(KILLED, "every deed of the trainer alone", SAME_END)
@pytest.mark.proves(KILLED, "every answer of the suggester alone", SAME_END)
@pytest.mark.proves(KILLED, "any commit", SAME_ANSWER)
@pytest.mark.parametrize("applied", [False, True], ids=["before the deed", "after the deed"])
@pytest.mark.parametrize("who", ["scheduler0", "metrics0", "trainer0", "suggester0"])
def test_a_service_may_die_at_any_deed(who: str, applied: bool) -> None:
    for deeds in range(1000):
        dies = Event(What.KILL, 0.0, DOWN_S[deeds % 3], who, deeds, applied, within_s=OVER_WITHIN_S)
        try:
            fleet = recover(replace(untroubled(), events=(dies,)))
        except BaseException as error:
            error.add_note(f"{who} died after {deeds} deeds")
            raise
        if not fleet.processes[who].away:
            assert deeds >= FEWEST[who]
            return


@pytest.mark.proves(STORE_GONE, "any moment", SAME_END)
@pytest.mark.proves(BROKER_GONE, "any moment", SAME_END)
@pytest.mark.parametrize("for_s", [1.0, 15.0])
@pytest.mark.parametrize("at_s", [0.05, 0.5, 1.0, 2.0, 4.0, 8.0])
@pytest.mark.parametrize("what", [What.STORE_GONE, What.BROKER_GONE, What.BROKER_EMPTIED])
def test_what_all_stand_on_may_go_and_come_back(what: What, at_s: float, for_s: float) -> None:
    recover(replace(untroubled(), events=(Event(what, at_s, for_s),)))


@pytest.mark.proves(BROKER_GONE, "any moment", SAME_END)
def test_output_that_the_broker_lost_before_anybody_read_it_is_sent_again() -> None:
    nobody_reads = Event(What.KILL, 0.5, 8.0, "metrics0", within_s=0.0)
    recover(replace(untroubled(), events=(nobody_reads, Event(What.BROKER_EMPTIED, 4.0, 1.0))))


@pytest.mark.proves(KILLED, "any commit", SAME_ANSWER)
@pytest.mark.parametrize("who", ["scheduler0", "metrics0"])
@pytest.mark.parametrize("commits", [3, 9, 15])
def test_a_model_learns_the_same_over_a_death(who: str, commits: int) -> None:
    one_by_one = untroubled(Strategy.BAYESIAN)
    dies = Event(What.KILL, 0.0, 2.0, who, commits, applied=True, within_s=OVER_WITHIN_S)
    assert asked_again_of(replace(one_by_one, events=(dies,))) > 0


def asked_again_of(told: Story) -> int:
    return play(asked_again(tell(told)))
