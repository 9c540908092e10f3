"""How long each recovery took. The definitions stand here, and nowhere else.

A recovery is counted from the moment of the fault, not from its end: while a line is cut or a service stands still, the
others are to go on. What a fault hit, and what counts as progress of it, by its target:

    target                    what it hit                                progress of it
    trainer                   the trainings that it held                 granted anew, or exited: known to be over
    disk of a trainer         that trainer                               a training exits there, with code 0
    suggester                 Bayesian jobs that went on                 a training of it is created
    metrics, broker           tuning jobs that went on                   a training of it has ended: its output was read
    scheduler, database       tuning jobs that went on                   any fact of a training of it

A line counts as what it leads to. `first_s` is the time to the first progress of any of them, `all_s` to that of the
last; a tuning job that ended without any such fact after the fault is left out. Faults overlap: what one recovery took
may be another fault's doing, and what a second replica did meanwhile counts, as it should.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.drill.hand import Deed
from tests.drill.history import CLOSED, CREATED, ENDED, GRANTED, Fact, going, held_by, went_well_at

PROGRESS: Final[Mapping[str, frozenset[str]]] = {
    "trainer": frozenset({GRANTED, *CLOSED}) - {"TrainingJobLost"},
    "suggester": frozenset({CREATED}),
    "metrics": frozenset({ENDED}),
    "broker": frozenset({ENDED}),
    "scheduler": frozenset({CREATED, GRANTED, *CLOSED, ENDED}),
    "database": frozenset({CREATED, GRANTED, *CLOSED, ENDED}),
}


@dataclass(frozen=True, slots=True)
class Recovery:
    deed: Deed
    hit: int
    """Of these many there was progress afterwards: tuning jobs, trainings, or the trainer."""
    first_s: float | None
    """None: it hit nothing."""
    all_s: float | None


@dataclass(frozen=True, slots=True)
class Circumstances:
    bayesian: frozenset[str]
    """Uids."""
    holders: Mapping[str, str]
    """What trainers call themselves, by name."""


def recovery_of(deed: Deed, facts: Sequence[Fact], known: Circumstances) -> Recovery:
    """`facts` are in order of time."""
    service, _, replica = deed.fault.target.removeprefix("line to ").removeprefix("disk of ").partition("-")
    at = deed.began_at
    if deed.fault.target.startswith("disk of "):
        holder = known.holders[f"{service}-{replica}"]
        exits = [fact for fact in went_well_at(facts, holder) if fact.at > at]
        return _recovery(deed, {holder}, exits, lambda _fact: holder)
    later = [fact for fact in facts if fact.at > at and fact.kind in PROGRESS[service]]
    if service == "trainer":
        held = held_by(facts, known.holders[f"{service}-{replica}"], at)
        return _recovery(deed, held, later, lambda fact: fact.training)
    jobs = going(facts, at) & known.bayesian if service == "suggester" else going(facts, at)
    return _recovery(deed, jobs, later, lambda fact: fact.uid)


def _recovery(deed: Deed, hit: Iterable[Hashable], later: Iterable[Fact], of: Callable[[Fact], Hashable]) -> Recovery:
    waiting, times = set(hit), list[float]()
    for fact in later:
        if (what := of(fact)) in waiting:
            waiting.discard(what)
            times.append(fact.at - deed.began_at)
    return Recovery(deed, len(times), min(times, default=None), max(times, default=None))
