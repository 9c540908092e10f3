"""The SDK's two clients, over a real channel to a small server."""

from __future__ import annotations

import asyncio
import math

import pytest

from tests.unit.client.fake_server import Metrics, Tuning, serving
from tests.unit.core.specs import spec
from tunewright.client import (
    Address,
    Analysis,
    AsyncClient,
    BestStep,
    Client,
    FinishedTraining,
    Importance,
    PartialDependence,
    Refusal,
)
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound, Unauthenticated
from tunewright.core.space import Float
from tunewright.core.spec import Definition, EnqueuedConfiguration, Parameter
from tunewright.core.states import JobState, TrainingState
from tunewright.platform.codec import from_message, to_message, value_to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb


@pytest.fixture
def tuning():
    return Tuning()


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
async def address(tuning, metrics):
    async with serving(tuning, metrics) as address:
        yield address


@pytest.fixture
async def client(address):
    async with AsyncClient(address) as client:
        yield client


def training(number, state="COMPLETED", **configuration):
    values = {"optimizer": "sgd", "epochs": 10, "lr": 0.1} | configuration
    return pb.TrainingJob(
        id=f"u/{number}", name=f"digits-1-{number:03}", number=number, state=f"TRAINING_STATE_{state}",
        configuration={name: value_to_message(value) for name, value in values.items()},
    )  # fmt: skip


def job(state="RUNNING", **fields):
    message = to_message(spec(), spec_pb2.TuningJobSpec)
    return pb.TuningJob(uid="u", spec=message, state=f"JOB_STATE_{state}", **fields)


async def collected(items):
    return [item async for item in items]


async def test_a_job_comes_back_as_it_was_given(client):
    created = await client.create(spec())
    assert (created.uid, created.name, created.state) == ("u", "digits-1", JobState.RUNNING)
    assert created.spec == spec()
    assert await client.describe("digits-1") == created


async def test_a_call_is_repeated_under_the_same_request_id_while_the_server_is_away(client, tuning):
    tuning.failures = 1
    await client.create(spec())
    first, second = tuning.requests
    assert first.request_id == second.request_id != ""


async def test_two_creations_are_two_requests(client, tuning):
    await client.create(spec())
    await client.create(spec())
    assert len({request.request_id for request in tuning.requests}) == 2


async def test_validating_creates_nothing(client, tuning):
    await client.validate(spec())
    assert tuning.jobs == {}
    with pytest.raises(InvalidSpec) as refused:
        await client.validate(spec(name=""))
    assert (refused.value.field, refused.value.why, refused.value.remedy) == ("name", "is missing", "Give one")


async def test_an_unknown_job_is_not_found(client):
    with pytest.raises(NotFound) as missing:
        await client.describe("nothing")
    assert (missing.value.kind, missing.value.name) == ("tuning job", "nothing")
    with pytest.raises(NotFound):
        await collected(client.watch("nothing"))


async def test_all_pages_are_read(client, tuning):
    for name in "abcde":
        await client.create(spec(name=name))
    assert [job.name for job in await collected(client.list())] == list("abcde")
    tuning.trainings = [training(number) for number in range(1, 6)]
    assert [item.number for item in await collected(client.trainings("a"))] == [1, 2, 3, 4, 5]
    assert [line.index for line in await collected(client.output("a-001"))] == [0, 1, 2, 3, 4]
    assert [item.step for item in await collected(client.measurements("a-001"))] == [1, 2, 3, 4, 5]


async def test_values_are_reported_under_an_id_that_makes_repeating_them_harmless(client, metrics):
    await client.report("x", {"acc": 0.5, "loss": math.nan})
    (request,) = metrics.requests
    assert [item.metric for item in request.measurements] == ["acc", "loss"]
    assert request.measurements[0].value == 0.5
    assert math.isnan(request.measurements[1].value)
    assert request.request_id
    with pytest.raises(InvalidSpec, match="value"):
        await client.report("x", {"acc": "98%"})
    with pytest.raises(InvalidSpec, match="acc is None"):
        await client.report("x", {"acc": None})


async def test_output_and_measurements_are_followed(client):
    assert [line.text for line in await collected(client.output("x", follow=True, tail=2))] == ["line 3", "line 4"]
    assert [line.text for line in await collected(client.output("x", tail=1))] == ["line 4"]
    assert [item.value for item in await collected(client.measurements("x", "acc", follow=True))][-1] == 0.5
    with pytest.raises(NotFound):
        await collected(client.output("unknown", follow=True))


async def test_curves_and_what_a_search_finds_are_read_to_the_end(client, metrics):
    curves = await collected(client.curves("a", "loss", max_points=9))
    assert [curve.number for curve in curves] == [1, 2, 3, 4, 5]
    assert (curves[0].training_name, curves[0].steps, curves[0].values) == ("a-001", (1, 2), (0.0, 1.0))
    assert (metrics.requests[0].metric, metrics.requests[0].max_points) == ("loss", 9)
    assert [curve.number for curve in await collected(client.follow_curves("a"))] == [1, 2, 3, 4, 5]
    removed, *found = await collected(client.search_output("a", contains="line", matches="[0-4]"))
    assert (removed.training_name, removed.line) == ("a-000", None)
    assert [(item.number, item.line.text) for item in found] == [(1, f"line {number}") for number in range(5)]
    assert (metrics.requests[-1].contains, metrics.requests[-1].matches) == ("line", "[0-4]")


async def test_which_lines_are_wanted_is_told(client, metrics):
    await collected(client.output("a-001", contains="x", matches="y", instance=0))
    await collected(client.output("a-001"))
    told, silent = metrics.requests[0], metrics.requests[-1]
    assert (told.contains, told.matches, told.HasField("instance"), silent.HasField("instance")) == (
        "x",
        "y",
        True,
        False,
    )


async def test_the_best_come_first_in_the_objectives_direction(client, tuning):
    await client.create(spec())
    await collected(client.trainings("digits-1", best_first=True))
    request = tuning.requests[-1]
    assert (request.order, request.descending) == (pb.TRAINING_JOB_ORDER_OBJECTIVE_VALUE, True)


async def test_hyperparameters_stand_in_the_specifications_order(client, tuning):
    tuning.jobs["digits-1"] = job(best=training(1))
    tuning.trainings = [training(1)]
    tuning.steps = [pb.WatchTuningJobResponse(job=job("COMPLETED", best=training(1)), trainings=[training(1)])]
    (watched,) = await collected(client.watch("digits-1"))
    (listed,) = await collected(client.trainings("digits-1"))
    best = await client.best("digits-1")
    for found in (watched.job.best, watched.trainings[0], listed, best):
        assert list(found.configuration) == ["lr", "epochs", "optimizer"]


async def test_without_a_value_there_is_no_best(client, tuning):
    tuning.jobs["digits-1"] = job()
    with pytest.raises(NotFound, match="objective value"):
        await client.best("digits-1")


async def test_watching_ends_with_the_job_and_takes_up_a_lost_connection(client, tuning):
    tuning.jobs["digits-1"] = job()
    tuning.steps = [
        pb.WatchTuningJobResponse(job=job(), trainings=[training(1, "RUNNING")], position="u/1/1"),
        None,
        pb.WatchTuningJobResponse(job=job("COMPLETED"), trainings=[training(1)]),
    ]
    watched = await collected(client.watch("digits-1", since="u/0/"))
    assert [item.state for step in watched for item in step.trainings] == [
        TrainingState.RUNNING,
        TrainingState.COMPLETED,
    ]
    assert watched[0].position == "u/1/1"
    assert [(request.job, request.since) for request in tuning.requests] == [("digits-1", "u/0/"), ("u", "u/1/1")]


async def test_an_import_has_ten_times_the_deadline_of_other_calls(address, tuning):
    finished = [FinishedTraining(TrainingState.COMPLETED, {"lr": 0.1}, 0.9)]
    async with AsyncClient(address, deadline_s=60) as client:
        assert (await client.import_job(spec(), finished, origin="there")).state is JobState.COMPLETED
    assert tuning.left_s == pytest.approx(600, rel=0.1)
    assert [item.objective_value for item in tuning.requests[-1].trainings] == [0.9]


async def test_waiting_gives_the_job_at_its_end(client, tuning):
    tuning.jobs["digits-1"] = job()
    tuning.steps = [pb.WatchTuningJobResponse(job=job(state)) for state in ("RUNNING", "STOPPING", "STOPPED")]
    assert (await client.wait("digits-1")).state is JobState.STOPPED


async def test_stopping_and_deleting(client, tuning):
    await client.create(spec())
    assert (await client.stop("digits-1")).state is JobState.STOPPING
    await client.delete("digits-1")
    assert tuning.jobs == {}


async def test_a_wrong_token_opens_nothing(address):
    async with AsyncClient(Address(address.endpoint, "wrong")) as client:
        with pytest.raises(Unauthenticated):
            await client.describe("digits-1")


async def test_the_synchronous_client_does_the_same_also_where_a_loop_runs(address, tuning):
    """The server's loop is the test's, so each call is made in a thread, as any loop of a notebook would be beside."""
    tuning.trainings = [training(1), training(2), training(3)]
    tuning.steps = [pb.WatchTuningJobResponse(job=job("COMPLETED"))]

    def use():
        with Client(address) as client:
            client.validate(spec())
            client.create(spec())
            assert [found.name for found in client.list()] == ["digits-1"]
            assert client.describe("digits-1").name == "digits-1"
            assert [item.number for item in client.trainings("digits-1")] == [1, 2, 3]
            assert [watched.job.state for watched in client.watch("digits-1")] == [JobState.COMPLETED]
            assert len(list(client.output("x"))) == len(list(client.measurements("x"))) == 5
            client.report("x", {"acc": 0.5})
            assert len(list(client.curves("x"))) == len(list(client.follow_curves("x"))) == 5
            assert len(list(client.search_output("x", contains="line"))) == 6
            assert client.stop("digits-1").state is JobState.STOPPING
            with pytest.raises(NotFound):
                client.best("digits-1")
            client.delete("digits-1")

    await asyncio.to_thread(use)


async def test_several_threads_share_a_client(address):
    def use(client, number):
        client.create(spec(name=f"job-{number}"))
        return client.describe(f"job-{number}").name

    client = await asyncio.to_thread(Client, address)
    names = await asyncio.gather(*(asyncio.to_thread(use, client, number) for number in range(8)))
    await asyncio.to_thread(client.close)
    assert names == [f"job-{number}" for number in range(8)]


async def test_a_job_is_paused_and_resumed(client):
    await client.create(spec())
    assert (await client.pause("digits-1")).state is JobState.PAUSED
    assert (await client.resume("digits-1")).state is JobState.RUNNING


async def test_an_amendment_names_the_revision_that_was_seen_and_what_changes(client, tuning):
    tuning.jobs["digits-1"] = job(spec_revision=3)
    amended = await client.amend("digits-1", max_trainings=50, ranges={"lr": Float(1e-6, 1.0)})
    request = tuning.requests[-1]
    assert (request.expected_revision, request.max_trainings, amended.spec_revision) == (3, 50, 4)
    assert not any(request.HasField(name) for name in ("max_parallel", "max_runtime_s", "max_cost", "priority"))
    assert [from_message(item, Parameter) for item in request.parameters] == [Parameter("lr", Float(1e-6, 1.0))]
    await client.amend("digits-1", priority=0, expected_revision=2)
    assert (tuning.requests[-1].expected_revision, tuning.requests[-1].HasField("priority")) == (2, True)


async def test_whoever_enqueues_need_not_mind_who_amends_at_the_same_moment(client, tuning):
    tuning.jobs["digits-1"] = job(spec_revision=3)
    tuning.faster = 2
    assert (await client.enqueue("digits-1", {"lr": 0.1})).spec_revision == 6
    tuning.faster = 1
    with pytest.raises(IllegalTransition, match="at another revision"):
        await client.amend("digits-1", max_trainings=50)


async def test_an_enqueuing_that_is_refused_for_another_reason_is_not_tried_again(client, tuning):
    tuning.jobs["digits-1"] = job(spec_revision=3)
    tuning.closing = True
    with pytest.raises(IllegalTransition, match="closing"):
        await client.enqueue("digits-1", {"lr": 0.1})


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda client: client.amend("digits-1", max_trainings=10**20), "max_trainings"),
        (lambda client: client.amend("digits-1", max_trainings=3.5), "max_trainings"),
        (lambda client: client.amend("digits-1", priority="high"), "priority"),
        (lambda client: client.amend("digits-1", ranges={"lr": (0.1, 1.0)}), "range"),
        (lambda client: client.enqueue("digits-1", [0.1]), "configuration"),
        (lambda client: client.enqueue("digits-1", {"lr": [0.1]}), "configuration"),
        (lambda client: client.extend("digits-1", max_trainings=10**20), "max_trainings"),
        (lambda client: client.describe(5), "job"),
        (lambda client: client.operations.cordon(5), "trainer_id"),
    ],
)
async def test_what_cannot_be_sent_is_refused_by_the_name_of_its_argument(client, tuning, call, field):
    tuning.jobs["digits-1"] = job(spec_revision=1)
    with pytest.raises(InvalidSpec) as caught:
        await call(client)
    assert caught.value.field == field


@pytest.mark.parametrize("verb", ["amend", "enqueue", "extend", "retry_failed"])
async def test_what_changes_a_job_is_repeated_under_the_same_request_id(client, tuning, verb):
    tuning.jobs["digits-1"] = job()
    calls = {
        "amend": lambda: client.amend("digits-1", max_parallel=3, expected_revision=1),
        "enqueue": lambda: client.enqueue("digits-1", {"lr": 0.1}),
        "extend": lambda: client.extend("digits-1", max_trainings=5),
        "retry_failed": lambda: client.retry_failed("digits-1"),
    }
    await client.describe("digits-1")
    tuning.failures = 1 if verb != "enqueue" else 0
    await calls[verb]()
    ids = [request.request_id for request in tuning.requests if hasattr(request, "request_id")]
    assert len(set(ids)) == 1
    assert len(ids) == (2 if verb != "enqueue" else 1)
    assert "" not in ids


async def test_the_synchronous_client_changes_jobs_too(address, tuning):
    tuning.jobs["digits-1"] = job()

    def change():
        with Client(address) as client:
            assert client.pause("digits-1").state is JobState.PAUSED
            assert client.resume("digits-1").state is JobState.RUNNING
            client.amend("digits-1", max_cost=5.0)
            client.enqueue("digits-1", {"lr": 0.1}, {"lr": 0.2})
            client.extend("digits-1", name="more")
            client.retry_failed("digits-1")

    await asyncio.to_thread(change)
    amended, enqueued, extended, _ = [item for item in tuning.requests if not isinstance(item, pb.GetTuningJobRequest)]
    assert amended.max_cost == 5.0
    assert [from_message(item, EnqueuedConfiguration).configuration for item in enqueued.enqueue] == [
        {"lr": 0.1},
        {"lr": 0.2},
    ]
    assert (extended.name, extended.HasField("max_trainings")) == ("more", False)


async def test_analyses_come_back_as_values(client):
    told = await client.analyze("digits-1", Analysis.IMPORTANCE, Analysis.DISTRIBUTION)
    assert told.importances == (Importance("lr", "sobol", 0.5, 0.25, 0.75),)
    assert told.dependences == (PartialDependence("lr", (0.0, 1.0), (0.0, 2.0), (0.1, 0.1)),)
    assert told.best_so_far == (BestStep(3, 9.0, 0.0, 4),)
    assert told.refused == (Refusal(Analysis.DISTRIBUTION, "[1, 4]"),)
    assert (told.trainings, told.advice) == (7, ())
    with pytest.raises(NotFound):
        await client.analyze("unknown")


async def test_the_synchronous_client_analyzes_too(address):
    def use():
        with Client(address) as client:
            return client.analyze("digits-1").trainings

    assert await asyncio.to_thread(use) == 7


async def test_a_training_by_itself_is_created_once_though_the_reply_was_lost(client, tuning):
    tuning.failures = 1
    created = await client.create_training("churn", Definition("file:///train"), tags={"team": "growth"})
    assert (created.name, created.alone, created.objective_state) == ("churn", True, None)
    first, again = tuning.requests
    assert first == again
    assert (first.definition.image, dict(first.tags)) == ("file:///train", {"team": "growth"})


async def test_tags_name_what_they_are_put_on(client, tuning):
    assert await client.tag("digits-1", {"stage": "test"}, remove=["team"]) == {"stage": "test"}
    assert await client.tag_training("churn", {"stage": ""}) == {"stage": ""}
    of_job, of_training = tuning.requests
    assert (of_job.job, list(of_job.remove), of_training.training) == ("digits-1", ["team"], "churn")


async def test_jobs_of_a_status_are_listed_page_by_page(client):
    for number in range(6):
        await client.create(spec(name=f"job-{number}"))
    await client.stop("job-3")
    assert [job.name async for job in client.list(status="Stopping")] == ["job-3"]
    assert [job.name[-1] async for job in client.list(status="InProgress")] == ["0", "1", "2", "4", "5"]
    assert len([job async for job in client.list()]) == 6


async def test_all_trainings_are_listed_page_by_page_without_a_job(address, tuning):
    tuning.trainings = [training(number) for number in range(1, 6)]

    def listed():
        with Client(address) as client:
            return [item.number for item in client.training_jobs(status="Completed", name_contains="d")]

    assert await asyncio.to_thread(listed) == [1, 2, 3, 4, 5]
    asked = tuning.requests[0]
    assert (asked.job, asked.status_equals, asked.name_contains, asked.descending) == ("", "Completed", "d", True)
