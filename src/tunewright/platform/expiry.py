"""When certificates of servers and callers expire, for Prometheus."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

from prometheus_client import Gauge

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
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.timestamp()
    except (OSError, ValueError):
        return math.nan
