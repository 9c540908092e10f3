"""Which certificates the two ends of a connection show and believe, and what is wrong when they do not meet.

Whoever looks for a server's address loads this, and with it neither gRPC nor a log.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tunewright.core.errors import InvalidSpec

CERTIFICATE: Final = "TUNEWRIGHT_TLS_CERTIFICATE"
KEY: Final = "TUNEWRIGHT_TLS_KEY"
CLIENT_CA: Final = "TUNEWRIGHT_TLS_CLIENT_CA"
CA: Final = "TUNEWRIGHT_TLS_CA"
CLIENT_CERTIFICATE: Final = "TUNEWRIGHT_TLS_CLIENT_CERTIFICATE"
CLIENT_KEY: Final = "TUNEWRIGHT_TLS_CLIENT_KEY"

NEVER_OPEN: Final = "; last error: "
"""What gRPC says when no connection came about, be it to one address or to several."""
HANDSHAKES: Final = {
    "certificate has expired": (
        "its certificate has expired",
        "Renew it: `tunewright admin certs` again, or whoever signs yours",
    ),
    "certificate is not yet valid": ("its certificate is not valid yet", "Compare the clocks of both machines"),
    "Hostname Verification Check failed": (
        "its certificate does not name the host that it is called by",
        "Call it by a name that is in there, or make one with this name: tunewright admin certs FOLDER --name HOST",
    ),
    "CERTIFICATE_VERIFY_FAILED": (
        f"its certificate is not signed by the authority in {CA}",
        f"Name the certificate of the server's own authority in {CA}",
    ),
    "WRONG_VERSION_NUMBER": (
        "it speaks plaintext, and TLS was asked for",
        f"Give it {CERTIFICATE} and {KEY}; or leave {CA} out, on loopback",
    ),
    "Socket closed": (
        "it closed the connection at once",
        f"If it demands TLS, name its authority in {CA}; if callers' certificates, give {CLIENT_CERTIFICATE} and _KEY",
    ),
}
"""What gRPC says of a handshake that failed: what it means, and what to do. The first that fits counts."""


def handshake_fault(text: str) -> tuple[str, str] | None:
    """Return why no connection came about and the remedy, if it is for what the two ends show each other."""
    if NEVER_OPEN not in text:
        return None
    text = text.replace("Connection reset by peer", "Socket closed")  # it depends on who was faster
    return next((told for said, told in HANDSHAKES.items() if said in text), None)


@dataclass(frozen=True, slots=True)
class Tls:
    """A server's certificate chain and its key, in PEM."""

    certificate: Path
    key: Path
    client_ca: Path | None = None
    """Who is not shown a certificate that this one has signed hangs up."""

    @classmethod
    def given(cls, certificate: Path | None, key: Path | None, names: str) -> Self | None:
        """Return the two, None for neither. Raises InvalidSpec, by what they are called: only one is given."""
        pair = _pair(certificate, key, names)
        return cls(*pair) if pair else None

    def check(self) -> None:
        """Raise InvalidSpec unless gRPC can serve with the files."""
        require_pair(CERTIFICATE, self.certificate, KEY, self.key)
        if self.client_ca is not None:
            require_certificates(CLIENT_CA, self.client_ca)


@dataclass(frozen=True, slots=True)
class CallerTls:
    """What a caller believes and shows, in PEM."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None

    @classmethod
    def given(cls, ca: Path | None, certificate: Path | None, key: Path | None) -> Self | None:
        """Return them, None for none. Raises InvalidSpec."""
        pair = _pair(certificate, key, f"{CLIENT_CERTIFICATE} and {CLIENT_KEY}")
        if ca is None:
            if pair:
                raise InvalidSpec(CLIENT_CERTIFICATE, "is shown over TLS only", f"Give the servers' authority in {CA}")
            return None
        return cls(ca, *(pair or ()))

    def check(self) -> None:
        """Raise InvalidSpec unless gRPC can call with the files."""
        require_certificates(CA, self.ca)
        if self.certificate is not None and self.key is not None:
            require_pair(CLIENT_CERTIFICATE, self.certificate, CLIENT_KEY, self.key)


def read_pem(field: str, path: Path) -> bytes:
    """Return a file of certificates or a key. Raises InvalidSpec."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidSpec(field, f"{path} cannot be read: {error.strerror}", "Give a file in PEM") from None


def require_certificates(field: str, path: Path) -> None:
    """Raise InvalidSpec unless the file holds certificates: gRPC would say so at the first call, to nobody."""
    import ssl

    read_pem(field, path)
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError):
        raise InvalidSpec(field, f"{path} holds no certificate", "Give a file in PEM") from None


def require_pair(name: str, certificate: Path, key_name: str, key: Path) -> None:
    """Raise InvalidSpec unless the files hold a certificate and its key."""
    import ssl

    read_pem(key_name, key)
    require_certificates(name, certificate)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        fits = getattr(error, "reason", "") != "KEY_VALUES_MISMATCH"
        why = f"{key} is no key in PEM without a password" if fits else f"{key} is not the key of {certificate}"
        raise InvalidSpec(key_name, why, f"Give the key that the certificate in {name} was made for") from None


def _pair(certificate: Path | None, key: Path | None, names: str) -> tuple[Path, Path] | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise InvalidSpec(names, "belong together", "Give both, or neither")
    return certificate, key
