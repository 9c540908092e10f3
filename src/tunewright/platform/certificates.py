"""An installation's own authority, and the two certificates that it signs: the servers' and their callers'.

For development, and for networks whose owner is the only one to be believed. Running it again keeps the authority, so
that nobody who believes it has to be told, and makes anew what is about to expire or lacks a name.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tunewright.core.errors import InvalidSpec

AUTHORITY: Final = "authority"
SERVER: Final = "server"
CLIENT: Final = "client"
ALWAYS_NAMED: Final = (
    "suggester",
    "scheduler",
    "trainer",
    "metrics",
    "gateway",
    "localhost",
    "127.0.0.1",
    "::1",
)
"""The services as compose and Kubernetes call them, and this machine."""
AUTHORITY_DAYS: Final = 3650
ABOUT_TO_EXPIRE: Final = timedelta(days=30)
CLOCKS_APART: Final = timedelta(minutes=5)
"""A machine whose clock is behind believes it too."""


@dataclass(frozen=True, slots=True)
class Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def read(cls, folder: Path, name: str) -> Self | None:
        """Return the pair of that name; None: there is none. Raises InvalidSpec."""
        certificate, key = certificate_file(folder, name), key_file(folder, name)
        if not (certificate.exists() and key.exists()):
            return None
        try:
            read = x509.load_pem_x509_certificate(certificate.read_bytes())
            secret = load_pem_private_key(key.read_bytes(), None)
        except (OSError, ValueError, TypeError):  # their text may hold what they read
            raise InvalidSpec(str(folder), f"{certificate} or {key} cannot be read", "Move both away") from None
        if not isinstance(secret, ec.EllipticCurvePrivateKey) or secret.public_key() != read.public_key():
            raise InvalidSpec(str(folder), f"{key} is not the key of {certificate}", "Move both away") from None
        return cls(read, secret)

    def write(self, folder: Path, name: str) -> None:
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _replace(key_file(folder, name), self.key.private_bytes(*form), 0o600)
        _replace(certificate_file(folder, name), self.certificate.public_bytes(Encoding.PEM), 0o644)

    @property
    def until(self) -> datetime:
        return self.certificate.not_valid_after_utc

    def lasts(self, now: datetime) -> bool:
        """Whether it has a month to go; if it was made for less, a third of that."""
        whole = self.until - self.certificate.not_valid_before_utc
        return self.until - now > min(ABOUT_TO_EXPIRE, whole / 3)

    def names(self) -> tuple[str, ...]:
        try:
            said = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return ()
        return tuple(str(name.value) for name in said)


def certificate_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.pem"


def key_file(folder: Path, name: str) -> Path:
    return folder / f"{name}-key.pem"


def renew(folder: Path, names: Sequence[str], days: int, now: datetime) -> dict[str, tuple[Pair, bool]]:
    """Make what is missing, about to expire or lacks a name; return all three pairs, and which of them are new.

    Names that the servers' certificate has already stay in it. Raises InvalidSpec.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = Pair.read(folder, AUTHORITY)
    if found := authority and authority.lasts(now):
        server, client = Pair.read(folder, SERVER), Pair.read(folder, CLIENT)
    else:
        authority, server, client = make_authority(now), None, None
        authority.write(folder, AUTHORITY)
    assert authority is not None  # noqa: S101 - found or made
    wanted = tuple(dict.fromkeys([*ALWAYS_NAMED, *(server.names() if server else ()), *names]))
    kept_server = server if server and server.lasts(now) and set(wanted) <= set(server.names()) else None
    kept_client = client if client and client.lasts(now) else None
    new_server = kept_server or _written(folder, SERVER, make(authority, SERVER, wanted, days, now))
    new_client = kept_client or _written(folder, CLIENT, make(authority, CLIENT, (), days, now))
    return {
        AUTHORITY: (authority, not found),
        SERVER: (new_server, kept_server is None),
        CLIENT: (new_client, kept_client is None),
    }


def make_authority(now: datetime, days: int = AUTHORITY_DAYS) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named("tunewright authority")
    made = _begun(name, name, key, now, now + timedelta(days=days))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(_usage(signs=True), critical=True)
    return Pair(made.sign(key, hashes.SHA256()), key)


def make(authority: Pair, kind: str, names: Iterable[str], days: float, now: datetime) -> Pair:
    """Return a server's or a client's certificate; it ends with its authority at the latest. Raises InvalidSpec."""
    key = ec.generate_private_key(ec.SECP256R1())
    until = min(now + timedelta(days=days), authority.until)
    made = _begun(_named(f"tunewright {kind}"), authority.certificate.subject, key, now, until)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(signs=False), critical=True)
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if kind == SERVER else ExtendedKeyUsageOID.CLIENT_AUTH
    made = made.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    its_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    made = made.add_extension(its_key, critical=False)
    if named := [_name(name) for name in names]:
        made = made.add_extension(x509.SubjectAlternativeName(named), critical=False)
    return Pair(made.sign(authority.key, hashes.SHA256()), key)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(min(now, until) - CLOCKS_APART).not_valid_after(until)
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _name(text: str) -> x509.GeneralName:
    """Raises InvalidSpec."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    if not text or not text.isascii() or any(character in text for character in " ,/:"):
        raise InvalidSpec("--name", f"{text!r} is no host name", "Give a name or an address, without a port")
    return x509.DNSName(text)


def _written(folder: Path, name: str, pair: Pair) -> Pair:
    pair.write(folder, name)
    return pair


def _replace(path: Path, content: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    draft.replace(path)
