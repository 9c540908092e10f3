"""The access file: principals beside the installation's own credentials, written by `tunewright admin tokens`.

    [ada-laptop]                   the principal's name
    owner = ada                    whose jobs it sees and touches
    scopes = read jobs report
    token_sha256 = …               in hex, of its token
    expires = 2027-02-20T12:00:00+00:00
    aws_access_key_id = …          if it is to use boto3, or to write to Kafka
    aws_secret_access_key = …

A token is 256 random bits: nobody finds it by trying, however fast its hash, so plain SHA-256 hides it. The secret of a
key pair stands here as it is, for whoever checks an HMAC must make it. So the file is its owner's alone (mode 0600).
"""

from __future__ import annotations

import configparser
import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tunewright.core.access import Principal, Scope
from tunewright.core.errors import AlreadyExists, InvalidSpec, NotFound
from tunewright.platform.credentials import private_text, write_private

FILE_NAME: Final = "access"
KIND: Final = "access file"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}", re.ASCII)
SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A principal, and what proves that one is it."""

    principal: Principal
    token_sha256: str
    aws_access_key_id: str = ""
    aws_secret_access_key: str = field(default="", repr=False)


def read(path: Path) -> list[Entry]:
    """Raises NotFound; InvalidSpec: others may read it too, or something in it is wrong, by section and field."""
    entries = [_entry(name, section) for name, section in _sections(path).items() if name != NOBODY]
    for kind in ("token_sha256", "aws_access_key_id"):
        given = [getattr(entry, kind) for entry in entries if getattr(entry, kind)]
        if len(set(given)) < len(given):
            raise InvalidSpec(f"{path} {kind}", "stands in two sections", "Remove one of them")
    return entries


def add(path: Path, entry: Entry) -> None:
    """Raises AlreadyExists, and as `read` does."""
    name = entry.principal.id
    check_name("NAME", name)
    check_name("--owner", entry.principal.owner)
    with _alone(path):
        sections = _sections(path) if path.exists() else _nothing()
        if name in sections:
            raise AlreadyExists("token", name, "revoke that one first, or choose another name")
        sections[name] = _section(entry)
        write_private(path, sections)


def revoke(path: Path, name: str) -> None:
    """Raises NotFound, and as `read` does."""
    with _alone(path):
        sections = _sections(path)
        if name == NOBODY or not sections.remove_section(name):
            raise NotFound("token", name)
        write_private(path, sections)


def check_name(field_name: str, name: str) -> str:
    """Return it. Raises InvalidSpec: it is no name of a principal or an owner."""
    if not NAME.fullmatch(name):
        why = f"{name!r} is no name: letters, digits and . _ @ - are, 63 at most"
        raise InvalidSpec(field_name, why, "Choose another one")
    return name


NOBODY: Final = "\0"
"""configparser's section of what holds for all others: there is none here."""


def _nothing() -> configparser.ConfigParser:
    return configparser.ConfigParser(interpolation=None, default_section=NOBODY)


def _sections(path: Path) -> configparser.ConfigParser:
    sections, text = _nothing(), private_text(path, KIND)
    try:
        sections.read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", None)  # its text stays untold
        why = "is not an access file" + (f", as of line {line}" if line else "")
        raise InvalidSpec(str(path), why, "Write it with: tunewright admin tokens add") from None
    return sections


def _section(entry: Entry) -> dict[str, str]:
    who = entry.principal
    section = {
        "owner": who.owner,
        "scopes": " ".join(scope for scope in Scope if scope in who.scopes),
        "token_sha256": entry.token_sha256,
    }
    if who.expires_at is not None:
        section["expires"] = datetime.fromtimestamp(who.expires_at, UTC).isoformat(timespec="seconds")
    if entry.aws_access_key_id:
        section["aws_access_key_id"] = entry.aws_access_key_id
        section["aws_secret_access_key"] = entry.aws_secret_access_key
    return section


def _entry(name: str, section: Mapping[str, str]) -> Entry:
    """Raises InvalidSpec."""
    digest = section.get("token_sha256", "").lower()
    if not SHA256.fullmatch(digest):
        raise InvalidSpec(f"[{name}] token_sha256", "is not 64 hex digits", "`tunewright admin tokens add` writes it")
    pair = section.get("aws_access_key_id", ""), section.get("aws_secret_access_key", "")
    if any(pair) and not all(pair):
        raise InvalidSpec(f"[{name}] aws_access_key_id", "and its secret belong together", "Give both, or neither")
    owner = check_name(f"[{name}] owner", section.get("owner", ""))
    principal = Principal(
        check_name(f"[{name}]", name),
        owner,
        scopes_of(f"[{name}] scopes", section.get("scopes", "").split()),
        _instant(f"[{name}] expires", section.get("expires", "")),
    )
    return Entry(principal, digest, *pair)


def scopes_of(field_name: str, words: list[str]) -> frozenset[Scope]:
    """Raises InvalidSpec: there are none, or one is not known."""
    known = f"Give some of {', '.join(Scope)}"
    if not words:
        raise InvalidSpec(field_name, "are missing", known)
    unknown = [word for word in words if word not in set(Scope)]
    if unknown:
        raise InvalidSpec(field_name, f"{unknown[0]!r} is none", known)
    return frozenset(map(Scope, words))


def _instant(field_name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidSpec(field_name, f"{text!r} is no time with its offset", "As 2027-02-20T12:00:00+00:00")
    return at.timestamp()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one command at a time change the file. Raises InvalidSpec."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InvalidSpec(str(path), f"cannot be written: {error.strerror}", "Give another place") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
