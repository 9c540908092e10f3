"""A distributed installation on this machine: services as processes of their own, which tests kill, stop and resume.

Trainings write down when they begin and end, on files of their own: that is the record that the verdict believes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from tests.servers.process import stand_still
from tunewright.client import Address, Client
from tunewright.platform.credentials import create_or_load

READY_WITHIN_S: Final = 30.0
LEASE: Final = {"TUNEWRIGHT_LEASE_S": "6", "TUNEWRIGHT_LEASE_GRACE_S": "3", "TUNEWRIGHT_HEARTBEAT_S": "1"}
STOP_GRACE_S: Final = 2.0
"""Of the fleet that tests share."""


class Member:
    """One service process. It starts again where it was: the same ports, the same folder."""

    def __init__(self, service: str, name: str, folder: Path, variables: Mapping[str, str]) -> None:
        self.service, self.name, self.log = service, name, folder / f"{name}.log"
        self.grpc = self.http = "127.0.0.1:0"
        self.variables = dict(variables)
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Return once it serves."""
        self.spawn()
        self._ready()

    def start_waiting(self) -> None:
        """Return once it is alive, though what it stands on is away."""
        self.spawn()
        until(self._alive, f"{self.name} alive at {self.http}", READY_WITHIN_S)

    def _alive(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.http}/healthz", timeout=10):
                return True
        except OSError:
            return False

    def spawn(self) -> None:
        """Return at once."""
        own = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
        ports = {"TUNEWRIGHT_GRPC": self.grpc, "TUNEWRIGHT_HTTP": self.http}
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tunewright", "serve", self.service],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**own, **ports, **self.variables},
            )

    def _ready(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        assert words[:1] == ["ready"], f"{self.name} did not start:\n{self.log.read_text()[-3000:]}"
        served = dict(word.split("=") for word in words[1:])
        self.grpc, self.http = served.get("grpc", self.grpc), served["http"]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def pause(self) -> None:
        """Let it hang: its connections stay open, and nothing is answered."""
        stand_still(self.pid)

    def resume(self) -> None:
        self.send(signal.SIGCONT)

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM, within_s: float = 30) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        if self.running:
            self._process.send_signal(number)
        code = self._process.wait(within_s)
        self._process.stdout.close()
        return code

    def ready(self) -> dict[str, object]:
        """Return what /readyz answers."""
        try:
            with urllib.request.urlopen(f"http://{self.http}/readyz", timeout=10) as response:
                answer: dict[str, object] = json.load(response)
        except urllib.error.HTTPError as error:
            answer = json.load(error)
        return answer


class Fleet:
    """`prefix` keeps topics and database apart from other fleets on the same broker and database server."""

    def __init__(self, folder: Path, kafka: str, mongodb: str, prefix: str = "") -> None:
        self.folder = folder
        self.credentials = create_or_load(folder / "credentials", grpc="", http="")
        self._shared = {
            "TUNEWRIGHT_KAFKA": kafka,
            "TUNEWRIGHT_KAFKA_PREFIX": prefix,
            "TUNEWRIGHT_MONGODB": mongodb,
            "TUNEWRIGHT_CREDENTIALS": str(folder / "credentials"),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONFAULTHANDLER": "1",
        }
        self.members: list[Member] = []

    def start(
        self, *, of_each: int = 2, trainers: int = 2, slots: int = 2, terms: Mapping[str, str] = LEASE, **more: str
    ) -> None:
        """Start `of_each` suggesters, schedulers and metrics, and the trainers."""
        suggesters = [self.add("suggester", TUNEWRIGHT_PROCESSES="1", **more) for _ in range(of_each)]
        known = {"TUNEWRIGHT_SUGGESTER": _addresses(suggesters), "TUNEWRIGHT_COMMANDS": "on"}
        schedulers = [self.add("scheduler", **known, **terms, **more) for _ in range(of_each)]
        for _ in range(of_each):
            self.add("metrics", TUNEWRIGHT_REPORTS="on", **more)
        for number in range(trainers):
            self.add(
                "trainer",
                TUNEWRIGHT_SCHEDULER=_addresses(schedulers),
                TUNEWRIGHT_DATA_DIR=str(self.folder / f"trainer-{number}"),
                TUNEWRIGHT_IMAGE_ROOTS=str(self.folder),
                TUNEWRIGHT_DATA_ROOTS=str(self.folder),
                TUNEWRIGHT_SLOTS=str(slots),
                **more,
            )

    def add(self, service: str, **variables: str) -> Member:
        member = self.enlist(service, **variables)
        member.start()
        return member

    def enlist(self, service: str, **variables: str) -> Member:
        """Add one that is not started yet."""
        number = len(self.of(service))
        member = Member(service, f"{service}-{number}", self.folder, {**self._shared, **variables})
        self.members.append(member)
        return member

    @contextmanager
    def trainer_beside(self, name: str, pool: str, **variables: str) -> Iterator[Member]:
        """A trainer that is none of the members, for the block alone."""
        own = {
            "TUNEWRIGHT_SCHEDULER": _addresses(self.of("scheduler")),
            "TUNEWRIGHT_DATA_DIR": str(self.folder / f"beside-{name}"),
            "TUNEWRIGHT_IMAGE_ROOTS": str(self.folder),
            "TUNEWRIGHT_DATA_ROOTS": str(self.folder),
            "TUNEWRIGHT_POOL": pool,
        }
        trainer = Member("trainer", f"beside-{name}", self.folder, {**self._shared, **own, **variables})
        trainer.start()
        try:
            yield trainer
        finally:
            if trainer.running:
                trainer.end()

    def of(self, service: str) -> list[Member]:
        return [member for member in self.members if member.service == service]

    def start_again(self) -> None:
        """Start what does not run."""
        for member in self.members:
            if not member.running:
                member.start()

    def close(self) -> None:
        """End all in order, and whatever programs they leave."""
        for member in reversed(self.members):
            if member.running:
                member.resume()
                member.end()
        for process in self.programs():
            process.kill()

    def programs(self) -> list[psutil.Process]:
        """Return the trainings' processes that run now."""
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(str(self.folder) in word for word in process.info["cmdline"] or [])
        ]

    def address(self) -> Address:
        schedulers, collectors = self.of("scheduler"), self.of("metrics")
        return Address(_addresses(schedulers), self.credentials.tunewright_token, _addresses(collectors))

    def client(self) -> Client:
        return Client(self.address())

    def logs(self) -> str:
        """Return the ends of all logs: what a failure is explained with."""
        return "\n".join(f"--- {member.name}\n{member.log.read_text()[-2000:]}" for member in self.members)


def _addresses(members: Sequence[Member]) -> str:
    return ",".join(member.grpc for member in members)


def until(holds: Callable[[], bool], what: str, within_s: float = 60.0) -> float:
    """Wait until it holds; return how long that took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within_s:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - began
