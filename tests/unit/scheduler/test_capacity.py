"""Claims of trainers that tell what they have: what is granted fits, and nobody starves for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import World, any_program, running, spec, with_limits
from tunewright.core.access import OWNER
from tunewright.core.errors import InvalidSpec
from tunewright.core.instances import GIB, Capacity
from tunewright.core.spec import Resources
from tunewright.core.states import EndCause
from tunewright.platform.documents import from_document
from tunewright.platform.rpc.server import speaking_for
from tunewright.v1 import operations_service_pb2
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.claims import Claims
from tunewright_scheduler.core.controls import Quota
from tunewright_scheduler.core.orders import Holding
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.core.sharing_out import ELSEWHERE_S, RESERVE_AFTER_S
from tunewright_scheduler.operations import Operations
from tunewright_scheduler.operations_servicer import OperationsServicer
from tunewright_scheduler.purging import Purging
from tunewright_scheduler.records import training_key
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs
from tunewright_scheduler.worker_servicer import WorkerServicer

HOST = Capacity(8, 64 * GIB, 2)


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


async def job(
    world: World, uid: str, instance_type: str, *, parallel: int = 1, owner: str = "owner", **resources
) -> None:
    """Create a job whose trainings are all there to be claimed."""
    definition = replace(spec().definitions[0], resources=Resources(instance_type, **resources))
    wanted = with_limits(spec(name=uid, definitions=(definition,)), max_parallel=parallel, max_trainings=100)
    await world.create(wanted, uid, owner)
    await world.answer(world.asked.pop(), parallel, uid=uid)
    world.asked.clear()


async def opened(
    world: World, trainer: str, capacity: Capacity | None = HOST, slots: int = 8, holding: Sequence[Holding] = ()
) -> int:
    session = Session(trainer, 0, "owner", "default", slots, 0, "host", 0.0, 0.0, capacity=capacity)
    return (await world.sessions.open(session, holding))[0].epoch


async def held(world: World) -> list[Holding]:
    """Return what is under a lease of t."""
    return [Holding(training_key(one), one.attempt) for one in await world.sessions.running("t")]


async def claimed(world: World, trainer: str, epoch: int, free: Capacity | None = HOST, slots: int = 8) -> list[str]:
    """Claim once; return the uids of what was granted."""
    world.store.clock += 0.001
    request = f"{trainer}{world.store.clock}"
    granted = await world.claims.claim(trainer, epoch, request, slots=slots, wait_s=0, free=free)
    return [training.uid for training in granted]


async def test_a_claim_gets_what_fits_all_together(world):
    await job(world, "quads", "ml.m5.xlarge", parallel=5)
    epoch = await opened(world, "t")
    assert await claimed(world, "t", epoch, free=Capacity(7, 16 * GIB)) == ["quads"]
    assert await claimed(world, "t", epoch, free=Capacity(0, 0, 2)) == []
    assert await claimed(world, "t", epoch) == ["quads"]


async def test_all_instances_of_a_training_are_counted(world):
    await job(world, "triple", "ml.m5.xlarge", instance_count=3)
    epoch = await opened(world, "t")
    assert await claimed(world, "t", epoch) == []
    larger = Capacity(12, 64 * GIB)
    epoch = await opened(world, "larger", larger)
    assert await claimed(world, "larger", epoch, free=larger) == ["triple"]


async def test_gpus_are_whole_unless_they_are_to_be_shared(world):
    await job(world, "shared", "local_gpu", parallel=3, gpus_shared=True)
    epoch = await opened(world, "t")
    assert await claimed(world, "t", epoch, slots=1) == ["shared"]
    await job(world, "whole", "local_gpu", parallel=5)
    assert sorted(await claimed(world, "t", epoch, free=Capacity(8, GIB, 1, 1))) == ["shared", "shared", "whole"]


async def test_what_fits_nowhere_holds_up_nobody_behind_it(world):
    await job(world, "giant", "ml.p4d.24xlarge", parallel=100)
    world.store.clock += 1
    await job(world, "small", "ml.m5.large")
    epoch = await opened(world, "t")
    world.store.clock += 10 * RESERVE_AFTER_S
    assert await claimed(world, "t", epoch) == ["small"]


async def test_many_that_fit_nowhere_are_passed_in_a_few_looks(world):
    for index in range(8):
        await job(world, f"giant{index}", "ml.p4d.24xlarge", parallel=100)
    world.store.clock += 1
    await job(world, "small", "ml.m5.large")
    epoch = await opened(world, "t")
    granted = await asyncio.wait_for(world.claims.claim("t", epoch, "r", slots=1, wait_s=5, free=HOST), 5)
    assert [training.uid for training in granted] == ["small"]


async def test_smaller_ones_pass_for_a_while_and_then_the_trainer_is_kept_for_the_large_one(world):
    epoch = await opened(world, "t")
    await job(world, "large", "ml.m5.2xlarge")
    world.store.clock += 1
    await job(world, "small", "ml.m5.large", parallel=10)
    half = Capacity(4, 32 * GIB, 2)
    assert await claimed(world, "t", epoch, free=half, slots=1) == ["small"]
    world.store.clock += RESERVE_AFTER_S
    epoch = await opened(world, "t", holding=await held(world))
    assert await claimed(world, "t", epoch, free=half) == []
    (small,) = await world.sessions.running("t")
    await world.exit(small)
    assert await claimed(world, "t", epoch) == ["large"]
    (large,) = await world.sessions.running("t")
    await world.exit(large)
    assert await claimed(world, "t", epoch) == ["small"] * 4


async def test_only_one_of_several_trainers_is_kept_for_a_large_one(world):
    await job(world, "large", "ml.m5.2xlarge")
    await job(world, "small", "ml.m5.large", parallel=20)
    world.store.clock += RESERVE_AFTER_S
    epochs = {trainer: await opened(world, trainer) for trainer in ("a", "b", "c")}
    half = Capacity(4, 32 * GIB)
    got = {trainer: await claimed(world, trainer, epoch, free=half, slots=1) for trainer, epoch in epochs.items()}
    assert sorted(map(len, got.values())) == [0, 1, 1]


async def test_for_an_owner_at_a_quota_no_trainer_is_kept(world):
    await job(world, "first", "ml.m5.large")
    epoch = await opened(world, "t")
    assert await claimed(world, "t", epoch) == ["first"]
    await job(world, "large", "ml.m5.2xlarge")
    await job(world, "other", "ml.m5.large", owner="other")
    await world.room.set_quota(Quota("owner", max_parallel=1))
    world.store.clock += RESERVE_AFTER_S
    epoch = await opened(world, "u")
    assert await claimed(world, "u", epoch, free=Capacity(4, 32 * GIB)) == ["other"]


async def test_a_lost_training_goes_to_another_trainer_first(world):
    await job(world, "small", "ml.m5.large")
    epochs = {trainer: await opened(world, trainer) for trainer in ("a", "b")}
    (granted,) = await world.claims.claim("a", epochs["a"], "r", slots=1, wait_s=0, free=HOST)
    await world.exit(granted, cause=EndCause.LOST)
    assert await claimed(world, "a", epochs["a"]) == []
    assert await claimed(world, "b", epochs["b"]) == ["small"]


async def test_a_lost_training_comes_back_if_nobody_else_takes_it(world):
    await job(world, "small", "ml.m5.large")
    epochs = {trainer: await opened(world, trainer) for trainer in ("a", "b")}
    (granted,) = await world.claims.claim("a", epochs["a"], "r", slots=1, wait_s=0, free=HOST)
    await world.exit(granted, cause=EndCause.LOST)
    world.store.clock += ELSEWHERE_S
    assert await claimed(world, "a", epochs["a"]) == ["small"]


async def test_a_trainer_that_tells_no_capacity_is_asked_for_slots_alone(world):
    await job(world, "giant", "ml.p4d.24xlarge", parallel=3)
    epoch = await opened(world, "t", capacity=None)
    assert await claimed(world, "t", epoch, free=None, slots=2) == ["giant"] * 2


async def test_what_a_trainer_holds_is_counted_also_if_it_says_that_more_is_free(world):
    await job(world, "quads", "ml.m5.xlarge", parallel=5)
    epoch = await opened(world, "t")
    assert await claimed(world, "t", epoch, free=None) == ["quads"] * 2
    assert await claimed(world, "t", epoch, free=None) == []
    assert await claimed(world, "t", epoch, free=HOST) == []
    await world.exit((await world.sessions.running("t"))[0])
    assert await claimed(world, "t", epoch, free=HOST) == ["quads"]


async def test_claims_of_one_trainer_at_two_schedulers_never_exceed_its_host(world):
    await job(world, "quads", "ml.m5.xlarge", parallel=50)
    other = Claims(world.store, Changes(world.store, Bells()), world.sessions, world.room, world.needs)
    epoch = await opened(world, "t", slots=50)
    calls = [
        claims.claim("t", epoch, f"r{index}", slots=8, wait_s=0, free=HOST)
        for index, claims in enumerate([world.claims, other] * 4)
    ]
    granted = [training for got in await asyncio.gather(*calls) for training in got]
    assert len(granted) == len(await world.sessions.running("t")) == 2


async def test_two_claims_at_once_get_no_training_twice(world):
    await job(world, "small", "ml.m5.large", parallel=10)
    epochs = {trainer: await opened(world, trainer) for trainer in ("a", "b")}
    granted = await asyncio.gather(*(claimed(world, trainer, epoch) for trainer, epoch in epochs.items()))
    assert sum(map(len, granted)) == 8
    assert len(running(await world.trainings("small"))) == 8


# -- On the wire ------------------------------------------------------------------------------------------------------


@pytest.fixture
def servicer(world):
    return WorkerServicer(world.sessions, world.heartbeats, world.claims, world.changes, world.needs)


async def open_and_claim(servicer, **fields) -> list[pb.Grant]:
    host = pb.Capacity(cpus=8, memory_bytes=64 * GIB, gpus=2)
    with speaking_for(anybody(OWNER)):
        session = await servicer.OpenSession(pb.OpenSessionRequest(trainer_id="t", slots=4, capacity=host), None)
        request = pb.ClaimRequest(trainer_id="t", epoch=session.epoch, request_id="r", slots=4, free=host, **fields)
        return list((await servicer.Claim(request, None)).grants)


async def test_a_grant_says_what_each_instance_takes(world, servicer):
    await job(world, "pair", "ml.g5.xlarge", instance_count=2)
    (grant,) = await open_and_claim(servicer)
    assert grant.need == pb.Need(cpus=4, memory_bytes=16 * GIB, gpus=1)
    assert grant.definition.resources.instance_count == 2


async def test_what_is_shared_is_granted_as_shared(world, servicer):
    await job(world, "shared", "local_gpu", gpus_shared=True)
    (grant,) = await open_and_claim(servicer)
    assert grant.need == pb.Need(gpus=1, gpus_shared=True)


@pytest.mark.parametrize("capacity", [{"cpus": -1}, {"cpus": float("nan")}, {"memory_bytes": -5}, {"gpus": -1}])
async def test_sizes_that_no_host_has_are_refused(servicer, capacity):
    request = pb.OpenSessionRequest(trainer_id="t", slots=1, capacity=pb.Capacity(**capacity))
    with speaking_for(anybody(OWNER)), pytest.raises(InvalidSpec) as refused:
        await servicer.OpenSession(request, None)
    assert refused.value.field == f"capacity.{next(iter(capacity))}"


async def test_a_session_of_an_older_version_is_read(world):
    await opened(world, "t")
    stored = await world.store.get("sessions", "t")
    document = {name: item for name, item in stored.document.items() if name not in {"capacity", "told"}}
    old = from_document(document, Session)
    assert (old.capacity, old.told) == (None, ())


async def test_operators_see_what_each_trainer_has_and_what_is_free(world):
    await job(world, "quads", "ml.m5.xlarge")
    epoch = await opened(world, "sized")
    await opened(world, "unsized", capacity=None)
    await claimed(world, "sized", epoch)
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    tuning = TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)
    front = OperationsServicer(
        tuning, jobs, world.room, world.doctor, Operations(world.changes), Purging(world.store, jobs)
    )
    listed = await front.ListTrainers(operations_service_pb2.ListTrainersRequest(), None)
    sized, unsized = listed.trainers
    assert sized.capacity == pb.Capacity(cpus=8, memory_bytes=64 * GIB, gpus=2)
    assert sized.free == pb.Capacity(cpus=4, memory_bytes=48 * GIB, gpus=2)
    assert not unsized.HasField("capacity")
