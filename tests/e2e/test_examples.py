"""The examples of the README: what they promise holds without a server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import re2

from tunewright.cli.written import from_file

pytest.importorskip("sklearn", reason="scikit-learn comes with `make setup`")
DIGITS = Path(__file__).parents[2] / "examples" / "digits"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train for three epochs as the process runner would; the lines printed and the folder of the model."""
    model_dir = tmp_path_factory.mktemp("model")
    command = [sys.executable, str(DIGITS / "train.py"), "--lr", "0.01", "--batch", "32", "--epochs", "3"]
    environment = {"PATH": "/usr/bin:/bin", "SM_MODEL_DIR": str(model_dir), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines(), model_dir


def test_the_digits_job_is_right_and_large_enough():
    spec = from_file(DIGITS / "job.yaml", "digits").spec
    assert (spec.limits.max_trainings, spec.limits.max_parallel) == (24, 2)
    assert list(spec.definitions[0].space) == ["lr", "batch", "epochs"]
    assert spec.definitions[0].image == f"file://{DIGITS / 'train.py'}"


def test_the_digits_job_reads_every_epoch_of_its_script(trained):
    lines, _ = trained
    regex = from_file(DIGITS / "job.yaml", "digits").spec.definitions[0].metric_definitions[0].regex
    values = [float(found[1]) for line in lines if (found := re2.search(regex, line))]
    assert len(values) == 3
    assert 0.8 < values[-1] <= 1.0


def test_the_digits_script_leaves_its_network(trained):
    _, model_dir = trained
    with np.load(model_dir / "network.npz") as network:
        assert network["weights_0"].shape == (64, 64)
        assert network["biases_1"].shape == (10,)
