"""The command line. Everything heavy is imported by the command that needs it, so that `--help` is quick."""

from __future__ import annotations

import errno
import os
import sys
from typing import Final

USAGE_ERROR: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130
DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def main() -> None:
    """Run the command line; errors of ours become one line and an exit code, never a traceback."""
    from tunewright.cli.app import app
    from tunewright.core.errors import CallerError, TunewrightError

    try:
        try:
            app(prog_name="tunewright")
        finally:
            sys.stdout.flush()  # what cannot be written is told here, not while the interpreter ends
    except TunewrightError as error:
        print(f"tunewright: {error}", file=sys.stderr)
        sys.exit(USAGE_ERROR if isinstance(error, CallerError) else FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        _forget_output()
        sys.exit(FAILED)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        _forget_output()
        print(
            f"tunewright: nothing more can be written: {error.strerror}. Make room, or write elsewhere", file=sys.stderr
        )
        sys.exit(FAILED)


def _forget_output() -> None:
    """Let what is still buffered go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
