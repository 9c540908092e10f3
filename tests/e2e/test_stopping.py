"""Trainings that show values as they learn: the hopeless are stopped, epochs are saved, and each says why it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.served import Served
from tests.e2e.test_cli import CommandLine

EPOCHS = 40
LEARNS = """\
import argparse, time
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float, required=True)
parser.add_argument("--epochs", type=int, default=40)
args = parser.parse_args()
for epoch in range(1, args.epochs + 1):
    print(f"acc={args.x * (1 - 0.9 ** epoch)}", flush=True)
    time.sleep(0.05)
"""
TUNE = ("tune", "train.py", "--param", "x=0.0..1.0", "--maximize", "acc", "--parallel", "2", "--seed", "4")


@pytest.fixture
def command(tmp_path: Path):
    served = Served(tmp_path)
    served.start()
    (tmp_path / "train.py").write_text(LEARNS)
    yield CommandLine(tmp_path, served.data_dir)
    served.end()


def tuned(command: CommandLine, *options: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the ended job and its trainings."""
    done = json.loads(command.out(*TUNE, *options, "--name", "job", "--output", "json"))
    return done, json.loads(command.out("trainings", "job", "--output", "json"))


def steps_of(training: dict[str, Any]) -> int:
    """How many values it has shown: they follow from the last one."""
    shown, x = 0, training["configuration"]["x"]
    while shown < 2 * EPOCHS and x * (1 - 0.9**shown) < training["objective_value"] - 1e-12:
        shown += 1
    return shown


def test_the_median_rule_stops_what_is_worse_than_most(command: CommandLine) -> None:
    done, trainings = tuned(command, "--strategy", "random", "--trials", "14", "--early-stopping", "auto")
    stopped = [one for one in trainings if one["stopped_early"] is not None]
    assert stopped
    assert (done["trainings"]["stopped"], done["trainings"]["non_retryable_error"]) == (len(stopped), 0)
    for one in stopped:
        evidence = one["stopped_early"]
        assert (one["state"], evidence["rule"], one["reason"]) == ("Stopped", "median", evidence["text"])
        assert evidence["value"] < evidence["against"]
        assert len(evidence["compared"]) >= 5
        assert evidence["step"] <= steps_of(one) < EPOCHS
    assert done["best"]["objective_value"] == max(one["objective_value"] for one in trainings)
    shown = command.out("trainings", "job")
    assert f"stopped early by the median rule: at value {stopped[0]['stopped_early']['step']} its acc" in shown
    assert "Auto" in command.out("describe", "job")


def test_hyperband_lets_the_best_third_go_on_and_ends_at_its_largest_resource(command: CommandLine) -> None:
    done, trainings = tuned(command, "--strategy", "hyperband", "--max-resource", "9", "--trials", "14")
    assert (done["state"], done["trainings"]["stopped"]) == ("Completed", 14)
    rules = [one["stopped_early"]["rule"] for one in trainings]
    assert set(rules) == {"rung", "max_resource"}
    for one in trainings:
        evidence = one["stopped_early"]
        assert evidence["step"] in ({9} if evidence["rule"] == "max_resource" else {1, 3})
        assert steps_of(one) < EPOCHS
    assert "Hyperband, 1 to 9 values" in command.out("describe", "job")
