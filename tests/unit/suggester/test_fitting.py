"""The fitting process by itself."""

from __future__ import annotations

import subprocess
import sys

from tunewright_suggester.frames import HEADER, Kind


def test_it_ends_quietly_where_nobody_is_left_to_answer():
    program = [sys.executable, "-m", "tunewright_suggester.fitting"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        process.stdin.write(HEADER.pack(Kind.SUGGEST, 0))
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0
