"""What a search may leave unread: nothing that it would have found."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tunewright.platform.codec import instant_to_timestamp
from tunewright_gateway.core.expression import compiled
from tunewright_gateway.core.instants import instant_of
from tunewright_gateway.core.narrowing import narrowed
from tunewright_gateway.core.properties import kind_of, shape_of
from tunewright_gateway.describing.times import epoch

NAME, STATUS, CREATED, MODIFIED = "TrainingJobName", "TrainingJobStatus", "CreationTime", "LastModifiedTime"
TIMES = ["2023-11-14T22:13:20", "2023-11-14T22:13:20.001", "2023-11-14T22:13:21"]
ORDERS = ["GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo", "Equals", "NotEquals"]


def item(names: list[str], operators: list[str], values: list[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {"Name": st.sampled_from(names), "Operator": st.sampled_from(operators), "Value": st.sampled_from(values)}
    )


FILTERS = st.one_of(
    item([NAME], ["Equals", "NotEquals", "Contains", "In"], ["job", "Job-1", "job-1,job-2"]),
    item([STATUS], ["Equals", "NotEquals", "In"], ["Completed", "Deleting", "Nonsense"]),
    item([CREATED, MODIFIED], ORDERS, TIMES),
    st.sampled_from([{"Name": NAME, "Value": "job-1"}, {"Name": STATUS, "Operator": "Exists"}, {"Name": CREATED}]),
)
EXPRESSIONS = st.fixed_dictionaries(
    {"Filters": st.lists(FILTERS, min_size=1, max_size=3)}, optional={"Operator": st.sampled_from(["And", "Or"])}
)
PARTS = (-1.0, 0.0, 0.000_4, 0.000_9, 0.001, 0.001_5, 1.0, 1.000_9)
REAL_TIMES = st.sampled_from([1_700_000_000 + part for part in PARTS])
JOBS = st.fixed_dictionaries(
    {NAME: st.sampled_from(["job-1", "Job-1", "JOB", "other"]), STATUS: st.sampled_from(["Completed", "InProgress"])}
)


def listed(job: dict[str, Any], created: float, modified: float, filters: dict[str, Any]) -> bool:
    """Say whether a list gives a job, which it knows the exact times of."""
    bounds = {"Creation": created, "LastModified": modified}
    return (
        filters.get("NameContains", "").lower() in job[NAME].lower()
        and filters.get("StatusEquals", job[STATUS]) == job[STATUS]
        and all(at >= instant_of(filters.get(f"{name}TimeAfter", at)) for name, at in bounds.items())
        and all(at < instant_of(filters.get(f"{name}TimeBefore", at + 1)) for name, at in bounds.items())
    )


SINCE: dict[str, Any] = {"Filters": [{"Name": CREATED, "Operator": "GreaterThanOrEqualTo", "Value": TIMES[1]}]}


@given(EXPRESSIONS, JOBS, REAL_TIMES, REAL_TIMES)
@example(SINCE, {NAME: "job-1", STATUS: "Completed"}, 1_700_000_000.0009, 1_700_000_001.0)
def test_a_narrowed_list_gives_all_that_is_found(
    expression: dict[str, Any], job: dict[str, Any], created: float, modified: float
) -> None:
    told = job | {CREATED: epoch(instant_to_timestamp(created)), MODIFIED: epoch(instant_to_timestamp(modified))}
    found = compiled(expression, lambda path: kind_of(shape_of("TrainingJob"), path))(told)
    assert listed(job, created, modified, narrowed(expression, NAME, STATUS)) or not found


def test_a_search_for_a_name_and_a_status_reads_no_others() -> None:
    filters = [{"Name": NAME, "Operator": "Contains", "Value": "job"}, {"Name": STATUS, "Value": "Failed"}]
    assert narrowed({"Filters": filters}, NAME, STATUS) == {"NameContains": "job", "StatusEquals": "Failed"}
    assert narrowed({"Filters": filters, "Operator": "Or"}, NAME, STATUS) == {}
    assert narrowed(None, NAME, STATUS) == {}
