"""Commands of other systems: carried out once, answered once in effect, by nobody in another's name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.callers import anybody
from tests.simulation.mortal import Life, MortalStore
from tests.unit.platform.foreign import KEY_OF, OTHERS, letters, records_on, sealed, signed, until_read
from tests.unit.scheduler.world import ClockedStore, spec, with_limits
from tunewright.core.access import OWNER
from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.core.space import Float
from tunewright.core.spec import Definition, Parameter
from tunewright.core.states import JobState
from tunewright.events.v1 import commands_pb2, facts_pb2
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import read
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.signing import SIGNATURE
from tunewright.platform.bus.topics import topics
from tunewright.platform.codec import to_message
from tunewright.platform.documents import from_document
from tunewright.platform.rpc.server import _caller
from tunewright.platform.store.port import Query, Store
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.commands import LONGEST_ID, LONGEST_MESSAGE
from tunewright_scheduler.controls import ControlRoom
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.session import LeaseTerms
from tunewright_scheduler.main import Scheduler, scheduler
from tunewright_scheduler.records import read_spec
from tunewright_scheduler.relay import Relay
from tunewright_scheduler.tuning_jobs import REQUESTS_KEPT_S, TuningJobs

TOPIC = "tuning.commands"
ANSWERS = (facts_pb2.CommandAccepted, facts_pb2.CommandRejected)


def create(command_id: str = "c-1", **fields: object) -> commands_pb2.CreateTuningJob:
    return commands_pb2.CreateTuningJob(command_id=command_id, spec=to_message(spec(**fields), spec_pb2.TuningJobSpec))


def stop(command_id: str, job: str = "job") -> commands_pb2.StopTuningJob:
    return commands_pb2.StopTuningJob(command_id=command_id, job=job)


def delete(command_id: str, job: str = "job") -> commands_pb2.DeleteTuningJob:
    return commands_pb2.DeleteTuningJob(command_id=command_id, job=job)


def amend(command_id: str, job: str, expected_revision: int, **values: Any) -> commands_pb2.AmendTuningJob:
    return commands_pb2.AmendTuningJob(command_id=command_id, job=job, expected_revision=expected_revision, **values)


@dataclass(frozen=True)
class Told:
    id: str
    key: str
    message: Any


class Office:
    """A scheduler that reads commands, and the world that listens to its answers."""

    def __init__(self, store: ClockedStore, bus: MemoryBus) -> None:
        self.store, self.bus = store, bus

    async def send(self, *what: Record | Message, store: Store | None = None) -> None:
        """Publish and have it consumed by a scheduler that has just started."""
        await self.bus.publish([item if isinstance(item, Record) else signed(TOPIC, item) for item in what])
        async with self.scheduler(store or self.store) as parts:
            await until_read(self.bus, "scheduler-commands", TOPIC, lambda: parts.consume_commands(KEY_OF))

    def scheduler(self, store: Store) -> Any:
        return scheduler(store, self.bus, grpc.aio.insecure_channel("unix:/nowhere"), _any_image, LeaseTerms())

    async def told(self) -> list[Told]:
        """Return the answers told since the last call."""
        while await Relay(self.store, self.bus).relay():
            pass
        async with self.bus.subscribe("world", ["tuning.events"]) as subscription:
            found = await subscription.batch(wait_s=0.01)
            await subscription.commit(found)
        events = [Told(item.record.headers["ce_id"].decode(), item.record.key, read(item.record)) for item in found]
        return [event for event in events if isinstance(event.message, ANSWERS)]

    async def answer(self, *what: Record | Message) -> Any:
        await self.send(*what)
        (told,) = await self.told()
        return told.message

    async def jobs(self) -> list[TuningJob]:
        page = await self.store.find(Query("tuning_jobs", "by_creation", {"owner": OWNER, "hidden": False}))
        return [from_document(item.document, TuningJob) for item in page.items]


async def _any_image(_path: str, definition: Definition) -> None:
    if definition.image == "file:///fault":
        raise RuntimeError("as the test wants it")
    if not definition.image.startswith("file:///"):
        raise InvalidSpec("definitions[0].image", "is nothing that runs here")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    store = ClockedStore(tmp_path / "store.db")
    yield Office(store, MemoryBus(topics().values()))
    await store.close()


@pytest.mark.parametrize("json", [True, False])
async def test_a_job_is_made_once_and_told_of_once_however_often_the_command_comes(office: Office, json: bool) -> None:
    record = signed(TOPIC, create(), json=json)
    await office.send(record, record, record)
    (job,) = await office.jobs()
    assert (job.name, job.owner, job.state) == ("job", OWNER, JobState.RUNNING)
    (told,) = await office.told()
    assert told == Told(f"command/{OWNER}/c-1", job.uid, facts_pb2.CommandAccepted(command_id="c-1", uid=job.uid))
    await office.send(record)
    assert await office.told() == [told]
    assert len(await office.jobs()) == 1


async def test_json_and_protobuf_of_one_command_are_one_command(office: Office) -> None:
    await office.send(signed(TOPIC, create(), json=True), signed(TOPIC, create(), json=False))
    (told,) = await office.told()
    assert isinstance(told.message, facts_pb2.CommandAccepted)


async def test_a_job_is_stopped_and_deleted_by_name_or_uid(office: Office) -> None:
    await office.send(create())
    (job,) = await office.jobs()
    await office.send(stop("c-2", job.uid))
    assert [found.state for found in await office.jobs()] == [JobState.STOPPED]
    await office.send(delete("c-3", "JOB"))
    assert await office.jobs() == []
    told = await office.told()
    assert {item.message.command_id for item in told} == {"c-1", "c-2", "c-3"}
    assert {(item.key, item.message.uid) for item in told} == {(job.uid, job.uid)}
    await office.send(delete("c-3", "JOB"))
    (again,) = await office.told()
    assert again in told


@pytest.mark.parametrize("json", [True, False])
async def test_a_job_is_amended_once_however_often_the_command_comes(office: Office, json: bool) -> None:
    await office.send(create())
    await office.told()
    wider = to_message(Parameter("lr", Float(1e-5, 1.0)), spec_pb2.Parameter)
    record = signed(TOPIC, amend("c-2", "job", 1, max_trainings=9, priority=2, parameters=[wider]), json=json)
    await office.send(record, record)
    (job,) = await office.jobs()
    assert job.spec_revision == 2
    amended = (await read_spec(office.store, job.uid, 2)).value
    assert amended is not None
    assert (amended.limits.max_trainings, amended.limits.max_parallel, amended.priority) == (9, 2, 2)
    assert amended.definitions[0].space["lr"] == Float(1e-5, 1.0)
    (told,) = await office.told()
    assert told.message == facts_pb2.CommandAccepted(command_id="c-2", uid=job.uid)


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("commits", range(3))
async def test_a_crash_at_any_commit_amends_once(office: Office, commits: int, applied: bool) -> None:
    life = Life(commits, applied)
    ordered = (create(), amend("c-2", "job", 1, max_trainings=9), amend("c-3", "job", 1, max_trainings=8))
    await office.bus.publish([signed(TOPIC, item) for item in ordered])
    async with office.scheduler(MortalStore(office.store, life)) as parts:
        dying = asyncio.ensure_future(parts.consume_commands(KEY_OF))
        async with asyncio.timeout(10):
            await life.over.wait()
        dying.cancel()
    before = await office.told()
    await office.send()
    told = {item.id: type(item.message).__name__ for item in [*before, *await office.told()]}
    assert [told[f"command/{OWNER}/c-{number}"] for number in (2, 3)] == ["CommandAccepted", "CommandRejected"]
    (job,) = await office.jobs()
    amended = (await read_spec(office.store, job.uid, job.spec_revision)).value
    assert amended is not None
    assert (job.spec_revision, amended.limits.max_trainings) == (2, 9)


REFUSED = [
    (create("c", name="no_name"), "INVALID_SPEC", "name"),
    (create("c", limits=with_limits(spec(), max_parallel=0).limits), "INVALID_SPEC", "limits.max_parallel"),
    (create("c", name="taken"), "ALREADY_EXISTS", "name"),
    (commands_pb2.CreateTuningJob(command_id="c"), "INVALID_SPEC", "objective"),
    (stop("c", "nowhere"), "NOT_FOUND", "job"),
    (stop("c", ""), "NOT_FOUND", "job"),
    (delete("c", "taken"), "ILLEGAL_TRANSITION", "job"),
    (commands_pb2.AmendTuningJob(command_id="c", job="taken"), "INVALID_SPEC", "expected_revision"),
    (amend("c", "taken", 2, max_trainings=9), "ILLEGAL_TRANSITION", "job"),
    (amend("c", "taken", 1), "INVALID_SPEC", "amendment"),
    (amend("c", "taken", 1, max_parallel=0), "INVALID_SPEC", "max_parallel"),
    (amend("c", "nowhere", 1, max_trainings=9), "NOT_FOUND", "job"),
    (commands_pb2.EndTraining(command_id="c", training="t", failed=True), "NOT_FOUND", "training"),
    (stop("", "taken"), "INVALID_SPEC", "command_id"),
    (stop("c" * (LONGEST_ID + 1), "taken"), "INVALID_SPEC", "command_id"),
]


@pytest.mark.parametrize(("command", "reason", "field"), REFUSED, ids=range(len(REFUSED)))
async def test_a_refusal_names_the_reason_and_the_field(office: Office, command: Any, reason: str, field: str) -> None:
    await office.send(create("first", name="taken"))
    await office.told()
    rejected = await office.answer(command)
    assert isinstance(rejected, facts_pb2.CommandRejected)
    assert (rejected.reason, rejected.field) == (reason, field)
    assert rejected.command_id == command.command_id[:LONGEST_ID]
    assert 0 < len(rejected.message) <= LONGEST_MESSAGE
    assert [job.state for job in await office.jobs()] == [JobState.RUNNING]
    assert await office.answer(command) == rejected


async def test_an_unknown_number_of_an_enum_and_a_foreign_image_are_named(office: Office) -> None:
    command = create()
    command.spec.strategy = 99
    assert (await office.answer(command)).field == "strategy"
    command = create("c-2")
    command.spec.definitions[0].image = "docker://x"
    assert (await office.answer(command)).field == "definitions[0].image"


async def test_an_ended_job_is_not_stopped_again(office: Office) -> None:
    await office.send(create(), stop("c-2"))
    await office.told()
    rejected = await office.answer(stop("c-3"))
    assert (rejected.reason, "already Stopped" in rejected.message) == ("ILLEGAL_TRANSITION", True)


async def test_an_id_is_used_for_one_command(office: Office) -> None:
    await office.send(create(), stop("c-1"))
    told = await office.told()
    accepted, rejected = sorted(told, key=lambda item: type(item.message).__name__)
    assert isinstance(accepted.message, facts_pb2.CommandAccepted)
    assert (rejected.message.reason, rejected.message.field) == ("INVALID_SPEC", "command_id")
    assert "was used for another" in rejected.message.message
    assert accepted.id != rejected.id
    await office.send(create())
    assert await office.told() == [accepted]


async def test_a_refusal_stands_though_it_would_be_carried_out_today(office: Office) -> None:
    rejected = await office.answer(stop("c-1"))
    await office.send(create("c-2"))
    await office.told()
    assert await office.answer(stop("c-1")) == rejected
    assert isinstance(await office.answer(stop("c-3")), facts_pb2.CommandAccepted)


async def test_a_fault_of_ours_is_told_and_stops_nobody_else(office: Office) -> None:
    broken = create("broken")
    broken.spec.definitions[0].image = "file:///fault"
    await office.send(broken, create())
    answers = {item.message.command_id: item.message for item in await office.told()}
    assert answers["broken"].reason == "FAULT"
    assert "as the test wants it" not in answers["broken"].message
    assert isinstance(answers["c-1"], facts_pb2.CommandAccepted)


async def test_ids_are_kept_longer_than_the_topic_keeps_commands(office: Office) -> None:
    assert topics()[TOPIC].retention_s < REQUESTS_KEPT_S
    await office.send(create(), stop("refused", "nowhere"))
    page = await office.store.find(Query("requests", "expiring"))
    assert [item.document["expires_at"] for item in page.items] == [office.store.clock + REQUESTS_KEPT_S] * 2


async def test_nobody_orders_in_anothers_name(office: Office) -> None:
    genuine = signed(TOPIC, stop("c-2"))
    forged = replace(genuine, headers={**genuine.headers, "ce_type": b"DeleteTuningJob"})
    unsigned = replace(genuine, headers={name: value for name, value in genuine.headers.items() if name != SIGNATURE})
    elsewhere = sealed("training.reports", "MetricsReported", genuine.value).headers[SIGNATURE]
    replayed = replace(genuine, headers={**genuine.headers, SIGNATURE: elsewhere})
    await office.send(create(), forged, unsigned, replayed, signed(TOPIC, stop("c-3"), credentials=OTHERS))
    assert [job.state for job in await office.jobs()] == [JobState.RUNNING]
    assert len(await office.told()) == 1
    assert len(await letters(office.bus)) == 4


async def test_a_job_of_another_owner_is_not_there(office: Office) -> None:
    world_jobs = TuningJobs(office.store, Changes(office.store, Bells()), _any_image, ControlRoom(office.store))
    uid = await world_jobs.create("somebody else", spec())
    for command_id, job in (("c-1", "job"), ("c-2", uid)):
        assert (await office.answer(stop(command_id, job))).reason == "NOT_FOUND"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (b'{"commandId": "c", "spek": {}}', '"spek"'),
        (b'{"commandId": "c", "spec": {"strategy": "STRATEGY_MAGIC"}}', "strategy"),
        (b'{"commandId": "c"', "JSON"),
        (b"\xff\xff", "CreateTuningJob"),
    ],
)
async def test_what_cannot_be_read_is_a_dead_letter_that_says_why(office: Office, value: bytes, named: str) -> None:
    await office.send(sealed(TOPIC, "CreateTuningJob", value), create())
    (reason,) = await letters(office.bus)
    assert named in reason
    assert len(await office.jobs()) == 1


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("commits", range(4))
async def test_a_crash_at_any_commit_changes_nothing_in_the_end(office: Office, commits: int, applied: bool) -> None:
    life = Life(commits, applied)
    await office.bus.publish([signed(TOPIC, item) for item in (create(), stop("c-2"), delete("c-3"), delete("c-4"))])
    async with office.scheduler(MortalStore(office.store, life)) as parts:
        dying = asyncio.ensure_future(parts.consume_commands(KEY_OF))
        async with asyncio.timeout(10):
            await life.over.wait()
        dying.cancel()
    before = await office.told()
    await office.send()
    told = {(item.id, item.message.SerializeToString()): item.message for item in [*before, *await office.told()]}
    assert sorted((item.command_id, type(item).__name__) for item in told.values()) == [
        ("c-1", "CommandAccepted"),
        ("c-2", "CommandAccepted"),
        ("c-3", "CommandAccepted"),
        ("c-4", "CommandRejected"),
    ]
    assert len({item.uid for item in told.values() if isinstance(item, facts_pb2.CommandAccepted)}) == 1
    page = await office.store.find(Query("tuning_jobs", "by_creation", {"owner": OWNER, "hidden": True}))
    assert len(page.items) == 1


@pytest.mark.parametrize("fails_before", [True, False])
async def test_a_store_that_is_away_delays_and_changes_nothing(office: Office, fails_before: bool) -> None:
    office.store.commits_to_failure, office.store.fails_before = 0, fails_before
    await office.send(create())
    (told,) = await office.told()
    assert isinstance(told.message, facts_pb2.CommandAccepted)
    assert len(await office.jobs()) == 1


async def test_two_schedulers_at_one_command_make_one_job(office: Office) -> None:
    async with office.scheduler(office.store) as one, office.scheduler(office.store) as other:
        tries = [_patiently(parts, create()) for parts in (one, other, one, other)]
        await asyncio.gather(*tries)
    (job,) = await office.jobs()
    told = await office.told()
    assert {(item.id, item.message.uid) for item in told} == {(f"command/{OWNER}/c-1", job.uid)}


async def _patiently(parts: Scheduler, command: Message) -> None:
    for _ in range(5):
        try:
            await parts.commands.take(command, OWNER)
        except Unavailable:
            continue
        return
    raise AssertionError("never done")


async def test_a_user_and_a_command_use_ids_of_their_own(office: Office) -> None:
    async with office.scheduler(office.store) as parts:
        _caller.set(anybody(OWNER))
        request = pb.CreateTuningJobRequest(spec=create().spec, request_id="c-1")
        made = (await parts.tuning.CreateTuningJob(request, None)).job
        assert (await parts.tuning.CreateTuningJob(request, None)).job.uid == made.uid
    assert (await office.answer(create("c-1"))).reason == "ALREADY_EXISTS"


async def test_an_unknown_number_of_an_enum_is_the_callers_fault(office: Office) -> None:
    async with office.scheduler(office.store) as parts:
        _caller.set(anybody(OWNER))
        await parts.tuning.CreateTuningJob(pb.CreateTuningJobRequest(spec=create().spec), None)
        with pytest.raises(InvalidSpec, match=r"state_equals: 99 is not a known value\. Choose one of READY"):
            await parts.tuning.ListTrainingJobs(pb.ListTrainingJobsRequest(job="job", state_equals=99), None)
        with pytest.raises(InvalidSpec, match="order"):
            await parts.tuning.ListTrainingJobs(pb.ListTrainingJobsRequest(job="job", order=99), None)
        with pytest.raises(InvalidSpec, match="order"):
            await parts.tuning.ListTuningJobs(pb.ListTuningJobsRequest(order=99), None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(records_on(TOPIC, list(topics()[TOPIC].messages)), min_size=1, max_size=20))
async def test_nothing_that_anybody_writes_stops_the_consumer(tmp_path: Path, batch: list[Record]) -> None:
    store = ClockedStore(tmp_path / "fuzz.db")
    try:
        office = Office(store, MemoryBus(topics().values()))
        await office.send(*batch)
        reasons, told = await letters(office.bus), await office.told()
        assert all(reasons)
        assert len(reasons) + len(told) <= len(batch)
        assert reasons or told
        assert await office.jobs() == []
    finally:
        await store.close()
