"""What the tests with AWS's own clients have in common: a server, a program that trains, and an environment for them.

The clients run in processes of their own and see what a stranger's would: a home folder that is empty, the address of
the door, the credentials file that the server wrote, and no way to anything else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.served import Served
from tunewright.platform.credentials import load

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
BUCKET: Final = "tunewright"
ROLE: Final = "arn:aws:iam::000000000000:role/tuning"
SCORE: Final = {"Name": "score", "Regex": "score=([-0-9.e]+)"}
SHIFT: Final = 10.0
"""What stands in the channel `numbers`; it is in every score, so a score shows whether the channel was read."""

PROGRAM: Final = """\
import argparse, os, pathlib, sys, time

parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float, default=0.5)
parser.add_argument("--kind", default="plain")
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--pause", type=float, default=0.0)
given, _ = parser.parse_known_args()
numbers = os.environ.get("SM_CHANNEL_NUMBERS")
shift = float(pathlib.Path(numbers, "shift.txt").read_text()) if numbers else 0.0
if given.kind == "broken":
    sys.exit("this kind cannot be trained")
for epoch in range(1, given.epochs + 1):
    time.sleep(given.pause)
    print(f"epoch={epoch} score={shift + 1 - (given.x - 0.3) ** 2 - 0.1 / epoch:.6f}", flush=True)
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text(str(given.x))
"""


@contextmanager
def door(folder: Path, *image_roots: Path, slots: int = 3) -> Iterator[Served]:
    """Serve with the program and the bucket in place; image roots beside the folder are allowed, too."""
    served = Served(folder, slots, image_roots)
    (folder / "curve.py").write_text(PROGRAM)
    served.start()
    try:
        numbers = served.data_dir / "s3" / BUCKET / "numbers"
        numbers.mkdir(parents=True)
        (numbers / "shift.txt").write_text(str(SHIFT))
        yield served
    finally:
        served.end()


def environment(served: Served) -> dict[str, str]:
    """Return the whole environment of a client."""
    home = served.folder / "home"
    home.mkdir(exist_ok=True)
    credentials = served.data_dir / "credentials"
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "AWS_ENDPOINT_URL_SAGEMAKER": f"http://{load(credentials).tunewright_http}",
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def image(served: Served) -> str:
    return (served.folder / "curve.py").as_uri()
