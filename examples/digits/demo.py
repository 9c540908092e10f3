"""`make demo`: the main job, as a user would type it, on a server of its own in a temporary folder."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

JOB = Path(__file__).with_name("job.yaml")


def main() -> int:
    print("A neural network on handwritten digits: learning rate 0.0001 … 0.1, batch 32, 64 or 128, 10 … 50 epochs.")
    print(f"$ tunewright tune {JOB.relative_to(Path.cwd()) if JOB.is_relative_to(Path.cwd()) else JOB}\n")
    with tempfile.TemporaryDirectory(prefix="tunewright-demo-") as folder:
        tunewright = [sys.executable, "-m", "tunewright"]
        server = subprocess.Popen(
            [*tunewright, "local", "--data-dir", folder, "--slots", "2", "--image-root", str(JOB.parent)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            if not server.stdout.readline().startswith("ready"):
                return 1
            began = time.monotonic()
            command = [*tunewright, "tune", str(JOB), "--data-dir", folder]
            code = subprocess.run(command, check=False).returncode
            print(f"\nThat took {time.monotonic() - began:.0f} s. Your own script:")
            print(f"  {shlex.join(['tunewright', 'tune', 'train.py', '--param', 'lr=log(1e-4,1e-1)', '--maximize', 'val_acc'])}")
            return code
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
