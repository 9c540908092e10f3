"""The command line as its users meet it: real processes, a real server, a folder of one's own."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import yaml

from tests.e2e.served import Served
from tests.e2e.test_local import until
from tests.unit.core.specs import amt_body
from tunewright.client import Client, find

SCRIPT = """\
import argparse, os, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--data", default="none")
args = parser.parse_args()
pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text("model") if "SM_MODEL_DIR" in os.environ else None
for epoch in range(1, 4):
    print(f"epoch {epoch}: val_acc={args.lr * epoch / args.batch}", flush=True)
"""
ENDLESS = "import signal\nprint('val_acc=0.5', flush=True)\nsignal.pause()\n"
GATED = """\
import argparse, pathlib, time
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=int)
while not pathlib.Path("go").exists():
    time.sleep(0.01)
print(f"val_acc={parser.parse_args().x}")
"""
JOB = """\
script: train.py
maximize: val_acc
params:
  lr: log(1e-4, 1e-1)
  batch: [32, 64]
trials: 3
parallel: 2
strategy: random
seed: 1
fixed: {data: iris}
name: filed
"""
TUNE = ("tune", "train.py", "--param", "lr=log(1e-4,1e-1)", "--maximize", "val_acc", "--strategy", "random")


@dataclass(frozen=True)
class CommandLine:
    """Runs `tunewright` in a folder, on the data folder of that folder's server."""

    folder: Path
    data_dir: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TUNEWRIGHT_")}
        return kept | {"TUNEWRIGHT_DATA_DIR": str(self.data_dir), "CI": "true", "TERM": "xterm"}

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tunewright", *arguments], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

    def out(self, *arguments: str) -> str:
        done = self(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str):
        return json.loads(self.out(*arguments, "--output", "json"))

    def refused(self, *arguments: str) -> str:
        """Return the one line of a refusal."""
        done = self(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        line = done.stderr.removesuffix("\n")
        assert line.startswith("tunewright: ")
        assert "\n" not in line
        return line.removeprefix("tunewright: ")


def write(folder: Path) -> None:
    (folder / "train.py").write_text(SCRIPT)
    (folder / "endless.py").write_text(ENDLESS)
    (folder / "job.yaml").write_text(JOB)


@pytest.fixture(scope="module")
def cli(tmp_path_factory) -> Iterator[CommandLine]:
    folder = tmp_path_factory.mktemp("user")
    write(folder)
    served = Served(folder)
    served.start()
    yield CommandLine(folder, served.data_dir)
    served.end()


@pytest.fixture(scope="module")
def filed(cli) -> str:
    """A job from a file that has ended; what its run printed."""
    return cli.out("tune", "job.yaml")


def server_of(data_dir: Path) -> psutil.Process:
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "local" in words and str(data_dir) in words:
            return process
    raise AssertionError("no server runs")


def test_tuning_from_nothing_starts_a_server_and_goes_on_when_that_is_killed(tmp_path):
    write(tmp_path)
    (tmp_path / "gated.py").write_text(GATED)
    cli = CommandLine(tmp_path, tmp_path / "data")
    command = ["tune", "gated.py", "--param", "x=1..9", "--maximize", "val_acc", "--trials", "2", "--name", "gated"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tunewright", *command], cwd=cli.folder, env=cli.environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline() == "Tuning job gated: 2 trainings, 1 at once\n"
    first = server_of(tmp_path / "data")
    first.kill()
    first.wait(10)
    (tmp_path / "go").touch()
    out, errors = process.communicate(timeout=30)
    second = server_of(tmp_path / "data")
    try:
        assert process.returncode == 0, errors
        assert errors.startswith("The server had ended; it has been started again, and the job goes on.\n")
        assert "Best of 2: val_acc = " in out
        assert [job["state"] for job in cli.json("jobs")] == ["Completed"]
        assert server_of(tmp_path / "data").pid == second.pid
    finally:
        second.terminate()
        second.wait(20)


def test_a_script_is_tuned_with_plain_lines_where_no_person_looks(cli):
    done = cli(*TUNE, "--param", "batch=32,64", "--trials", "3", "--set", "data=iris", "--seed", "1")
    assert done.returncode == 0, done.stderr
    began, *lines = done.stderr.splitlines()
    assert began.startswith("Tuning job train-")
    assert began.endswith(": 3 trainings, 1 at once")
    assert len(lines) == 3
    assert all("val_acc=" in line and " lr=" in line and " batch=" in line for line in lines)
    assert lines[0].endswith("best so far")
    assert (done.stdout + done.stderr).replace("\n", "").isprintable()


def test_the_result_says_what_to_type_next_and_it_works(cli, filed):
    model = next(line for line in filed.splitlines() if line.startswith("Model: "))
    until(Path(model.removeprefix("Model: ")).is_file)
    use = next(line for line in filed.splitlines() if "--format args" in line)
    command = use.replace("python ", f"{sys.executable} ").replace("tunewright ", f"{sys.executable} -m tunewright ")
    done = subprocess.run(
        ["sh", "-c", command], cwd=cli.folder, env=cli.environment, capture_output=True, text=True, timeout=30,
        check=True,
    )  # fmt: skip
    objective = next(line.split()[5] for line in filed.splitlines() if line.startswith("Best of 3: "))
    assert done.stdout.splitlines()[-1] == f"epoch 3: val_acc={objective}"
    for line in filed.splitlines():
        if line.startswith("  tunewright "):
            assert cli.out(*shlex.split(line)[1:])


@pytest.mark.usefixtures("filed")
def test_a_jobs_trainings_and_best_keep_the_order_of_its_specification(cli):
    best = cli.json("describe", "filed")["best"]
    assert list(best["configuration"]) == ["lr", "batch"]
    header, *rows = (line.split("\t") for line in cli.out("trainings", "filed").splitlines())
    assert header == ["name", "state", "objective", "lr", "batch", "reason"]
    assert len(rows) == 3
    by_value = [float(row["objective_value"]) for row in cli.json("trainings", "filed", "--best-first")]
    assert by_value == sorted(by_value, reverse=True)
    assert json.loads(cli.out("best", "filed", "--format", "json")) == best["configuration"] | {"data": "iris"}
    lr, batch = (str(value) for value in best["configuration"].values())
    assert cli.out("best", "filed", "--format", "args") == f"--lr {lr} --batch {batch} --data iris\n"
    assert cli.out("best", "filed") == f"lr={lr}\nbatch={batch}\ndata=iris\n"


@pytest.mark.usefixtures("filed")
def test_a_job_is_exported_as_a_table_as_curves_and_not_over_a_file(cli):
    header, *rows = (line.split(",") for line in cli.out("export", "filed", "--to", "-").splitlines())
    assert header[:4] == ["lr", "batch", "TrainingJobName", "TrainingJobStatus"]
    names = [training["name"] for training in cli.json("trainings", "filed")]
    assert [row[2] for row in rows] == names[::-1]
    assert cli("export", "filed", "--to", "curves.csv", "--curves").stderr == "curves.csv: 9 measurements of filed\n"
    assert len((cli.folder / "curves.csv").read_text().splitlines()) == 1 + 9
    assert cli.refused("export", "filed", "--to", "curves.csv") == (
        "export: curves.csv is there already. Give another name, or overwrite it (--force)"
    )


@pytest.mark.usefixtures("filed")
def test_an_exported_study_holds_the_real_curves(cli):
    optuna = pytest.importorskip("optuna", reason="optuna is not installed")
    assert cli("export", "filed", "--to", "study.db").returncode == 0
    study = optuna.load_study(study_name="filed", storage=f"sqlite:///{cli.folder / 'study.db'}")
    best = cli.json("describe", "filed")["best"]
    assert study.best_params == best["configuration"]
    assert study.best_trial.intermediate_values[3] == study.best_value == best["objective_value"]


@pytest.mark.usefixtures("filed")
def test_looking_at_a_job(cli):
    shown = dict(line.split("\t") for line in cli.out("describe", "filed").splitlines())
    assert (shown["name"], shown["state"]) == ("filed", "Completed")
    assert shown["trainings"] == "3 completed, 0 stopped, 0 failed, 0 running"
    assert "filed" in cli.out("jobs")
    lines = cli.out("logs", "filed").splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1", "epoch 2", "epoch 3"]
    assert cli.out("logs", "filed", "--tail", "1", "-f").splitlines() == lines[-1:]


@pytest.mark.usefixtures("filed")
def test_looking_through_the_output_of_a_job_and_of_one_training(cli):
    trainings = [row["name"] for row in cli.json("trainings", "filed")]
    found = cli.out("logs", "filed", "--grep", "epoch 2").splitlines()
    assert [line.split(": ")[0] for line in found] == [f"{name}:epoch 2" for name in trainings]
    assert cli.out("logs", trainings[1], "--match", "(?i)^EPOCH [13]").count("\n") == 2
    assert cli.out("logs", trainings[1], "--match", "epoch", "--tail", "1").startswith("epoch 3")
    nothing = cli("logs", "filed", "--grep", "never printed")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (1, "", "")
    assert "refused by RE2" in cli.refused("logs", "filed", "--match", "(?=x)")
    assert "is a tuning job" in cli.refused("logs", "filed", "--grep", "x", "--follow")


@pytest.mark.usefixtures("filed")
def test_curves_are_drawn_and_written_for_programs(cli):
    trainings = [row["name"] for row in cli.json("trainings", "filed")]
    rows = [line.split("\t") for line in cli.out("curves", "filed").splitlines()]
    assert rows[0] == ["name", "steps", "last", "least", "greatest", "curve"]
    assert [row[:2] for row in rows[1:]] == [[name, "3"] for name in trainings]
    assert all(len(row[5]) == 3 for row in rows[1:])
    tree = cli.json("curves", "filed")
    assert [(item["training_name"], item["steps"], item["complete"]) for item in tree] == [
        (name, [1, 2, 3], True) for name in trainings
    ]
    points = cli.out("curves", trainings[0], "--output", "csv").splitlines()
    assert points[0] == "training_name,number,metric,step,value,mean"
    assert [point.split(",")[2:4] for point in points[1:]] == [["val_acc", step] for step in "123"]
    followed = cli.out("curves", "filed", "-f").splitlines()
    assert [line.split("\t")[0] for line in followed[1:]] == trainings
    assert cli.out("curves", trainings[0], "-f").count("\n") == 4
    assert cli.refused("curves", "nothing") == "there is no training job called 'nothing'"


def test_a_job_ends_when_it_no_longer_improves(cli):
    criteria = ("--not-improving", "3", "--trials", "20", "--seed", "1", "--name", "still")
    tree = json.loads(cli(*TUNE, *criteria, "--output", "json").stdout)
    assert tree["reason"].startswith("the best objective has not improved by more than")
    assert tree["trainings"]["completed"] < 20
    shown = dict(line.split("\t") for line in cli.out("describe", "still").splitlines())
    stood, _, limit = shown["not improving"].partition(" trainings of ")
    assert int(stood) >= 3 == int(limit)  # one that was under way by then may have ended with a value, too


def test_a_job_file_may_ask_for_convergence(cli):
    (cli.folder / "flat.py").write_text("print('val_acc=0.5')")
    text = "script: flat.py\nmaximize: val_acc\nparams: {n: 1..1000}\ntrials: 40\non_convergence: true\nname: flat\n"
    (cli.folder / "flat.yaml").write_text(text)
    tree = json.loads(cli("tune", "flat.yaml", "--output", "json").stdout)
    assert tree["reason"].startswith("converged: a gain of more than 0.005")
    assert tree["converged_at"] is not None
    assert tree["trainings"]["completed"] < 40


def test_the_result_for_programs_is_json_alone(cli):
    done = cli(*TUNE, "--trials", "1", "--name", "as-json", "--output", "json")
    tree = json.loads(done.stdout)
    assert (tree["name"], tree["state"], tree["trainings"]["completed"]) == ("as-json", "Completed", 1)
    assert tree["best"]["artifact_uri"].endswith("model.tar.gz")


def test_amts_form_of_a_job_is_the_same_job(cli):
    printed = cli.out("tune", "job.yaml", "--print-aws")
    body = json.loads(printed)
    assert body["HyperParameterTuningJobName"] == "filed"
    (cli.folder / "amt.json").write_text(printed)
    assert cli.out("tune", "amt.json", "--print-aws") == printed
    body["HyperParameterTuningJobName"] = "from-amt"
    (cli.folder / "amt.yaml").write_text(yaml.safe_dump(body))
    assert "Best of 3" in cli.out("tune", "amt.yaml")


def test_metrics_are_read_from_json_lines_and_the_metrics_file_and_faults_are_shown(cli):
    (cli.folder / "printing.py").write_text(
        "import argparse, json, os\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--lr', type=float)\n"
        "lr = parser.parse_args().lr\n"
        "for factor in (9, 1, 3):\n"
        "    print(json.dumps({'train': {'loss': 99}, 'loss': lr * factor, 'f1': float('nan')}))\n"
        "with open(os.environ['TUNEWRIGHT_METRICS_FILE'], 'a') as file:\n"
        "    file.write(json.dumps({'valid': {'auc': 0.75}}))\n"
    )
    (cli.folder / "json.yaml").write_text(
        "script: printing.py\nname: in-json\nminimize: loss\nreading: mean of last 2\n"
        "metrics: {f1: , valid.auc: , ghost: 'ghost=(.)'}\nparams: {lr: '1.0..2.0'}\ntrials: 1\nstrategy: random\n"
    )
    cli.out("tune", "json.yaml")
    (training,) = cli.json("trainings", "in-json")
    lr = training["configuration"]["lr"]
    assert training["objective_value"] == pytest.approx(2 * lr)
    assert training["objective_error"] == pytest.approx(lr)  # sd = sqrt(2) lr, of two values
    shown = dict(line.split("\t") for line in cli.out("describe", "in-json").splitlines())
    assert shown["  no numbers"] == "f1: 3 nan; ghost: missing"
    assert "auc" not in cli.out("logs", "in-json")
    with Client(find(cli.data_dir)) as client:
        assert client.best("in-json").final_metrics["valid.auc"] == 0.75


def test_checking_a_job_file_and_its_metrics(cli):
    (cli.folder / "sample.log").write_text("start\nval_acc=0.1\nval_acc: 0.75\nval_acc=nan\n")
    said = cli.out("check", "job.yaml", "--log", "sample.log")
    right = "job.yaml is right: Random, 3 trainings, 2 at once\n  lr: log(0.0001, 0.1)\n  batch: 32,64\n"
    assert said.startswith(right)
    assert "val_acc: 3 values, first 0.1 (line 2)" in said
    (cli.folder / "sample.log").write_text('10%\rval_acc: 0.5\rval_acc=0.6\n{"val_loss": 3, "val_acc": 98.5}\n')
    said = cli.out("check", "job.yaml", "--log", "sample.log")
    assert "val_acc: 3 values, first 0.5 (line 2), last 98.5 (line 4)" in said
    (metric,) = cli.json("check", "job.yaml", "--log", "sample.log")["log"]["metrics"]
    assert [(metric[end]["text"], metric[end]["line"]) for end in ("first", "last")] == [("0.5", 2), ("98.5", 4)]
    header, row = cli.out("check", "job.yaml", "--log", "sample.log", "-o", "csv").splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    assert (cells["first.line"], cells["last.text"]) == ("2", "98.5")
    assert "Its JSON lines also hold val_loss=3.0" in said
    (cli.folder / "sample.log").write_text("accuracy 0.5\n")
    assert "val_acc: matches none of 1 lines. It printed no val_acc=NUMBER; a line of it: accuracy 0.5." in cli.out(
        "check", "job.yaml", "--log", "sample.log"
    )
    assert cli.refused("check", "job.yaml", "--log", "none.log").startswith("none.log: cannot be read")


def test_a_job_is_stopped_then_deleted(cli):
    name = cli.out("tune", "endless.py", "--param", "x=1..9", "--maximize", "val_acc", "--detach").strip()
    assert name.startswith("endless-")
    assert "cannot" in cli.refused("delete", name)
    assert cli.out("stop", name) == f"{name}: Stopping\n"
    cli.out("logs", "-f", name)
    with Client(find(cli.data_dir)) as client:
        client.wait(name)
    assert "already Stopped" in cli.refused("stop", name)
    written = cli.json("export", name, "--to", "stopped.csv")
    assert written == {"job": name, "file": "stopped.csv", "rows": 1, "removed": []}
    assert "would stand among the data" in cli.refused("export", name, "--to", "-", "-o", "json")
    deleted = cli.json("delete", name)
    assert (deleted["name"], deleted["state"]) == (name, "Stopped")
    assert "there is no tuning job" in cli.refused("describe", name)


def test_an_operator_pauses_starts_and_settles_a_training_and_the_doctor_says_what_waits(cli):
    assert cli.out("admin", "pause-starts", "--reason", "new disks") == "nothing more is started; what runs goes on\n"
    name = cli.out(
        "tune", "endless.py", "--param", "x=1..9", "--maximize", "val_acc", "--trials", "1", "--detach"
    ).strip()
    (finding, *_) = cli.json("doctor", name)
    assert (finding["cause"], "new disks" in finding["text"]) == ("STARTS_PAUSED", True)
    assert "new disks" in cli.out("describe", name)
    assert cli.json("describe", name)["findings"] == cli.json("doctor", name)
    (training,) = cli.json("trainings", name)
    assert training["state"] == "InProgress"
    settling = ("admin", "settle", training["name"], "--state", "completed", "--value", "0.5")
    assert cli.out(*settling) == f"{training['name']}: Completed, objective 0.5\n"
    assert cli.json(*settling)["objective_value"] == 0.5
    assert cli.out("admin", "resume-starts") == "trainings are started again\n"
    assert cli.json("describe", name)["best"]["objective_value"] == 0.5
    assert cli.json("doctor", name) == []
    (trainer,) = cli.json("admin", "trainers")
    assert (trainer["pool"], trainer["cordoned"]) == ("default", False)


def test_a_trainer_that_is_not_there_is_cordoned_with_a_word_about_it(cli):
    assert "no trainer of that name is here now" in cli.out("admin", "cordon", "nobody")
    (cordoned,) = cli.json("admin", "cordon", "nobody", "--reason", "gone")
    assert (cordoned["trainer_id"], cordoned["cordoned"], cordoned["reason"]) == ("nobody", True, "gone")
    assert cli.out("admin", "uncordon", "nobody").startswith("nobody: not cordoned, and not here now")


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("local", "--slots", "0"), "--slots"),
        (("local", "--exit-when-idle", "-1"), "--exit-when-idle"),
        (("logs", "filed", "--tail", "-1"), "--tail"),
        (("amend", "filed", "--trials", "99999999999"), "--trials: cannot be sent"),
        (("extend", "filed", "--trials", "99999999999"), "--trials: cannot be sent"),
    ],
)
@pytest.mark.usefixtures("filed")
def test_a_number_out_of_all_bounds_is_refused_by_its_option(cli, words, option):
    done = cli(*words)
    assert (done.returncode, option in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_a_quota_refuses_what_is_beyond_it(cli):
    assert cli.out("admin", "quota", "*", "--max-jobs", "0").splitlines()[1].split("\t") == ["*", "0", ""]
    assert "allows 0, asked for 1" in cli.refused(*TUNE, "--name", "beyond", "--detach")
    cli.out("admin", "quota", "*", "--remove")
    assert "say what" in cli.refused("admin", "quota", "*")


def test_a_job_without_a_value_fails_and_says_what_was_printed_instead(cli):
    done = cli(*TUNE[:4], "--maximize", "val_accuracy", "--trials", "1", "--name", "typo")
    assert done.returncode == 1
    assert "It printed no val_accuracy=NUMBER, but val_acc=" in done.stderr
    assert "No training has a value of val_accuracy" in done.stdout
    assert "no training has a value of it; look at: tunewright logs typo" in cli.out("describe", "typo")
    assert cli.out("logs", "typo").startswith("epoch 1: ")


def test_a_script_that_fails_is_told_with_its_last_line(cli):
    done = cli("tune", "train.py", "--param", "rate=1..9", "--maximize", "val_acc", "--trials", "1", "--name", "fails")
    assert done.returncode == 1
    assert "The last line it printed: train.py: error: the following arguments are required: --lr" in done.stderr
    assert done.stdout.startswith("Failed: ")


def test_checking_a_job_file_knows_the_instance_types_that_the_server_knows(cli):
    (cli.folder / "sized.yaml").write_text(f"{JOB}instance: ml.m5.larg\n")
    checked = cli.refused("check", "sized.yaml")
    assert checked.startswith("sized.yaml line 12: instance: 'ml.m5.larg' is not known. Did you mean ml.m5.large")
    assert checked == cli.refused("tune", "sized.yaml")
    (cli.folder / "types.toml").write_text('"ml.m5.larg" = { cpus = 2 }\n')
    assert cli.out("check", "sized.yaml", "--instance-types", "types.toml").startswith("sized.yaml is right")


BAD_FILES = [
    ("seed: 1", "sede: 1", "job.yaml line 9: sede: is not known. Did you mean seed?"),
    ("seed: 1", "seed: one", "job.yaml line 9: seed: must be an integer"),
    ("log(1e-4, 1e-1)", "0.5..0.1", "job.yaml line 4: params.lr: the range is empty"),
    ("seed: 1", "metrics: {val_acc: acc}", "job.yaml line 9: metrics.val_acc: 'acc' has no group"),
    ("parallel: 2", "parallel: 0", "job.yaml line 7: parallel: must be from 1 to 100, is 0"),
    ("train.py", "nowhere.py", "job.yaml line 1: script: there is no file"),
    ("[32, 64]", "[32, 64", "job.yaml line 6: is not YAML or JSON"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), BAD_FILES, ids=[row[1] for row in BAD_FILES])
def test_a_bad_job_file_is_refused_in_one_line_and_nothing_is_created(tmp_path, right, wrong, said):
    write(tmp_path)
    (tmp_path / "job.yaml").write_text(JOB.replace(right, wrong))
    cli = CommandLine(tmp_path, tmp_path / "data")
    with ThreadPoolExecutor() as pool:
        tuned, checked = pool.map(lambda command: cli.refused(command, "job.yaml"), ["tune", "check"])
    assert tuned.startswith(said)
    assert checked == tuned
    assert not (tmp_path / "data").exists()


BAD_OPTIONS = [
    (("--param", "lr=0.5..0.1"), "--param lr: the range is empty"),
    (("--param", "lr"), "--param: 'lr' is not NAME=VALUE"),
    (("--param", "lr=1..2", "--param", "lr=1..3"), "--param lr: is given twice"),
    (("--param", "lr=1..2", "--parallel", "0"), "--parallel: must be from 1 to 100"),
    (("--param", "lr=1..2", "--trials", "0"), "--trials: must be from 1"),
    (("--param", "lr=1..2", "--minimize", "loss"), "--maximize: it and minimize are both given"),
    (("--param", "lr=1..2", "--metric", "val_acc=x"), "--metric val_acc: 'x' has no group"),
]


@pytest.mark.parametrize(("options", "said"), BAD_OPTIONS, ids=[" ".join(row[0]) for row in BAD_OPTIONS])
def test_bad_options_are_refused_in_one_line_and_nothing_is_created(tmp_path, options, said):
    write(tmp_path)
    cli = CommandLine(tmp_path, tmp_path / "data")
    assert cli.refused("tune", "train.py", "--maximize", "val_acc", *options).startswith(said)
    assert not (tmp_path / "data").exists()


def test_a_missing_program_is_refused(cli):
    assert cli.refused("tune", "no.py", *TUNE[2:]).startswith("program: there is no file ")
    assert cli.refused("tune", "no.yaml") == (
        "no.yaml: cannot be read: No such file or directory. Give a script or a job file"
    )


def test_what_the_server_refuses_is_named_in_the_files_words_too(cli):
    before = cli.out("jobs")
    body = amt_body("TrainingJobDefinition/OutputDataConfig", {"S3OutputPath": "file:///tmp/models"})
    body["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = "file:///usr/bin"
    (cli.folder / "outside.json").write_text(json.dumps(body, indent=1))
    said = cli.refused("tune", "outside.json")
    assert said.startswith("outside.json line ")
    assert "TrainingJobDefinition.AlgorithmSpecification.TrainingImage: /usr/bin is below no image root" in said
    assert "tunewright local --image-root" in said
    assert cli.out("jobs") == before


@pytest.mark.usefixtures("filed")
def test_a_name_that_is_taken_is_refused(cli):
    assert "already exists; choose another name" in cli.refused("tune", "job.yaml")


def test_what_is_not_there_is_said_and_nothing_is_made(cli, tmp_path):
    assert cli.refused("describe", "nothing") == "there is no tuning job called 'nothing'"
    assert cli.refused("logs", "nothing") == "there is no training job called 'nothing'"
    none = CommandLine(tmp_path, tmp_path / "data")
    assert none.refused("jobs").startswith("there is no data folder of a server")
    assert not (tmp_path / "data").exists()


def test_a_second_server_says_where_the_first_is(cli):
    said = cli.refused("local")
    assert f"a server on data folder '{cli.data_dir}' already exists; it is at grpc=127.0.0.1:" in said


def read_until(terminal: int, text: str) -> str:
    """Return what a terminal showed up to a text, or all of it if the other end has closed."""
    shown = b""
    while text.encode() not in shown:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # Linux's way of saying that the other end has closed
            break
        shown += more
    return shown.decode(errors="replace")


@pytest.mark.parametrize(
    ("answer", "said", "state"), [("y\n", "Stopped", "Stopped"), ("\n", "It goes on", "InProgress")]
)
def test_ctrl_c_asks_whether_to_stop(cli, answer, said, state):
    name = f"asked-{state.lower()}"
    terminal, other = pty.openpty()
    environment = {key: value for key, value in cli.environment.items() if key != "CI"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tunewright", "tune", "endless.py", "--param", "x=1..9", "--maximize", "val_acc",
         "--name", name],
        cwd=cli.folder, env=environment, stdin=other, stdout=other, stderr=other, start_new_session=True,
    )  # fmt: skip
    os.close(other)
    assert "val_acc=0.5 (step 1)" in read_until(terminal, "(step 1)")
    process.send_signal(signal.SIGINT)
    assert f"Stop tuning job {name}?" in read_until(terminal, "[y/N] ")
    os.write(terminal, answer.encode())
    assert said in read_until(terminal, "\0")
    os.close(terminal)
    assert process.wait(20) == 130
    assert cli.json("describe", name)["state"] == state
    if state == "InProgress":
        cli.out("stop", name)
