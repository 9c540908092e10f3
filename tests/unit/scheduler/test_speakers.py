"""Who may speak for a trainer, and whose word on an end counts: that of the one who was given the attempt."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.callers import anybody
from tests.unit.scheduler.world import UID, World, spec, with_limits
from tunewright.core.access import OWNER, digest_of
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.core.states import TrainingState
from tunewright.platform.codec import instant_to_timestamp
from tunewright.platform.rpc.server import speaking_for
from tunewright.platform.store.port import Put
from tunewright.v1 import worker_service_pb2 as pb
from tunewright_scheduler.core.session import fenced
from tunewright_scheduler.worker_servicer import WorkerServicer

KEY = "k" * 32
ATTEMPT = pb.Attempt(training_id=f"{UID}/000001", attempt=1)


class Desk:
    """A scheduler as those see it who have credentials; trainer t has been given a training."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.worker = WorkerServicer(world.sessions, world.heartbeats, world.claims, world.changes, world.needs)
        self.epoch = 0

    async def begin(self) -> None:
        await self.world.create(with_limits(spec(), max_parallel=1))
        await self.world.answer_all()
        self.epoch = await self.open()
        assert len(await self.claim(self.epoch)) == 1

    async def open(
        self, *holding: pb.Attempt, owner: str = OWNER, trainer: str = "t", key: str = KEY, pool: str = ""
    ) -> int:
        request = pb.OpenSessionRequest(trainer_id=trainer, slots=2, holding=holding, session_key=key, pool=pool)
        with speaking_for(anybody(owner)):
            return (await self.worker.OpenSession(request, None)).epoch

    async def claim(self, epoch: int, *, owner: str = OWNER, trainer: str = "t", key: str = KEY) -> list[pb.Grant]:
        request = pb.ClaimRequest(
            trainer_id=trainer, epoch=epoch, request_id=f"{trainer}{epoch}", slots=1, session_key=key
        )
        with speaking_for(anybody(owner)):
            return list((await self.worker.Claim(request, None)).grants)

    async def exited(
        self,
        epoch: int,
        *,
        owner: str = OWNER,
        trainer: str = "t",
        cause: str = "END_CAUSE_EXITED",
        key: str = KEY,
    ) -> None:
        end = pb.ExitedRequest(trainer_id=trainer, epoch=epoch, attempt=ATTEMPT, cause=cause, exit_code=0)
        end.session_key = key
        end.ended_at.CopyFrom(instant_to_timestamp(self.world.store.clock))
        with speaking_for(anybody(owner)):
            await self.worker.Exited(end, None)

    async def state(self) -> tuple[TrainingState, int]:
        training = await self.world.training(1)
        return training.state, training.attempt


@pytest.fixture
async def desk(tmp_path: Path):
    desk = Desk(World(tmp_path))
    await desk.begin()
    yield desk
    await desk.world.store.close()


async def test_an_end_counts_that_is_told_under_the_epoch_of_the_grant(desk):
    await desk.exited(desk.epoch)
    assert await desk.state() == (TrainingState.EXITED, 1)
    await desk.exited(desk.epoch)  # told again, it is the same fact


@pytest.mark.parametrize("cause", ["END_CAUSE_EXITED", "END_CAUSE_LOST", "END_CAUSE_PREEMPTED"])
@pytest.mark.parametrize(
    "who", [{"owner": "somebody-else"}, {"trainer": "u"}, {"owner": "somebody-else", "trainer": "u"}], ids=str
)
async def test_an_end_that_somebody_else_tells_is_refused(desk, who, cause):
    with pytest.raises(NotFound if "owner" in who else IllegalTransition):
        await desk.exited(desk.epoch, cause=cause, **who)
    assert await desk.state() == (TrainingState.RUNNING, 1)


async def test_an_end_under_no_epoch_or_one_before_the_grant_is_refused(desk):
    for epoch in (0, desk.epoch - 1):
        with pytest.raises(IllegalTransition, match="Abandon"):
            await desk.exited(epoch)
    assert await desk.state() == (TrainingState.RUNNING, 1)


async def test_an_end_that_was_under_way_while_the_session_was_opened_anew_counts(desk):
    assert await desk.open(ATTEMPT) > desk.epoch
    await desk.exited(desk.epoch)
    assert await desk.state() == (TrainingState.EXITED, 1)


async def test_an_end_counts_that_is_told_under_the_new_epoch(desk):
    await desk.exited(await desk.open(ATTEMPT))
    assert await desk.state() == (TrainingState.EXITED, 1)


async def test_an_end_counts_while_the_session_has_lapsed_and_nobody_has_taken_the_training_back(desk):
    desk.world.store.clock += 1000
    await desk.exited(desk.epoch)
    assert await desk.state() == (TrainingState.EXITED, 1)


async def test_an_end_counts_while_a_session_is_fenced_and_the_training_not_yet_taken_back(desk):
    current = (await desk.world.sessions.current("t", desk.epoch)).value
    document = (await desk.world.store.get("sessions", "t")).document
    over = fenced(current)
    await desk.world.store.commit([Put("sessions", "t", document | {"epoch": over.epoch, "expires_at": 0.0})])
    await desk.exited(desk.epoch)
    assert await desk.state() == (TrainingState.EXITED, 1)


async def test_an_end_is_fenced_once_the_training_was_lost_and_given_to_another(desk):
    desk.world.store.clock += 1000
    await desk.world.sessions.lose_expired()
    other = await desk.open(trainer="u")
    assert [grant.attempt.attempt for grant in await desk.claim(other, trainer="u")] == [2]
    for epoch in (desk.epoch, await desk.open()):
        with pytest.raises(IllegalTransition, match="Abandon"):
            await desk.exited(epoch)
    assert await desk.state() == (TrainingState.RUNNING, 2)


async def test_a_preemption_told_again_by_its_trainer_is_accepted_after_the_training_went_back(desk):
    for _ in range(2):
        await desk.exited(desk.epoch, cause="END_CAUSE_PREEMPTED")
        assert await desk.state() == (TrainingState.READY, 1)
    with pytest.raises(NotFound):
        await desk.exited(desk.epoch, cause="END_CAUSE_PREEMPTED", owner="somebody-else")


async def test_each_owner_has_trainer_ids_of_his_own(desk):
    """Else whoever may train could open the session of the installation's trainer while that restarts."""
    theirs = "fedcba9876543210"
    await desk.world.create(spec(name="theirs"), theirs, "somebody-else")
    desk.world.store.clock += 1000
    await desk.world.sessions.lose_expired()
    epoch = await desk.open(owner="somebody-else", pool=f"claimed/{theirs}", key="x" * 32)
    assert await desk.open() > 0, "the installation's own trainer t"
    with speaking_for(anybody("somebody-else")):
        heartbeat = pb.HeartbeatRequest(trainer_id="t", epoch=epoch, session_key="x" * 32)
        await desk.worker.Heartbeat(heartbeat, None)
    with speaking_for(anybody("a-third")), pytest.raises(IllegalTransition, match="is lost"):
        await desk.worker.Heartbeat(heartbeat, None)


async def test_trainings_of_all_owners_are_for_the_installations_trainers(desk):
    for pool in ("", "default", "gpu"):
        with pytest.raises(InvalidSpec, match="trainings of all owners"):
            await desk.open(owner="owner", trainer="u", pool=pool)
    with pytest.raises(NotFound):
        await desk.open(owner="somebody-else", trainer="u", pool=f"claimed/{UID}")


@pytest.mark.parametrize("key", ["", "x" * 32])
async def test_who_lacks_the_sessions_key_cannot_speak_for_it(desk, key):
    heartbeat = pb.HeartbeatRequest(trainer_id="t", epoch=desk.epoch, session_key=key)
    close = pb.CloseSessionRequest(trainer_id="t", epoch=desk.epoch, session_key=key)
    with speaking_for(anybody(OWNER)):
        for call in (desk.worker.Heartbeat(heartbeat, None), desk.worker.CloseSession(close, None)):
            with pytest.raises(IllegalTransition, match="another session_key"):
                await call
    for call in (desk.open(key=key), desk.claim(desk.epoch, key=key)):
        with pytest.raises(IllegalTransition, match="another session_key"):
            await call
    with pytest.raises(IllegalTransition, match="Abandon"):
        await desk.exited(desk.epoch, key=key)
    assert await desk.state() == (TrainingState.RUNNING, 1)


async def test_a_lease_keeps_its_key_when_the_session_is_forgotten_and_opened_by_somebody_else(desk):
    """The new session has the trainer's name, its owner and a newer epoch, and was not given the training."""
    document = (await desk.world.store.get("sessions", "t")).document
    await desk.world.store.commit([Put("sessions", "t", document | {"key": digest_of("y" * 32)})])
    with pytest.raises(IllegalTransition, match="Abandon"):
        await desk.exited(desk.epoch + 1, key="y" * 32)
    await desk.exited(desk.epoch)
    assert await desk.state() == (TrainingState.EXITED, 1)


async def test_what_is_held_of_anothers_lease_is_told_as_what_is_not_there(desk):
    """Else a heartbeat that names it would be told that it is to stop, and why."""
    nothing = pb.Attempt(training_id=f"{UID}/000009", attempt=1)
    async with asyncio.timeout(20):
        epoch = await desk.open(trainer="u", key="z" * 32)
        with speaking_for(anybody(OWNER)):
            holding = [pb.Holding(attempt=ATTEMPT), pb.Holding(attempt=nothing)]
            asked = pb.HeartbeatRequest(trainer_id="u", epoch=epoch, session_key="z" * 32, holding=holding)
            told = await desk.worker.Heartbeat(asked, None)
    assert told == pb.HeartbeatResponse(abandon=[ATTEMPT, nothing])


async def test_a_key_that_could_be_guessed_is_refused(desk):
    with pytest.raises(InvalidSpec, match="fewer than 32"):
        await desk.open(trainer="u", key="secret")


async def test_a_session_of_before_keys_goes_on_and_takes_the_key_that_it_is_opened_with(desk):
    old = await desk.open(trainer="old", key="")
    with speaking_for(anybody(OWNER)):
        await desk.worker.Heartbeat(pb.HeartbeatRequest(trainer_id="old", epoch=old), None)
    await desk.open(trainer="old", key="n" * 32)
    with pytest.raises(IllegalTransition, match="another session_key"):
        await desk.open(trainer="old", key="")


async def test_nobody_renews_claims_under_or_closes_the_session_of_another(desk):
    with speaking_for(anybody("somebody-else")):
        with pytest.raises(IllegalTransition, match="is lost"):
            await desk.worker.Heartbeat(pb.HeartbeatRequest(trainer_id="t", epoch=desk.epoch, session_key=KEY), None)
        with pytest.raises(IllegalTransition, match="is lost"):
            await desk.worker.CloseSession(
                pb.CloseSessionRequest(trainer_id="t", epoch=desk.epoch, session_key=KEY), None
            )
    with pytest.raises(IllegalTransition, match="is lost"):
        await desk.claim(desk.epoch, owner="somebody-else")
    assert await desk.state() == (TrainingState.RUNNING, 1)
