"""What Tab completes, as a shell asks for it."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.served import Served, job
from tests.e2e.test_cli import CommandLine
from tunewright.core.spec import Limits


@dataclass(frozen=True)
class Shell:
    cli: CommandLine

    def complete(self, line: str) -> list[str]:
        words = ["tunewright", *shlex.split(line)] + ([""] if line.endswith(" ") else [])
        asked = {"_TUNEWRIGHT_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(words)}
        environment = self.cli.environment | asked | {"COMP_CWORD": str(len(words) - 1)}
        done = subprocess.run(
            [sys.executable, "-m", "tunewright"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        assert done.stderr == ""
        return done.stdout.split()


def test_names_come_from_the_server(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.start()
    shell = Shell(CommandLine(tmp_path, served.data_dir))
    with served.client() as client:
        for name in ("digits", "digits-2", "churn"):
            client.create(job(served.program("echo score=1"), name, limits=Limits(1, 1)))
            client.wait(name)
        (training,) = client.trainings("churn")
        (trainer,) = client.operations.trainers()
    assert shell.complete("describe ") == ["churn", "digits-2", "digits"]
    assert shell.complete("best dig") == ["digits-2", "digits"]
    assert shell.complete("logs churn-") == [training.name]
    assert shell.complete("admin cordon ") == [trainer.trainer_id]
    assert shell.complete("des") == ["describe"]
    assert shell.complete("jobs --output ") == ["table", "json", "csv"]
    served.end()
    began = time.monotonic()
    assert shell.complete("describe ") == []
    assert time.monotonic() - began < 15  # most of it is the start of Python


def test_where_there_is_no_server_nothing_is_said(tmp_path: Path) -> None:
    assert Shell(CommandLine(tmp_path, tmp_path / "none")).complete("describe ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_shown_for_each_shell(shell, tmp_path):
    cli = CommandLine(tmp_path, tmp_path / "none")
    environment = cli.environment | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tunewright", "--show-completion", shell], env=environment, capture_output=True,
        text=True, check=True, timeout=30,
    )  # fmt: skip
    assert "_TUNEWRIGHT_COMPLETE" in done.stdout
