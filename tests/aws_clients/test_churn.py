"""examples/churn, examples/algorithms, and the page for people who come from SageMaker, done as they say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from tests.aws_clients.surroundings import EXAMPLES, door, environment
from tests.e2e.served import Served

pytest.importorskip("boto3", reason="boto3 comes with `make setup`")
PAGE: Final = EXAMPLES.parent / "docs" / "sagemaker.md"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with door(tmp_path_factory.mktemp("churn"), EXAMPLES) as served:
        run(served, "churn/customers.py", str(served.data_dir / "s3" / "churn"))
        yield served


def run(served: Served, script: str, *words: str) -> list[str]:
    """Return the lines that a script of the examples prints, in a shell that has been told what the page says."""
    shell = {name: value for name, value in environment(served).items() if not name.startswith("AWS_")}
    shell |= {"TUNEWRIGHT_DATA_DIR": str(served.data_dir), "PYTHONPATH": inherited_path()}
    tunewright = shlex.join([sys.executable, "-m", "tunewright"])
    line = f'eval "$({tunewright} credentials)"; exec {shlex.join([sys.executable, str(EXAMPLES / script), *words])}'
    done = subprocess.run(["sh", "-c", line], env=shell, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def inherited_path() -> str:
    """Return where these tests have Tunewright from, if it is not installed."""
    return os.pathsep.join(str(Path(folder).resolve()) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep))


def value(lines: list[str], label: str) -> float:
    (line,) = [line for line in lines if line.startswith(label)]
    return float(line.split()[1])


def model(served: Served, lines: list[str]) -> Path:
    """Return where the model lies that a script has named: its bucket is a folder."""
    (uri,) = [line.split()[1] for line in lines if line.startswith("Model:")]
    return served.data_dir / "s3" / uri.removeprefix("s3://")


@pytest.mark.parametrize("script", ["tune_boto3.py", "tune_sagemaker_sdk.py"])
def test_the_churn_scripts_find_better_than_the_defaults(served: Served, script: str) -> None:
    if "sagemaker" in script:
        pytest.importorskip("sagemaker", reason="the SageMaker SDK comes with `make setup`")
    lines = run(served, f"churn/{script}", "--trainings", "6")
    assert value(lines, "Defaults:") == pytest.approx(0.83, abs=0.02)
    assert value(lines, "Best:") > value(lines, "Defaults:") + 0.02
    assert model(served, lines).is_file()


def test_the_customers_are_the_same_everywhere(served: Served) -> None:
    rows = np.loadtxt(served.data_dir / "s3/churn/validation/customers.csv", delimiter=",", skiprows=1)
    assert rows.shape == (1500, 7)
    assert rows[:, -1].mean() == pytest.approx(0.2465, abs=1e-3)


def test_the_algorithms_are_compared_in_one_job(served: Served) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn comes with `make setup`")
    lines = run(served, "algorithms/compare_boto3.py", "--trainings", "4")
    start = lines.index("algorithm  trainings  log_loss  best hyperparameters") + 1
    rows = [line.split()[:3] for line in lines[start : start + 3]]
    assert {algorithm for algorithm, _, _ in rows} == {"logistic", "boosting", "network"}
    assert sum(int(trainings) for _, trainings, _ in rows) == 4
    best = min(rows, key=lambda row: float(row[2]))
    assert lines[-1].startswith(f"Best: {best[0]}, ")


def test_the_python_of_the_page_runs(served: Served) -> None:
    pytest.importorskip("sagemaker", reason="the SageMaker SDK comes with `make setup`")
    session, both_accounts = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    given = environment(served)
    keys = Path(given["HOME"]) / ".aws" / "credentials"
    keys.parent.mkdir()
    ours = Path(given["AWS_SHARED_CREDENTIALS_FILE"]).read_text().replace("[default]", "[tunewright]")
    keys.write_text(f"{ours}\n[default]\naws_access_key_id = a\naws_secret_access_key = b\nregion = us-east-1\n")
    assert "TrainingJobSummaries" in printed(session + "print(session.sagemaker_client.list_training_jobs())", given)
    account = {name: value for name, value in given.items() if not name.startswith("AWS_")}
    here = both_accounts.replace("http://127.0.0.1:7460", given["AWS_ENDPOINT_URL_SAGEMAKER"])
    assert "TrainingJobSummaries" in printed(here + "print(here.list_training_jobs())", account)


def printed(program: str, variables: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
