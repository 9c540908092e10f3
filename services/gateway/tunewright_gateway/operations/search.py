"""Search: every resource is read, held against the expression and let go, so that memory holds two pages at most.

A page costs a look at all resources of the kind, since TotalHits says how many there are.
"""

from __future__ import annotations

from typing import Any, Final

from tunewright_gateway.core.expression import Condition, Kind, compiled, decimal, found
from tunewright_gateway.core.leading import Leading, Rank, rank_of
from tunewright_gateway.core.properties import kind_of, searchable
from tunewright_gateway.core.refusals import VALIDATION, Refusal
from tunewright_gateway.core.tokens import Listing
from tunewright_gateway.operations.call import Call, Tree
from tunewright_gateway.operations.paging import size_of
from tunewright_gateway.operations.records import Records, TrainingJobs, TuningJobs

SEARCH: Final = "Search"
DEFAULT_ORDER: Final = "LastModifiedTime"
RESOURCES: Final[dict[str, type[TuningJobs | TrainingJobs]]] = {
    "HyperParameterTuningJob": TuningJobs,
    "TrainingJob": TrainingJobs,
}


async def search(call: Call) -> Tree:
    resource = call.body["Resource"]
    if resource not in RESOURCES:
        raise Refusal(VALIDATION, f"Search here serves the resources {' and '.join(RESOURCES)}, not {resource}.")
    listing = Listing(call.backend.page_key, SEARCH, call.body)
    place = listing.place(call.body["NextToken"]) if call.body.get("NextToken") else None
    descending = call.body.get("SortOrder") != "Ascending"
    leading = Leading(size_of(call.body), descending, tuple(place) if place else None)
    expression = call.body.get("SearchExpression")
    records = RESOURCES[resource](call.backend, expression, _paths(call.body))
    await _sift(records, _condition(call.body, records.shape), call.body.get("SortBy") or DEFAULT_ORDER, leading)
    shown, behind = leading.page()
    return {
        "Results": [{resource: await records.whole(record)} for record in shown],
        "TotalHits": {"Value": leading.hits, "Relation": "EqualTo"},
    } | _next(listing, behind)


async def _sift(records: Records, condition: Condition, sort_by: str, leading: Leading) -> None:
    kind = kind_of(records.shape, sort_by)
    if kind is Kind.COMPOSITE:
        raise Refusal(VALIDATION, f"Results cannot be sorted by {sort_by}, which has properties of its own.")
    async for record in records.all():
        seen = searchable(record)
        if condition(seen):
            leading.offer(_rank(seen, sort_by, kind, records.name, descending=leading.descending), record)


def _rank(seen: Tree, sort_by: str, kind: Kind, name: str, *, descending: bool) -> Rank:
    value = next(found(seen, sort_by), None)
    if kind is Kind.HYPERPARAMETER and value is not None:
        number = decimal(value)
        value = value if number is None else number
    return rank_of(value, seen[name], descending=descending)


def _condition(body: Tree, shape: Any) -> Condition:
    expression = body.get("SearchExpression")
    conditions = [compiled(expression, lambda path: kind_of(shape, path))] if expression is not None else []
    visible = body.get("VisibilityConditions") or ()
    conditions += [_visible(item.get("Key") or "", item.get("Value") or "") for item in visible]
    if body.get("CrossAccountFilterOption") == "CrossAccount":
        return lambda _tree: False  # what other accounts share: there are none
    return lambda tree: all(condition(tree) for condition in conditions)


def _visible(path: str, value: str) -> Condition:
    """What has another value there is left out; what has none is not."""
    return lambda tree: all(there == value for there in found(tree, path))


def _paths(body: Tree) -> list[str]:
    """Return the properties that decide what is found, and in which order."""
    paths, left = [body.get("SortBy") or DEFAULT_ORDER], [body.get("SearchExpression") or {}]
    while left:
        here = left.pop()
        filters = [*(here.get("Filters") or ())]
        filters += [item for nested in here.get("NestedFilters") or () for item in nested["Filters"]]
        paths += [item["Name"] for item in filters]
        left += here.get("SubExpressions") or ()
    return paths


def _next(listing: Listing, behind: Rank | None) -> Tree:
    return {} if behind is None else {"NextToken": listing.token(behind)}
