"""The course of an attempt: its phases, its instances, its checkpoints, and how it is stopped, handed back or lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.simulation.host import Process
from tests.simulation.mortal import MortalRunner
from tests.simulation.timeless import wall_clock
from tests.unit.trainer.stage import Stage, played, put, statuses, until

from tunewright.core.states import EndCause
from tunewright.events.v1 import output_pb2
from tunewright.v1 import tuning_service_pb2
from tunewright.v1 import worker_service_pb2 as pb
from tunewright.v1.worker_service_pb2 import Need
from tunewright_trainer.core.attempt import Attempt, End, Launch

CHECKPOINTS = "s3://kept/a"
STEP = "a/job-001/step"
"""Where storage has it, below the bucket."""


def cause(name: str) -> int:
    return tuning_service_pb2.EndCause.Value(f"END_CAUSE_{name}")


def step(process: Process) -> str:
    path = process.own.base / "checkpoints/step"
    return path.read_text() if path.exists() else ""


def write_step(process: Process, text: str) -> None:
    put(process.own.base / "checkpoints/step", text)


async def forever(process: Process) -> None:
    process.print("up")
    await asyncio.sleep(100_000)


async def deaf(process: Process) -> None:
    process.handles_sigterm = True
    await forever(process)


async def saves_when_told(process: Process) -> None:
    """Goes on from its checkpoint, and writes another as it is stopped."""
    process.handles_sigterm = True
    process.print("from", step(process) or "nothing")
    write_step(process, "1")
    put(process.own.model / "weights", "unfinished")
    await process.sigterm.wait()
    write_step(process, step(process) + "+")


# -- Phases


def last_phase(stage: Stage) -> pb.Phase:
    """Return what the heartbeats have told last of the first attempt that is held."""
    held = stage.scheduler.held
    return held[0].phases[-1] if held and held[0].phases else pb.Phase()


def test_the_phases_are_told_as_they_begin_and_all_at_the_end(tmp_path):
    async def story(stage: Stage) -> None:
        async def program(process: Process) -> None:
            await asyncio.sleep(60)
            put(process.own.model / "weights", "w")

        stage.program = program
        stage.start()
        attempt = await stage.grant(channels=stage.data(a="12345"))
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"), 5.0)
        told = next(iter(stage.scheduler.held))
        assert statuses(told.phases) == ["Starting", "Downloading", "Training"]
        report = await stage.exit_of(attempt)
        assert statuses(report.phases) == ["Starting", "Downloading", "Training", "Uploading"]
        assert list(report.phases)[:3] == list(told.phases)
        times = [phase.started_at.ToNanoseconds() for phase in report.phases]
        assert times == sorted(times)
        assert 59 < (times[3] - times[2]) / 1e9 < 61
        assert report.phases[1].message == "Downloading input data"

    played(tmp_path, story)


class Queued(MortalRunner):
    """A runner whose programs begin when `words` are none any more; until then its `start` has begun nothing."""

    words = "waits for a node: 0/3 nodes have a GPU"
    launched: Launch | None = None

    async def start(self, launch: Launch) -> None:
        self.launched = launch

    def waits_for(self, _: Attempt) -> str:
        return self.words

    async def wait(self, attempt: Attempt) -> End:
        while self.words:  # noqa: ASYNC110 - a test changes it
            await asyncio.sleep(0.1)
        assert self.launched is not None
        await super().start(self.launched)
        return await super().wait(attempt)


def test_what_a_program_waits_for_is_told_until_it_begins(tmp_path):
    async def story(stage: Stage) -> None:
        runners: list[Queued] = []

        def queued(*given) -> Queued:
            runners.append(Queued(*given))
            return runners[-1]

        async def program(_: Process) -> None:
            await asyncio.sleep(60)

        stage.program = program
        stage.start(queued)
        attempt = await stage.grant(channels=stage.data(a="1"))
        awaited = "Not started yet: waits for a node: 0/3 nodes have a GPU"
        await stage.scheduler.until(lambda: last_phase(stage).message == awaited)
        assert last_phase(stage).status == "Pending"
        await asyncio.sleep(100)
        runners[0].words = "waits for its container: ErrImagePull"
        await stage.scheduler.until(lambda: last_phase(stage).message.endswith("its container: ErrImagePull"))
        runners[0].words = ""
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        report = await stage.exit_of(attempt)
        assert statuses(report.phases) == ["Starting", "Downloading", "Pending", "Training", "Uploading"]
        times = [phase.started_at.ToNanoseconds() / 1e9 for phase in report.phases]
        assert times[3] - times[2] > 100
        assert 58 < times[4] - times[3] < 61

    played(tmp_path, story)


def test_what_ran_too_short_to_be_seen_has_trained_and_what_never_ran_has_not(tmp_path):
    async def story(stage: Stage) -> None:
        class Slow(Queued):
            refuses = False

            async def wait(self, _: Attempt) -> End:
                await asyncio.sleep(7)
                end = End(EndCause.EXITED, 0, 0.0, 0.0, (0,))
                return replace(end, cause=EndCause.START_FAILED, exit_code=None) if self.refuses else end

        class Refused(Slow):
            refuses = True

        stage.start(Slow)
        report = await stage.exit_of(await stage.grant())
        assert statuses(report.phases) == ["Starting", "Pending", "Training", "Uploading"]
        await stage.end()
        stage.start(Refused)
        assert statuses((await stage.exit_of(await stage.grant(2))).phases) == ["Starting", "Pending", "Uploading"]

    played(tmp_path, story)


def test_a_restart_tells_the_same_phases_and_their_times(tmp_path):
    async def story(stage: Stage) -> None:
        stage.program = forever
        stage.start()
        attempt = await stage.grant(channels=stage.data(a="1"))
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        before = list(stage.scheduler.held[0].phases)
        await stage.end()
        await asyncio.sleep(5)
        stage.scheduler.held.clear()
        stage.start()
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        assert list(stage.scheduler.held[0].phases) == before

    played(tmp_path, story)


def test_a_stop_that_was_not_given_before_a_kill_is_given_after_it(tmp_path):
    async def story(stage: Stage) -> None:
        stage.program = deaf

        class Unreachable(MortalRunner):
            async def stop(self, *_):
                raise OSError("the engine does not answer")

        stage.start(Unreachable)
        attempt = await stage.grant()
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        await stage.stop(attempt, 5.0)
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Stopping"))
        heartbeats = stage.scheduler.heartbeats
        await asyncio.sleep(20)
        assert stage.scheduler.heartbeats > heartbeats + 5, "they go on meanwhile"
        assert not stage.scheduler.exits[attempt]
        await stage.end()
        stage.start()
        report = await stage.exit_of(attempt)
        assert (report.cause, report.exit_code) == (cause("STOPPED"), 137)
        assert statuses(report.phases) == ["Starting", "Training", "Stopping", "Uploading"]

    played(tmp_path, story)


def test_a_stop_that_the_engine_does_not_take_at_once_is_tried_again(tmp_path):
    async def story(stage: Stage) -> None:
        stage.program = forever
        failures = [OSError("busy")] * 3

        class Busy(MortalRunner):
            async def stop(self, *order):
                if failures:
                    raise failures.pop()
                await super().stop(*order)

        stage.start(Busy)
        attempt = await stage.grant()
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        await stage.stop(attempt, 5.0)
        assert (await stage.exit_of(attempt, 10.0)).cause == cause("STOPPED")

    played(tmp_path, story)


# -- A destination that refuses


def test_one_that_refuses_is_told_before_the_program_starts(tmp_path):
    async def story(stage: Stage) -> None:
        put(stage.settings.s3_root / "models", "no folder")
        stage.start()
        report = await stage.exit_of(await stage.grant())
        assert (report.cause, report.HasField("exit_code")) == (cause("START_FAILED"), False)
        assert "output_uri: nothing can be put to s3://models/job-001/output" in report.reason
        assert not stage.machine.runs

    played(tmp_path, story)


def test_one_that_refuses_by_the_end_fails_the_training_that_has_no_model_then(tmp_path):
    async def story(stage: Stage) -> None:
        async def program(process: Process) -> None:
            put(process.own.model / "weights", "w")
            (stage.settings.s3_root / "models").rmdir()
            put(stage.settings.s3_root / "models", "no folder any more")

        stage.program = program
        stage.start()
        report = await stage.exit_of(await stage.grant())
        assert report.cause == cause("OUTPUT_LOST")
        assert report.reason.startswith("ClientError: Artifact upload failed")

    played(tmp_path, story)


def test_nothing_is_left_of_the_trials(tmp_path):
    async def story(stage: Stage) -> None:
        stage.start()
        attempt = await stage.grant()
        assert (await stage.exit_of(attempt)).exit_code == 0
        await stage.settle(attempt, publish=True)
        assert not stage.stored("models")

    played(tmp_path, story)


# -- A power cut: a file has been renamed, and its content is gone


@pytest.mark.parametrize("torn", ["unstarted", "gpus.json", "grant.binpb"])
def test_one_whose_files_are_torn_is_lost_and_the_others_are_found_again(tmp_path, torn):
    async def story(stage: Stage) -> None:
        async def program(_: Process) -> None:
            await asyncio.sleep(600)

        stage.settings = replace(stage.settings, slots=2)
        stage.program = program
        stage.start()
        first, second = await stage.grant(), await stage.grant(2)
        await stage.scheduler.until(lambda: all(stage.scheduler.holds(it, "Training") for it in (first, second)))
        await stage.end()
        (stage.of(first).root / torn).write_bytes(b"\xff" if torn == "grant.binpb" else b"")
        stage.machine.runs.pop(Attempt(*first)).kill(137)
        stage.start()
        assert (await stage.exit_of(second)).exit_code == 0
        if torn == "grant.binpb":
            assert not stage.scheduler.holds(first), "the schedulers know by that"
        else:
            assert stage.scheduler.exits[first][0].cause == cause("LOST")
            assert stage.scheduler.exits[first][0].reason

    played(tmp_path, story)


# -- Limits


def test_the_allowance_counts_from_the_programs_start_and_its_grace_ends_in_a_kill(tmp_path):
    async def story(stage: Stage) -> None:
        stage.program = deaf
        stage.start()
        attempt = await stage.grant(max_runtime_s=100)
        report = await stage.exit_of(attempt)
        assert (report.cause, report.exit_code) == (cause("MAX_RUNTIME_EXCEEDED"), 137)
        ran_s = (report.ended_at.ToNanoseconds() - report.started_at.ToNanoseconds()) / 1e9
        assert 120 <= ran_s < 121
        assert statuses(report.phases) == ["Starting", "Training", "Stopping", "Uploading"]

    played(tmp_path, story)


def test_the_spools_of_all_instances_count(tmp_path):
    async def story(stage: Stage) -> None:
        async def program(process: Process) -> None:
            process.write(b"x" * 600)
            await forever(process)

        stage.settings = replace(stage.settings, spool_quota_bytes=1000)
        stage.program = program
        stage.start()
        assert (await stage.exit_of(await stage.grant(instances=2))).cause == cause("SPOOL_FULL")

    played(tmp_path, story)


# -- Several instances


def test_two_instances_speak_with_their_own_lines_and_leave_one_model(tmp_path):
    async def story(stage: Stage) -> None:
        async def program(process: Process) -> None:
            host = process.launch.hosts[process.number]
            for number in range(3 + process.number):
                process.print(host, number)
            await asyncio.sleep(1 + process.number)
            put(process.own.model / host, "weights")
            put(process.own.output_data / "log", host)

        stage.program = program
        stage.start()
        attempt = await stage.grant(instances=2)
        report = await stage.exit_of(attempt)
        assert (report.cause, report.exit_code, report.reason) == (cause("EXITED"), 0, "")
        lines = {(m.instance, line) for m in await stage.output() for line in getattr(m, "lines", ())}
        assert lines == {(i, f"algo-{i + 1} {number}") for i in range(2) for number in range(3 + i)}
        await stage.settle(attempt, publish=True)
        assert stage.published("model.tar.gz") == {"algo-1": "weights", "algo-2": "weights"}
        assert stage.published("output.tar.gz") == {"log": "algo-1"}

    played(tmp_path, story)


def test_when_one_instance_fails_the_training_fails_and_names_it(tmp_path):
    async def story(stage: Stage) -> None:
        async def program(process: Process) -> int:
            if process.number == 1:
                await asyncio.sleep(1)
                put(process.own.failure, "no column b")
                return 3
            await forever(process)
            return 0

        stage.program = program
        stage.start()
        attempt = await stage.grant(instances=3)
        report = await stage.exit_of(attempt, 10.0)
        assert (report.exit_code, report.reason) == (3, "algo-2: no column b")
        ended = next(m for m in await stage.output() if isinstance(m, output_pb2.TrainingEnded))
        assert list(ended.line_counts) == [1, 0, 1, 0]

    played(tmp_path, story)


# -- Checkpoints and being handed back


def test_what_is_handed_back_goes_on_from_its_last_checkpoint(tmp_path):
    async def story(stage: Stage) -> None:
        stage.program = saves_when_told
        stage.start()
        first = await stage.grant(checkpoint_uri=CHECKPOINTS)
        await until(lambda: stage.stored("kept"))
        stored_when_told: list[dict[str, str]] = []
        stage.scheduler.at_exit = lambda: stored_when_told.append(stage.stored("kept"))
        (course,) = stage.trainer.held
        course.hand_back(30.0)
        report = await stage.exit_of(first)
        assert (report.cause, report.exit_code) == (cause("PREEMPTED"), 0)
        assert (report.artifact_uri, bool(report.reason)) == ("", True)
        assert statuses(report.phases) == ["Starting", "Downloading", "Training", "Interrupted", "Uploading"]
        assert stored_when_told == [{STEP: "1+"}]
        await stage.void(first)
        await until(stage.of(first).abandoned.exists)
        second = await stage.grant(2, checkpoint_uri=CHECKPOINTS)
        await until(stage.of(second).first.spool.exists)
        await until(lambda: stage.of(second).first.spool.read_bytes() == b"from 1+\n")

    played(tmp_path, story)


def test_what_is_stopped_already_is_handed_back_no_later_and_stays_stopped(tmp_path):
    async def story(stage: Stage) -> None:
        stage.program = deaf
        stage.start()
        attempt = await stage.grant()
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        await stage.stop(attempt, 1000.0)
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Stopping"))
        (course,) = stage.trainer.held
        course.hand_back(5.0)
        report = await stage.exit_of(attempt, 10.0)
        assert (report.cause, report.exit_code) == (cause("STOPPED"), 137)
        assert statuses(report.phases) == ["Starting", "Training", "Stopping", "Uploading"]

    played(tmp_path, story)


@pytest.mark.parametrize("handed_back", [False, True], ids=["ended", "handed back"])
def test_a_last_checkpoint_that_cannot_be_stored_is_told_with_the_end(tmp_path, handed_back):
    async def story(stage: Stage) -> None:
        async def program(process: Process) -> None:
            process.handles_sigterm = True
            await (process.sigterm.wait() if handed_back else asyncio.sleep(60))
            put(stage.settings.s3_root / "kept/a/job-001", "in the way")
            write_step(process, "1")

        stage.program = program
        stage.start()
        attempt = await stage.grant(checkpoint_uri=CHECKPOINTS)
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        if handed_back:
            (course,) = stage.trainer.held
            course.hand_back(5.0)
        report = await stage.exit_of(attempt)
        assert report.exit_code == 0
        assert report.phases[-1].status == "Uploading"
        assert "the last state of the checkpoints could not be stored" in report.phases[-1].message

    played(tmp_path, story)


def test_what_never_began_is_handed_back_as_it_is(tmp_path):
    async def story(stage: Stage) -> None:
        stage.program = forever
        stage.start()
        put(stage.settings.s3_root / "kept" / STEP, "7")
        attempt = await stage.grant(checkpoint_uri=CHECKPOINTS, channels=stage.data(a="1"))
        while not stage.of(attempt).grant.exists():  # noqa: ASYNC110 - at the first moment
            await asyncio.sleep(0)
        (course,) = stage.trainer.held
        course.hand_back(5.0)
        report = await stage.exit_of(attempt)
        assert (report.cause, report.HasField("exit_code")) == (cause("PREEMPTED"), False)
        assert stage.stored("kept") == {STEP: "7"}

    played(tmp_path, story)


@pytest.mark.parametrize("while_it_runs", [True, False], ids=["while it runs", "after its end"])
def test_nothing_is_stored_once_the_lease_is_void(tmp_path, while_it_runs):
    async def story(stage: Stage) -> None:
        async def program(process: Process) -> None:
            process.handles_sigterm = True
            write_step(process, "1")
            await asyncio.sleep(60)
            write_step(process, "of a dead attempt")
            if while_it_runs:
                await asyncio.sleep(1000)

        stage.program = program
        stage.start()
        attempt = await stage.grant(checkpoint_uri=CHECKPOINTS)
        await until(lambda: stage.stored("kept") == {STEP: "1"})
        await stage.end()
        await stage.void(attempt)
        put(stage.settings.s3_root / "kept" / STEP, "of the next attempt")
        await asyncio.sleep(120)
        stage.scheduler.silent.add("OpenSession")
        stage.start()
        await asyncio.sleep(10)  # within the lease: all is done that may be before it is known whose it is
        stage.scheduler.silent.clear()
        await until(stage.of(attempt).abandoned.exists)
        await asyncio.sleep(120)
        assert stage.stored("kept") == {STEP: "of the next attempt"}
        assert not stage.scheduler.exits[attempt]

    played(tmp_path, story)


def test_a_lapsed_lease_ends_the_storing_with_the_program(tmp_path):
    async def story(stage: Stage) -> None:
        async def program(process: Process) -> None:
            process.handles_sigterm = True
            for number in range(1000):
                write_step(process, str(number))
                await asyncio.sleep(11)

        stage.program = program
        stage.start()
        attempt = await stage.grant(checkpoint_uri=CHECKPOINTS)
        await until(lambda: stage.stored("kept"))
        await stage.scheduler.change(lambda: stage.scheduler.silent.update({"Heartbeat", "OpenSession", "Exited"}))
        await asyncio.sleep(stage.scheduler.lease_s)
        stored = stage.stored("kept")
        await until(stage.of(attempt).abandoned.exists, 5.0)
        await asyncio.sleep(100)
        assert stage.stored("kept") == stored

    played(tmp_path, story)


# -- What an attempt leaves


def test_of_an_abandoned_attempt_its_words_are_kept_and_its_data_are_not(tmp_path):
    async def story(stage: Stage) -> None:
        stage.program = forever
        stage.start()
        attempt = await stage.grant(channels=stage.data(a="12345"), instances=2)
        folder = stage.of(attempt)
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        assert all((instance.input_data / "train/a").exists() for instance in folder.instances(2))
        await stage.void(attempt)
        await until(lambda: not any(instance.input_data.exists() for instance in folder.instances(2)))
        assert [instance.spool.read_bytes() for instance in folder.instances(2)] == [b"up\n"] * 2

    played(tmp_path, story)


def test_what_a_fault_of_ours_leaves_running_is_held_until_it_has_ended(tmp_path):
    async def story(stage: Stage) -> None:
        class Faulty(MortalRunner):
            """Its engine has come and gone: a run cannot be followed, and is not to be ended for now."""

            answers = False

            async def wait(self, attempt):
                if not self.answers:
                    await asyncio.sleep(5)
                    raise ValueError("a frame without a timestamp")
                return await super().wait(attempt)

            async def stop(self, *order):
                if not self.answers:
                    raise OSError("the engine does not answer")
                await super().stop(*order)

        stage.program = forever
        stage.start(Faulty)
        attempt = await stage.grant()
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        await asyncio.sleep(60)
        (run,) = stage.machine.runs.values()
        assert not run.ended.done()
        assert stage.scheduler.holds(attempt), "else it were given to another"
        assert not stage.scheduler.exits[attempt]
        Faulty.answers = True
        report = await stage.exit_of(attempt)
        assert (report.cause, run.ended.done()) == (cause("LOST"), True)
        assert "a frame without a timestamp" in report.reason

    played(tmp_path, story)


def test_the_limit_of_memory_is_told_with_the_end_for_want_of_it(tmp_path):
    async def story(stage: Stage) -> None:
        stage.program = forever
        stage.start()
        attempt = await stage.grant(need=Need(memory_bytes=2**30))
        await stage.scheduler.until(lambda: stage.scheduler.holds(attempt, "Training"))
        stage.machine.crash(EndCause.OUT_OF_MEMORY)
        report = await stage.exit_of(attempt)
        assert report.cause == cause("OUT_OF_MEMORY")
        assert "1 GiB" in report.reason

    played(tmp_path, story)


def test_time_jumps(tmp_path):
    """The tests here tell hours in moments: none of them may wait for the clock on the wall."""

    async def story(_: Stage) -> None:
        before = wall_clock()
        await asyncio.sleep(3600)
        assert 3600 <= wall_clock() - before < 3601

    played(tmp_path, story)
