"""Tags of tuning jobs and of training jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tunewright.core.amt.tags import TAGS, tags_of, tags_tree
from tunewright.core.arns import TUNING_JOB, resource_of
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.core.members import Members
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.core.refusals import VALIDATION, Refusal, refusal_of
from tunewright_gateway.operations.asking import asked
from tunewright_gateway.operations.call import Call, Tree
from tunewright_gateway.operations.training_jobs import training_job
from tunewright_gateway.operations.tuning_jobs import tuning_job

MEMBERS: Final = {"set": TAGS, "remove": "TagKeys"}
"""What AWS calls the fields of ChangeTagsRequest."""


async def add(call: Call) -> Tree:
    return {"Tags": tag_list(await _changed(call, tags_of(Members(call.body)), ()))}


async def list_(call: Call) -> Tree:
    """List all tags on one page: a resource has 50 at most, and no page may be smaller."""
    if call.body.get("NextToken"):
        raise Refusal(VALIDATION, "Invalid NextToken")
    found = await _resource(call)
    return {"Tags": tag_list(found.spec.tags if isinstance(found, pb.TuningJob) else found.tags)}


async def delete(call: Call) -> Tree:
    await _changed(call, {}, call.body["TagKeys"])
    return {}


def tag_list(tags: Mapping[str, str]) -> list[Tree]:
    return tags_tree(dict(sorted(tags.items())))


async def _changed(call: Call, given: Mapping[str, str], removed: Sequence[str]) -> Mapping[str, str]:
    """Change tags; return all that there are."""
    request = pb.ChangeTagsRequest(set=given, remove=removed)
    found = await _resource(call)
    if isinstance(found, pb.TuningJob):
        request.job = found.uid
    else:
        request.training = found.id
    try:
        tags: Mapping[str, str] = (await asked(call.backend.tuning.ChangeTags, request)).tags
    except InvalidSpec as error:
        raise refusal_of(error, MEMBERS) from None
    return tags


async def _resource(call: Call) -> pb.TuningJob | pb.TrainingJob:
    """Return what an ARN names. Raises Refusal: nothing; operations on tags have no error of their own for it."""
    named = resource_of(call.body["ResourceArn"])
    try:
        if named is not None:
            kind, name = named
            if kind == TUNING_JOB:
                return await tuning_job(call.backend, name)
            return (await training_job(call.backend, name)).training
    except NotFound:
        pass
    raise Refusal(VALIDATION, "Requested resource not found.")
