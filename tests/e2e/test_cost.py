"""A noisy program, tuned at a price: what it costs is counted, and its best configurations are run again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.served import Served
from tests.e2e.test_cli import CommandLine
from tunewright.client import Client, find

NOISY = """\
import argparse, random
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float, required=True)
parser.add_argument("--seed", default="0")
args = parser.parse_args()
noise = random.Random(f"{args.seed}/{args.x}").gauss(0, 0.1)
print(f"seed={args.seed}")
print(f"score={noise - (args.x - 0.5) ** 2}")
"""
JOB = """\
name: noisy
script: train.py
maximize: score
params: {x: 0.0..1.0}
trials: 10
parallel: 2
strategy: random
seed: 1
prices: {local: 0.01}
reevaluate: {top: 2, repeats: 2, seed: seed}
"""


@pytest.fixture
def command(tmp_path: Path):
    served = Served(tmp_path)
    served.start()
    (tmp_path / "train.py").write_text(NOISY)
    (tmp_path / "job.yaml").write_text(JOB)
    yield CommandLine(tmp_path, served.data_dir)
    served.end()


def test_a_noisy_job_shows_what_it_costs_and_recommends_the_best_mean(command: CommandLine) -> None:
    done = json.loads(command.out("tune", "job.yaml", "--output", "json"))
    trainings = json.loads(command.out("trainings", "noisy", "--output", "json"))
    assert done["state"] == "Completed"
    assert done["reason"] == "all 6 trainings have ended; the best 2 were run 2 times more"

    search, again = trainings[:6], trainings[6:]
    best = sorted(search, key=lambda one: -one["objective_value"])[:2]
    assert [one["number"] for one in done["evaluated"]] == [one["number"] for one in best]
    assert [one["repeats"] for one in again] == [one["number"] for one in best] * 2
    with Client(find(command.data_dir)) as client:
        seeds = [next(client.output(one["name"])).text for one in again]
    assert seeds[0] == seeds[1] != seeds[2] == seeds[3]
    assert "seed=0" not in seeds
    for one in done["evaluated"]:
        values = [item["objective_value"] for item in trainings if one["number"] in {item["number"], item["repeats"]}]
        assert (one["count"], one["mean"]) == (3, pytest.approx(sum(values) / 3))
    assert done["recommended"]["number"] == max(done["evaluated"], key=lambda one: one["mean"])["number"]

    assert done["cost"]["spent"] == pytest.approx(sum(one["cost"] for one in trainings))
    assert all(0 < one["cost"] < 0.1 for one in trainings)

    shown = command.out("describe", "noisy")
    assert "3 evaluations" in shown
    assert "spent\t" in shown
    assert "spent" in command.out("jobs").splitlines()[0]
    recommended = json.loads(command.out("best", "noisy", "--recommended", "--format", "json"))
    assert recommended == done["recommended"]["configuration"]


def test_a_limit_of_the_cost_ends_a_job_and_needs_a_price(command: CommandLine) -> None:
    tune = ("tune", "train.py", "--param", "x=0.0..1.0", "--maximize", "score", "--strategy", "random")
    refused = command(*tune, "--max-cost", "1")
    assert refused.returncode != 0
    assert "--price" in refused.stderr
    assert "Give local a price of a second" in refused.stderr
    options = ("--max-cost", "0.000001", "--price", "local=0.01", "--priority", "3", "--trials", "20")
    done = json.loads(command.out(*tune, *options, "--output", "json"))
    assert done["reason"].startswith("the cost limit of 1e-06 is spent")
    assert sum(done["trainings"].values()) < 20
