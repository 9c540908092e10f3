"""botocore's model of SageMaker: 40 MB of JSON, read when it is first asked for (about 100 ms) and once."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

SERVICE: Final = "sagemaker"

Shape = Any
"""botocore.model.Shape, which has no annotations."""


@cache
def service_model() -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(SERVICE, "service-2"), SERVICE)


def input_shape(operation: str) -> Shape:
    """Return the shape of a request. Raises botocore's OperationNotFoundError."""
    return service_model().operation_model(operation).input_shape


def output_shape(operation: str) -> Shape | None:
    """Return the shape of an answer, None if it has no members."""
    return service_model().operation_model(operation).output_shape


def version() -> str:
    from botocore import __version__

    return str(__version__)
