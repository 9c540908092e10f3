"""The trainer against a scheduler over real gRPC, with real programs: sessions, slots, orders, restarts, partitions."""

from __future__ import annotations

import asyncio
import stat
import tarfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.callers import gate
from tests.contract.runner_contract import COUNTING, DEAF, FOREVER, is_running, until
from tests.unit.trainer.fake_scheduler import FakeScheduler, Key

from tunewright.core.errors import IllegalTransition
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import read
from tunewright.platform.bus.topics import topics
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.server import RpcServer
from tunewright.v1 import spec_pb2, tuning_service_pb2
from tunewright.v1 import worker_service_pb2 as pb
from tunewright.v1.worker_service_pb2_grpc import add_WorkerServiceServicer_to_server
from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.folder import AttemptFolder, Folders
from tunewright_trainer.main import make_trainer
from tunewright_trainer.runner.making import RunnerSettings, make_runner
from tunewright_trainer.runner.port import Runner
from tunewright_trainer.settings import TrainerSettings

MODEL = """
import os, pathlib
pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text("w")
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "plot").write_text("p")
print("accuracy=0.5")
"""


def programs(settings: TrainerSettings) -> Runner:
    return make_runner(settings, RunnerSettings(), "runner")


class Plant:
    """A scheduler, a bus, a data folder, and one trainer process after another."""

    def __init__(self, scheduler: FakeScheduler, channel, folder: Path) -> None:
        self.scheduler, self.channel = scheduler, channel
        self.bus = MemoryBus(topics().values())
        self.roots = folder / "images"
        self.roots.mkdir()
        self.settings = TrainerSettings(
            folder / "data", image_roots=(self.roots,), data_roots=(folder,), stop_grace_s=10.0
        )
        self.make_runner = programs
        self.trainer: asyncio.Task[None] | None = None
        self.count = 0

    def start(self, **changes: object) -> None:
        self.settings = replace(self.settings, **changes)
        self.runs = make_trainer(self.settings, self.channel, self.bus, self.make_runner(self.settings))
        self.trainer = asyncio.create_task(self.runs.run())

    async def end(self) -> None:
        """End the trainer as SIGTERM would; raises what it has failed with."""
        if self.trainer is not None:
            self.trainer.cancel()
            with suppress(asyncio.CancelledError):
                await self.trainer

    async def clear(self) -> None:
        """Kill what a test has left running."""
        self.make_runner = programs
        self.settings = replace(self.settings, preemption_file=None)
        await self.scheduler.change(lambda: self.scheduler.void.update(self.attempts()))
        self.scheduler.silent.clear()
        self.start()
        await until(lambda: not any(self.programs()))
        await self.end()

    def attempts(self) -> list[Key]:
        return [(f"job/{number + 1:06d}", 1) for number in range(self.count)]

    def programs(self) -> list[int]:
        shims = [self.folder(attempt).root / "shim" for attempt in self.attempts()]
        pids = [int(shim.read_text() or 0) for shim in shims if shim.exists()]
        return [pid for pid in pids if pid and is_running(pid)]

    async def grant(self, source: str, **fields: object) -> Key:
        self.count += 1
        script = self.roots / f"program{self.count}.py"
        script.write_text(source)
        attempt = pb.Attempt(training_id=f"job/{self.count:06d}", attempt=1)
        definition = spec_pb2.Definition(
            image=fields.pop("image", script.as_uri()),
            output_uri=fields.pop("to", ""),
            channels=fields.pop("channels", ()),
        )
        definition.resources.instance_count = fields.pop("instances", 1)
        grant = pb.Grant(attempt=attempt, training_name=f"job-{self.count:03d}", definition=definition, **fields)
        await self.scheduler.change(lambda: self.scheduler.ready.append(grant))
        return attempt.training_id, attempt.attempt

    def folder(self, attempt: Key) -> AttemptFolder:
        return Folders(self.settings.data_dir).of(Attempt(*attempt))

    async def printed(self, attempt: Key, text: bytes) -> None:
        spool = self.folder(attempt).first.spool
        await until(lambda: spool.exists() and text in spool.read_bytes())

    async def exit_of(self, attempt: Key) -> pb.ExitedRequest:
        await self.scheduler.until(lambda: self.scheduler.exits[attempt])
        return self.scheduler.exits[attempt][-1]

    async def output_until_ended(self, group: str) -> list:
        messages: list = []
        async with asyncio.timeout(15), self.bus.subscribe(group, ["training.output"]) as subscription:
            while not any(isinstance(message, output_pb2.TrainingEnded) for message in messages):
                messages += [read(delivered.record) for delivered in await subscription.batch()]
        return messages

    async def settle(self, attempt: Key, *, publish: bool) -> None:
        message = pb.Attempt(training_id=attempt[0], attempt=attempt[1])
        order = pb.SettledOrder(attempt=message, publish_artifact=publish)
        await self.scheduler.change(lambda: self.scheduler.settled.update({attempt: order}))
        await until(lambda: not self.folder(attempt).root.exists())


@pytest.fixture
async def plant(tmp_path: Path):
    scheduler = FakeScheduler()

    def register(server) -> None:
        add_WorkerServiceServicer_to_server(scheduler, server)

    server = RpcServer("127.0.0.1", 0, gate())
    await server.start({"tunewright.v1.WorkerService": register})
    channel = open_channel(f"127.0.0.1:{server.port}", "token")
    plant = Plant(scheduler, channel, tmp_path)
    yield plant
    await plant.end()
    await plant.clear()
    await channel.close()
    await server.stop(grace_s=0.0)


def cause(name: str) -> int:
    return tuning_service_pb2.EndCause.Value(f"END_CAUSE_{name}")


async def test_from_grant_to_published_model(plant):
    plant.start()
    attempt = await plant.grant(MODEL)
    report = await plant.exit_of(attempt)
    assert (report.cause, report.exit_code, report.reason) == (cause("EXITED"), 0, "")
    assert 0 < report.started_at.ToMilliseconds() <= report.ended_at.ToMilliseconds()
    started, lines, ended = (await plant.output_until_ended("g"))[:3]
    assert (started.uid, started.number, started.training_name) == ("job", 1, "job-001")
    assert list(lines.lines) == ["accuracy=0.5"]
    assert list(ended.line_counts) == [1, 0]
    target = plant.settings.data_dir / "artifacts" / "job-001" / "output"
    assert report.artifact_uri == (target / "model.tar.gz").as_uri()
    assert not target.exists()
    await plant.settle(attempt, publish=True)
    with tarfile.open(target / "model.tar.gz") as model, tarfile.open(target / "output.tar.gz") as output:
        assert model.extractfile("weights").read() == b"w"
        assert output.getnames() == ["plot"]


async def test_an_attempt_that_does_not_count_publishes_nothing(plant):
    plant.start()
    attempt = await plant.grant(MODEL)
    await plant.exit_of(attempt)
    await plant.settle(attempt, publish=False)
    assert not (plant.settings.data_dir / "artifacts").exists()


async def test_a_model_goes_where_the_definition_says(plant, tmp_path):
    plant.start()
    attempt = await plant.grant(MODEL, to=(tmp_path / "models").as_uri())
    report = await plant.exit_of(attempt)
    await plant.settle(attempt, publish=True)
    model = tmp_path / "models" / "job-001" / "output" / "model.tar.gz"
    assert report.artifact_uri == model.as_uri()
    assert tarfile.is_tarfile(model)


async def test_a_failure_tells_its_reason(plant):
    plant.start(slots=2)
    source = (
        "import os, pathlib\npathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'output/failure').write_text('no data')\n"
    )
    told = await plant.exit_of(await plant.grant(source + "raise SystemExit(2)"))
    assert (told.exit_code, told.reason, told.artifact_uri) == (2, "no data", "")
    mute = await plant.exit_of(await plant.grant("raise SystemExit(2)"))
    assert mute.reason == "AlgorithmError: exit code 2"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"image": "file:///etc/evil.py"}, "--image-root"),
        ({"to": "https://host/models"}, "https://host/models"),
        ({"to": "file:///etc"}, "TUNEWRIGHT_DATA_ROOTS"),
    ],
)
async def test_what_cannot_be_started_ends_with_its_reason_and_without_output(plant, fields, words):
    plant.start()
    attempt = await plant.grant("print('ran')", **fields)
    report = await plant.exit_of(attempt)
    assert report.cause == cause("START_FAILED")
    assert not report.HasField("exit_code")
    assert words in report.reason
    started, ended = await plant.output_until_ended("g")
    assert isinstance(started, output_pb2.TrainingStarted)
    assert (list(ended.line_counts), ended.cause) == ([0, 0], cause("START_FAILED"))
    await plant.settle(attempt, publish=False)


async def test_slots_bound_what_runs_and_are_free_before_settlement(plant):
    plant.start(slots=2)
    log = plant.roots / "log"
    source = f"""
import time
log = open({str(log)!r}, "a", buffering=1)
log.write("+\\n"); time.sleep(0.1); log.write("-\\n")
"""
    attempts = [await plant.grant(source) for _ in range(5)]
    for attempt in attempts:
        await plant.exit_of(attempt)
    running = peak = 0
    for sign in log.read_text().split():
        running += 1 if sign == "+" else -1
        peak = max(peak, running)
    assert (running, peak) == (0, 2)


async def test_a_stop_order_stops(plant):
    plant.start()
    attempt = await plant.grant(FOREVER)
    await plant.printed(attempt, b"up")
    order = pb.StopOrder(attempt=pb.Attempt(training_id=attempt[0], attempt=1), grace_s=30)
    await plant.scheduler.change(lambda: plant.scheduler.stops.update({attempt: order}))
    report = await plant.exit_of(attempt)
    assert (report.cause, report.exit_code) == (cause("STOPPED"), 143)


async def test_orders_about_a_new_attempt_do_not_wait_for_the_next_heartbeat(plant):
    plant.scheduler.heartbeat_s = 100.0
    plant.scheduler.lease_s = 300.0
    plant.start(slots=2)
    for _ in range(2):
        attempt = await plant.grant("print('short')")
        await plant.exit_of(attempt)
        await plant.settle(attempt, publish=True)


async def test_a_grant_that_cannot_be_kept_is_refused(plant):
    plant.start()
    grant = pb.Grant(attempt=pb.Attempt(training_id="../../etc/1", attempt=1))
    await plant.scheduler.change(lambda: plant.scheduler.ready.append(grant))
    report = await plant.exit_of(("../../etc/1", 1))
    assert (report.cause, "training_id" in report.reason) == (cause("START_FAILED"), True)
    await plant.exit_of(await plant.grant("print('the slot is free')"))


async def test_a_stop_order_under_way_is_told_and_not_asked_for_again(plant):
    plant.start()
    attempt = await plant.grant(DEAF)
    await plant.printed(attempt, b"up")
    order = pb.StopOrder(attempt=pb.Attempt(training_id=attempt[0], attempt=1), grace_s=0.5)
    before = plant.scheduler.heartbeats
    await plant.scheduler.change(lambda: plant.scheduler.stops.update({attempt: order}))
    await plant.scheduler.until(lambda: plant.scheduler.holds(attempt, "Stopping"))
    assert (await plant.exit_of(attempt)).exit_code == 137
    assert plant.scheduler.heartbeats - before < 5


async def test_max_runtime(plant):
    plant.start()
    report = await plant.exit_of(await plant.grant(FOREVER, max_runtime_s=1))
    assert report.cause == cause("MAX_RUNTIME_EXCEEDED")
    assert 1.0 <= report.ended_at.ToMilliseconds() / 1e3 - report.started_at.ToMilliseconds() / 1e3 < 3.0


async def test_a_full_spool_is_an_end_of_its_own(plant):
    plant.start(spool_quota_bytes=100_000)
    report = await plant.exit_of(await plant.grant("while True: print('x' * 1000)"))
    assert report.cause == cause("SPOOL_FULL")
    assert "spool quota" in report.reason


async def test_a_restart_goes_on_where_it_was(plant):
    plant.start()
    attempt = await plant.grant(COUNTING)
    await plant.printed(attempt, b"line 499\n")
    await plant.end()
    assert plant.programs()
    plant.start()
    await plant.scheduler.until(lambda: len(plant.scheduler.opened) == 2)
    first, second = plant.scheduler.opened
    assert second.trainer_id == first.trainer_id
    assert second.session_key == first.session_key
    assert stat.S_IMODE((plant.settings.data_dir / "session-key").stat().st_mode) == 0o600
    assert [(held.training_id, held.attempt) for held in second.holding] == [attempt]
    (plant.folder(attempt).first.model / "go").touch()
    report = await plant.exit_of(attempt)
    assert (report.cause, report.exit_code) == (cause("EXITED"), 7)
    lines: dict[int, str] = {}
    for message in await plant.output_until_ended("g"):
        if isinstance(message, output_pb2.OutputLines):
            lines |= dict(enumerate(message.lines, message.first_line))
    assert lines == {number: f"line {number}" for number in range(1000)}


async def test_a_restart_reports_again_what_had_ended(plant):
    plant.start()
    attempt = await plant.grant("print('done')")
    first = await plant.exit_of(attempt)
    await plant.end()
    plant.start()
    await plant.scheduler.until(lambda: len(plant.scheduler.exits[attempt]) == 2)
    second = plant.scheduler.exits[attempt][1]
    assert (second.epoch, first.epoch) == (2, 1)
    second.epoch = first.epoch
    assert second == first
    await plant.settle(attempt, publish=True)


async def test_a_grant_that_was_not_started_is_given_up_by_a_restart(plant):
    attempt = ("job/000001", 1)
    folder = plant.folder(attempt)
    folder.root.mkdir(parents=True)
    folder.grant.write_bytes(pb.Grant(attempt=pb.Attempt(training_id=attempt[0], attempt=1)).SerializeToString())
    plant.start()
    await plant.scheduler.until(lambda: plant.scheduler.opened)
    assert not plant.scheduler.opened[0].holding
    assert not folder.root.exists()


async def test_an_abandoned_attempt_is_killed_and_silent(plant):
    plant.start()
    attempt = await plant.grant(DEAF)
    await plant.printed(attempt, b"up")
    await plant.scheduler.change(lambda: plant.scheduler.void.add(attempt))
    await until(lambda: not plant.programs())
    await plant.exit_of(await plant.grant("print('the slot is free')"))
    assert plant.scheduler.exits[attempt] == []
    await plant.scheduler.until(lambda: not plant.scheduler.holds(attempt))
    folder = plant.folder(attempt)
    await until(folder.abandoned.exists)
    assert folder.first.spool.read_bytes() == b"up\n"


async def test_what_was_given_to_another_meanwhile_is_abandoned_at_the_restart(plant):
    plant.start()
    attempt = await plant.grant(FOREVER)
    await plant.printed(attempt, b"up")
    await plant.end()
    plant.scheduler.void.add(attempt)
    plant.start()
    await until(lambda: not plant.programs())
    assert plant.scheduler.exits[attempt] == []


async def test_abandoned_folders_go_after_their_retention(plant):
    plant.start()
    attempt = await plant.grant(FOREVER)
    await plant.printed(attempt, b"up")
    await plant.scheduler.change(lambda: plant.scheduler.void.add(attempt))
    await until(plant.folder(attempt).abandoned.exists)
    await plant.end()
    plant.start(retention_s=0.0)
    await until(lambda: not plant.folder(attempt).root.exists())


async def test_an_end_that_is_refused_is_abandoned(plant):
    plant.start()
    attempt = await plant.grant("print('too late')")
    plant.scheduler.void.add(attempt)
    await until(plant.folder(attempt).abandoned.exists)
    await plant.exit_of(await plant.grant("print('the slot is free')"))


@pytest.mark.parametrize("call", ["Claim", "Exited"])
async def test_a_lost_answer_changes_nothing(plant, call):
    plant.scheduler.lost_answers.add(call)
    plant.start()
    attempt = await plant.grant("print('once')")
    await plant.exit_of(attempt)
    await plant.scheduler.until(lambda: len(plant.scheduler.exits[attempt]) == (2 if call == "Exited" else 1))
    assert plant.folder(attempt).first.spool.read_bytes() == b"once\n"


async def test_an_end_is_told_when_the_scheduler_is_back(plant):
    plant.start()
    attempt = await plant.grant(COUNTING)
    await plant.printed(attempt, b"line 499\n")
    plant.scheduler.silent.add("Exited")
    (plant.folder(attempt).first.model / "go").touch()
    await plant.output_until_ended("g")
    assert plant.scheduler.exits[attempt] == []
    plant.scheduler.silent.clear()
    assert (await plant.exit_of(attempt)).exit_code == 7


async def test_a_lapsed_lease_ends_what_runs_within_the_grace(plant):
    plant.scheduler.lease_s, plant.scheduler.lease_grace_s, plant.scheduler.heartbeat_s = 0.6, 1.0, 0.2
    plant.start()
    attempt = await plant.grant(DEAF)
    await plant.printed(attempt, b"up")
    loop = asyncio.get_running_loop()
    cut_off = loop.time()
    await plant.scheduler.change(lambda: plant.scheduler.silent.update({"Heartbeat", "OpenSession", "Claim", "Exited"}))
    await until(lambda: not plant.programs())
    assert 0.2 < loop.time() - cut_off < 0.6 + 1.0
    plant.scheduler.silent.clear()
    await plant.scheduler.until(lambda: len(plant.scheduler.opened) == 2)
    assert not plant.scheduler.opened[1].holding
    await plant.exit_of(await plant.grant("print('the slot is free')"))
    assert plant.scheduler.exits[attempt] == []


async def test_a_session_taken_from_it_is_opened_anew_with_what_it_holds(plant):
    plant.start()
    attempt = await plant.grant(COUNTING)
    await plant.printed(attempt, b"line 499\n")
    await plant.scheduler.change(lambda: setattr(plant.scheduler, "epoch", 10))
    await plant.scheduler.until(lambda: len(plant.scheduler.opened) == 2)
    assert [held.training_id for held in plant.scheduler.opened[1].holding] == [attempt[0]]
    (plant.folder(attempt).first.model / "go").touch()
    assert (await plant.exit_of(attempt)).epoch == 11


async def test_a_resend_order_is_obeyed(plant):
    plant.start()
    attempt = await plant.grant("print('one')\nprint('two')")
    await plant.exit_of(attempt)
    await plant.output_until_ended("g")
    async with plant.bus.subscribe("late", ["training.output"]) as subscription:
        await subscription.batch()
        order = pb.ResendOrder(attempt=pb.Attempt(training_id=attempt[0], attempt=1), from_line=1)
        await plant.scheduler.change(lambda: plant.scheduler.resends.append(order))
        messages: list = []
        async with asyncio.timeout(10):
            while not any(isinstance(message, output_pb2.OutputLines) for message in messages):
                messages += [read(delivered.record) for delivered in await subscription.batch()]
    (again,) = [message for message in messages if isinstance(message, output_pb2.OutputLines)]
    assert (again.first_line, list(again.lines)) == (1, ["two"])


async def test_a_fault_with_one_attempt_does_not_end_its_siblings(plant):
    class FaultyBus(MemoryBus):
        async def publish(self, records):
            if any(getattr(read(record), "number", 0) == 1 for record in records):
                raise ZeroDivisionError
            await super().publish(records)

    plant.bus = FaultyBus(topics().values())
    plant.start(slots=2)
    faulty, sibling = await plant.grant(FOREVER), await plant.grant("print('fine')")
    report = await plant.exit_of(faulty)
    assert report.cause == cause("LOST")
    assert "fault" in report.reason
    assert (await plant.exit_of(sibling)).exit_code == 0
    assert not plant.programs()


async def test_a_second_trainer_on_the_data_folder_is_refused(plant):
    plant.start()
    await plant.scheduler.until(lambda: plant.scheduler.opened)
    with pytest.raises(IllegalTransition, match="in use"):
        await make_trainer(plant.settings, plant.channel, plant.bus, programs(plant.settings)).run()


# -- Draining


async def test_a_trainer_that_holds_nothing_hands_its_session_back(plant):
    plant.start()
    await plant.scheduler.until(lambda: plant.scheduler.heartbeats)
    async with asyncio.timeout(3):
        await plant.runs.drain()
        await plant.trainer
    (closed,) = plant.scheduler.closed
    assert closed.epoch == plant.scheduler.epoch
    assert len(plant.scheduler.opened) == 1


async def test_a_drain_waits_for_what_is_held_and_takes_nothing_more(plant):
    plant.start(slots=2, drain_s=60.0)
    attempt = await plant.grant("import time; print('up', flush=True); time.sleep(1)")
    await plant.printed(attempt, b"up")
    draining = asyncio.create_task(plant.runs.drain())
    await plant.scheduler.until(lambda: plant.scheduler.draining)
    await plant.grant(FOREVER)
    assert (await plant.exit_of(attempt)).exit_code == 0
    await asyncio.sleep(0.3)
    assert not draining.done(), "its output is not settled yet"
    await plant.settle(attempt, publish=False)
    async with asyncio.timeout(3):
        await draining
        await plant.trainer
    assert len(plant.scheduler.closed) == len(plant.scheduler.ready) == 1


async def test_what_is_left_after_a_drain_runs_on_and_is_found_again(plant):
    plant.start(drain_s=0.5)
    attempt = await plant.grant(FOREVER)
    await plant.printed(attempt, b"up")
    async with asyncio.timeout(5):
        await plant.runs.drain()
        await plant.trainer
    assert plant.programs()
    assert not plant.scheduler.closed
    plant.start()
    await plant.scheduler.until(lambda: plant.scheduler.holds(attempt, "Training"))


async def test_what_is_granted_as_the_drain_begins_is_run(plant):
    plant.start(drain_s=60.0)
    await plant.scheduler.until(lambda: plant.scheduler.heartbeats)
    plant.scheduler.lost_answers.add("Claim")
    attempt = await plant.grant("print('ran')")
    draining = asyncio.create_task(plant.runs.drain())
    assert (await plant.exit_of(attempt)).exit_code == 0
    await plant.settle(attempt, publish=False)
    async with asyncio.timeout(3):
        await draining


async def test_a_drain_ends_though_no_scheduler_answers(plant, monkeypatch):
    monkeypatch.setattr("tunewright_trainer.trainer.LAST_CALLS_S", 0.5)
    plant.start()
    await plant.scheduler.until(lambda: plant.scheduler.heartbeats)
    await plant.scheduler.change(
        lambda: plant.scheduler.silent.update({"Claim", "Heartbeat", "OpenSession", "CloseSession"})
    )
    async with asyncio.timeout(5):
        await plant.runs.drain()
        await plant.trainer


async def test_a_training_whose_model_cannot_be_packed_has_not_done_well(plant):
    plant.start()
    unreadable = (
        "import os, pathlib\n"
        "root = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
        "(root / 'model/weights').write_text('w')\n"
        "(root.parent / 'artifact').write_text('no folder can be made here')\n"
    )
    report = await plant.exit_of(await plant.grant(unreadable))
    assert (report.cause, report.exit_code, report.artifact_uri) == (cause("OUTPUT_LOST"), 0, "")
    assert report.reason.startswith("ClientError: Artifact upload failed: ")
