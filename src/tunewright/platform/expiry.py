"""When certificates of servers and callers expire, for Prometheus. Python's ssl tells that only of a peer's.

What is walked is X.509's outermost structure (RFC 5280, section 4.1), in DER.
"""

from __future__ import annotations

import math
import ssl
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import Gauge

END: Final = "-----END CERTIFICATE-----"
VERSION: Final = 0xA0
TIMES: Final = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
"""UTCTime, whose years are 1950 to 2049, and GeneralizedTime."""

_expires = Gauge(
    "tunewright_certificate_expires_timestamp_seconds",
    "When the certificate of a server of this process expires, or the one that it shows to others, Unix seconds",
    ["server"],
)


def tell_expiry(server: str, certificate: Path) -> None:
    """Tell when a server's certificate expires, as it is on the disk at each look: it may be renewed there."""
    _expires.labels(server).set_function(partial(_told, certificate))


def tell_shown(to: str, certificate: Path) -> None:
    """Tell when the certificate that is shown to others expires. It was read at the start: a renewed one is not yet."""
    _expires.labels(to).set(_told(certificate))


def _told(certificate: Path) -> float:
    """Return NaN for one that cannot be read, which is refused or not taken up."""
    try:
        return expires_at(certificate.read_text())
    except (OSError, ValueError, IndexError):
        return math.nan


def expires_at(pem: str) -> float:
    """Return when the first certificate of a chain expires, Unix seconds. Raises ValueError, IndexError: it is none."""
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN") : pem.index(END) + len(END)])
    _, whole, _ = _element(der, 0)
    _, at, _ = _element(der, whole)
    kind, _, after = _element(der, at)
    at = after if kind == VERSION else at
    for _ in ("serial number", "signature", "issuer"):
        _, _, at = _element(der, at)
    _, not_before, _ = _element(der, at)
    _, _, not_after = _element(der, not_before)
    kind, start, end = _element(der, not_after)
    if kind not in TIMES:
        raise ValueError(f"{kind:#x} is no time")
    return datetime.strptime(der[start:end].decode(), TIMES[kind]).replace(tzinfo=UTC).timestamp()


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Return an element's tag, where its content starts, and where it ends."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[start : start + size]), start + size
    return der[at], start, start + length
