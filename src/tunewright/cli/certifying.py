"""`tunewright admin certs`: certificates for an installation of one's own."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tunewright.core.errors import InvalidSpec
from tunewright.platform.rpc.tls import CA, CERTIFICATE, CLIENT_CA, CLIENT_CERTIFICATE, CLIENT_KEY, KEY


def certs(folder: Path, names: Sequence[str], days: int) -> None:
    """Make or renew them, and print what to set in a form that a shell can read."""
    from tunewright.platform import certificates as made

    folder = folder.absolute()
    try:
        pairs = made.renew(folder, names, days, datetime.now(UTC))
    except OSError as error:
        raise InvalidSpec("FOLDER", f"{folder} cannot be used: {error.strerror}", "Is it yours?") from None
    for name, (pair, new) in pairs.items():
        print(f"# {made.certificate_file(folder, name)}: {'new' if new else 'kept'}, until {pair.until:%Y-%m-%d}")
    authority, server, client = (made.certificate_file(folder, name) for name in pairs)
    print("# servers; the last one makes every caller show a certificate")
    _export({CERTIFICATE: server, KEY: made.key_file(folder, made.SERVER), CLIENT_CA: authority})
    print("# callers: services, SDK, command line")
    _export({CA: authority, CLIENT_CERTIFICATE: client, CLIENT_KEY: made.key_file(folder, made.CLIENT)})


def _export(variables: dict[str, Path]) -> None:
    for name, path in variables.items():
        print(f"export {name}={shlex.quote(str(path))}")
