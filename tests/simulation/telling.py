"""Tell a story: run the fleet through it until the job is over and everything has been told, then judge."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.simulation.circle import NAME, OVER_WITHIN_S, UID, ask, create
from tests.simulation.fleet import Fleet
from tests.simulation.stories import TAKES_CPUS, Event, Story, What
from tests.simulation.timeless import play
from tests.simulation.verdict import Excuses, judge, settled
from tunewright.core.errors import CallerError
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.core.asking import ANSWER_DUE_S

LOOK_S = 2.0
GRID = spec_pb2.STRATEGY_GRID
IN_MEMORY = Path("/dev/shm")
"""Where there is such a folder, spools are made there: they are many and small, and need not outlive anything."""


def tell(told: Story) -> Fleet:
    """Play the story and judge it. Raises AssertionError, or whatever went wrong."""
    with tempfile.TemporaryDirectory(prefix="tunewright-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        return play(_tell(told, Path(folder)))


async def _tell(told: Story, folder: Path) -> Fleet:
    fleet = Fleet(told, folder)
    await create(fleet.recorded, told.wanted)
    await asyncio.sleep(ANSWER_DUE_S)  # what was asked when it was created is due: all begins at once
    async with asyncio.timeout(OVER_WITHIN_S), fleet.running():
        happening = [asyncio.create_task(_happen(fleet, event)) for event in told.events]
        while not await _over(fleet):  # noqa: ASYNC110 - no bell outlives every process
            await asyncio.sleep(LOOK_S)
        for event in happening:
            event.cancel()
        await asyncio.gather(*happening, return_exceptions=True)
        _mend(fleet)
        await settled(fleet.recorded, fleet.trainers)
    job = (await records.read_job(fleet.recorded, UID)).value
    kept = await records.read_spec(fleet.recorded, UID, job.spec_revision)  # amended, it allows no less
    wanted = kept.value
    await judge(fleet.recorded, fleet.trainers, wanted, excuses_of(fleet))
    assert fleet.recorded.wrong == []
    assert fleet.recorded.most_leases <= wanted.limits.max_parallel
    for index, cpus in enumerate(told.cpus):
        assert fleet.recorded.most_held[f"trainer{index}"] * TAKES_CPUS[1] <= cpus, "more was granted than fits"
    return fleet


def excuses_of(fleet: Fleet) -> Excuses:
    told = fleet.told
    wanted = told.wanted
    folders = [str(settings.data_dir.resolve()) for settings in fleet.trainers.settings]
    trainers = [name for name in told.processes if name.startswith("trainer")]
    schedulers = [name for name in told.processes if name.startswith("scheduler")]
    timed = wanted.limits.max_runtime_s is not None
    return Excuses(
        stopped=told.may_end_early or timed,
        job_stopped=told.happens(What.STOP_JOB),
        ends_early=timed or wanted.completion.target is not None or told.happens(What.STOP_JOB),
        dead=dict(zip(folders, (fleet.processes[name].away for name in trainers), strict=True)),
        deaf=[*fleet.deaf, *(span for name in schedulers for span in fleet.processes[name].away)],
        cut=dict(zip(folders, fleet.cut, strict=True)),
    )


async def _over(fleet: Fleet) -> bool:
    job = await records.read_job(fleet.recorded, UID)
    return job is not None and job.value.state.final


def _mend(fleet: Fleet) -> None:
    """What has not come back when the job is over does so now: what is left is to be told."""
    fleet.remote.gone = fleet.broker.gone = False
    for line in fleet.lines:
        line.cut = False
    for process in fleet.processes.values():
        process.life.commits = None
        process.allowed.set()


async def _happen(fleet: Fleet, event: Event) -> None:
    await asyncio.sleep(event.at_s)
    match event.what:
        case What.KILL:
            await fleet.processes[event.who].die(event.for_s, event.commits, event.applied, event.within_s)
        case What.CRASH:
            fleet.trainers.hosts[_index(event.who)].crash()
            await fleet.processes[event.who].die(event.for_s, 0, applied=False, most_s=0.0)
        case What.CUT:
            await _cut(fleet, _index(event.who), event.for_s)
        case What.STORE_GONE:
            fleet.remote.gone = True
            now = asyncio.get_running_loop().time()
            fleet.deaf.append((now, now + event.for_s))
            await asyncio.sleep(event.for_s)
            fleet.remote.gone = False
        case What.BROKER_GONE | What.BROKER_EMPTIED:
            fleet.broker.gone = True
            await asyncio.sleep(event.for_s)
            if event.what is What.BROKER_EMPTIED:
                fleet.broker.empty()
            fleet.broker.gone = False
        case What.PAUSE:
            await _order(ask(fleet.front.PauseTuningJob, pb.PauseTuningJobRequest(job=NAME)))
            await asyncio.sleep(event.for_s)
            await _order(ask(fleet.front.ResumeTuningJob, pb.ResumeTuningJobRequest(job=NAME)))
        case What.AMEND:
            await _order(_amend(fleet))
        case What.STOP_JOB:
            await _order(ask(fleet.front.StopTuningJob, pb.StopTuningJobRequest(job=NAME)))
        case What.STOP_TRAINING:
            training = f"{UID}/{event.who}"
            await _order(ask(fleet.front.StopTrainingJob, pb.StopTrainingJobRequest(training=training)))


async def _amend(fleet: Fleet) -> None:
    """Ask for more, as it is seen to be; what comes in between is refused, and not asked for again."""
    seen = (await ask(fleet.front.GetTuningJob, pb.GetTuningJobRequest(job=NAME))).job
    limits = seen.spec.limits
    most = limits.max_trainings + 2 if limits.HasField("max_trainings") and seen.spec.strategy != GRID else None
    wanted = {"max_parallel": limits.max_parallel + 1, "max_trainings": most}
    request = pb.AmendTuningJobRequest(job=NAME, expected_revision=seen.spec_revision, request_id="amend", **wanted)
    await ask(fleet.front.AmendTuningJob, request)


async def _cut(fleet: Fleet, index: int, for_s: float) -> None:
    now = asyncio.get_running_loop().time()
    fleet.cut[index].append((now, now + for_s))
    fleet.lines[index].cut = True
    await asyncio.sleep(for_s)
    fleet.lines[index].cut = False


async def _order(order: object) -> None:
    """Give an order; that it comes too early or too late is the story's business."""
    with suppress(CallerError):
        await order


def _index(name: str) -> int:
    return int(name.removeprefix("trainer"))
