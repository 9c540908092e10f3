"""What the door understands."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tunewright_gateway.core.model.requests import preload, request_of
from tunewright_gateway.edge.signatures import SIGNER
from tunewright_gateway.operations.call import Operation
from tunewright_gateway.operations.table import OPERATIONS


def load() -> None:
    """Load botocore and its model: half a second, in a thread, which other work on the loop must not wait for.

    It stays to the end of the process. Frozen, it is spared the garbage collector, which would walk through it now and
    then, a tenth of a second in which nobody is answered.
    """
    importlib.import_module(SIGNER)
    preload(OPERATIONS)
    gc.freeze()


@dataclass(frozen=True, slots=True)
class Language:
    operations: Mapping[str, Operation]
    read: Callable[[str, bytes], dict[str, Any]]
    """Returns the body of a request to an operation. Raises Refusal."""
    load: Callable[[], None]
    """Makes ready what the first request needs."""


AMAZONS: Final = Language(OPERATIONS, request_of, load)
