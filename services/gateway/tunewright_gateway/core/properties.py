"""What can be searched for: the properties of AWS's search records, as botocore's model has them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from tunewright_gateway.core.expression import Kind
from tunewright_gateway.core.model.service import Shape, service_model
from tunewright_gateway.core.refusals import VALIDATION, Refusal

KINDS: Final = {
    "string": Kind.TEXT,
    "integer": Kind.NUMBER,
    "long": Kind.NUMBER,
    "double": Kind.NUMBER,
    "float": Kind.FLOAT32,
    "boolean": Kind.FLAG,
    "timestamp": Kind.TIME,
}
TAGS: Final = "Tags."
METRICS: Final = "Metrics."
HYPERPARAMETERS: Final = "HyperParameters"
"""The shape's name; static hyperparameters of a definition have it too."""


@cache
def shape_of(record: str) -> Shape:
    """Return botocore's shape of a kind of search record."""
    return service_model().shape_for(record)


def kind_of(shape: Shape, path: str) -> Kind:
    """Return what a search record of this shape holds at a path. Raises Refusal: there can be nothing."""
    if path.startswith(TAGS) and path != TAGS and "Tags" in shape.members:
        return Kind.TEXT
    if path.startswith(METRICS) and path != METRICS and "FinalMetricDataList" in shape.members:
        return Kind.FLOAT32
    here, rest = shape, path
    while rest:
        if here.type_name == "list":
            here = here.member
        elif here.type_name == "map":
            return (
                Kind.HYPERPARAMETER if here.name == HYPERPARAMETERS else KINDS.get(here.value.type_name, Kind.COMPOSITE)
            )
        elif here.type_name == "structure":
            head, _, rest = rest.partition(".")
            if head not in here.members:
                raise _unknown(path)
            here = here.members[head]
        else:
            raise _unknown(path)
    while here.type_name == "list" and here.member.type_name in KINDS:
        here = here.member
    return KINDS.get(here.type_name, Kind.COMPOSITE)


def searchable(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with tags and metrics by name, as filters name them."""
    metrics = record.get("FinalMetricDataList", ())
    return {
        **record,
        "Tags": {tag["Key"]: tag["Value"] for tag in record.get("Tags", ())},
        "Metrics": {metric["MetricName"]: metric["Value"] for metric in metrics if "Value" in metric},
    }


def _unknown(path: str) -> Refusal:
    return Refusal(VALIDATION, f"Unknown property to search by: {path}")
