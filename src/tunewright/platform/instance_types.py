"""The table of instance types: the packaged one, and what an operator's file adds to it."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.instances import InstanceTypes, read_sizes

PACKAGED: Final = Path(__file__).with_name("instance_types.toml")
EXAMPLE: Final = 'As in: "ml.g5.xlarge" = { cpus = 4, memory_gib = 15, gpus = 1 }'


@cache
def packaged_types() -> InstanceTypes:
    """Return AWS's types, as far as their sizes are known, and `local` and `local_gpu`."""
    return InstanceTypes(read_sizes(tomllib.loads(PACKAGED.read_text())))


def instance_types(file: Path | None, field: str) -> InstanceTypes:
    """Return the types with those of an operator's file.

    Raises InvalidSpec, which says where the file is wrong; `field` is what the operator calls it.
    """
    if file is None:
        return packaged_types()
    try:
        return packaged_types().extended(read_sizes(_parsed(file, field)))
    except InvalidSpec as error:
        raise InvalidSpec(error.field, error.why, error.remedy or EXAMPLE, place=str(file)) from None


def _parsed(file: Path, field: str) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise InvalidSpec(field, f"cannot be read: {error.strerror}", "Name a file that is there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSpec(field, f"is not TOML: {error}", EXAMPLE) from None
