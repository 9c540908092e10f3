"""From a job whose ranges are wrong to one whose ranges are right, as its user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.served import Served
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Float
from tunewright.core.spec import Definition, Limits, MetricDefinition, Objective, Parameter, Strategy, TuningJobSpec
from tunewright.core.states import JobState

SCRIPT = """\
import argparse
parser = argparse.ArgumentParser()
for name in ("x", "y", "unused"):
    parser.add_argument(f"--{name}", type=float, required=True)
given = parser.parse_args()
print(f"loss={(given.x - 7) ** 2 + (given.y - 0.4) ** 2 + 1}")
"""


@pytest.fixture
def served(tmp_path: Path):
    served = Served(tmp_path, slots=4)
    served.start()
    yield served
    served.end()


def cli(served: Served, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tunewright", *words, "--data-dir", str(served.data_dir)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_narrowed_job_goes_beyond_the_end_that_held_its_parent_up(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    ranges = ("--param", "x=-5.0..5.0", "--param", "y=0.0..1.0", "--param", "unused=0.0..1.0")
    how = ("--minimize", "loss", "--trials", "24", "--parallel", "2", "--seed", "4", "--name", "parent")
    tuned = cli(served, "tune", str(script), *ranges, *how)
    assert tuned.returncode == 0, tuned.stderr
    assert "Advice: The best" in tuned.stdout
    told = json.loads(cli(served, "analyze", "parent", "--advice", "--output", "json").stdout)
    assert told["advice"][0]["kind"] == "BEST_AT_EDGE"
    assert told["advice"][0]["suggested"]["name"] == "x"

    shown = cli(served, "narrow", "parent", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    (line,) = [line for line in shown.stdout.splitlines() if line.startswith("x\t")]
    assert line.split("\t")[1] == "-5.0..5.0"
    assert "it still improves there" in line
    assert cli(served, "narrow", "parent").returncode != 0  # nobody can be asked
    made = cli(served, "narrow", "parent", "--yes", "--trials", "12")
    assert made.returncode == 0, made.stderr

    with served.client() as client:
        child = client.wait("parent-n")
        assert (child.state, child.trainings.completed) == (JobState.COMPLETED, 12)
        assert [parent.name for parent in child.parents] == ["parent"]
        before, after = client.best("parent").objective_value, client.best("parent-n").objective_value
    assert before is not None
    assert after is not None
    assert after < before
    assert "advice on ranges needs" in cli(served, "analyze", "parent-n", "--advice").stdout


def test_what_cannot_be_narrowed_says_why(served: Served) -> None:
    image = served.program("echo loss=0.5")
    definition = Definition(
        image,
        parameters=(Parameter("x", Float(0.0, 1.0)),),
        metric_definitions=(MetricDefinition("loss", "loss=(.*)"),),
    )
    spec = TuningJobSpec("few", (definition,), Objective("loss"), Limits(2, 3), Strategy.RANDOM)
    with served.client() as client:
        client.create(spec)
        client.wait("few")
        with pytest.raises(InvalidSpec, match="advice on ranges needs 17"):
            client.narrow("few")
    refused = cli(served, "narrow", "few", "--yes")
    assert refused.returncode != 0
    assert "advice on ranges needs 17 trainings that ran to their end with an objective, and has 3" in refused.stderr
