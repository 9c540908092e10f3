"""`make demo`: tune a real neural network, from nothing, with the commands that anybody would type.

    tunewright local --data-dir FOLDER                              the server, in the background
    tunewright tune examples/digits/job.yaml --data-dir FOLDER      the tuning job

The server lives as long as this program. Its folder stays, so that the job can be looked at afterwards.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
TUNEWRIGHT = [sys.executable, "-m", "tunewright"]
END_S = 30


def main() -> int:
    parser = argparse.ArgumentParser(description="Tune the network of examples/digits/train.py.")
    parser.add_argument("--data-dir", type=Path, help="the server's folder; a new temporary one by default")
    data_dir = parser.parse_args().data_dir or Path(tempfile.mkdtemp(prefix="tunewright-demo-"))
    print(f"Tuning {HERE / 'train.py'}; everything is kept in {data_dir}\n", flush=True)
    with server(data_dir):
        code = subprocess.call([*TUNEWRIGHT, "tune", str(HERE / "job.yaml"), "--data-dir", str(data_dir)])
    print(f"\nFor these commands: export TUNEWRIGHT_DATA_DIR={data_dir}")
    return code


@contextmanager
def server(data_dir: Path) -> Iterator[None]:
    """Run the embedded server, from when it says that it is ready until the end of the block."""
    command = [*TUNEWRIGHT, "local", "--data-dir", str(data_dir), "--image-root", str(HERE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or not process.stdout.readline().startswith("ready "):
                sys.exit("demo: the server has not started; its reason stands above")
            yield
        finally:
            process.terminate()
            process.wait(END_S)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
