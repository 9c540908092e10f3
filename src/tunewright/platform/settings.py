"""What an operator sets of a service: dataclasses whose fields are read from TUNEWRIGHT_* variables.

The field `stop_grace_s` is the variable TUNEWRIGHT_STOP_GRACE_S. What a field means is said where it is declared, and
`tunewright serve SERVICE --variables` prints it.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar, get_type_hints

import structlog

from tunewright.core.arns import NOBODYS, Account
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.platform.access import Access
from tunewright.platform.credentials import Credentials, key_pairs, load
from tunewright.platform.rpc.loopback import require_loopback
from tunewright.platform.rpc.targets import host_and_port
from tunewright.platform.rpc.tls import CallerTls, Tls

PREFIX: Final = "TUNEWRIGHT_"
UNSAID: Final = (MISSING, None, "", ())
"""Defaults that say nothing to a reader."""
TRUTH: Final = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bound:
    """What a number must be; finite it must be anyway."""

    least: float
    more: bool = False
    """More than that."""

    def holds(self, number: float) -> bool:
        return math.isfinite(number) and (number > self.least if self.more else number >= self.least)

    def __str__(self) -> str:
        """Return "a number above 0"."""
        return f"a number above {self.least:g}" if self.more else f"{self.least:g} or more"


FROM_0: Final = Bound(0)
FROM_1: Final = Bound(1)
ABOVE_0: Final = Bound(0, more=True)


def setting(default: Any = MISSING, *, tells: str, bound: Bound | None = None, secret: bool = False) -> Any:
    """Declare a field; without a default it must be given. A number outside of its bound is refused.

    What is secret is not shown with the rest.
    """
    return field(default=default, metadata={"tells": tells, "bound": bound}, repr=not secret)


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """Of every service."""

    credentials: Path = setting(tells="File of keys and token; all services of an installation have the same one.")
    http: str = setting("127.0.0.1:0", tells="HOST:PORT of /healthz, /readyz and /metrics; port 0 picks a free one.")
    http_tls_certificate: Path | None = setting(None, tells="The HTTP server's certificate chain, PEM.")
    http_tls_key: Path | None = setting(None, tells="Its key, PEM.")
    http_plaintext: bool = setting(
        default=False,
        tells="Allow HTTP beyond loopback without TLS: on an inside network, or behind a proxy that ends TLS.",
    )
    log_level: str = setting("INFO", tells="DEBUG, INFO, WARNING or ERROR.")

    def keys(self) -> Credentials:
        """Raises InvalidSpec."""
        try:
            return load(self.credentials)
        except NotFound:
            remedy = f"Make one: tunewright admin credentials {self.credentials}"
            raise InvalidSpec(variable("credentials"), f"there is no {self.credentials}", remedy) from None

    def http_tls(self) -> Tls | None:
        """Raises InvalidSpec: only one of the two files is given, or none where TLS is needed."""
        names = f"{variable('http_tls_certificate')} and {variable('http_tls_key')}"
        tls = Tls.given(self.http_tls_certificate, self.http_tls_key, names)
        if tls is None and not self.http_plaintext:
            host, _ = address("http", self.http)
            require_loopback(
                variable("http"), host, f"Give {names}; or {variable('http_plaintext')}=on, or listen on 127.0.0.1"
            )
        return tls


@dataclass(frozen=True, kw_only=True)
class AccessSettings(ServiceSettings):
    """Of a service that judges who calls."""

    access: Path | None = setting(None, tells="File of more tokens, of other owners or that may do less.")

    def known(self) -> Access:
        """Return whom this installation knows. Raises InvalidSpec."""
        if self.access is not None and not self.access.exists():
            remedy = f"Make one: tunewright admin tokens add NAME --file {self.access}"
            raise InvalidSpec(variable("access"), f"there is no {self.access}", remedy)
        return Access(self.keys(), key_pairs(self.credentials), self.access)


@dataclass(frozen=True, kw_only=True)
class RateSettings:
    calls_per_second: float = setting(
        2000.0, bound=FROM_0, tells="Of one owner, at each replica, twice that at once; 0: as many as he likes."
    )


@dataclass(frozen=True, kw_only=True)
class ServerSettings(AccessSettings, RateSettings):
    """Of a service that others call."""

    grpc: str = setting("127.0.0.1:0", tells="HOST:PORT to serve on; beyond loopback only with TLS.")
    tls_certificate: Path | None = setting(None, tells="The server's certificate chain, PEM.")
    tls_key: Path | None = setting(None, tells="Its key, PEM.")
    tls_client_ca: Path | None = setting(
        None, tells="Certificate that callers' are signed with, PEM; every caller must show one then."
    )

    def tls(self) -> Tls | None:
        """Raises InvalidSpec: only one of certificate and key is given, or only the callers' authority."""
        names = f"{variable('tls_certificate')} and {variable('tls_key')}"
        tls = Tls.given(self.tls_certificate, self.tls_key, names)
        if tls is None and self.tls_client_ca is not None:
            raise InvalidSpec(variable("tls_client_ca"), "is of use over TLS only", f"Give {names} too")
        return tls and replace(tls, client_ca=self.tls_client_ca)


@dataclass(frozen=True, kw_only=True)
class HttpSettings(ServiceSettings):
    """Of a service that clients call over HTTP."""

    http_names: tuple[str, ...] = setting(
        (), tells="Names by which clients call it, commas between, beside localhost and 127.0.0.1."
    )


@dataclass(frozen=True, kw_only=True)
class CallerSettings(ServiceSettings):
    """Of a service that calls others."""

    tls_ca: Path | None = setting(None, tells="Certificate that the other services' are signed with, PEM.")
    tls_client_certificate: Path | None = setting(
        None, tells="Certificate chain to show to services that demand one, PEM."
    )
    tls_client_key: Path | None = setting(None, tells="Its key, PEM.")

    def caller_tls(self) -> CallerTls | None:
        """Raises InvalidSpec: one of certificate and key without the other, or without an authority."""
        return CallerTls.given(self.tls_ca, self.tls_client_certificate, self.tls_client_key)


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """Of a service that tells ARNs; all of an installation have the same."""

    region: str = setting(NOBODYS.region, tells="The region that ARNs name.")
    account: str = setting(NOBODYS.number, tells="The account, twelve digits, that ARNs name.")

    def whose(self) -> Account:
        """Raises InvalidSpec."""
        if not (self.account.isdecimal() and self.account.isascii() and len(self.account) == 12):
            raise InvalidSpec(variable("account"), f"{self.account!r} is not twelve digits", "As 123456789012")
        return Account(self.region, self.account)


@dataclass(frozen=True, kw_only=True)
class KafkaSettings:
    kafka: str = setting(tells="HOST:PORT of Kafka brokers, separated by commas.")
    kafka_prefix: str = setting(
        "", tells="In front of the names of our topics and groups, on a cluster that is shared."
    )
    kafka_ca: Path | None = setting(None, tells="Certificate that the brokers' are signed with, PEM; switches TLS on.")
    kafka_certificate: Path | None = setting(None, tells="Certificate chain to show to brokers that demand one, PEM.")
    kafka_key: Path | None = setting(None, tells="Its key, PEM.")
    kafka_user: str = setting("", tells="User for SASL/SCRAM-SHA-512.")
    kafka_password_file: Path | None = setting(None, tells="File with that user's password.")
    kafka_plaintext: bool = setting(
        default=False, tells="Allow brokers beyond loopback without TLS or user, on a network that only services share."
    )

    def kafka_password(self) -> str:
        """Raises InvalidSpec."""
        return _secret("kafka_password_file", self.kafka_password_file)


@dataclass(frozen=True, kw_only=True)
class MongoSettings:
    mongodb: str = setting(
        tells="mongodb://… of a replica set, with the name of the database (default tunewright).", secret=True
    )
    mongodb_user: str = setting("", tells="User, where the URI names none.")
    mongodb_password_file: Path | None = setting(None, tells="File with that user's password.")
    mongodb_plaintext: bool = setting(
        default=False, tells="Allow servers beyond loopback without TLS or user, on a network that only services share."
    )

    def mongodb_password(self) -> str:
        """Raises InvalidSpec."""
        return _secret("mongodb_password_file", self.mongodb_password_file)


def variable(name: str) -> str:
    return PREFIX + name.upper()


def from_environment(kind: type[T], environ: Mapping[str, str] = os.environ) -> T:
    """Return the settings. Raises InvalidSpec, naming the variable and what it is for."""
    hints = get_type_hints(kind)
    given: dict[str, Any] = {}
    for item in fields(kind):  # type: ignore[arg-type]
        name, text = variable(item.name), environ.get(variable(item.name), "")
        if text:
            given[item.name] = _bounded(name, _read(name, text, hints[item.name]), item.metadata.get("bound"))
        elif item.default is MISSING and item.default_factory is MISSING:
            raise InvalidSpec(name, "is not set", item.metadata["tells"])
    return kind(**given)


def described(kind: type) -> Iterator[tuple[str, str, str]]:
    """Yield each variable, what it is when not set, and what it is for."""
    for item in fields(kind):
        required = item.default is MISSING and item.default_factory is MISSING
        default = "must be set" if required else str(item.default) if item.default not in UNSAID else ""
        yield variable(item.name), default, item.metadata["tells"]


def warn_of_unknown(kind: type, environ: Mapping[str, str] = os.environ) -> None:
    """Log variables that look like misspelt ones; Kubernetes sets some of its own under our prefix."""
    known = [variable(item.name) for item in fields(kind)]
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            if nearest:
                log.warning("unknown variable", variable=name, nearest=nearest[0])


def address(name: str, text: str) -> tuple[str, int]:
    """Return host and port of the field `name`. Raises InvalidSpec."""
    return host_and_port(variable(name), text)


def _secret(name: str, file: Path | None) -> str:
    """Return what a file holds, empty for none. Raises InvalidSpec under the field `name`."""
    if file is None:
        return ""
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = f"{file} cannot be read: {getattr(error, 'strerror', 'it is no text')}"
        raise InvalidSpec(variable(name), why, "Is it this user's?") from None


def _read(name: str, text: str, hint: Any) -> Any:
    try:
        return READERS[hint](text) if hint in READERS else hint(text.lower())
    except (ValueError, KeyError):
        raise InvalidSpec(name, f"{text!r} is not {_wanted(hint)}", "Mend it or leave it out") from None


def _bounded(name: str, number: Any, bound: Bound | None) -> Any:
    if bound is not None and not bound.holds(number):
        raise InvalidSpec(name, f"is {number:g}", f"Give {bound}, or leave it out")
    return number


def _wanted(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return f"one of {', '.join(hint)}"
    return WANTED.get(hint, "usable")


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(Path(part).absolute() for part in text.split(os.pathsep) if part)


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _pairs(text: str) -> dict[str, str]:
    return dict(_pair(part) for part in text.split(","))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(text)
    return name.strip(), value.strip()


READERS: Final[dict[Any, Callable[[str], Any]]] = {
    str: str,
    int: int,
    float: float,
    float | None: float,
    bool: lambda text: TRUTH[text.lower()],
    Path: Path,
    Path | None: Path,
    tuple[Path, ...]: _folders,
    tuple[str, ...]: _words,
    Mapping[str, str]: _pairs,
}
WANTED: Final[dict[Any, str]] = {
    int: "a whole number",
    float: "a number",
    float | None: "a number",
    bool: "true or false",
    Mapping[str, str]: "NAME=VALUE,NAME=VALUE",
}
