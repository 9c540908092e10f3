"""How an attempt ended, in a file: told the same after a restart as before it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import End
from tunewright_trainer.folder import write_whole


def write_end(path: Path, end: End) -> None:
    with suppress(OSError):  # a full disk must not keep the end from being told
        write_whole(path, json.dumps(asdict(end)).encode())


def read_end(path: Path) -> End | None:
    try:
        fields = json.loads(path.read_bytes())
        return End(**{**fields, "cause": EndCause(fields["cause"]), "spool_bytes": tuple(fields["spool_bytes"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):  # the machine died as it was written
        return None
