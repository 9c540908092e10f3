"""Small jobs on services, a store, a broker, machines and a network that fail by a seed: each comes to its end exactly.

A failed seed's name is in the test's; it is told again, move by move, with its log, by

    python -m tests.simulation 17

TUNEWRIGHT_SEEDS=2000 tells as many here; `make soak` tells 20,000 on all cores.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.proofs import BUS_FAILS, CUT_OFF, EXACT, KILLED, MACHINE_DOWN, NETWORK_FAILS, NOT_REPEATED, STORE_FAILS
from tests.simulation.stories import drawn
from tests.simulation.telling import tell

SEEDS = int(os.environ.get("TUNEWRIGHT_SEEDS", "500"))
TOLD_AGAIN = range(0, 40, 8)


@pytest.mark.proves(KILLED, "any moment, by seeds", EXACT)
@pytest.mark.proves(MACHINE_DOWN, "any moment, by seeds", EXACT)
@pytest.mark.proves(CUT_OFF, "any moment, by seeds", NOT_REPEATED)
@pytest.mark.proves(STORE_FAILS, "any call, by seeds", EXACT)
@pytest.mark.proves(BUS_FAILS, "any call, by seeds", EXACT)
@pytest.mark.proves(NETWORK_FAILS, "any call, by seeds", EXACT)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_job_comes_to_its_end_exactly_whatever_fails_on_the_way(seed: int) -> None:
    tell(drawn(seed))


def test_the_same_seed_is_the_same_run_also_in_another_process() -> None:
    here = [tell(drawn(seed)).recorded.digest for seed in TOLD_AGAIN]
    command = [sys.executable, "-m", "tests.simulation", "--digests", *map(str, TOLD_AGAIN)]
    there = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed})
        for seed in ("0", "1")
    ]
    assert [one.stdout.split() for one in there] == [here, here]
