"""A peer in an interpreter of its own: JSON lines through pipes."""

from __future__ import annotations

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any, Final

from bench.suggester.peers.peer import Setting, encoded
from tunewright.core.space import Configuration

HOME: Final = Path(__file__).parents[3]
LIMIT_S: Final = 120.0
"""An answer that takes longer counts as a failed peer."""


class RemoteFailed(Exception):  # noqa: N818 - it names what happened
    """The peer raised, died, or did not answer in time."""


class Remote:
    """One run of a peer. Runs of the same peer share a process: libraries take seconds to import."""

    def __init__(self, interpreter: str, name: str, setting: Setting) -> None:
        self._interpreter, self._name = interpreter, name
        self._call(
            open={
                "name": name,
                "space": encoded(setting.space),
                "seed": setting.seed,
                "budget": setting.budget,
                "parallel": setting.parallel,
            }
        )

    def ask(self) -> Configuration:
        configuration: Configuration = self._call(ask=True)
        return configuration

    def tell(self, configuration: Configuration, value: float | None) -> None:
        self._call(configuration=dict(configuration), value=value)

    def close(self) -> None:
        """The process goes on for the next run and ends when ours does: its input is closed then."""

    def _call(self, **message: Any) -> Any:
        process = _process(self._interpreter, self._name)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise RemoteFailed("it has ended") from error
        if not select.select([process.stdout], [], [], LIMIT_S)[0]:
            process.kill()  # the rest of this run stands in at random; the next one starts a new process
            raise RemoteFailed(f"no answer within {LIMIT_S:.0f} s")
        line = process.stdout.readline()
        if not line:
            raise RemoteFailed("it has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise RemoteFailed(answer["error"])
        return answer["answer"]


_PROCESSES: dict[str, subprocess.Popen[str]] = {}


def _process(interpreter: str, name: str) -> subprocess.Popen[str]:
    """Return the peer's process, started if there is none that lives."""
    living = _PROCESSES.get(name)
    if living is not None and living.poll() is None:
        return living
    paths = os.pathsep.join([str(HOME), str(HOME / "src"), str(HOME / "services" / "suggester")])
    _PROCESSES[name] = subprocess.Popen(
        [interpreter, "-W", "ignore", "-m", "bench.suggester.peers.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return _PROCESSES[name]
