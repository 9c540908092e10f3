"""A job is paused, changed, resumed and extended from the command line, by real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import Served
from tests.e2e.test_cli import CommandLine
from tests.e2e.test_local import until
from tunewright.client import Client, find

GATED = """\
import argparse, pathlib, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=int)
x = parser.parse_args().x
while not pathlib.Path("go").exists():
    time.sleep(0.01)
if pathlib.Path("break").exists():
    sys.exit("broken")
print(f"val_acc={x}")
"""
TUNE = ("tune", "gated.py", "--param", "x=1..9", "--maximize", "val_acc", "--strategy", "random", "--detach")


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[CommandLine]:
    (tmp_path / "gated.py").write_text(GATED)
    served = Served(tmp_path)
    served.start()
    yield CommandLine(tmp_path, served.data_dir)
    served.end()


@pytest.fixture
def client(cli: CommandLine) -> Iterator[Client]:
    with Client(find(cli.data_dir)) as client:
        yield client


def test_a_job_is_paused_amended_and_resumed(cli: CommandLine, client: Client) -> None:
    cli.out(*TUNE, "--trials", "3", "--name", "job")
    until(lambda: client.describe("job").trainings.in_progress == 1)
    until(lambda: next(client.trainings("job")).holder != "")
    said = "job: Paused; trainings under way: 1; go on with: tunewright resume job\n"
    assert cli.out("pause", "job") == said == cli.out("pause", "job")
    (cli.folder / "go").touch()
    until(lambda: client.describe("job").trainings.completed == 1)
    shown = dict(line.split("\t") for line in cli.out("describe", "job").splitlines())
    assert (shown["state"], shown["waits for"]) == (
        "Paused",
        "Tuning job job is paused by its user; nothing more is started.",
    )
    assert "\tPaused\t" in cli.out("jobs")

    amended = cli.out("amend", "job", "--trials", "4", "--parallel", "2", "--param", "x=1..20", "--max-runtime", "1h")
    assert amended == "job: Paused; revision 2, 4 trainings, 2 at once\n"
    assert cli.out("enqueue", "job", "x=15") == "job: Paused; runs next: x=15\n"
    assert client.describe("job").trainings.in_progress == 0
    for words, why in (
        (("amend", "job"), "amend: there is nothing to change"),
        (("amend", "job", "--param", "x=2..30"), "--param x: 2..30 leaves out part of 1..20"),
        (("amend", "job", "--param", "y=2..30"), "--param y.name: 'y' is not tuned in this job. Known: x"),
        (("amend", "job", "--parallel", "0"), "--parallel: must be from 1 to 100"),
        (("enqueue", "job", "x=often"), "x: 'often' is not a whole number"),
        (("enqueue", "job", "x=99"), "x: 99 is outside 1..20"),
        (("enqueue", "job", "y=9"), "y: is not a parameter of this space. Known: x"),
        (("extend", "job"), "tuning job job is not in a terminal state: cannot be extended"),
        (("retry", "job"), "tuning job job is without failed trainings left to retry"),
    ):
        assert cli.refused(*words).startswith(why)

    assert cli.out("resume", "job") == "job: InProgress; goes on\n"
    done = client.wait("job")
    trainings = list(client.trainings("job"))
    assert (done.state.shown, len(trainings), done.spec_revision) == ("Completed", 4, 3)
    assert (trainings[1].configuration, trainings[1].provenance.source) == ({"x": 15}, "enqueued")
    assert "cannot be paused or resumed" in cli.refused("resume", "job")
    assert "cannot be changed" in cli.refused("amend", "job", "--trials", "9")


def test_an_ended_job_goes_on_in_another_and_what_failed_runs_again(cli: CommandLine, client: Client) -> None:
    for name in ("go", "break"):
        (cli.folder / name).touch()
    cli.out(*TUNE, "--trials", "2", "--name", "job")
    client.wait("job")
    (cli.folder / "break").unlink()
    tried = sorted(training.configuration["x"] for training in client.trainings("job"))
    assert cli.out("retry", "job") == "job-2: InProgress; runs again what has failed, 2 trainings, 1 at once\n"
    assert client.wait("job-2").trainings.completed == 2
    assert sorted(training.configuration["x"] for training in client.trainings("job-2")) == tried
    assert cli.refused("extend", "job-2", "--trials", "0").startswith("--trials: must be from 1 to 10000, is 0")
    assert cli.refused("extend", "job-2", "--name", "no_name").startswith("--name: 'no_name' is not a letter or digit")
    extended = cli.out("extend", "job-2", "--trials", "3")
    assert extended == "job-3: InProgress; goes on where job-2 has ended, 3 trainings, 1 at once\n"
    assert client.wait("job-3").trainings.completed == 3
    new = [training.configuration["x"] for training in client.trainings("job-3")]
    assert not set(new) & set(tried)
    assert client.describe("job-3").extends == client.describe("job-2").uid
    assert "already exists" in cli.refused("extend", "job", "--name", "job-3")
