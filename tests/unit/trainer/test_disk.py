"""A host whose disk takes nothing more: it hands back what it was granted, claims nothing, and keeps what it has."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.simulation.host import Process
from tests.unit.trainer.stage import Stage, played
from tests.unit.trainer.test_course import cause, forever


def test_what_the_disk_does_not_take_is_handed_back_and_the_trainer_goes_on(tmp_path):
    async def story(stage: Stage) -> None:
        trainings = stage.settings.data_dir / "trainings"
        trainings.parent.mkdir(parents=True)
        trainings.write_text("no folder: nothing can be made below it")
        stage.start()
        report = await stage.exit_of(await stage.grant())
        assert (report.cause, report.HasField("exit_code")) == (cause("PREEMPTED"), False)
        assert "cannot hold it" in report.reason
        asked = len(stage.scheduler.claims)
        await asyncio.sleep(4)
        assert len(stage.scheduler.claims) == asked, "else it is granted to the same host at once"
        trainings.unlink()
        assert (await stage.exit_of(await stage.grant(2))).cause == cause("EXITED")

    played(tmp_path, story)


def test_a_host_that_can_hold_nothing_asks_more_and_more_seldom(tmp_path):
    async def story(stage: Stage) -> None:
        stage.settings.data_dir.mkdir(parents=True)
        (stage.settings.data_dir / "trainings").write_text("")
        stage.start()
        for attempt in range(100):
            await stage.grant(attempt)
        await asyncio.sleep(3600)
        assert len(stage.scheduler.exits) < 20

    played(tmp_path, story)


def test_nothing_is_claimed_while_the_disk_is_full_and_what_runs_goes_on(tmp_path):
    async def story(stage: Stage) -> None:
        async def program(process: Process) -> None:
            if process.launch.attempt.attempt == 1:
                await forever(process)

        stage.settings = replace(stage.settings, slots=2)
        stage.program = program
        stage.start()
        first = await stage.grant()
        await stage.scheduler.until(lambda: stage.scheduler.holds(first, "Training"))
        stage.free_bytes = 2**20
        await asyncio.sleep(60)  # what is asked is answered
        second = await stage.grant(2)
        await asyncio.sleep(600)
        assert not stage.scheduler.exits[second]
        assert stage.scheduler.holds(first, "Training")
        stage.free_bytes = 2**40
        assert (await stage.exit_of(second)).exit_code == 0

    played(tmp_path, story)
