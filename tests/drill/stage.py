"""What a drill is played on: a broker and a database of its own, two of each service, and lines that can be cut.

Every first replica reaches broker and database by one line each, every second one by others; trainers reach each
scheduler by a line. A trainer's data folder is a small disk of its own where this machine lets us mount one (tmpfs).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from tests.drill.plan import Kind, Targets
from tests.servers.kafka import KafkaServer, another_kafka
from tests.servers.line import Line, line_to
from tests.servers.mongodb import MongoServer, another_mongodb
from tests.wire.fleet import Fleet, Member
from tunewright_trainer.folder import Folders

TERMS: Final = {
    "TUNEWRIGHT_LEASE_S": "6",
    "TUNEWRIGHT_LEASE_GRACE_S": "3",
    "TUNEWRIGHT_HEARTBEAT_S": "1",
    "TUNEWRIGHT_STOP_GRACE_S": "2",
}
"""A trainer that stood still for ten seconds has lost its trainings."""
SERVICES: Final = ("suggester", "scheduler", "metrics", "trainer")
REPLICAS: Final = 2
DATABASE: Final = "drill"
DISK_MIB: Final = 320
"""A trainer claims nothing while less than 256 of them are free."""

T = TypeVar("T")


@dataclass
class Stage:
    folder: Path
    broker: KafkaServer
    database: MongoServer
    fleet: Fleet
    lines: dict[str, Line] = field(default_factory=dict)
    disks: dict[str, Path] = field(default_factory=dict)

    @property
    def store_uri(self) -> str:
        return self.database.database(DATABASE)

    def member(self, name: str) -> Member:
        return next(member for member in self.fleet.members if member.name == name)

    def targets(self) -> Targets:
        members = [[member.name for member in self.fleet.of(service)] for service in SERVICES]
        kinds = sorted({name.rpartition("-")[0] for name in self.lines})
        lines = [[name for name in self.lines if name.rpartition("-")[0] == kind] for kind in kinds]
        return {
            Kind.KILL: members,
            Kind.STILL: members,
            Kind.CUT: lines,
            Kind.BREAK: lines,
            Kind.RESTART: [["broker"], ["database"]],
            Kind.FILL: [list(self.disks)] if self.disks else [],
        }

    def data_dir(self, trainer: str) -> Path:
        return self.folder / trainer

    def trainer_ids(self) -> dict[str, str]:
        """Return the trainers' names by what they call themselves."""
        names = [member.name for member in self.fleet.of("trainer")]
        return {(self.data_dir(name) / "trainer-id").read_text(): name for name in names}

    def kept(self) -> list[str]:
        """Return the folders of attempts that are held still; what was abandoned is kept for people."""
        return [
            f"{member.name}: {folder.root.name}"
            for member in self.fleet.of("trainer")
            for folder in Folders(self.data_dir(member.name)).granted()
            if not folder.abandoned.exists()
        ]


@contextmanager
def staged(folder: Path, slots: int) -> Iterator[Stage]:
    """Start all of it, and end it, whatever has happened to it."""
    with ExitStack() as stack:
        broker, database = another_kafka(ways=REPLICAS), another_mongodb()
        stack.callback(broker.remove)
        stack.callback(database.remove)
        fleet = Fleet(folder, broker.bootstrap, database.database(DATABASE))
        stage = Stage(folder, broker, database, fleet)
        for replica in range(REPLICAS):
            stage.lines[f"line to broker-{replica}"] = stack.enter_context(line_to(broker.ways[replica]))
            stage.lines[f"line to database-{replica}"] = stack.enter_context(line_to(database.address))
        broker.tell_as([stage.lines[f"line to broker-{replica}"].address for replica in range(REPLICAS)])
        _together([broker.start, database.start])
        for replica in range(REPLICAS):
            _mount(stage, f"trainer-{replica}", stack)
        stack.callback(_end, fleet)
        _start(stage, stack, slots)
        yield stage


def _start(stage: Stage, stack: ExitStack, slots: int) -> None:
    def enlisted(service: str, **variables: str) -> list[Member]:
        return [
            stage.fleet.enlist(service, **_ways(stage, replica), **TERMS, **variables) for replica in range(REPLICAS)
        ]

    suggesters = enlisted("suggester", TUNEWRIGHT_PROCESSES="1")
    _together(member.start for member in suggesters)
    schedulers = enlisted("scheduler", TUNEWRIGHT_SUGGESTER=",".join(member.grpc for member in suggesters))
    collectors = enlisted("metrics")
    _together(member.start for member in (*schedulers, *collectors))
    for member in schedulers:
        stage.lines[f"line to {member.name}"] = stack.enter_context(line_to(member.grpc))
    known = ",".join(stage.lines[f"line to {member.name}"].address for member in schedulers)
    trainers = [
        stage.fleet.enlist(
            "trainer",
            **_ways(stage, replica),
            TUNEWRIGHT_SCHEDULER=known,
            TUNEWRIGHT_DATA_DIR=str(stage.data_dir(f"trainer-{replica}")),
            TUNEWRIGHT_IMAGE_ROOTS=str(stage.folder),
            TUNEWRIGHT_SLOTS=str(slots),
            TUNEWRIGHT_SLOTS_ONLY="on",
        )
        for replica in range(REPLICAS)
    ]
    _together(member.start for member in trainers)


def _ways(stage: Stage, replica: int) -> dict[str, str]:
    database = stage.lines[f"line to database-{replica}"].address
    return {
        "TUNEWRIGHT_KAFKA": stage.lines[f"line to broker-{replica}"].address,
        "TUNEWRIGHT_MONGODB": f"mongodb://{database}/{DATABASE}?directConnection=true",
    }


def _mount(stage: Stage, trainer: str, stack: ExitStack) -> None:
    """Give a trainer a small disk of its own, if we may."""
    folder = stage.data_dir(trainer)
    folder.mkdir()
    with suppress(FileNotFoundError):
        size = f"size={DISK_MIB}m"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", size, "drill", str(folder)], capture_output=True, check=False
        )
        if done.returncode == 0:
            stack.callback(subprocess.run, ["umount", "--lazy", str(folder)], check=False)
            stage.disks[f"disk of {trainer}"] = folder


def fill(folder: Path) -> None:
    """Leave no byte free on the disk of a folder."""
    free = os.statvfs(folder)
    with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        os.posix_fallocate(filler.fileno(), 0, free.f_bavail * free.f_frsize)
        filler.seek(0, os.SEEK_END)
        while True:  # what has become free meanwhile
            filler.write(bytes(4096))


def give_back(folder: Path) -> None:
    (folder / "filler").unlink(missing_ok=True)


def _end(fleet: Fleet) -> None:
    """Also what is stopped, and what has not started."""
    for member in fleet.members:
        if member.running:
            member.resume()
            member.kill()
    for program in fleet.programs():
        with suppress(OSError):
            program.kill()


def _together(starts: Iterable[Callable[[], T]]) -> None:
    with ThreadPoolExecutor() as threads:
        for started in [threads.submit(start) for start in starts]:
            started.result()
