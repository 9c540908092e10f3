"""Who may talk to a server: a file in AWS's own format, made at first start, that clients find by themselves.

    [default]
    aws_access_key_id = …          for boto3 and the AWS CLI
    aws_secret_access_key = …
    tunewright_token = …           for gRPC
    tunewright_grpc = 127.0.0.1:…  where the server of this data folder listens; rewritten at each start
    tunewright_http = 127.0.0.1:…  with TLS https://…

More sections, [alice] and so on, are more key pairs for the same owner: profiles, as AWS has them. Other owners, and
tokens that may do less, stand in an access file (tunewright.platform.access_file).

Creating a job runs code, so there are credentials also on loopback, and the file is its owner's alone (mode 0600).
"""

from __future__ import annotations

import configparser
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

from tunewright.core.errors import InvalidSpec, NotFound

SECTION: Final = "default"
FILE_NAME: Final = "credentials"
ANOTHER: Final = "Remove it; the server makes a new one"


@dataclass(frozen=True, slots=True)
class Credentials:
    aws_access_key_id: str
    aws_secret_access_key: str
    tunewright_token: str
    tunewright_grpc: str = ""
    tunewright_http: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.aws_access_key_id}, grpc={self.tunewright_grpc}, http={self.tunewright_http})"


def default_data_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Return TUNEWRIGHT_DATA_DIR, else ~/.tunewright."""
    given = (os.environ if environ is None else environ).get("TUNEWRIGHT_DATA_DIR")
    return Path(given) if given else Path.home() / ".tunewright"


def load(path: Path) -> Credentials:
    """Read a credentials file. Raises NotFound, and InvalidSpec if others may read it or it holds no credentials."""
    try:
        section = _sections(path)[SECTION]
        found = Credentials(**{field.name: section.get(field.name, "") for field in fields(Credentials)})
    except KeyError:
        raise InvalidSpec(str(path), "is not a credentials file", ANOTHER) from None
    if not (found.aws_access_key_id and found.aws_secret_access_key and found.tunewright_token):
        raise InvalidSpec(str(path), "lacks a key, the secret or the token", ANOTHER)
    return found


def key_pairs(path: Path) -> dict[str, str]:
    """Return the secrets by key id, of all sections of a credentials file. Raises as `load` does."""
    load(path)
    return {
        section["aws_access_key_id"]: section["aws_secret_access_key"]
        for section in _sections(path).values()
        if section.get("aws_access_key_id") and section.get("aws_secret_access_key")
    }


def _sections(path: Path) -> configparser.ConfigParser:
    """Raises NotFound, InvalidSpec."""
    parser = configparser.ConfigParser(interpolation=None)
    text = private_text(path, "credentials file")
    try:
        parser.read_string(text)
    except configparser.Error:
        raise InvalidSpec(str(path), "is not a credentials file", ANOTHER) from None  # its text stays untold
    return parser


def private_text(path: Path, kind: str) -> str:
    """Return the text of a file of secrets. Raises NotFound, InvalidSpec: others may read it too."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            if others_may_read(os.fstat(file.fileno()), os.geteuid()):
                raise InvalidSpec(str(path), "can be read by others", f"Run: chmod 600 {path}")
            return file.read()
    except FileNotFoundError:
        raise NotFound(kind, str(path)) from None
    except OSError as error:
        raise InvalidSpec(str(path), f"cannot be read: {error.strerror}", "Is it yours?") from None


def others_may_read(file: os.stat_result, user: int) -> bool:
    """Say whether a file of this user's is open to others too.

    What root has given to a group is not: so a pod gets a Secret in Kubernetes, which has no file be a user's own.
    """
    given_by_root = file.st_uid == 0 and user != 0
    return bool(stat.S_IMODE(file.st_mode) & (0o037 if given_by_root else 0o077))


def addresses_before(path: Path) -> tuple[str, str]:
    """Return where the last server had gRPC and HTTP; empty: there was none, or it never served. Raises InvalidSpec."""
    try:
        kept = load(path)
    except NotFound:
        return "", ""
    return kept.tunewright_grpc, kept.tunewright_http


def create_or_load(path: Path, *, grpc: str, http: str) -> Credentials:
    """Return the file's credentials with the server's addresses of now, making keys at first use."""
    try:
        kept = load(path)
    except NotFound:
        kept = Credentials(*new_access_key(), new_token())
    current = replace(kept, tunewright_grpc=grpc, tunewright_http=http)
    _write(path, current)
    return current


def _write(path: Path, credentials: Credentials) -> None:
    parser = _sections(path) if path.exists() else configparser.ConfigParser(interpolation=None)
    parser[SECTION] = {field.name: getattr(credentials, field.name) for field in fields(Credentials)}
    parser[SECTION]["region"] = "local"
    write_private(path, parser)


def write_private(path: Path, content: configparser.ConfigParser) -> None:
    """Write a file for its owner's eyes; who reads it meanwhile sees all of the old one or of the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        content.write(file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def new_access_key() -> tuple[str, str]:
    """Return a key id and its secret."""
    return "TW" + secrets.token_hex(9).upper(), secrets.token_urlsafe(30)


def new_token() -> str:
    """Return 256 random bits."""
    return secrets.token_urlsafe(32)
