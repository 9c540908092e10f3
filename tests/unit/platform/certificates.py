"""Certificates for this machine: a set of `tunewright admin certs`, and others that are not as they should be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tunewright.platform.certificates import (
    AUTHORITY,
    CLIENT,
    SERVER,
    Pair,
    certificate_file,
    key_file,
    make,
    make_authority,
    renew,
)
from tunewright.platform.rpc.tls import CallerTls, Tls


def certificate_in(folder: Path) -> Tls:
    """Make a set in a folder; return the server's."""
    renew(folder, (), 2, datetime.now(UTC))
    return server_in(folder)


def server_in(folder: Path, *, mutual: bool = False) -> Tls:
    authority = certificate_file(folder, AUTHORITY) if mutual else None
    return Tls(certificate_file(folder, SERVER), key_file(folder, SERVER), authority)


def caller_in(folder: Path, *, shows: bool = False) -> CallerTls:
    """Return what believes the set's authority, and shows the set's client certificate if it is to."""
    pair = (certificate_file(folder, CLIENT), key_file(folder, CLIENT)) if shows else ()
    return CallerTls(certificate_file(folder, AUTHORITY), *pair)


def another(folder: Path, kind: str, authority: Pair, names: tuple[str, ...] = (), *, days: float = 2) -> None:
    """Put a certificate into a folder in place of its own. Of less than no days: it has expired."""
    make(authority, kind, names, days, datetime.now(UTC)).write(folder, kind)


def authority_of(folder: Path) -> Pair:
    found = Pair.read(folder, AUTHORITY)
    assert found is not None
    return found


def stranger() -> Pair:
    return make_authority(datetime.now(UTC) - timedelta(days=1))
