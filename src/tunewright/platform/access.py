"""Whom the servers of an installation know: its own credentials, and the access file as it is now.

The file is looked at with each call, by its times and size, and read again when it has changed: adding, expiring and
revoking need no restart. One that cannot be read leaves what was known before, is told of in the log, and is tried
again every second: what was in the way may go without a trace in the file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from tunewright.core.access import INSTALLATION, Principal, digest_of
from tunewright.core.errors import InvalidSpec, NotFound, Unauthenticated
from tunewright.platform import access_file
from tunewright.platform.credentials import Credentials

UNKNOWN: Final = (
    "the token is not known here, or has been revoked; give that of the credentials file, or ask for another one"
)

AGAIN_S: Final = 1.0
"""After so long a file that could not be read is tried again, even if it looks as before."""

Seen = tuple[int, int, int, int]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An AWS key pair, and whose it is."""

    secret: str = field(repr=False)
    principal: Principal


KeyOf = Callable[[str], KeyPair | None]
"""Takes an access key id."""


def keys_of(credentials: Credentials, pairs: Mapping[str, str] | None = None) -> dict[str, KeyPair]:
    """Return the installation's own key pairs by id: that of its credentials, and those of `pairs`."""
    own = {credentials.aws_access_key_id: credentials.aws_secret_access_key, **(pairs or {})}
    return {key_id: KeyPair(secret, INSTALLATION) for key_id, secret in own.items()}


class Access:
    """`file` may come later, or never. `now` is the time in seconds since 1970. Raises InvalidSpec: it is wrong."""

    def __init__(
        self,
        credentials: Credentials,
        pairs: Mapping[str, str] | None = None,
        file: Path | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._file, self._now = file, now
        self._own_tokens = {digest_of(credentials.tunewright_token): INSTALLATION}
        self._own_keys = keys_of(credentials, pairs)
        self._tokens, self._keys = self._own_tokens, self._own_keys
        self._failed: tuple[Seen | None, str] | None = None
        """Of the last try, if the file could not be read: what it looked like, and why."""
        self._again_at = 0.0
        """When it is tried again, by time.monotonic."""
        self._seen = self._look()
        """What the file looked like that was read last."""
        if self._seen is not None:
            self._read()

    def authenticate(self, token: str) -> Principal:
        """Return whose token it is. Raises Unauthenticated: it is nobody's, or has expired."""
        self._follow()
        principal = self._tokens.get(digest_of(token))
        if principal is None:
            raise Unauthenticated(UNKNOWN)
        principal.require_current(self._now())
        return principal

    def key_pair(self, key_id: str) -> KeyPair | None:
        """Return the key pair of this id, also an expired one; None: there is none."""
        self._follow()
        return self._keys.get(key_id)

    def _follow(self) -> None:
        if self._file is None:
            return
        seen = self._look()
        if seen == self._seen:
            self._failed = None
            return
        if self._failed is not None and self._failed[0] == seen and time.monotonic() < self._again_at:
            return
        try:
            self._read()
        except (InvalidSpec, NotFound) as error:
            failed = seen, str(error)
            if failed != self._failed:
                log.warning("access file not read: what it said before holds", file=str(self._file), why=failed[1])
            self._failed, self._again_at = failed, time.monotonic() + AGAIN_S
        else:
            self._seen, self._failed = seen, None
            log.info("access file read", file=str(self._file), principals=len(self._tokens) - len(self._own_tokens))

    def _look(self) -> Seen | None:
        """Return what changes when the file does; None: it is not there."""
        if self._file is None:
            return None
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino  # a chmod changes ctime alone

    def _read(self) -> None:
        """Raises NotFound, InvalidSpec."""
        if self._file is None:
            return
        entries = access_file.read(self._file)
        pairs = {
            entry.aws_access_key_id: KeyPair(entry.aws_secret_access_key, entry.principal)
            for entry in entries
            if entry.aws_access_key_id
        }
        if taken := pairs.keys() & self._own_keys.keys():
            raise InvalidSpec(f"{self._file} aws_access_key_id", f"{taken.pop()} is the installation's", "Remove it")
        self._tokens = {entry.token_sha256: entry.principal for entry in entries} | self._own_tokens
        self._keys = pairs | self._own_keys
