"""A job to which everything happens ends as its twin to which nothing does: the same trainings, with the same outcome.

Random and Grid need nothing from the past, so their twins are equal whatever the order of events; so is a Bayesian job
that runs one training at a time, once each summary is waited for. Where several run at once a model's suggestions
follow the order in which observations were folded: there, each ask on record is answered again as it was answered.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.simulation.circle import UID, story
from tests.simulation.fleet import Fleet, InlineSuggester
from tests.simulation.stories import BUS, STORE, WIRE, Event, Story, What, without_faults
from tests.simulation.telling import tell
from tests.simulation.timeless import play
from tests.simulation.verdict import read_log, read_trainings
from tests.simulation.wire import Wire
from tunewright.core.spec import Limits, Strategy
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Query, Store
from tunewright.v1.suggestion_service_pb2_grpc import add_SuggestionServiceServicer_to_server
from tunewright_scheduler import records
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.job import Ask
from tunewright_scheduler.core.training import Training

LEAVES_SUMMARIES_TIME_S = 3600.0
BEFALLS = (What.CUT, What.KILL, What.CRASH, What.STORE_GONE, What.BROKER_GONE, What.BROKER_EMPTIED)


def troubled(seed: int, strategy: Strategy, parallel: int, events: int = 2) -> Story:
    """Two things befall it at most: a third loss would end a training that its twin completes."""
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


async def outcome(store: Store) -> list[tuple[object, ...]]:
    """Return what a user sees of each training, and the observations but for their order."""
    seen: list[tuple[object, ...]] = [
        (item.number, item.name, dict(item.configuration), item.state, item.objective_state, item.objective_value)
        for item in await read_trainings(store)
    ]
    told = ("number", "configuration", "outcome", "value", "steps", "curve", "curve_steps", "error")
    log = sorted(await read_log(store), key=lambda item: item["number"])
    return [*seen, *(tuple(item[name] for name in told) for item in log)]


def assert_ends_as_its_twin(told: Story) -> None:
    troubled_end = play(outcome(tell(told).recorded))
    assert troubled_end == play(outcome(tell(without_faults(told)).recorded))
    assert len(troubled_end) == 2 * told.wanted.limits.max_trainings


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("strategy", [Strategy.RANDOM, Strategy.GRID])
def test_a_troubled_job_that_learns_nothing_ends_as_an_untroubled_one(strategy: Strategy, seed: int) -> None:
    assert_ends_as_its_twin(troubled(seed, strategy, parallel=1 + seed % 3))


@pytest.mark.parametrize("seed", range(3))
def test_a_troubled_bayesian_job_one_by_one_ends_as_an_untroubled_one(seed: int) -> None:
    told = troubled(seed, Strategy.BAYESIAN, parallel=1)
    assert_ends_as_its_twin(replace(told, suggester_wire=replace(WIRE, request_lost=0.0, answer_lost=0.0)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strategy", [Strategy.BAYESIAN, Strategy.RANDOM, Strategy.GRID])
def test_each_ask_on_record_is_answered_again_as_it_was(strategy: Strategy, seed: int) -> None:
    told = troubled(seed, strategy, parallel=2)
    told = replace(told, wanted=replace(told.wanted, limits=Limits(2, 6)))
    asked = play(_asked_again(tell(told)))
    assert asked > (0 if strategy is not Strategy.BAYESIAN else 2)


async def _asked_again(fleet: Fleet) -> int:
    """Have a suggester that knows nothing answer every ask; return how many trainings it proposed again."""
    store = fleet.recorded
    changes, wire = Changes(store, Bells()), Wire()
    add_SuggestionServiceServicer_to_server(InlineSuggester(), wire)
    asker = Asker(changes, wire)
    page = await store.find(Query("asks", "by_job", {"uid": UID}, limit=100))
    asks = [from_document(item.document, Ask) for item in page.items]
    trainings = {item.number: item for item in await read_trainings(store)}
    job = (await records.read_job(store, UID)).value
    asked = 0
    for ask in asks:
        answered = await asker.answer(job, ask)
        for number, suggestion in enumerate(answered.suggestions, ask.started + 1):
            started = trainings.get(number)
            if started is not None and _came_of(started, ask, asks):
                assert dict(started.configuration) == dict(suggestion.configuration)
                asked += 1
    await asker.close()
    return asked


def _came_of(training: Training, ask: Ask, asks: list[Ask]) -> bool:
    """Say whether a training is of this ask's answer: no later ask began before it, and no fallback replaced it."""
    later = [one for one in asks if one.number > ask.number and one.started < training.number]
    return not later and training.provenance.source != "fallback"
