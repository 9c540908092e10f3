"""`tunewright top` on a terminal and in a pipe."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.e2e.served import Served, job
from tests.e2e.test_cli import CommandLine, read_until
from tunewright.core.spec import Limits


def test_it_shows_what_runs_until_it_is_left(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.start()
    cli = CommandLine(tmp_path, served.data_dir)
    with served.client() as client:
        client.create(job(served.program("echo score=1; sleep 600"), "long", limits=Limits(1, 3)))
        assert next(client.watch("long")).job.name == "long"
    (told,) = cli.json("top")
    assert (told["name"], told["state"], told["max_trainings"]) == ("long", "InProgress", 3)
    assert cli.out("top").splitlines()[0].startswith("name\tstate\tmetric_name")

    terminal, other = pty.openpty()
    command = [sys.executable, "-m", "tunewright", "top"]
    with subprocess.Popen(command, env=cli.environment, stdin=other, stdout=other, stderr=other) as process:
        os.close(other)
        assert "long" in read_until(terminal, "q leaves")
        os.write(terminal, b"q")
        read_until(terminal, "\0")
        assert process.wait(20) == 0
    os.close(terminal)
    cli.out("stop", "long")
    served.end()
