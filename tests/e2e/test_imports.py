"""What has run elsewhere is taken in, looked at like any other job, and gone on from."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from tests.aws_clients.boto import PROGRAM, client, ended, tuning_job
from tests.e2e.served import Served
from tests.e2e.test_cli import CommandLine
from tunewright.core.analysis import Analysis
from tunewright.core.states import JobState
from tunewright.exports import export
from tunewright.imports import from_optuna
from tunewright.platform.credentials import load

PAGE = (Path(__file__).parents[2] / "docs/exports.md").read_text()
*_, PROGRAM_OF_THE_PAGE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SCRIPT = """\
import argparse
parser = argparse.ArgumentParser()
for name in ("lr", "kind", "epochs"):
    parser.add_argument("--" + name)
print(f"val_acc={float(parser.parse_args().lr)}")
"""


@pytest.fixture
def served(tmp_path: Path):
    served = Served(tmp_path, slots=4)
    served.start()
    yield served
    served.end()


def objective(trial: optuna.Trial) -> float:
    lr = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    trial.suggest_categorical("kind", ["sgd", "adam"])
    if trial.number == 3:
        raise ArithmeticError
    if trial.number == 4:
        trial.report(lr, 0)
        raise optuna.TrialPruned
    return lr


def studied(folder: Path) -> optuna.Study:
    """Write a study of 24 trials that have ended, one of them failed and one pruned, and one that runs."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{folder}/study.db", study_name="my-job", direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=1),
    )  # fmt: skip
    study.optimize(objective, n_trials=24, catch=ArithmeticError)
    study.ask()
    return study


def test_a_study_of_optuna_is_imported_and_gone_on_from(served: Served) -> None:
    cli = CommandLine(served.folder, served.data_dir)
    studied(served.folder)
    took = ("import", "optuna", "sqlite:///study.db", "--as", "before", "--metric", "val_acc", "--set", "epochs=3")
    done = cli(*took)
    assert done.returncode == 0, done.stderr
    assert "1 left out: they have not ended" in done.stderr
    assert "before: 24 trainings imported from Optuna's study 'my-job' in sqlite:///study.db" in done.stdout
    with served.client() as sdk:
        uid = sdk.describe("before").uid
    assert cli.json(*took)["uid"] == uid
    assert "it holds something else" in cli.refused(*took[:-1], "epochs=4")

    (served.folder / "train.py").write_text(SCRIPT)
    tune = ("tune", "train.py", "--param", "lr=log(1e-4,1)", "--param", "kind=sgd,adam", "--set", "epochs=3")
    cli.out(*tune, "--maximize", "val_acc", "--name", "after", "--trials", "2", "--warm-start", "before")
    with served.client() as sdk:
        after = sdk.describe("after")
        assert ([parent.name for parent in after.parents], after.trainings.completed) == (["before"], 2)
        sdk.delete("before")
        assert [one.name for one in sdk.list()] == ["after"]


def test_an_import_is_looked_at_like_any_other_job(served: Served) -> None:
    study = studied(served.folder)
    ended_there = study.trials[:24]
    found = from_optuna(f"sqlite:///{served.folder}/study.db", "my-job", name="before")
    with served.client() as sdk:
        job = sdk.import_job(found.spec, found.trainings, origin=found.origin)
        counts, trainings = job.trainings, list(sdk.trainings("before"))
        assert (job.state, job.imported_from) == (JobState.COMPLETED, found.origin)
        assert (counts.completed, counts.non_retryable_error, counts.stopped, counts.in_progress) == (22, 1, 1, 0)
        assert [one.configuration for one in trainings] == [trial.params for trial in ended_there]
        assert job.best is not None
        assert job.best.objective_value == max(one.objective_value or 0 for one in trainings)
        assert sdk.explain(trainings[0].name).text == "it has run elsewhere, and was imported: trial 0"
        assert sdk.describe_training(trainings[3].name).provenance.reason == "trial 3"
        analyses = sdk.analyze("before")
        assert {item.analysis for item in analyses.refused} <= {Analysis.ADVICE}
        assert list(sdk.replay("before")) == []
        assert list(sdk.output(trainings[0].name)) == []
        assert [curve for curve in sdk.curves("before") if curve.values] == []
        export(sdk, "before", served.folder / "back.db")
    back = optuna.load_study(study_name="before", storage=f"sqlite:///{served.folder}/back.db")
    assert [trial.state for trial in back.trials] == [trial.state for trial in ended_there]
    assert back.best_value == study.best_value


def test_the_program_of_the_page_runs_as_it_stands(served: Served) -> None:
    studied(served.folder)
    environment = CommandLine(served.folder, served.data_dir).environment
    command = [sys.executable, "-c", PROGRAM_OF_THE_PAGE]
    ran = subprocess.run(command, cwd=served.folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    with served.client() as sdk:
        assert {one.name for one in sdk.list()} == {"my-study", "from-notes"}
        assert sdk.best("from-notes").configuration == {"lr": 0.01}


def test_a_job_of_aws_is_imported_from_what_speaks_like_it_and_gone_on_from(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway is the live service here: the job is imported from the installation that ran it."""
    cli = CommandLine(served.folder, served.data_dir)
    found = load(served.data_dir / "credentials")
    image, sagemaker = served.program(PROGRAM), client(served)
    sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "live", trainings=3))
    ended(sagemaker, "live")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(served.data_dir / "credentials"))
    took = ("import", "sagemaker", "live", "--region", "local", "--endpoint-url", f"http://{found.tunewright_http}")
    assert "it holds something else" in cli.refused(*took)
    assert "brought: 3 trainings imported from AWS's tuning job live (arn:" in cli.out(*took, "--as", "brought")
    with served.client() as sdk:
        there, here = list(sdk.trainings("live")), list(sdk.trainings("brought"))
        assert [one.configuration for one in here] == [one.configuration for one in there]
        assert [one.objective_value for one in here] == pytest.approx([one.objective_value for one in there], rel=1e-6)
        assert {one.provenance.reason for one in here} == {one.name for one in there}
        brought = sdk.describe("brought")
        assert (brought.state, brought.spec.definitions[0].image) == (JobState.COMPLETED, image)
    warm = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "brought"}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }
    sagemaker.create_hyper_parameter_tuning_job(**tuning_job(image, "child", WarmStartConfig=warm))
    assert ended(sagemaker, "child")["OverallBestTrainingJob"]["TuningJobName"] in {"brought", "child"}
    assert "there is no tuning job called 'nobody'" in cli.refused("import", "sagemaker", "nobody", *took[3:])
