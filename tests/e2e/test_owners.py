"""Owners see and touch only their own: every verb is tried on what is Ada's, by Bob, who has a token of his own.

What is not his he is answered as what is not there. A new method of a service, or operation of the SageMaker door,
fails here until it has a case.
"""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.e2e.claiming import job
from tests.e2e.owners import MARK, House, adas, principal, serving
from tests.unit.gateway.edge.asking import Answered, signed
from tests.unit.platform.services import METHODS, call, request_class
from tunewright.client import AsyncClient
from tunewright.core.access import Scope
from tunewright.core.amt.writing import to_amt
from tunewright.core.errors import NotFound
from tunewright.core.spec import WarmStart, WarmStartType
from tunewright.core.states import TrainingState
from tunewright.platform.access_file import add, revoke
from tunewright.platform.codec import to_message
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.scopes import SCOPES
from tunewright.v1 import spec_pb2, tuning_service_pb2, worker_service_pb2
from tunewright.v1.tuning_service_pb2_grpc import TuningServiceStub
from tunewright.v1.worker_service_pb2_grpc import WorkerServiceStub
from tunewright_gateway.operations.table import OPERATIONS

ABSENT = grpc.StatusCode.NOT_FOUND
REFUSED = grpc.StatusCode.FAILED_PRECONDITION
DENIED = grpc.StatusCode.PERMISSION_DENIED
NOTHING = grpc.StatusCode.OK
"""It is answered, and what is Ada's is not in it."""
KEY = "b" * 32
Case = tuple[Mapping[str, Any], grpc.StatusCode]
Cases = Callable[["Bob"], Iterator[Case]]


@dataclass(frozen=True)
class Bob:
    house: House
    epoch: int
    """Of his own session …"""
    own: str
    """… for this job of his."""

    @property
    def jobs(self) -> tuple[str, ...]:
        return "ended-job", "going-job", self.house.ended, self.house.going

    @property
    def attempt(self) -> worker_service_pb2.Attempt:
        return worker_service_pb2.Attempt(training_id=f"{self.house.going}/1", attempt=1)

    @property
    def adas_session(self) -> dict[str, Any]:
        return {"trainer_id": self.house.trainer, "epoch": self.house.epoch, "session_key": KEY}

    @property
    def session(self) -> dict[str, Any]:
        return {"trainer_id": "bobs", "epoch": self.epoch, "session_key": KEY}


def of_jobs(**more: Any) -> Cases:
    return lambda bob: (({"job": name, **more}, ABSENT) for name in bob.jobs)


def of_trainings(**more: Any) -> Cases:
    return lambda bob: (({"training": name, **more}, ABSENT) for name in bob.house.trainings)


def told_nothing(**fields: Any) -> Cases:
    return lambda _bob: iter([(fields, NOTHING)])


def names_nothing(_why: str) -> Cases:
    return lambda _bob: iter(())


def denied(_bob: Bob) -> Iterator[Case]:
    yield {}, DENIED


def parents(bob: Bob) -> Iterator[Case]:
    for index, name in enumerate(bob.jobs):
        warm = WarmStart((name,), WarmStartType.IDENTICAL_DATA_AND_ALGORITHM)
        spec = to_message(job(f"child-{index}", warm_start=warm), spec_pb2.TuningJobSpec)
        yield {"spec": spec}, ABSENT
        yield {"spec": spec, "validate_only": True}, ABSENT


def gets(bob: Bob) -> Iterator[Case]:
    for name in bob.jobs:
        yield {"job": name}, ABSENT
        yield {"job": name, "without_findings": True, "if_none_match": bob.house.etag}, ABSENT


def lists_trainings(bob: Bob) -> Iterator[Case]:
    yield {}, NOTHING
    yield from of_jobs()(bob)


def tags(bob: Bob) -> Iterator[Case]:
    for field, names in (("job", bob.jobs), ("training", bob.house.trainings)):
        for name in names:
            yield {field: name, "set": {"a": "b"}, "remove": ["project"]}, ABSENT


def opens(bob: Bob) -> Iterator[Case]:
    mine = {"slots": 1, "session_key": KEY}
    for uid in (bob.house.ended, bob.house.going):
        yield {**mine, "trainer_id": "new", "pool": f"claimed/{uid}"}, ABSENT
    yield {**mine, "trainer_id": "new", "pool": "default"}, grpc.StatusCode.INVALID_ARGUMENT
    # It opens one of bob's own, whatever he calls it; hers is as it was.
    yield {**mine, "trainer_id": bob.house.trainer, "pool": f"claimed/{bob.own}"}, NOTHING


def heartbeats(bob: Bob) -> Iterator[Case]:
    yield bob.adas_session, REFUSED
    over = worker_service_pb2.Attempt(training_id=f"{bob.house.ended}/1", attempt=1)
    holding = [worker_service_pb2.Holding(attempt=attempt) for attempt in (bob.attempt, over)]
    yield {**bob.session, "holding": holding}, NOTHING


def claims(bob: Bob) -> Iterator[Case]:
    yield {**bob.adas_session, "slots": 1, "request_id": "r", "again": True}, REFUSED
    yield {**bob.session, "slots": 1, "request_id": "r", "again": True}, NOTHING


def exits(bob: Bob) -> Iterator[Case]:
    for cause in ("END_CAUSE_EXITED", "END_CAUSE_LOST", "END_CAUSE_PREEMPTED"):
        for session in (bob.session, bob.adas_session):
            for number in (0, 1, 2):
                attempt = worker_service_pb2.Attempt(training_id=bob.attempt.training_id, attempt=number)
                yield {**session, "attempt": attempt, "cause": cause}, ABSENT


def closes(bob: Bob) -> Iterator[Case]:
    yield bob.adas_session, REFUSED


def diagnoses(bob: Bob) -> Iterator[Case]:
    yield {}, NOTHING
    yield from of_jobs()(bob)


def purges(bob: Bob) -> Iterator[Case]:
    yield from of_jobs()(bob)
    yield {"ended_before": Timestamp(seconds=4_000_000_000), "dry_run": True}, NOTHING


MEASURED = [{"metric": "score", "value": 9.0}]
CASES: Mapping[str, Mapping[str, Cases]] = {
    "TuningService": {
        "CreateTuningJob": parents,
        "ReadJobFile": told_nothing(text="name: c\nimage: claim://\nmaximize: score\nwarm_start: ended-job\n"),
        "WriteJobFile": names_nothing("it writes what it is given"),
        "GetTuningJob": gets,
        "ListTuningJobs": told_nothing(with_best=True, page_size=100),
        "StopTuningJob": of_jobs(),
        "DeleteTuningJob": of_jobs(),
        "PauseTuningJob": of_jobs(),
        "ResumeTuningJob": of_jobs(),
        "AmendTuningJob": of_jobs(max_trainings=9),
        "ExtendTuningJob": of_jobs(),
        "RetryTuningJob": of_jobs(),
        "ImportTuningJob": names_nothing("it holds all that it is made of, and names are each owner's own"),
        "CreateTrainingJob": names_nothing("names are each owner's own"),
        "GetTrainingJob": of_trainings(),
        "ListTrainingJobs": lists_trainings,
        "ListTrainingColumns": of_jobs(),
        "StopTrainingJob": of_trainings(),
        "DeleteTrainingJob": of_trainings(),
        "ChangeTags": tags,
        "WatchTuningJob": of_jobs(),
        "WatchTuningJobs": told_nothing(),
    },
    "ExplanationService": {"ExplainTrainingJob": of_trainings(), "ReplayTuningJob": of_jobs()},
    "MetricsService": {
        "ReportMetrics": of_trainings(measurements=MEASURED),
        "SendOutput": of_trainings(start=True, records=['{"score": 9.0}'], session_key=KEY),
        "ListMeasurements": of_trainings(),
        "FollowMeasurements": of_trainings(),
        "ReadOutput": of_trainings(),
        "FollowOutput": of_trainings(),
        "ListCurves": of_jobs(metric="score"),
        "FollowCurves": of_jobs(metric="score"),
        "SearchOutput": of_jobs(contains="score"),
        "Analyze": of_jobs(),
        "TryMetrics": names_nothing("it reads the lines that it is given"),
    },
    "WorkerService": {
        "OpenSession": opens,
        "Heartbeat": heartbeats,
        "Claim": claims,
        "Exited": exits,
        "CloseSession": closes,
    },
    "OperationsService": {
        "Diagnose": diagnoses,
        "PurgeTuningJobs": purges,
        **dict.fromkeys(
            (
                "ListTrainers",
                "CordonTrainer",
                "UncordonTrainer",
                "ReleaseTrainingJob",
                "SettleTrainingJob",
                "UnparkTuningJob",
                "PauseStarts",
                "ResumeStarts",
                "SetQuota",
                "ListQuotas",
            ),
            denied,
        ),
    },
    "SuggestionService": {"Suggest": denied, "Explain": denied},
}
PATHS = {f"/tunewright.v1.{service}/{name}": cases for service, rpcs in CASES.items() for name, cases in rpcs.items()}


def test_every_method_has_a_scope_and_a_case() -> None:
    assert set(SCOPES) == set(METHODS)
    assert set(PATHS) == set(METHODS)


async def answered(channel: Any, path: str, request: Any) -> tuple[grpc.StatusCode, str]:
    """Return the code, and all that was said; of a stream its first message."""
    asking = call(channel, path, request, timeout=20)
    try:
        answer = await anext(aiter(asking)) if METHODS[path].server_streaming else await asking
    except grpc.aio.AioRpcError as refused:
        return refused.code(), f"{refused.details()} {refused.trailing_metadata()}"
    finally:
        asking.cancel()
    return NOTHING, str(answer)


async def state(house: House) -> tuple[str, list[str]]:
    """Return all that the scheduler's records say of Ada's jobs: etags are versions of them."""
    async with open_channel(house.endpoint, "ada-token") as channel:
        stub, pb = TuningServiceStub(channel), tuning_service_pb2
        jobs = [
            await stub.GetTuningJob(pb.GetTuningJobRequest(job=uid, without_findings=True))
            for uid in (house.ended, house.going)
        ]
        trainings = [
            str(await stub.ListTrainingJobs(pb.ListTrainingJobsRequest(job=uid))) for uid in (house.ended, house.going)
        ]
    return "/".join(job.etag for job in jobs), trainings


@pytest.fixture
async def house(tmp_path: Path):
    async with adas(tmp_path / "data") as house:
        async with AsyncClient(house.address("")) as operator:
            (trainer,) = [item for item in await operator.operations.trainers() if item.pool.startswith("claimed/")]
            house.trainer, house.epoch = trainer.trainer_id, round(trainer.opened_at * 1000)
        yield house


async def test_no_verb_shows_or_changes_what_is_another_owners(house: House) -> None:
    async with AsyncClient(house.address("bob")) as bobs_client:
        mine = await bobs_client.create(job("bobs-own"))
    before, leaks = await state(house), []
    house.etag = before[0].partition("/")[0]
    async with open_channel(house.endpoint, "bob-token") as channel:
        opening = worker_service_pb2.OpenSessionRequest(
            trainer_id="bobs", slots=1, session_key=KEY, pool=f"claimed/{mine.uid}"
        )
        bob = Bob(house, (await WorkerServiceStub(channel).OpenSession(opening)).epoch, mine.uid)
        for path, cases in PATHS.items():
            for fields, wanted in cases(bob):
                request = request_class(path)(**fields)
                code, said = await answered(channel, path, request)
                marks = {MARK, "ended-job", "going-job", house.ended, house.going, house.trainer, *house.trainings}
                marks |= {"settled {", "stop {", "resend {"}  # orders about what is Ada's
                asked = str(request)
                shown = sorted(mark for mark in marks if mark in said and mark not in asked)
                if code is not wanted or shown:
                    leaks.append((path, fields, code.name, shown, said[:300]))
    assert leaks == []
    assert await state(house) == before
    assert house.claimed is not None
    house.claimed.report("score", 0.25)  # raises if it was stopped


DOOR_ABSENT = frozenset({"ResourceNotFound", "ValidationException"})
EMPTY: frozenset[str] = frozenset()
DoorCases = Callable[[House], Iterator[tuple[dict[str, Any], frozenset[str]]]]


def door_jobs(member: str = "HyperParameterTuningJobName", **more: Any) -> DoorCases:
    return lambda _house: (({member: name, **more}, DOOR_ABSENT) for name in ("ended-job", "going-job"))


def door_trainings(house: House) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    return (({"TrainingJobName": name}, DOOR_ABSENT) for name in house.trainings if "/" not in name)


def door_lists(**members: Any) -> DoorCases:
    return lambda _house: iter([(members, EMPTY)])


def door_arns(**more: Any) -> DoorCases:
    def cases(house: House) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
        names = [name for name in house.trainings if "/" not in name]
        arns = [f"hyper-parameter-tuning-job/{name}" for name in ("ended-job", "going-job")]
        for arn in (*arns, *(f"training-job/{name}" for name in names)):
            yield {"ResourceArn": f"arn:aws:sagemaker:local:000000000000:{arn}", **more}, DOOR_ABSENT

    return cases


def door_searches(_house: House) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    for kind in ("HyperParameterTuningJob", "TrainingJob"):
        yield {"Resource": kind}, EMPTY


def door_parents(_house: House) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    body = to_amt(job("door-child"))
    for name in ("ended-job", "going-job"):
        warm = {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": name}],
            "WarmStartType": "TransferLearning",
        }
        yield body | {"WarmStartConfig": warm}, DOOR_ABSENT


def no_door_case(_why: str) -> DoorCases:
    return lambda _house: iter(())


DOOR_CASES: Mapping[str, DoorCases] = {
    "CreateHyperParameterTuningJob": door_parents,
    "DescribeHyperParameterTuningJob": door_jobs(),
    "ListHyperParameterTuningJobs": door_lists(),
    "StopHyperParameterTuningJob": door_jobs(),
    "DeleteHyperParameterTuningJob": door_jobs(),
    "ListTrainingJobsForHyperParameterTuningJob": door_jobs(),
    "CreateTrainingJob": no_door_case("names are each owner's own"),
    "DescribeTrainingJob": door_trainings,
    "ListTrainingJobs": door_lists(),
    "StopTrainingJob": door_trainings,
    "DeleteTrainingJob": door_trainings,
    "AddTags": door_arns(Tags=[{"Key": "a", "Value": "b"}]),
    "ListTags": door_arns(),
    "DeleteTags": door_arns(TagKeys=["project"]),
    "Search": door_searches,
}


def test_every_operation_of_the_door_has_a_case() -> None:
    assert set(DOOR_CASES) == set(OPERATIONS)


async def at_the_door(house: House, key: str, operation: str, members: Mapping[str, Any]) -> Answered:
    """Send a request under a principal's key pair."""
    url = f"http://{house.http}/"
    asked = signed(
        operation,
        json.dumps(members).encode(),
        at=datetime.now(UTC),
        key=f"{key.upper()}KEY",
        secret=f"{key}-secret",
        host=house.http,
    )
    request = urllib.request.Request(url, asked.body, dict(asked.headers), method="POST")
    return await asyncio.to_thread(_sent, request)


def _sent(request: urllib.request.Request) -> Answered:
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - http://
            return Answered(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answered(refused.code, dict(refused.headers), refused.read())


async def test_the_door_shows_and_changes_nothing_of_another_owners(house: House) -> None:
    """Ada asks first: what the gateway keeps of her jobs is not Bob's either."""
    for name in ("ended-job", "going-job"):
        told = await at_the_door(house, "ada", "DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": name})
        assert told.tree["HyperParameterTuningJobName"] == name
    before, leaks = await state(house), []
    for operation, cases in DOOR_CASES.items():
        for members, wanted in cases(house):
            told = await at_the_door(house, "bob", operation, members)
            said, asked = told.body.decode(), json.dumps(members)
            marks = {MARK, "ended-job", "going-job", house.ended, house.going, *house.trainings}
            shown = sorted(mark for mark in marks if mark in said and mark not in asked)
            if shown or told.code not in (wanted or {"OK"}):
                leaks.append((operation, members, shown, said[:300]))
    assert leaks == []
    assert await state(house) == before


async def test_a_page_of_ada_goes_on_for_nobody_else(house: House) -> None:
    page = await at_the_door(house, "ada", "ListHyperParameterTuningJobs", {"MaxResults": 1})
    members = {"MaxResults": 1, "NextToken": page.tree["NextToken"]}
    assert (await at_the_door(house, "ada", "ListHyperParameterTuningJobs", members)).code == "OK"
    assert (await at_the_door(house, "bob", "ListHyperParameterTuningJobs", members)).code == "ValidationException"


async def test_a_key_pair_may_do_at_the_door_what_its_principal_may(house: House) -> None:
    add(house.access, principal("reader", "ada", Scope.READ))
    name = {"HyperParameterTuningJobName": "going-job"}
    assert (await at_the_door(house, "reader", "DescribeHyperParameterTuningJob", name)).code == "OK"
    stopped = await at_the_door(house, "reader", "StopHyperParameterTuningJob", name)
    assert stopped.code == "AccessDeniedException"
    assert "needs the scope 'jobs'" in stopped.tree["message"]
    revoke(house.access, "reader")
    refused = await at_the_door(house, "reader", "DescribeHyperParameterTuningJob", name)
    assert refused.code == "UnrecognizedClientException"
    add(house.access, principal("reader", "ada", Scope.READ, expires_at=1.0))
    expired = await at_the_door(house, "reader", "DescribeHyperParameterTuningJob", name)
    assert expired.code == "ExpiredTokenException"


async def test_an_operator_acts_on_what_is_anybodys_by_its_id(house: House) -> None:
    add(house.access, principal("op", "ops", Scope.OPERATE, Scope.READ))
    async with AsyncClient(house.address("op")) as operator:
        for training in (item for item in house.trainings if "/" not in item):
            with pytest.raises(NotFound):
                await operator.operations.release(training)
        found = await operator.operations.release(f"{house.going}/1", "its host goes")
        assert found.state is TrainingState.READY
        with pytest.raises(NotFound):
            await operator.describe(house.going)


async def test_an_owner_who_calls_too_often_is_slowed_down_and_others_are_not(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", calls_per_second=2.0) as house:
        for name in ("ada", "bob"):
            add(house.access, principal(name, name))
        answers = [await at_the_door(house, "ada", "ListTrainingJobs", {}) for _ in range(30)]
        assert {answer.code for answer in answers} == {"OK", "ThrottlingException"}
        assert (await at_the_door(house, "bob", "ListTrainingJobs", {})).code == "OK"
        async with AsyncClient(house.address("ada")) as ada:  # waits as it is told, and gets through
            assert [job async for job in ada.list()] == []
        async with AsyncClient(house.address("")) as own:
            for _ in range(10):
                assert [job async for job in own.list()] == []
