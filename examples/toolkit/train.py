"""A script for script mode: it learns one number, says how it goes, and saves what it has when it is stopped."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

TARGET = 3.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds after each step")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    weight = 0.0
    try:
        for step in range(1, given.steps + 1):
            weight -= given.rate * 2 * (weight - TARGET)
            print(f"step={step} loss={(weight - TARGET) ** 2:.6f};", flush=True)
            time.sleep(given.pause)
    finally:
        Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps({"weight": weight}))


if __name__ == "__main__":
    main()
