"""Where the replicas of a service are: HOST:PORT, or several.

One name may stand for all replicas, as a headless Service of Kubernetes or a scaled service of compose does; addresses
may be given one by one, separated by commas.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.platform.rpc.loopback import require_loopback

EXAMPLE: Final = "For example scheduler.example:7070, or 10.0.0.1:7070,10.0.0.2:7070"


def host_and_port(field: str, text: str) -> tuple[str, int]:
    """Return the two parts of HOST:PORT. Raises InvalidSpec."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise InvalidSpec(field, f"{text!r} is not HOST:PORT", "For example 127.0.0.1:7070")
    return host, int(port)


def grpc_target(field: str, text: str, *, encrypted: bool) -> str:
    """Return gRPC's name for HOST:PORT[,HOST:PORT …]. Raises InvalidSpec: no such, or plaintext to another machine."""
    pairs = [host_and_port(field, part.strip()) for part in text.split(",")]
    if not encrypted:
        for host, _ in pairs:
            remedy = "Give the authority's certificate with TUNEWRIGHT_TLS_CA, or use 127.0.0.1 and a tunnel"
            require_loopback(field, host, remedy)
    if len(pairs) == 1:
        return f"dns:///{pairs[0][0]}:{pairs[0][1]}"
    return _list_of_addresses(field, pairs)


def _list_of_addresses(field: str, pairs: list[tuple[str, int]]) -> str:
    versions: set[int] = set()
    addresses: list[str] = []
    for host, port in pairs:
        name = "127.0.0.1" if host == "localhost" else host.strip("[]")
        try:
            versions.add(ipaddress.ip_address(name).version)
        except ValueError:
            why = f"{host!r} is a name, and of several replicas each needs its IP address"
            raise InvalidSpec(field, why, f"Or give one name that stands for all. {EXAMPLE}") from None
        addresses.append(f"[{name}]:{port}" if ":" in name else f"{name}:{port}")
    if len(versions) > 1:
        raise InvalidSpec(field, "mixes IPv4 and IPv6", "Give addresses of one kind")
    return f"ipv{versions.pop()}:{','.join(addresses)}"
