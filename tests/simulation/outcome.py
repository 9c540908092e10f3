"""What a job leaves behind, to be held against another run of it, or asked for again."""

from __future__ import annotations

from tests.simulation.circle import UID
from tests.simulation.fleet import Fleet, InlineSuggester
from tests.simulation.verdict import read_log, read_trainings
from tests.simulation.wire import Wire
from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Query, Store
from tunewright.v1.suggestion_service_pb2_grpc import add_SuggestionServiceServicer_to_server
from tunewright_scheduler import records
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.job import Ask
from tunewright_scheduler.core.training import Training


async def outcome(store: Store) -> list[tuple[object, ...]]:
    """Return what a user sees of each training, and the observations but for their order."""
    seen: list[tuple[object, ...]] = [
        (item.number, item.name, dict(item.configuration), item.state, item.objective_state, item.objective_value)
        for item in await read_trainings(store)
    ]
    told = ("number", "configuration", "outcome", "value", "steps", "curve", "curve_steps", "error")
    log = sorted(await read_log(store), key=lambda item: item["number"])
    return [*seen, *(tuple(item[name] for name in told) for item in log)]


async def asked_again(fleet: Fleet) -> int:
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
