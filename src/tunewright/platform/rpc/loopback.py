"""Plaintext is for loopback only, at both ends: a token must not cross a network in the clear."""

from __future__ import annotations

import ipaddress

from tunewright.core.errors import InvalidSpec


def require_loopback(field: str, host: str, remedy: str) -> None:
    """Raise InvalidSpec under `field` unless the host is this machine itself."""
    if not is_loopback(host):
        raise InvalidSpec(field, f"{host!r} is not a loopback address, and plaintext is for loopback only", remedy)


def is_loopback(host: str) -> bool:
    name = host.strip("[]")
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
