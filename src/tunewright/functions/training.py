"""What runs in a training's own process: it reads the configuration, calls the function, and says what it gave.

Only the standard library is imported here: a training begins with it.
"""

from __future__ import annotations

import json
import math
import os
import pickle
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FUNCTION_FILE: Final = "function.pickle"
OBJECTIVE: Final = "objective"
"""The metric under which values are reported."""
AMTS_OWN: Final = "_tuning_objective_metric"
"""What AMT adds to every program's hyperparameters; no part of the space, so that `Model(**configuration)` works."""


@dataclass(frozen=True, slots=True)
class Packed:
    function: Callable[..., Any]
    takes_report: bool
    reading: Mapping[str, Any]
    """Name of a hyperparameter to what reads its text: float, int, or a mapping of a choice's texts to its values."""


class Report:
    """What a function gets as its second argument: `report(value)` says how it goes.

    A training that is stopped early ends there: nothing of it runs on.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.last: float | None = None

    def __call__(self, value: float) -> None:
        self.last = _number(value)
        with self._file.open("a") as lines:
            lines.write(f"{json.dumps({OBJECTIVE: self.last})}\n")


def main(script: str) -> None:
    """Run the function that lies beside the script; what it raises is the reason why the training has failed."""
    base = Path(os.environ["SAGEMAKER_BASE_DIR"])
    try:
        with Path(script).with_name(FUNCTION_FILE).open("rb") as file:
            packed: Packed = pickle.load(file)  # noqa: S301 - our user's own function
        texts = json.loads((base / "input/config/hyperparameters.json").read_text())
        configuration = {
            name: read(packed.reading.get(name, str), text) for name, text in texts.items() if name != AMTS_OWN
        }
        _run(packed, configuration, Report(Path(os.environ["TUNEWRIGHT_METRICS_FILE"])))
    except Exception as error:  # noqa: BLE001 - whatever somebody's function raises
        traceback.print_exc()
        (base / "output/failure").write_text(f"{type(error).__name__}: {error}")
        sys.exit(1)


def read(reading: Any, text: str) -> Any:
    """Return the value that a hyperparameter's text stands for."""
    return reading[text] if isinstance(reading, Mapping) else reading(text)


def _run(packed: Packed, configuration: Mapping[str, Any], report: Report) -> None:
    value = packed.function(configuration, report) if packed.takes_report else packed.function(configuration)
    if value is None and report.last is None:
        raise TypeError("the function returned None, and no number")
    if value is not None and not _same(_number(value), report.last):  # the last report, returned, is not one more
        report(value)


def _same(value: float, last: float | None) -> bool:
    return value == last or (last is not None and math.isnan(value) and math.isnan(last))


def _number(value: Any) -> float:
    """Return a number of Python's, numpy's or PyTorch's. Raises TypeError."""
    try:
        if not isinstance(value, (str, bytes)):
            return float(value)
    except (TypeError, ValueError, RuntimeError):
        pass
    raise TypeError(f"the function gave {value!r:.80}, which is not a number")
