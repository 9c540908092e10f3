"""How soon work goes on after a service was killed, and after all of them were, broker and database with them.

Recoveries are defined in tests/drill/recovery.py: from the kill to the first progress of what it hit, and to that of
the last. The leases are the defaults, 30 s and 15 s of grace, unless it is said. Trainings are real processes here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from tests.drill.hand import Deed
from tests.drill.history import CLOSED, GRANTED, read_facts
from tests.drill.plan import Fault, Kind
from tests.drill.recovery import Circumstances, Recovery, recovery_of
from tests.servers.kafka import KafkaServer, another_kafka
from tests.servers.mongodb import MongoServer, another_mongodb
from tests.wire.fleet import LEASE, Fleet, until
from tests.wire.trainings import Wanted, ended, job

from bench.rows import Row
from tunewright.client import Client
from tunewright.core.errors import TunewrightError
from tunewright.core.spec import Strategy

WITHIN_S: Final = 10.0
RESTART_WITHIN_S: Final = 30.0
OVER_WITHIN_S: Final = 300.0
STRATEGIES: Final = (Strategy.RANDOM, Strategy.RANDOM, Strategy.BAYESIAN)
SOON: Final = 6
"""Trainings that have ended before anything is killed."""
TRIES: Final = 3
"""A trainer may hold nothing in the moment in which it is killed."""
NAMES: Final = count(1)


@dataclass(frozen=True, slots=True)
class Installed:
    """Two of each service on servers of their own."""

    fleet: Fleet
    broker: KafkaServer
    database: MongoServer


def rows(folder: Path) -> list[Row]:
    with _installed(folder, "defaults", {}) as at:
        made = [_killed(at, service, f"killed {service}") for service in ("scheduler", "metrics", "suggester")]
        made.append(_killed(at, "trainer", "killed trainer, started again at once", again=True))
        made.append(_gone(at, "trainer's host gone, lease 30 s + 15 s"))
        made += [_gateway(at), _restarted(at)]
    with _installed(folder, "short", LEASE) as at:
        made.append(_gone(at, "trainer's host gone, lease 6 s + 3 s"))
    return made


def _killed(at: Installed, service: str, name: str, *, again: bool = False) -> Row:
    """Kill the first of two of a service while jobs run; `again`: start it again at once."""
    return _row(name, _recovery(at, service, again=again, passed_over=frozenset()))


def _gone(at: Installed, name: str) -> Row:
    """Kill a trainer for good. What counts is what was granted anew: of what it held, some had just ended."""
    for _ in range(TRIES):
        found = _recovery(at, "trainer", again=False, passed_over=CLOSED)
        if found.hit:
            break
    return _row(name, found)


def _row(name: str, found: Recovery) -> Row:
    first_s, all_s = found.first_s or 0.0, found.all_s or 0.0
    beside, holds = f"the first of {found.hit}: {first_s:.1f} s", found.hit > 0 and all_s < WITHIN_S
    return Row(f"{name}, all going on", all_s, "s", beside, None, f"< {WITHIN_S:.0f} s", holds)


def _recovery(at: Installed, service: str, *, again: bool, passed_over: Collection[str]) -> Recovery:
    victim, wanted = at.fleet.of(service)[0], _jobs(at.fleet.folder)
    with at.fleet.client() as client:
        uids = _begun(client, wanted)
        killed_at = time.time()
        victim.kill()
        if again:
            victim.spawn()
        _over(client, wanted)
    if not again:
        victim.start()
    facts = asyncio.run(read_facts(at.broker.bootstrap))
    trainers = [member.name for member in at.fleet.of("trainer")]
    holders = {trainer: (at.fleet.folder / trainer / "trainer-id").read_text() for trainer in trainers}
    deed = Deed(Fault(1, Kind.KILL, victim.name, 0.0, 0.0), killed_at, killed_at)
    known = Circumstances(frozenset({uids[Strategy.BAYESIAN]}), holders)
    counted = [fact for fact in facts if fact.at <= killed_at or fact.kind not in passed_over]
    return recovery_of(deed, counted, known)


def _gateway(at: Installed) -> Row:
    """It keeps nothing: others serve meanwhile, and it does once it is ready again."""
    known = ",".join(member.grpc for member in at.fleet.of("scheduler"))
    victim = at.fleet.add("gateway", TUNEWRIGHT_SCHEDULER=known)

    def again() -> None:
        victim.kill()
        victim.start_waiting()
        until(lambda: bool(victim.ready()["ready"]), "the gateway is ready")

    took_s = _timed(again)
    return Row("killed gateway, ready again", took_s, "s", "", None, f"< {WITHIN_S:.0f} s", took_s < WITHIN_S)


def _restarted(at: Installed) -> Row:
    """Kill everything but the trainings' own processes, and start everything again."""
    wanted = _jobs(at.fleet.folder)
    with at.fleet.client() as client:
        _begun(client, wanted)
    killed_at = time.time()
    for member in at.fleet.members:
        member.kill()
    at.broker.kill()
    at.database.kill()
    floor_s = _timed(lambda: _together([at.broker.start, at.database.start]))
    for member in at.fleet.members:
        member.spawn()
    with at.fleet.client() as client:
        _over(client, wanted)
    facts = asyncio.run(read_facts(at.broker.bootstrap))
    took_s = min(fact.at for fact in facts if fact.at > killed_at and fact.kind == GRANTED) - killed_at
    beside, target = f"broker and database alone: {floor_s:.1f} s", f"< {RESTART_WITHIN_S:.0f} s"
    return Row(
        "all killed, a training granted", took_s, "s", beside, took_s / floor_s, target, took_s < RESTART_WITHIN_S
    )


@contextmanager
def _installed(folder: Path, name: str, terms: Mapping[str, str]) -> Iterator[Installed]:
    broker, database, home = another_kafka(), another_mongodb(), folder / name
    home.mkdir()
    fleet = Fleet(home, broker.bootstrap, database.database("takeover"))
    try:
        _together([broker.start, database.start])
        fleet.start(of_each=2, trainers=2, slots=3, terms=terms, TUNEWRIGHT_SLOTS_ONLY="on")
        yield Installed(fleet, broker, database)
    finally:
        for member in fleet.members:
            if member.running:
                member.kill()
        for program in fleet.programs():
            program.kill()
        broker.remove()
        database.remove()


def _jobs(folder: Path) -> list[Wanted]:
    prefix = f"killed-{next(NAMES)}"
    return [
        job(folder, f"{prefix}-{number}", strategy=strategy, trainings=16, parallel=2, steps=2, step_s=1.0)
        for number, strategy in enumerate(STRATEGIES)
    ]


def _begun(client: Client, wanted: Iterable[Wanted]) -> dict[Strategy, str]:
    """Create jobs; return their uids once they are under way."""
    uids = {item.spec.strategy: client.create(item.spec).uid for item in wanted}
    until(lambda: sum(map(ended, wanted)) >= SOON, "trainings end", OVER_WITHIN_S)
    return uids


def _over(client: Client, wanted: Iterable[Wanted]) -> None:
    """Return once all have ended, and what they have made true is published."""
    for item in wanted:
        until(partial(_final, client, item.spec.name), f"{item.spec.name} has ended", OVER_WITHIN_S)
    time.sleep(1.0)


def _final(client: Client, name: str) -> bool:
    try:
        return client.describe(name).state.final
    except TunewrightError:
        return False


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _together(works: Iterable[Callable[[], None]]) -> None:
    with ThreadPoolExecutor() as threads:
        for working in [threads.submit(work) for work in works]:
            working.result()
