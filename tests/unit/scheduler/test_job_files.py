"""A job file is read, priced and written by the server; what is wrong with it is an answer, by member and line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.callers import anybody
from tests.unit.core.specs import amt_body
from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import BayesianConfig, Limits, Resources, StoppingCondition, TuningJobSpec
from tunewright.platform.codec import from_message, to_message
from tunewright.platform.rpc.server import speaking_for
from tunewright.platform.yaml_text import read_tree, write_tree
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler.core.cost import estimate
from tunewright_scheduler.serve import check_here
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs

JOB = """\
image: registry/digits:1
maximize: acc
params:
  lr: log(1e-4, 1e-1)
  batch: [32, 64]
"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    there = World(tmp_path)
    yield there
    await there.store.close()


@pytest.fixture
def front(world: World) -> TuningServicer:
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    return TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)


async def read(front: TuningServicer, text: str, name: str = "") -> pb.ReadJobFileResponse:
    with speaking_for(anybody("owner")):
        return await front.ReadJobFile(pb.ReadJobFileRequest(text=text, name=name), None)  # type: ignore[arg-type]


async def faults(front: TuningServicer, text: str) -> list[tuple[str, int]]:
    response = await read(front, text, "digits")
    assert not response.HasField("spec")
    assert not response.HasField("estimate")
    return [(fault.member, fault.line) for fault in response.faults]


async def written(front: TuningServicer, given: TuningJobSpec) -> pb.WriteJobFileResponse:
    request = pb.WriteJobFileRequest(spec=to_message(given, spec_pb2.TuningJobSpec))
    return await front.WriteJobFile(request, None)  # type: ignore[arg-type]


async def test_what_is_read_is_what_would_be_created_and_can_be_written_again(front: TuningServicer) -> None:
    response = await read(front, JOB, "digits")
    assert list(response.faults) == []
    given = from_message(response.spec, TuningJobSpec)
    assert (given.name, given.limits.max_trainings) == ("digits", 30)
    again = await written(front, given)
    assert (again.text, again.not_short) == (
        f"name: digits\n{JOB.replace('log(1e-4, 1e-1)', 'log(0.0001, 0.1)')}", ""
    )  # fmt: skip
    with speaking_for(anybody("owner")):
        request = pb.CreateTuningJobRequest(spec=response.spec)
        created = await front.CreateTuningJob(request, None)  # type: ignore[arg-type]
    assert created.job.spec == response.spec


async def test_a_name_is_made_where_none_is_given(front: TuningServicer) -> None:
    assert (await read(front, JOB)).spec.name.startswith("digits-1-")
    assert (await read(front, JOB.replace("image: registry/digits:1", "script: /srv/train.py"))).spec.name.startswith(
        "train-"
    )
    assert (await read(front, f"{JOB}name: own\n", "given")).spec.name == "own"


async def test_all_faults_are_told_in_order_of_lines(front: TuningServicer) -> None:
    wrong = f"{JOB}trials: 0\nparallel: 0\nwarm_start: nobody\n"
    assert await faults(front, wrong) == [("trials", 6), ("parallel", 7)]
    assert await faults(front, f"{JOB}warm_start: nobody\n") == [("warm_start", 6)]
    assert await faults(front, f"{JOB}trials: many\nsede: 3\n") == [("trials", 6), ("sede", 7)]
    assert await faults(front, JOB.replace("maximize: acc", "maximise: acc")) == [("maximize", 0), ("maximise", 2)]


@pytest.mark.parametrize(
    ("text", "line"), [("", 0), ("a: [", 1), ("x", 0), ("script: train.py\nmaximize: x\nparams: {a: 1..2}", 1)]
)
async def test_no_text_is_an_error_of_the_call(front: TuningServicer, text: str, line: int) -> None:
    assert [at for _, at in await faults(front, text)] == [line]


async def test_a_parent_that_has_not_ended_is_a_fault(world: World, front: TuningServicer) -> None:
    await world.create(spec())
    assert await faults(front, f"{JOB}warm_start: {UID}\n") == [("warm_start[0]", 6)]


async def test_what_no_trainer_here_can_run_is_a_fault(world: World) -> None:
    jobs = TuningJobs(world.store, world.changes, check_here, world.room)
    front = TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)
    assert await faults(front, JOB.replace("registry/digits:1", "file://relative")) == [("image", 1)]


async def test_amts_body_is_read_and_written_whole(front: TuningServicer) -> None:
    body = amt_body("TrainingJobDefinition/OutputDataConfig/S3OutputPath", "s3://bucket/out")
    response = await read(front, write_tree(body))
    assert list(response.faults) == []
    again = await written(front, from_message(response.spec, TuningJobSpec))
    assert again.not_short == "definitions[0].parameters[0].low_text"
    assert read_tree(again.text)[0] == body


async def test_what_no_file_can_say_is_refused_by_its_field(front: TuningServicer) -> None:
    with pytest.raises(InvalidSpec) as caught:
        await written(front, spec(bayesian=BayesianConfig("fast")))
    assert caught.value.field == "bayesian"


async def test_a_check_alone_says_what_the_job_can_cost(front: TuningServicer) -> None:
    with speaking_for(anybody("owner")):
        message = to_message(spec(), spec_pb2.TuningJobSpec)
        request = pb.CreateTuningJobRequest(spec=message, validate_only=True)
        response = await front.CreateTuningJob(request, None)  # type: ignore[arg-type]
    assert response.estimate.max_trainings == 6
    assert (await read(front, f"{JOB}max_runtime: 2h\nparallel: 3\n")).estimate.max_instance_seconds == 3 * 7200


HOUR = 3600


@pytest.mark.parametrize(
    ("limits", "prices", "max_cost", "says"),
    [
        (Limits(2, 30), {"gpu": 0.5}, 30 * HOUR * 2 * 0.5, "no time limit"),
        (Limits(2, 30, 5 * HOUR), {"gpu": 0.5}, 5 * HOUR * 2 * 2 * 0.5, "after 5h at the latest: at most 20 instance"),
        (Limits(2, 3, 5 * HOUR), {"gpu": 0.5}, 3 * HOUR * 2 * 0.5, "all trainings, each"),
        (Limits(2, 300, None, 100.0), {"gpu": 0.5}, 100 + 2 * HOUR * 2 * 0.5, "what may still run"),
        (Limits(2, None, HOUR), {"gpu": 0.5}, HOUR * 2 * 2 * 0.5, "no limit of trainings"),
        (Limits(2, 30, HOUR), {}, None, "Without prices"),
        (Limits(2, 30, HOUR), {"local": 1.0}, None, "Without prices"),
    ],
)
def test_the_most_a_job_can_cost_is_bounded_by_its_tightest_limit(
    limits: Limits, prices: dict[str, float], max_cost: float | None, says: str
) -> None:
    resources = Resources(instance_type="gpu", instance_count=2)
    wanted = spec(limits=limits, prices_per_second=prices)
    definition = wanted.definitions[0]
    definition = replace(definition, resources=resources, stopping=StoppingCondition(HOUR))
    told = estimate(replace(wanted, definitions=(definition,)))
    assert told.max_cost == max_cost
    assert says in told.text
    assert (told.max_instance_seconds is None) == (limits.max_runtime_s is None)
