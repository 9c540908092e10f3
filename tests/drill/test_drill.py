"""The short form of the fault drill: the same hand, fewer jobs, faults of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drill.drill import SHORT, drill
from tests.drill.plan import Kind

pytestmark = pytest.mark.timeout(900)
SEED = 7


def test_all_jobs_complete_exactly_whatever_is_done_to_their_services(tmp_path: Path):
    told: list[str] = []
    report = drill(tmp_path, SEED, SHORT, told.append)
    assert not report.wrong, "\n".join([*report.lines(), *told])
    done = {recovery.deed.fault.kind for recovery in report.recoveries}
    assert done == set(Kind) - ({Kind.FILL} if report.left_out else set())
    assert sum(recovery.hit for recovery in report.recoveries) > 0, "the faults came when all was over"
