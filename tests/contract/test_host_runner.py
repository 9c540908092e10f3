"""The runner contract on the simulated machine, which runs no Python: it plays what the contract's programs do."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.contract import runner_contract
from tests.contract.runner_contract import COUNTING, DEAF, FOREVER, RunnerContract, World
from tests.simulation.host import Host, HostRunner, Process, Program
from tunewright.core.arns import NOBODYS
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.core.program import environment
from tunewright_trainer.folder import Folders

NO_CHILD = 2**22 + 1
"""Larger than any process id: nothing that a coroutine starts can outlive it."""


def prints(data: bytes, code: int = 0) -> Program:
    async def program(process: Process) -> int:
        process.write(data)
        return code

    return program


async def forever(process: Process) -> None:
    process.print("up")
    await asyncio.sleep(600)


async def deaf(process: Process) -> None:
    process.handles_sigterm = True
    await forever(process)


async def counting(process: Process) -> int:
    for number in range(1000):
        process.print("line", number)
        if number == 499:
            await runner_contract.until((process.folder.first.model / "go").exists)
    (process.folder.first.model / "ending").touch()
    return 7


async def takes_its_time(_process: Process) -> None:
    await asyncio.sleep(0.3)


async def saves(process: Process) -> None:
    process.handles_sigterm = True
    process.print("up")
    await process.sigterm.wait()
    (process.folder.first.model / "saved").write_text("weights")


async def looks_after_its_child(process: Process) -> None:
    process.handles_sigterm = True
    process.print("up")
    await process.sigterm.wait()
    process.print("child", None)


async def leaves_a_child(process: Process) -> None:
    (process.folder.first.model / "child").write_text(str(NO_CHILD))
    process.print("up")


async def leaves_a_child_and_goes_on(process: Process) -> None:
    await leaves_a_child(process)
    await asyncio.sleep(600)


async def tells_what_it_sees(process: Process) -> None:
    base = process.folder.first.base
    for name in ("hyperparameters", "resourceconfig", "inputdataconfig"):
        process.print(json.dumps(json.loads((base / "input/config" / f"{name}.json").read_text())))
    folders = ["model", "output/data"]
    process.print(json.dumps([(base / name).is_dir() for name in folders]))
    process.print(json.dumps(environment(process.launch, base, {}, NOBODYS)))


PLAYED: list[tuple[str, Program]] = [
    (COUNTING, counting),
    (DEAF, deaf),
    (FOREVER, forever),
    (runner_contract.ORPHAN + "import time\ntime.sleep(600)\n", leaves_a_child_and_goes_on),
    (runner_contract.ORPHAN, leaves_a_child),
    ("range(20000)", prints("".join(f"line {i}\n" for i in range(20000)).encode())),
    ("bytes(range(256))", prints(bytes(range(256)) * 100)),
    ("10_000_000", prints(b"x" * 10_000_000)),
    ("SystemExit(3)", prints(b"", 3)),
    ("1 / 0", prints(b"", 1)),
    ("SIGSEGV", prints(b"", 139)),
    ("sleep(0.3)", takes_its_time),
    ('"saved"', saves),
    ('print("child"', looks_after_its_child),
    ("print('done')", prints(b"done\n")),
    ("print('once')", prints(b"once\n")),
    ("resourceconfig", tells_what_it_sees),
    ("pass", prints(b"")),
]
"""What is peculiar to each source, the longer of two first."""


class Images:
    """Images of a machine of coroutines, made of the contract's sources."""

    def __init__(self) -> None:
        self._sources: list[str] = []

    def make(self, source: str) -> str:
        self._sources.append(source)
        return f"played:{len(self._sources) - 1}"

    def program_of(self, launch: Launch) -> Program | None:
        scheme, _, number = launch.definition.image.partition(":")
        if scheme != "played":
            return None
        return next(program for mark, program in PLAYED if mark in self._sources[int(number)])


class TestHostRunner(RunnerContract):
    @pytest.fixture
    async def world(self, tmp_path: Path) -> World:
        images = Images()
        host = Host(Folders(tmp_path / "data"), images.program_of)
        return World(host.folders, lambda: HostRunner(host), images.make)
