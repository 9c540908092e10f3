"""`tunewright admin tokens`: the access file is changed here, by whoever may write it; no server is needed."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tunewright.cli.forms import Form
from tunewright.cli.output import print_table, show
from tunewright.core.access import Principal, Scope, digest_of
from tunewright.core.durations import parse_duration
from tunewright.core.errors import NotFound
from tunewright.platform import access_file
from tunewright.platform.access_file import FILE_NAME, Entry
from tunewright.platform.credentials import default_data_dir, new_access_key, new_token
from tunewright.platform.settings import variable

SHOWN: Final = 4
"""Of a hash: enough to tell two tokens apart."""
MEMBERS = ("name", "owner", "scopes", "expires", "token", "access_key_id")


def add(name: str, owner: str, scopes: list[str], expires: str, file: Path | None, *, keys: bool) -> None:
    may = access_file.scopes_of("--scope", scopes)
    until = time.time() + parse_duration(expires, "--expires") if expires else None
    token, (key_id, secret) = new_token(), new_access_key() if keys else ("", "")
    place = _place(file)
    access_file.add(place, Entry(Principal(name, owner, may, until), digest_of(token), key_id, secret))
    if keys:
        print(f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\ntunewright_token = {token}")
    else:
        print(token)


def list_(file: Path | None, form: Form) -> None:
    try:
        entries = access_file.read(_place(file))
    except NotFound:
        entries = []
    rows = [_row(entry) for entry in entries]
    show(form, rows, MEMBERS, lambda: print_table(MEMBERS, [tuple(row[name] for name in MEMBERS) for row in rows]))


def revoke(name: str, file: Path | None) -> None:
    access_file.revoke(_place(file), name)


def _place(file: Path | None) -> Path:
    named = os.environ.get(variable("access"))
    return file or (Path(named) if named else default_data_dir() / FILE_NAME)


def _row(entry: Entry) -> dict[str, str]:
    who = entry.principal
    return {
        "name": who.id,
        "owner": who.owner,
        "scopes": " ".join(scope for scope in Scope if scope in who.scopes),
        "expires": "" if who.expires_at is None else f"{datetime.fromtimestamp(who.expires_at, UTC):%Y-%m-%d %H:%M}",
        "token": f"…{entry.token_sha256[-SHOWN:]}",
        "access_key_id": entry.aws_access_key_id,
    }
