"""The command line. Everything heavy is imported by the command that needs it, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from typing import Final

USAGE_ERROR: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line; errors of ours become one line and an exit code, never a traceback."""
    from tunewright.cli.app import app
    from tunewright.core.errors import CallerError, TunewrightError

    try:
        app(prog_name="tunewright")
    except TunewrightError as error:
        print(f"tunewright: {error}", file=sys.stderr)
        sys.exit(USAGE_ERROR if isinstance(error, CallerError) else FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
