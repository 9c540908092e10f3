"""Training jobs: those by themselves are created and deleted here, and all are described, listed and stopped."""

from __future__ import annotations

from typing import Any, Final

from tunewright.core.amt.training import from_training, members_of_training
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.platform.codec import to_message
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.core.refusals import VALIDATION, Refusal, refusal_of
from tunewright_gateway.describing.summaries import training_summary, tuned_training_summary
from tunewright_gateway.describing.training_job import described
from tunewright_gateway.operations.again import request_id
from tunewright_gateway.operations.asking import asked
from tunewright_gateway.operations.call import Backend, Call, Tree
from tunewright_gateway.operations.paging import bounds, page
from tunewright_gateway.operations.tuning_jobs import OF_NO_JOB, tuning_job

NAME: Final = "TrainingJobName"
CREATE: Final = "CreateTrainingJob"
LIST: Final = "ListTrainingJobs"
LIST_OF_TUNING_JOB: Final = "ListTrainingJobsForHyperParameterTuningJob"
ORDERS: Final = {
    "Name": pb.TRAINING_JOB_ORDER_NAME,
    "CreationTime": pb.TRAINING_JOB_ORDER_CREATED_AT,
    "Status": pb.TRAINING_JOB_ORDER_STATUS,
    "FinalObjectiveMetricValue": pb.TRAINING_JOB_ORDER_OBJECTIVE_VALUE,
}
OF_NO_TRAINING: Final = ("WarmPoolStatusEquals", "TrainingPlanArnEquals")
"""Filters by what no training here has."""


async def create(call: Call) -> Tree:
    given = from_training(call.body)
    request = to_message(given, pb.CreateTrainingJobRequest)
    request.request_id = request_id(call, CREATE)
    try:
        created = (await asked(call.backend.tuning.CreateTrainingJob, request)).training
    except InvalidSpec as error:
        raise refusal_of(error, members_of_training(given.definition)) from None
    return {"TrainingJobArn": call.backend.account.training_job(created.name)}


async def describe(call: Call) -> Tree:
    answer = await training_job(call.backend, call.body[NAME])
    return described(answer.training, answer.spec, call.backend.account)


async def list_(call: Call) -> Tree:
    """List all trainings; the newest first where a request says nothing of order, in spite of AWS's reference."""
    body, account = call.body, call.backend.account
    if body.get("StatusEquals") in OF_NO_JOB or any(body.get(member) is not None for member in OF_NO_TRAINING):
        return {"TrainingJobSummaries": []}
    order = ORDERS[body.get("SortBy") or "CreationTime"]
    trainings, token = await _page(
        call, LIST, order=order, name_contains=body.get("NameContains") or "", **bounds(body)
    )
    return {"TrainingJobSummaries": [training_summary(training, account) for training in trainings]} | token


async def list_of_tuning_job(call: Call) -> Tree:
    """List a tuning job's trainings; the newest first where a request says nothing of order, by name where it does."""
    body, account = call.body, call.backend.account
    job = await tuning_job(call.backend, body["HyperParameterTuningJobName"])
    if body.get("StatusEquals") in OF_NO_JOB:
        return {"TrainingJobSummaries": []}
    order = pb.TRAINING_JOB_ORDER_NUMBER
    if body.get("SortBy") or body.get("SortOrder"):
        order = ORDERS[body.get("SortBy") or "Name"]
    trainings, token = await _page(call, LIST_OF_TUNING_JOB, job=job.uid, order=order)
    return {"TrainingJobSummaries": [tuned_training_summary(item, job.spec, account) for item in trainings]} | token


async def stop(call: Call) -> Tree:
    """Stop one. Raises Refusal with the text that AWS's own SDK takes for an end that was reached before."""
    found = (await training_job(call.backend, call.body[NAME])).training
    try:
        await asked(call.backend.tuning.StopTrainingJob, pb.StopTrainingJobRequest(training=found.id))
    except IllegalTransition:
        now = (await training_job(call.backend, found.name)).training
        raise Refusal(
            VALIDATION, f"The request was rejected because the training job is in status {now.status}."
        ) from None
    return {}


async def delete(call: Call) -> Tree:
    """Delete an ended one. AWS's reference has codes of its own for one that is unknown or not ended."""
    name = call.body[NAME]
    try:
        found = (await training_job(call.backend, name)).training
        await asked(call.backend.tuning.DeleteTrainingJob, pb.DeleteTrainingJobRequest(training=found.id))
    except NotFound:
        raise Refusal("ResourceNotFound", f"Requested resource not found: training job {name}.") from None
    except IllegalTransition as error:
        raise Refusal("ResourceInUse", str(error)) from None
    return {}


async def training_job(backend: Backend, name: str) -> pb.GetTrainingJobResponse:
    """Return the training of that name with what it runs under. Raises NotFound."""
    answer: pb.GetTrainingJobResponse = await asked(
        backend.tuning.GetTrainingJob, pb.GetTrainingJobRequest(training=name)
    )
    return answer


async def _page(call: Call, operation: str, **filters: Any) -> tuple[list[pb.TrainingJob], Tree]:
    body = call.body
    descending = body.get("SortOrder") == "Descending" or not (body.get("SortBy") or body.get("SortOrder"))

    async def ask(size: int, token: str) -> tuple[list[Any], str]:
        request = pb.ListTrainingJobsRequest(
            page_size=size,
            page_token=token,
            descending=descending,
            status_equals=body.get("StatusEquals") or "",
            **filters,
        )
        answer = await asked(call.backend.tuning.ListTrainingJobs, request)
        return list(answer.trainings), answer.next_page_token

    return await page(call, operation, ask)
