"""What we promise to withstand, and which tests say that they prove it: the source of docs/faults.md.

A test claims a row with `@pytest.mark.proves(fault, point, invariant)`; a row without a test fails the build, and so
does a test that proves what nobody promised.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent
Claim = tuple[str, str, str]

KILLED: Final = "a process is killed"
CUT_OFF: Final = "a trainer is cut off"
STORE_FAILS: Final = "the store beats, refuses, loses answers"
BUS_FAILS: Final = "the bus refuses, repeats, delays, reorders"
NETWORK_FAILS: Final = "calls and answers are lost"
STORE_GONE: Final = "the store is gone and comes back"
BROKER_GONE: Final = "the broker is gone and comes back, also empty"
MACHINE_DOWN: Final = "a machine goes down with what runs there"
RESTORED: Final = "the store is restored, older than broker and trainers"
CONFUSED: Final = "messages come twice, late, out of turn, or of nothing there is"

EXACT: Final = "exact counting: leases, trainings, observations, counters"
NOT_REPEATED: Final = "no finished training repeats"
SAME_END: Final = "it ends as if nothing had happened"
SAME_ANSWER: Final = "the ask on record is answered as before"
NO_OVERLAP: Final = "no two attempts run at once; the trainer gives up first"
NOT_FAILED: Final = "LOST is not FAILED; three losses are a RetryableError"
NOT_STUCK: Final = "every state that is not final has a deadline"
STILL: Final = "limits hold, nothing is counted twice, a final state stays"

CLAIMS: Final[tuple[Claim, ...]] = (
    (KILLED, "every commit of all services in one process", EXACT),
    (KILLED, "every commit of the scheduler alone", SAME_END),
    (KILLED, "every commit of metrics alone", SAME_END),
    (KILLED, "every deed of the trainer alone", SAME_END),
    (KILLED, "every answer of the suggester alone", SAME_END),
    (KILLED, "any commit", SAME_ANSWER),
    (KILLED, "any moment, by seeds", EXACT),
    (MACHINE_DOWN, "any moment, by seeds", EXACT),
    (MACHINE_DOWN, "while it runs a training, three times on different hosts", NOT_FAILED),
    (CUT_OFF, "within its lease and beyond it", NO_OVERLAP),
    (CUT_OFF, "any moment, by seeds", NOT_REPEATED),
    (STORE_FAILS, "any call, by seeds", EXACT),
    (BUS_FAILS, "any call, by seeds", EXACT),
    (NETWORK_FAILS, "any call, by seeds", EXACT),
    (STORE_GONE, "any moment", SAME_END),
    (BROKER_GONE, "any moment", SAME_END),
    (RESTORED, "any moment before, any moment after", EXACT),
    (RESTORED, "with calls that fail, by seeds", EXACT),
    (RESTORED, "between a training's end and its summary", EXACT),
    (RESTORED, "while a trainer is cut off", EXACT),
    (STORE_FAILS, "any call, Random and Grid", SAME_END),
    (STORE_FAILS, "any call, Bayesian one by one", SAME_END),
    (STORE_FAILS, "any call, two at once", SAME_ANSWER),
    (CONFUSED, "any message to a tuning job", STILL),
    (CONFUSED, "any message to a tuning job", NOT_STUCK),
)


@dataclass(frozen=True, slots=True)
class Proof:
    claim: Claim
    name: str
    path: str


def proofs() -> Iterator[Proof]:
    """Yield what the tests say they prove."""
    for path in sorted(TESTS.rglob("test_*.py")):
        if "mark.proves(" in path.read_text():
            place = path.relative_to(TESTS.parent)
            module = importlib.import_module(".".join(place.with_suffix("").parts))
            for name, test in vars(module).items():
                for mark in getattr(test, "pytestmark", ()):
                    if mark.name == "proves" and name.lower().startswith("test"):
                        yield Proof(mark.args, name, str(place))
