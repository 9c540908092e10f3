"""What the command line loads before it knows what it is asked."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tunewright.cli.serving import join_or_start

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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line_and_no_traceback(tmp_path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "tunewright", "check", str(tmp_path / "job.yaml")]
        (tmp_path / "job.yaml").write_text("script: train.py\nmaximize: acc\nparams: {x: 0.0..1.0}\n")
        (tmp_path / "train.py").touch()
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_who_comes_while_another_server_starts_waits_for_it(tmp_path):
    """A server that a person starts holds the folder a while before it answers."""
    other = f"""
import fcntl, os, socket, sys, time
from pathlib import Path
from tunewright.platform.credentials import create_or_load
folder = Path({str(tmp_path)!r})
held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
listening = socket.create_server(("127.0.0.1", 0))
at = "127.0.0.1:%d" % listening.getsockname()[1]
create_or_load(folder / "credentials", grpc=at, http=at)
print(at, flush=True)
sys.stdin.readline()
"""
    tmp_path.chmod(0o700)
    with subprocess.Popen(
        [sys.executable, "-c", other], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        with ThreadPoolExecutor(1) as thread:
            joined = thread.submit(join_or_start, tmp_path, ())
            while (
                not (tmp_path / "server.log").exists() or "already exists" not in (tmp_path / "server.log").read_text()
            ):
                assert not joined.done()
                time.sleep(0.01)
            print(file=process.stdin, flush=True)
            assert process.stdout.readline().strip() == joined.result(30).endpoint
        process.kill()
