"""The trainer and its host: what it offers, whose GPUs are whose, how it leaves, and what it clears away."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from tests.contract.runner_contract import DEAF, FOREVER, until
from tests.unit.trainer.test_trainer import Plant, cause, plant

from tunewright.v1 import worker_service_pb2 as pb
from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.core.capacity import Inventory
from tunewright_trainer.folder import Folders
from tunewright_trainer.runner.process import ProcessRunner
from tunewright_trainer.settings import DrainThen

__all__ = ["plant"]

GIB = 2**30
TWO_GPUS = Inventory(cpus=4.0, memory_bytes=8 * GIB, gpus=("GPU-a", "GPU-b"))
SHOWS_GPUS = "import os, time\nprint('gpus', os.environ.get('CUDA_VISIBLE_DEVICES'), flush=True)\ntime.sleep(600)\n"
SAVES = """
import os, pathlib, signal, sys, time
def save(*_):
    pathlib.Path(os.environ["SM_MODEL_DIR"], "saved").write_text("weights")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("up", flush=True)
time.sleep(600)
"""


def need(**fields: object) -> pb.Need:
    return pb.Need(**fields)


async def ended(plant: Plant, within_s: float) -> None:
    """Wait until the trainer has ended by itself."""
    async with asyncio.timeout(within_s):
        await plant.trainer


# -- Capacity


async def test_where_only_gpus_count_only_they_are_told_of(plant):
    plant.start(slots=3, inventory=TWO_GPUS, counted=True, only_gpus=True)
    attempt = await plant.grant(FOREVER, need=need(cpus=96, memory_bytes=GIB, gpus=1), instances=1)
    await plant.printed(attempt, b"up")
    await plant.scheduler.until(lambda: len(plant.scheduler.claims) == 2)
    (opened,), (_, second) = plant.scheduler.opened, plant.scheduler.claims
    assert opened.capacity == pb.Capacity(gpus=2, only_gpus=2)
    assert second.free == pb.Capacity(gpus=1, only_gpus=2)


async def test_what_is_free_is_told_and_shrinks_with_what_runs(plant):
    plant.start(slots=3, inventory=TWO_GPUS, counted=True)
    attempt = await plant.grant(FOREVER, need=need(cpus=1.5, memory_bytes=GIB, gpus=1), instances=1)
    await plant.printed(attempt, b"up")
    await plant.scheduler.until(lambda: len(plant.scheduler.claims) == 2)
    (opened,), (first, second) = plant.scheduler.opened, plant.scheduler.claims
    assert opened.capacity == pb.Capacity(cpus=4.0, memory_bytes=8 * GIB, gpus=2)
    assert (first.slots, first.free) == (3, opened.capacity)
    assert (second.slots, second.free) == (2, pb.Capacity(cpus=2.5, memory_bytes=7 * GIB, gpus=1))
    assert second.wait_s < first.wait_s, "what becomes free meanwhile is soon asked for together with it"


async def test_where_only_slots_count_nothing_is_said_of_more(plant):
    plant.start(inventory=TWO_GPUS)
    attempt = await plant.grant(SHOWS_GPUS, need=need(cpus=96, gpus=8))
    await plant.printed(attempt, b"gpus GPU-a,GPU-b\n")
    assert not plant.scheduler.opened[0].HasField("capacity")
    assert not plant.scheduler.claims[0].HasField("free")


async def test_trainings_see_their_own_gpus_and_a_restarted_trainer_knows_whose_they_are(plant):
    plant.start(slots=3, inventory=TWO_GPUS, counted=True)
    first = await plant.grant(SHOWS_GPUS, need=need(gpus=1))
    none = await plant.grant(SHOWS_GPUS)
    await plant.printed(first, b"gpus GPU-a\n")
    await plant.printed(none, b"gpus \n")
    await plant.end()
    plant.start()
    await plant.scheduler.until(lambda: len(plant.scheduler.opened) == 2)  # nothing waits under the old epoch any more
    second = await plant.grant(SHOWS_GPUS, need=need(gpus=1))
    await plant.printed(second, b"gpus GPU-b\n")


async def test_what_does_not_fit_is_handed_back_and_never_started(plant):
    plant.start(slots=3, inventory=TWO_GPUS, counted=True)
    await plant.printed(await plant.grant(SHOWS_GPUS, need=need(gpus=1)), b"gpus GPU-a\n")
    refused = await plant.grant(SHOWS_GPUS, need=need(gpus=2))
    report = await plant.exit_of(refused)
    assert (report.cause, report.HasField("started_at")) == (cause("PREEMPTED"), False)
    assert "needs 2 GPUs" in report.reason
    assert report.ended_at.ToMilliseconds() / 1e3 > time.time() - 60
    assert not plant.folder(refused).root.exists()


async def test_room_that_is_free_again_is_asked_for(plant):
    plant.start(slots=1, inventory=TWO_GPUS, counted=True)
    for _ in range(2):
        await plant.exit_of(await plant.grant("print('short')", need=need(cpus=4, gpus=2)))
    await plant.scheduler.until(lambda: len(plant.scheduler.claims) == 3)
    assert [claim.free.gpus for claim in plant.scheduler.claims] == [2, 2, 2]


# -- Leaving


async def test_a_drain_that_hands_back_stops_what_is_left_once_it_has_saved(plant):
    plant.start(drain_s=0.2, drain_then=DrainThen.HAND_BACK, hand_back_s=20.0)
    attempt = await plant.grant(SAVES)
    await plant.printed(attempt, b"up")
    draining = asyncio.create_task(plant.runs.drain())
    report = await plant.exit_of(attempt)
    assert (report.cause, report.exit_code) == (cause("PREEMPTED"), 0)
    assert (plant.folder(attempt).first.model / "saved").exists()
    await plant.scheduler.change(lambda: plant.scheduler.void.add(attempt))  # it is another's by now
    async with asyncio.timeout(5):
        await draining
        await plant.trainer
    assert len(plant.scheduler.closed) == 1


async def test_a_notice_of_preemption_hands_back_at_once_and_ends_the_trainer(plant, tmp_path):
    notice = tmp_path / "notice"
    plant.start(slots=2, drain_s=3600.0, preemption_file=notice, hand_back_s=1.0)
    saves, deaf = await plant.grant(SAVES), await plant.grant(DEAF)
    await plant.printed(saves, b"up")
    await plant.printed(deaf, b"up")
    notice.touch()
    told = [await plant.exit_of(attempt) for attempt in (saves, deaf)]
    assert [(report.cause, report.exit_code) for report in told] == [(cause("PREEMPTED"), code) for code in (0, 137)]
    await ended(plant, within_s=5.0)
    assert not plant.programs()


async def test_a_notice_cuts_a_drain_short(plant, tmp_path):
    notice = tmp_path / "notice"
    plant.start(drain_s=3600.0, preemption_file=notice, hand_back_s=1.0)
    attempt = await plant.grant(SAVES)
    await plant.printed(attempt, b"up")
    draining = asyncio.create_task(plant.runs.drain())
    await plant.scheduler.until(lambda: plant.scheduler.draining)
    notice.touch()
    assert (await plant.exit_of(attempt)).cause == cause("PREEMPTED")
    async with asyncio.timeout(5):
        await draining


# -- A runner that has its own troubles


class Engine(ProcessRunner):
    """Programs of this host behind an engine that may hang or fail."""

    def __init__(self, folders: Folders, roots: Path) -> None:
        super().__init__(folders, [roots])
        self.answers = asyncio.Event()
        self.answers.set()
        self.faulty = False
        self.reaped: list[set[Attempt]] = []

    async def stop(self, attempt, cause, grace_s):
        await self.answers.wait()
        if self.faulty:
            raise ConnectionResetError("the engine went away")
        await super().stop(attempt, cause, grace_s)

    async def reap(self, known):
        self.reaped.append(set(known))
        if self.faulty:
            raise ConnectionResetError("the engine went away")


@pytest.fixture
def engine(plant) -> Engine:
    engine = Engine(Folders(plant.settings.data_dir), plant.roots)
    plant.make_runner = lambda _settings: engine
    return engine


async def test_an_engine_that_hangs_does_not_keep_heartbeats_from_going_on(plant, engine):
    plant.scheduler.heartbeat_s = 0.1
    plant.start(slots=2)
    stuck = await plant.grant(FOREVER)
    await plant.printed(stuck, b"up")
    engine.answers.clear()
    order = pb.StopOrder(attempt=pb.Attempt(training_id=stuck[0], attempt=1), grace_s=30)
    await plant.scheduler.change(lambda: plant.scheduler.stops.update({stuck: order}))
    await plant.scheduler.until(lambda: plant.scheduler.holds(stuck, "Stopping"))
    before = plant.scheduler.heartbeats
    await plant.scheduler.until(lambda: plant.scheduler.heartbeats > before + 3)
    assert (await plant.exit_of(await plant.grant("print('meanwhile')"))).exit_code == 0
    engine.answers.set()
    assert (await plant.exit_of(stuck)).cause == cause("STOPPED")


async def test_what_an_engine_fails_to_end_is_ended_later_and_its_gpus_are_not_free_before(plant, engine):
    engine.faulty = True
    plant.start(slots=2, inventory=TWO_GPUS, counted=True)
    attempt = await plant.grant(FOREVER, need=need(gpus=2))
    await plant.printed(attempt, b"up")
    await plant.scheduler.change(lambda: plant.scheduler.void.add(attempt))
    assert (await plant.exit_of(await plant.grant("print('meanwhile')"))).exit_code == 0
    assert plant.programs()
    assert {claim.free.gpus for claim in plant.scheduler.claims[1:]} == {0}
    engine.faulty = False
    await until(lambda: not plant.programs())
    await plant.scheduler.until(lambda: plant.scheduler.claims[-1].free.gpus == 2, deadline_s=30)


async def test_orphans_are_reaped_but_not_what_is_found_again(plant, engine):
    plant.start()
    attempt = await plant.grant(FOREVER)
    await plant.printed(attempt, b"up")
    await plant.end()
    plant.start()
    await until(lambda: len(engine.reaped) == 2)
    assert engine.reaped == [set(), {Attempt(*attempt)}]
