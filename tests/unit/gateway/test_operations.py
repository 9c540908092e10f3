"""Operations against a scheduler that keeps its answers ready."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.aws_clients.boto import training_job, tuning_job
from tunewright.core.amt import from_amt
from tunewright.core.arns import Account, resource_of
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.platform.codec import to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.core.refusals import Refusal
from tunewright_gateway.operations.call import Backend, Call, Tree
from tunewright_gateway.operations.known import KEPT, KnownJob, KnownJobs
from tunewright_gateway.operations.table import OPERATIONS

ACCOUNT = Account()


class Scheduler:
    """Answers a method with what a test has put there for it, and remembers what it was asked."""

    def __init__(self, **answers: Callable[[Any], Any]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, Any]] = []

    def __getattr__(self, method: str) -> Any:
        async def answer(request: Any, **within: float) -> Any:
            assert within["timeout"] > 0
            kept = type(request)()
            kept.CopyFrom(request)
            self.asked.append((method, kept))
            return self._answers[method](request)

        return answer


async def call(scheduler: Scheduler, operation: str, invocation: str = "", **body: Any) -> Tree:
    backend = Backend(scheduler, ACCOUNT, b"key")  # type: ignore[arg-type]
    members = await OPERATIONS[operation](Call(body, backend, invocation))
    assert not isinstance(members, bytes)
    return members


def created(request: Any) -> Any:
    if isinstance(request, pb.CreateTrainingJobRequest):
        return pb.CreateTrainingJobResponse(training=pb.TrainingJob(name=request.name))
    return pb.CreateTuningJobResponse(job=pb.TuningJob(spec=request.spec))


@pytest.mark.parametrize(
    ("operation", "body", "other"),
    [
        ("CreateHyperParameterTuningJob", tuning_job("image", "Job"), tuning_job("image", "Another")),
        ("CreateTrainingJob", training_job("image", "Job"), training_job("image", "Another")),
    ],
)
async def test_only_the_same_call_tried_again_has_the_same_id(operation: str, body: Tree, other: Tree) -> None:
    scheduler = Scheduler(CreateTuningJob=created, CreateTrainingJob=created)
    for invocation, sent in (("one", body), ("one", body), ("two", body), ("one", other), ("", body), ("", body)):
        answer = await call(scheduler, operation, invocation, **sent)
    assert next(iter(answer.values())).endswith("/job")
    first, again, another_call, another_body, *nameless = [request.request_id for _, request in scheduler.asked]
    assert first == again != ""
    assert len({first, another_call, another_body}) == 3
    assert nameless == ["", ""]


def pages(*sizes: int) -> Callable[[Any], Any]:
    """Return pages of these sizes at most, in the scheduler's way: there may be none on a page before the last."""

    def answer(request: pb.ListTuningJobsRequest) -> pb.ListTuningJobsResponse:
        place, shown = (int(part) for part in (request.page_token or "0/0").split("/"))
        count = min(sizes[place] - shown, request.page_size)
        jobs = [job(f"job-{place}-{shown + number}") for number in range(count)]
        place, shown = (place, shown + count) if shown + count < sizes[place] else (place + 1, 0)
        return pb.ListTuningJobsResponse(jobs=jobs, next_page_token=f"{place}/{shown}" if place < len(sizes) else "")

    return answer


def job(name: str) -> pb.TuningJob:
    made = pb.TuningJob(uid=f"uid-of-{name}", state=pb.JOB_STATE_RUNNING)
    made.spec.name = name
    made.created_at.seconds = made.modified_at.seconds = 1_700_000_000
    return made


async def test_a_page_is_full_however_little_the_scheduler_finds_at_a_time() -> None:
    scheduler = Scheduler(ListTuningJobs=pages(0, 3, 0, 0, 4, 1))
    seen, sizes, token = [], [], {}
    while True:
        answer = await call(scheduler, "ListHyperParameterTuningJobs", MaxResults=5, **token)
        rows = answer["HyperParameterTuningJobSummaries"]
        sizes.append(len(rows))
        seen += [row["HyperParameterTuningJobName"] for row in rows]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert sizes == [5, 3]
    assert len(set(seen)) == 8


async def test_a_uid_is_no_name() -> None:
    scheduler = Scheduler(GetTuningJob=lambda _: pb.GetTuningJobResponse(job=job("hidden")))
    with pytest.raises(NotFound):
        await call(scheduler, "DescribeHyperParameterTuningJob", HyperParameterTuningJobName="0123456789abcdef")


class Changing:
    """A scheduler whose one job is at a version; at 0 it is gone."""

    def __init__(self) -> None:
        self.version = 1
        self.scheduler = Scheduler(GetTuningJob=self._told)
        self.backend = Backend(self.scheduler, ACCOUNT, b"key")  # type: ignore[arg-type]

    def _told(self, request: pb.GetTuningJobRequest) -> pb.GetTuningJobResponse:
        if not self.version:
            raise NotFound("tuning job", request.job)
        if request.if_none_match == str(self.version):
            return pb.GetTuningJobResponse(etag=request.if_none_match)
        made = job("Job")
        made.spec.CopyFrom(to_message(from_amt(tuning_job("image", "Job")), spec_pb2.TuningJobSpec))
        made.not_improving = self.version
        return pb.GetTuningJobResponse(job=made, etag=str(self.version))

    async def described(self, name: str = "Job") -> Any:
        request = Call({"HyperParameterTuningJobName": name}, self.backend, "")
        members = await OPERATIONS["DescribeHyperParameterTuningJob"](request)
        assert isinstance(members, bytes)
        return json.loads(members)["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"]


async def test_each_describe_asks_the_scheduler_whether_what_is_kept_still_holds() -> None:
    there = Changing()
    assert [await there.described(), await there.described()] == [1, 1]
    there.version = 2
    assert [await there.described(), await there.described("JOB"), await there.described()] == [2, 2, 2]
    assert [request.if_none_match for _, request in there.scheduler.asked] == ["", "1", "1", "", "2"]
    there.version = 0
    with pytest.raises(NotFound):
        await there.described()


async def test_only_the_jobs_asked_for_last_are_kept() -> None:
    known = KnownJobs()
    for number in range(KEPT + 1):
        known.keep(str(number), KnownJob("etag", job(str(number))))
        assert known.get("0") is not None, "it was asked for in between"
    assert known.get("1") is None
    known.keep("none", KnownJob("", job("none")))
    assert known.get("none") is None, "what has no etag cannot be asked about"


def test_what_is_told_of_a_job_that_runs_counts_its_seconds() -> None:
    told = Changing()._told(pb.GetTuningJobRequest()).job
    kept = KnownJob("etag", told)
    seconds = [
        json.loads(kept.described(ACCOUNT, 1_700_000_000 + now))["ConsumedResources"]["RuntimeInSeconds"]
        for now in (0, 0.9, 1, 61.5)
    ]
    assert seconds == [0, 0, 1, 61]
    told.ended_at.seconds = 1_700_000_007
    assert kept.described(ACCOUNT, 1_700_009_999) == kept.described(ACCOUNT, 1_800_000_000)


def training(number: int) -> pb.TrainingJob:
    made = pb.TrainingJob(
        id=f"uid/{number}",
        uid="uid",
        number=number,
        name=f"job-{number:05}-aaaaaaaa",
        status="Completed",
        job_name="job",
        spec_revision="1",
    )
    made.state = pb.TRAINING_STATE_COMPLETED
    made.final_metrics["loss"] = number * 7 % 100
    made.created_at.seconds = made.modified_at.seconds = 1_700_000_000 + number
    return made


def trainings(count: int) -> Scheduler:
    def listed(request: pb.ListTrainingJobsRequest) -> pb.ListTrainingJobsResponse:
        first = int(request.page_token or "0")
        after = min(first + request.page_size, count)
        token = str(after) if after < count else ""
        found = [training(number) for number in range(first, after)]
        return pb.ListTrainingJobsResponse(trainings=found, next_page_token=token)

    spec = to_message(from_amt(tuning_job("image", "job")), spec_pb2.TuningJobSpec)
    return Scheduler(ListTrainingJobs=listed, GetTrainingJob=lambda _: pb.GetTrainingJobResponse(spec=spec))


async def test_a_search_pages_through_many_in_the_order_of_a_metric() -> None:
    scheduler = trainings(250)
    wanted = {"Filters": [{"Name": "Metrics.loss", "Operator": "LessThan", "Value": "50"}]}
    losses = sorted(number * 7 % 100 for number in range(250) if number * 7 % 100 < 50)
    rows, token = [], {}
    while True:
        body = {"SearchExpression": wanted, "SortBy": "Metrics.loss", "SortOrder": "Ascending", "MaxResults": 40}
        answer = await call(scheduler, "Search", Resource="TrainingJob", **body, **token)
        rows += [row["TrainingJob"] for row in answer["Results"]]
        assert answer["TotalHits"] == {"Value": len(losses), "Relation": "EqualTo"}
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert [row["FinalMetricDataList"][0]["Value"] for row in rows] == losses
    assert len({row["TrainingJobName"] for row in rows}) == len(losses)
    searches = len(rows) // 40 + 1
    assert [method for method, _ in scheduler.asked].count("GetTrainingJob") == searches, "the specification is shared"


async def test_a_training_deleted_while_it_is_searched_for_is_left_out() -> None:
    def gone(_: Any) -> Any:
        raise NotFound("training job", "job-00000")

    scheduler = trainings(3)
    scheduler._answers["GetTrainingJob"] = gone
    answer = await call(scheduler, "Search", Resource="TrainingJob")
    assert answer == {"Results": [], "TotalHits": {"Value": 0, "Relation": "EqualTo"}}


async def test_a_tag_has_one_value() -> None:
    body = {"ResourceArn": ACCOUNT.tuning_job("job"), "Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}
    scheduler = Scheduler(GetTuningJob=lambda _: pb.GetTuningJobResponse(job=job("job")))
    with pytest.raises(InvalidSpec, match=r"Tags\[1\].Key: 'a' is given twice"):
        await call(scheduler, "AddTags", **body)


async def test_a_tag_that_the_scheduler_refuses_is_told_of_by_awss_name() -> None:
    def refused(_: Any) -> Any:
        raise InvalidSpec("set", "'aws:a' begins with aws:, which is AWS's own", "Choose another key")

    body = {"ResourceArn": ACCOUNT.tuning_job("job"), "Tags": [{"Key": "aws:a", "Value": "1"}]}
    scheduler = Scheduler(GetTuningJob=lambda _: pb.GetTuningJobResponse(job=job("job")), ChangeTags=refused)
    with pytest.raises(Refusal, match=r"^ValidationException: Tags: 'aws:a' begins with"):
        await call(scheduler, "AddTags", **body)


@pytest.mark.parametrize(
    ("arn", "resource"),
    [
        (ACCOUNT.training_job("Some-Training"), ("training-job", "some-training")),
        (ACCOUNT.tuning_job("Job"), ("hyper-parameter-tuning-job", "job")),
        ("arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:training-job/x", ("training-job", "x")),
        ("arn:aws:sagemaker:eu-west-1:123456789012:model/x", None),
        ("arn:aws:s3:::training-job/x", None),
        ("training-job/x", None),
    ],
)
def test_what_an_arn_names(arn: str, resource: tuple[str, str] | None) -> None:
    assert resource_of(arn) == resource
