"""What a container prints: lines longer than the engine's records."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.docker.world import ended
from tests.contract.runner_contract import DEADLINE_S, until
from tunewright.core.states import EndCause

LENGTHS = (16_383, 16_384, 16_385, 32_768, 70_000)
LONG = f"""
import os, pathlib, sys, time
for round in range(2):
    for length in {LENGTHS}:
        sys.stdout.write("x" * length + "\\n")
        print(f"score={{length}}", flush=True)
    if round == 0:
        while not pathlib.Path(os.environ["SM_MODEL_DIR"], "go").exists():
            time.sleep(0.01)
"""


def brief(output: str) -> list[tuple[int, str]]:
    """Return of each line its length and its end: what a failed comparison can show."""
    return [(len(line), line[-12:]) for line in output.split("\n")]


@pytest.mark.parametrize("driver", ["local", "json-file"])
async def test_the_line_after_a_long_one_is_a_line_of_its_own_also_over_a_restart(world, driver):
    runner = world.make_docker_runner(log_driver=driver)
    launch = world.launch(LONG)
    await runner.start(launch)
    await until(lambda: b"score=70000" in world.spool(launch))
    await runner.close()
    (world.folder(launch).first.model / "go").touch()
    later = world.make_docker_runner(log_driver=driver)
    end = await ended(later, launch)
    assert end.exit_code == 0
    lines = [line for length in LENGTHS for line in (length * "x", f"score={length}")] * 2
    assert brief(world.spool(launch).decode()) == brief("\n".join([*lines, ""]))
    await later.remove(launch.attempt)
    await later.close()


FLOOD = "print('first')\nwhile True:\n    print('y' * 1000)\n"


@pytest.mark.parametrize("restarted", [False, True], ids=["", "found again"])
async def test_what_floods_its_log_is_ended_at_the_quota_and_the_rest_is_not_read(world, restarted):
    quota_bytes = 1_000_000
    runner = world.make_docker_runner(spool_quota_bytes=10**15 if restarted else quota_bytes)
    launch = world.launch(FLOOD)
    await runner.start(launch)
    if restarted:
        await until(lambda: len(world.spool(launch)) > 2 * quota_bytes)
        await runner.close()
    copied = len(world.spool(launch)) if restarted else quota_bytes
    later = world.make_docker_runner(spool_quota_bytes=quota_bytes) if restarted else runner
    await later.start(launch)
    async with asyncio.timeout(DEADLINE_S):
        end = await later.wait(launch.attempt)
    assert (end.cause, end.exit_code) == (EndCause.SPOOL_FULL, 137)
    said = world.spool(launch)
    assert copied < len(said) == end.spool_bytes[0] < copied + 500_000
    assert said.startswith(b"first\n")
    assert said.splitlines()[-1].startswith(b"[tunewright: output is missing here; the spool quota")
    await later.remove(launch.attempt)
    await later.close()
