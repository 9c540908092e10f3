"""The lists of tuning jobs and of training jobs: which index serves which order and filter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tunewright.core.errors import InvalidSpec
from tunewright.platform.store.port import Query
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler.columns import FIELDS
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.listing import Filters, Listing, by_change, by_creation, by_status, filters_of, statuses


def page_size(asked: int, *, default: int, limit: int) -> int:
    """Return how many items a page has. Raises InvalidSpec."""
    if not 0 <= asked <= limit:
        raise InvalidSpec("page_size", f"must be between 1 and {limit}", f"Leave it out for {default}")
    return asked or default


def named(field: str, enum: Any, number: int) -> str:
    """Return the name of an enum's value as documents have it. Raises InvalidSpec: it is not known."""
    value = enum.DESCRIPTOR.values_by_number.get(number)
    prefix = enum.DESCRIPTOR.values_by_number[0].name.removesuffix("UNSPECIFIED")
    if value is None:
        known = ", ".join(name.removeprefix(prefix) for name in enum.keys()[1:])
        raise InvalidSpec(field, f"{number} is not a known value", f"Choose one of {known}")
    name: str = value.name
    return name.removeprefix(prefix)


def tuning_jobs(request: pb.ListTuningJobsRequest, owner: str) -> Listing:
    """Raises InvalidSpec."""
    order = named("order", pb.TuningJobOrder, request.order)
    wanted = statuses(request.state_equals, "state_equals")
    listed = Query("tuning_jobs", "by_creation", {"owner": owner, "hidden": False}, descending=request.descending)
    if order == "NAME":
        equals = {"shown": request.state_equals} if request.state_equals else {}
        return Listing([replace(listed, index="by_name")], filters_of(request, **equals))
    if order == "MODIFIED_AT":
        equals = {"shown": request.state_equals} if request.state_equals else {}
        return by_change(replace(listed, index="by_change"), filters_of(request, **equals))
    if order == "STATUS" or request.state_equals:
        return by_status(by_creation(replace(listed, index="by_state"), filters_of(request)), wanted)
    return by_creation(listed, filters_of(request))


def columns_of_trainings(job: TuningJob) -> Listing:
    return Listing([Query("training_jobs", "by_job", {"uid": job.uid}, fields=FIELDS)])


def all_trainings(request: pb.ListTrainingJobsRequest, owner: str) -> Listing:
    """List the trainings of an owner, of all tuning jobs and by themselves. Raises InvalidSpec."""
    order = named("order", pb.TrainingJobOrder, request.order)
    if order in {"NUMBER", "OBJECTIVE_VALUE"}:
        why = f"trainings of several tuning jobs have no order by {order}"
        raise InvalidSpec("order", why, "Choose CREATED_AT, NAME or STATUS, or name a tuning job")
    wanted = statuses(request.status_equals, "status_equals")
    listed = Query("training_jobs", "by_creation", {"owner": owner}, descending=request.descending)
    if order == "NAME":
        return Listing([replace(listed, index="by_name_key")], _filters(request, status_too=True))
    if order == "STATUS" or request.status_equals:
        return by_status(by_creation(replace(listed, index="by_status"), _filters(request)), wanted)
    return by_creation(listed, _filters(request))


def trainings_of(request: pb.ListTrainingJobsRequest, job: TuningJob) -> Listing:
    """List the trainings of one tuning job; they are created in the order of their numbers. Raises InvalidSpec."""
    order = named("order", pb.TrainingJobOrder, request.order)
    wanted = statuses(request.status_equals, "status_equals")
    of_job = {"uid": job.uid}
    listed = Query("training_jobs", "by_job", of_job, descending=request.descending)
    if order == "OBJECTIVE_VALUE":
        return Listing([replace(listed, index="by_objective")], _filters(request, status_too=True))
    if order == "NAME":
        name = job.name.lower()  # theirs begin with it, then "-"; "." comes behind that
        ranged = replace(listed, index="by_name_key", equals={"owner": job.owner}, low=name, high=f"{name}.")
        return Listing([ranged], _filters(request, status_too=True, **of_job))
    if order == "STATUS" or request.status_equals:
        return by_status(Listing([replace(listed, index="by_job_and_status")], _filters(request)), wanted)
    if request.HasField("state_equals"):
        state = named("state_equals", pb.TrainingState, request.state_equals)
        in_state = replace(listed, index="by_job_and_state", equals=of_job | {"state": state})
        return Listing([in_state], filters_of(request))
    return Listing([listed], filters_of(request))


def _filters(request: pb.ListTrainingJobsRequest, *, status_too: bool = False, **equals: object) -> Filters:
    """Return the filters with those that the chosen index does not serve."""
    if request.HasField("state_equals"):
        equals["state"] = named("state_equals", pb.TrainingState, request.state_equals)
    if status_too and request.status_equals:
        equals["shown"] = request.status_equals
    return filters_of(request, **equals)
