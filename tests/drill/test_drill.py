"""The short form of the fault drill: the same hand, fewer jobs, faults of every kind."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.drill.drill import SHORT, drill
from tests.drill.plan import Kind

pytestmark = pytest.mark.timeout(900)
SEED = 7
SURE: Final = (Kind.KILL, Kind.CUT, Kind.BREAK, Kind.RESTART)
"""Each is done to broker, database or a scheduler, which all jobs need. Others may have had nothing to do."""


def test_all_jobs_complete_exactly_whatever_is_done_to_their_services(tmp_path: Path):
    told: list[str] = []
    report = drill(tmp_path, SEED, SHORT, told.append)
    assert not report.wrong, "\n".join([*report.lines(), *told])
    hits = Counter[Kind]()
    for recovery in report.recoveries:
        hits[recovery.deed.fault.kind] += recovery.hit
    assert set(hits) == set(Kind) - ({Kind.FILL} if report.left_out else set())
    assert not [kind for kind in SURE if not hits[kind]], "the faults came when all was over"
