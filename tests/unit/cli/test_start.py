"""What the command line loads before it knows what it is asked."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("grpc", "google.protobuf", "rich", "yaml", "numpy", "scipy", "asyncio", "starlette")


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from tunewright.cli.app import app\n"
        "try: app(['--help'], prog_name='tunewright')\n"
        f"except SystemExit: print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "tune " in done.stdout
