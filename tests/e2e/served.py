"""An embedded server in a process of its own, that tests may kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from tunewright.client import Client, find
from tunewright.core.space import Float
from tunewright.core.spec import (
    Definition,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    StoppingCondition,
    Strategy,
    TuningJobSpec,
)


class Served:
    def __init__(self, folder: Path, slots: int = 2, image_roots: tuple[Path, ...] = ()) -> None:
        self.folder, self.slots, self.image_roots = folder, slots, (folder, *image_roots)
        self.data_dir = folder / "data"
        self._process: subprocess.Popen[str] | None = None

    def start(self, *options: str, stderr: IO[str] | None = None) -> None:
        """Start the server; return once it serves."""
        command = [sys.executable, "-m", "tunewright", "local", "--data-dir", str(self.data_dir)]
        roots = [word for root in self.image_roots for word in ("--image-root", str(root))]
        self._process = subprocess.Popen(
            [*command, "--slots", str(self.slots), *roots, *options],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        assert ready.startswith("ready grpc=127.0.0.1:"), ready

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.send_signal(number)
        code = self._process.wait(30)
        self._process.stdout.close()
        return code

    def client(self) -> Client:
        return Client(find(self.data_dir))

    def program(self, body: str) -> str:
        """Write a program and return its image."""
        folder = self.folder / "program"
        folder.mkdir(exist_ok=True)
        path = folder / "train"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return f"file://{folder}"


def job(image: str, name: str = "job", **fields: object) -> TuningJobSpec:
    definition = Definition(
        image=image,
        parameters=(Parameter("x", Float(0.0, 1.0)),),
        metric_definitions=(MetricDefinition("score", "score=([-+0-9.a-z]*)"),),
        stopping=StoppingCondition(60),
    )
    defaults = {
        "objective": Objective("score"),
        "limits": Limits(max_parallel=2, max_trainings=6),
        "strategy": Strategy.RANDOM,
        "random_seed": 3,
    }
    return TuningJobSpec(name=name, definitions=(definition,), **(defaults | fields))  # type: ignore[arg-type]
