"""Tuning jobs: create, describe, list, stop, delete."""

from __future__ import annotations

import time
from typing import Any, Final

from tunewright.core.amt import from_amt, members_of
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.platform.codec import to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.core.refusals import refusal_of
from tunewright_gateway.describing.summaries import tuning_job_summary
from tunewright_gateway.operations.again import request_id
from tunewright_gateway.operations.asking import asked
from tunewright_gateway.operations.call import Backend, Call, Tree
from tunewright_gateway.operations.known import KnownJob
from tunewright_gateway.operations.paging import bounds, page

NAME: Final = "HyperParameterTuningJobName"
CREATE: Final = "CreateHyperParameterTuningJob"
LIST: Final = "ListHyperParameterTuningJobs"
ORDERS: Final = {
    "Name": pb.TUNING_JOB_ORDER_NAME,
    "Status": pb.TUNING_JOB_ORDER_STATUS,
    "CreationTime": pb.TUNING_JOB_ORDER_CREATED_AT,
}

OF_NO_JOB: Final = ("Deleting", "DeleteFailed")
"""Statuses that no job has here: a deleted one is gone at once."""


async def create(call: Call) -> Tree:
    spec = from_amt(call.body)
    message = to_message(spec, spec_pb2.TuningJobSpec)
    request = pb.CreateTuningJobRequest(spec=message, request_id=request_id(call, CREATE))
    try:
        created = (await asked(call.backend.tuning.CreateTuningJob, request)).job
    except InvalidSpec as error:
        raise refusal_of(error, members_of(spec)) from None
    return {"HyperParameterTuningJobArn": call.backend.account.tuning_job(created.spec.name)}


async def describe(call: Call) -> bytes:
    return (await known(call.backend, call.body[NAME])).described(call.backend.account, time.time())


async def list_(call: Call) -> Tree:
    body, account = call.body, call.backend.account
    if body.get("StatusEquals") in OF_NO_JOB:
        return {"HyperParameterTuningJobSummaries": []}

    async def ask(size: int, token: str) -> tuple[list[Any], str]:
        request = pb.ListTuningJobsRequest(
            page_size=size,
            page_token=token,
            order=ORDERS[body.get("SortBy") or "Name"],
            descending=body.get("SortOrder") == "Descending",
            name_contains=body.get("NameContains") or "",
            state_equals=body.get("StatusEquals") or "",
            **bounds(body),
        )
        answer = await asked(call.backend.tuning.ListTuningJobs, request)
        return list(answer.jobs), answer.next_page_token

    jobs, token = await page(call, LIST, ask)
    return {"HyperParameterTuningJobSummaries": [tuning_job_summary(job, account) for job in jobs]} | token


async def stop(call: Call) -> Tree:
    job = await tuning_job(call.backend, call.body[NAME])
    await asked(call.backend.tuning.StopTuningJob, pb.StopTuningJobRequest(job=job.uid))
    return {}


async def delete(call: Call) -> Tree:
    job = await tuning_job(call.backend, call.body[NAME])
    await asked(call.backend.tuning.DeleteTuningJob, pb.DeleteTuningJobRequest(job=job.uid))
    return {}


async def tuning_job(backend: Backend, name: str) -> pb.TuningJob:
    """Return the job of that name, which is shared and not to be changed. Raises NotFound, as `known` does."""
    return (await known(backend, name)).job


async def known(backend: Backend, name: str) -> KnownJob:
    """Return the job of that name as it is now. Raises NotFound, also where the scheduler knows one by that uid.

    AWS has no uids.
    """
    kept = backend.known.get(name)
    request = pb.GetTuningJobRequest(job=name, without_findings=True, if_none_match=kept.etag if kept else "")
    answer: pb.GetTuningJobResponse = await asked(backend.tuning.GetTuningJob, request)
    if kept is not None and not answer.HasField("job"):
        return kept
    if answer.job.spec.name.lower() != name.lower():
        raise NotFound("tuning job", name)
    return backend.known.keep(name, KnownJob(answer.etag, answer.job))
