"""Where the server is and what opens it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.platform.credentials import FILE_NAME, default_data_dir, load

ENDPOINT: Final = "TUNEWRIGHT_ENDPOINT"
TOKEN: Final = "TUNEWRIGHT_TOKEN"  # noqa: S105 - the name of the variable


@dataclass(frozen=True, slots=True)
class Address:
    endpoint: str
    """HOST:PORT of the gRPC services."""
    token: str

    def __repr__(self) -> str:
        return f"Address({self.endpoint})"


def find(data_dir: Path | None = None, environ: Mapping[str, str] | None = None) -> Address:
    """Return TUNEWRIGHT_ENDPOINT with TUNEWRIGHT_TOKEN, else what the data folder's credentials file says.

    Raises: NotFound: there is no such file. InvalidSpec: only half of the two variables is given, or a bad file.
    """
    variables = os.environ if environ is None else environ
    endpoint, token = variables.get(ENDPOINT), variables.get(TOKEN)
    if data_dir is None and endpoint and token:
        return Address(endpoint, token)
    if data_dir is None and (endpoint or token):
        raise InvalidSpec(ENDPOINT, f"and {TOKEN} belong together", "Set both, or neither")
    folder = data_dir or default_data_dir(variables)
    try:
        credentials = load(folder / FILE_NAME)
    except NotFound:
        remedy = "`tunewright tune` and `tunewright local` make one"
        raise NotFound("data folder of a server", str(folder), remedy) from None
    return Address(credentials.tunewright_grpc, credentials.tunewright_token)
