"""Plaintext is for loopback only, at both ends: a token must not cross a network in the clear."""

from __future__ import annotations

import ipaddress

from tunewright.core.errors import InvalidSpec


def require_loopback(field: str, host: str) -> None:
    """Raise InvalidSpec under `field` unless the host is this machine itself."""
    if not _is_loopback(host.strip("[]")):
        why = f"{host!r} is not a loopback address, and plaintext is for loopback only"
        raise InvalidSpec(field, why, "Use 127.0.0.1; reach another machine through a tunnel")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
