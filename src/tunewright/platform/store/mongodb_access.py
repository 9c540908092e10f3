"""Where a MongoDB is, and as whom it is used: the URI, and a user beside it whose password stands in a file.

A URI may hold a password, so nothing of it is told but the names of hosts and files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError
from pymongo.uri_parser import parse_uri

from tunewright.core.errors import InvalidSpec
from tunewright.platform.rpc.loopback import is_loopback

URI: Final = "TUNEWRIGHT_MONGODB"
USER: Final = "TUNEWRIGHT_MONGODB_USER"
PASSWORD_FILE: Final = "TUNEWRIGHT_MONGODB_PASSWORD_FILE"  # noqa: S105 - the name of the variable
BY_NAME: Final = "on a network that only the services share TUNEWRIGHT_MONGODB_PLAINTEXT=on will do"
UNPROVEN: Final = ("tlsInsecure", "tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames")
"""Options under which TLS does not say who the server is."""
DATABASE: Final = "tunewright"
"""Where the URI names none."""


@dataclass(frozen=True, slots=True)
class Target:
    database: str
    options: Mapping[str, Any]
    """For the driver, beside the URI."""


def access(uri: str, user: str = "", password: str = "", *, plaintext_allowed: bool = False) -> Target:
    """Raises InvalidSpec: no URI, half a user, or a server beyond loopback without user or TLS that proves it."""
    try:
        parsed = parse_uri(uri, validate=True)
    except OSError as error:
        why = f"names a file that cannot be used: {error.filename or 'a certificate'}: {error.strerror}"
        raise InvalidSpec(URI, why, "Is it there, PEM, and this user's?") from None
    except (InvalidURI, ConfigurationError, ValueError, PyMongoError):
        raise no_uri() from None
    options = _as_user(parsed, user, password)
    beyond = [host for host, port in parsed["nodelist"] if port is not None and not is_loopback(host)]
    if beyond and not plaintext_allowed:
        _require_safe(parsed, beyond[0], is_user=bool(options))
    return Target(parsed["database"] or DATABASE, options)


def no_uri() -> InvalidSpec:
    remedy = "For example mongodb://db.example:27017/tunewright?replicaSet=rs0&tls=true"
    return InvalidSpec(URI, "is not a MongoDB URI", remedy)


def _as_user(parsed: Mapping[str, Any], user: str, password: str) -> dict[str, str]:
    if not (user or password):
        return {}
    if parsed["username"]:
        raise InvalidSpec(USER, f"and {URI} both name a user", "Take the user and the password out of the URI")
    if not (user and password):
        raise InvalidSpec(USER, f"and {PASSWORD_FILE} belong together", "Give both, or neither")
    return {"username": user, "password": password}


def _require_safe(parsed: Mapping[str, Any], host: str, *, is_user: bool) -> None:
    if not parsed["options"].get("tls"):
        why = f"{host!r} is not a loopback address, and plaintext is for loopback only"
        raise InvalidSpec(URI, why, f"Add tls=true and tlsCAFile=… to the URI; {BY_NAME}")
    if lax := [name for name in UNPROVEN if parsed["options"].get(name)]:
        why = f"{host!r} is not a loopback address, and with {lax[0]}=true whoever answers there gets the password"
        raise InvalidSpec(URI, why, f"Take it out, and give tlsCAFile=…; {BY_NAME}")
    if not (is_user or parsed["username"] or parsed["options"].get("authMechanism")):
        why = f"{host!r} is not a loopback address, and without a user whoever reaches it may do everything"
        raise InvalidSpec(URI, why, f"Give {USER} and {PASSWORD_FILE}; {BY_NAME}")
