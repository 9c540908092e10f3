"""Where the server is and what opens it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.platform.credentials import FILE_NAME, default_data_dir, load
from tunewright.platform.rpc.tls import CA, CLIENT_CERTIFICATE, CLIENT_KEY, CallerTls

ENDPOINT: Final = "TUNEWRIGHT_ENDPOINT"
METRICS: Final = "TUNEWRIGHT_METRICS_ENDPOINT"
CREDENTIALS: Final = "TUNEWRIGHT_CREDENTIALS"
TOKEN: Final = "TUNEWRIGHT_TOKEN"  # noqa: S105 - the name of the variable


@dataclass(frozen=True, slots=True)
class Address:
    endpoint: str
    """HOST:PORT of the scheduler, or of the embedded server; several replicas with commas between."""
    token: str
    metrics: str = ""
    """HOST:PORT of metrics, where it is served apart."""
    ca: Path | None = None
    """Certificate that the servers' are signed with, PEM; plaintext, on loopback only, without it."""
    certificate: Path | None = None
    """Shown to servers that demand one of their callers, PEM; with its key."""
    key: Path | None = None

    def __repr__(self) -> str:
        return f"Address({self.endpoint})"

    def tls(self) -> CallerTls | None:
        """Raises InvalidSpec: one of certificate and key without the other, or without an authority."""
        return CallerTls.given(self.ca, self.certificate, self.key)


def find(data_dir: Path | None = None, environ: Mapping[str, str] | None = None) -> Address:
    """Return TUNEWRIGHT_ENDPOINT with a token, else what the data folder's credentials file says.

    The token is TUNEWRIGHT_TOKEN, or stands in the file that TUNEWRIGHT_CREDENTIALS names. Raises: NotFound: there is
    no such file. InvalidSpec: an endpoint without a token or the other way round, or a bad file.
    """
    variables = os.environ if environ is None else environ
    if data_dir is None and any(variables.get(name) for name in (ENDPOINT, TOKEN)):
        return _given(variables)
    folder = data_dir or default_data_dir(variables)
    try:
        credentials = load(folder / FILE_NAME)
    except NotFound:
        remedy = "`tunewright tune` and `tunewright local` make one"
        raise NotFound("data folder of a server", str(folder), remedy) from None
    return Address(credentials.tunewright_grpc, credentials.tunewright_token)


def _given(variables: Mapping[str, str]) -> Address:
    """Return the address that the variables describe."""
    endpoint, token, file = (variables.get(name, "") for name in (ENDPOINT, TOKEN, CREDENTIALS))
    if endpoint and file and not token:
        token = load(Path(file)).tunewright_token
    if not (endpoint and token):
        raise InvalidSpec(
            f"{ENDPOINT} and {TOKEN}", "belong together", f"Set both; {CREDENTIALS} names a file in its place"
        )
    files = [Path(text) if (text := variables.get(name)) else None for name in (CA, CLIENT_CERTIFICATE, CLIENT_KEY)]
    return Address(endpoint, token, variables.get(METRICS, ""), *files)
