"""Ranges as people write them, on the command line and in job files.

log(1e-4, 1e-1)          real, logarithmic          10..50          integer, both ends included
reverse_log(0.9, 0.999)  real, fine near 1          0.0..0.5        real
log(1, 1000)             integer, logarithmic       32,64,128       one of these texts
"""

from __future__ import annotations

import re
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import NOTATION, Choice, Float, Int, Range, ScalingType

NUMBER: Final = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
CALL: Final = re.compile(rf"(?P<scale>\w+)\(\s*(?P<low>{NUMBER})\s*,\s*(?P<high>{NUMBER})\s*\)")
INTERVAL: Final = re.compile(rf"(?P<low>{NUMBER})\s*\.\.\s*(?P<high>{NUMBER})")
DASHED: Final = re.compile(rf"{NUMBER}\s*(?:-|:|to)\s*{NUMBER}")
"""What was meant as a range, and would be one value."""
SCALES: Final = {name: scaling for scaling, name in NOTATION.items()}
FORMS: Final = "Write log(1e-4,1e-1), 10..50, 0.0..0.5, or values: 32,64,128"


def parse_range(text: str, field: str) -> Range:
    """Read a range. Raises InvalidSpec under `field`."""
    text = text.strip()
    try:
        if call := CALL.fullmatch(text):
            if call["scale"] not in SCALES:
                raise InvalidSpec("", f"{call['scale']!r} is no scale", f"Known: {', '.join(SCALES)}")
            return _interval(call["low"], call["high"], SCALES[call["scale"]])
        if interval := INTERVAL.fullmatch(text):
            return _interval(interval["low"], interval["high"], ScalingType.AUTO)
        if any(mark in text for mark in "()[]") or ".." in text or DASHED.fullmatch(text):
            raise InvalidSpec("", f"{text!r} is not a range", FORMS)
        values = tuple(value.strip() for value in text.split(","))
        if not all(values):
            raise InvalidSpec("", f"{text!r} is not a list of values", FORMS)
        return Choice(values)
    except InvalidSpec as error:
        raise InvalidSpec(field, error.why, error.remedy) from None


def _interval(low: str, high: str, scaling: ScalingType) -> Range:
    if _is_int(low) and _is_int(high):
        return Int(int(low), int(high), scaling)
    return Float(float(low), float(high), scaling)


def _is_int(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d+", text) is not None


def default_regex(metric: str) -> str:
    """Return the regex by which a metric is found if none is given: its name, = or :, a number.

    The name must not be the end of a longer one: `val/loss=0.3` is no `loss`.
    """
    number = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|NaN|Inf|Infinity)"
    return rf"(?:^|[^\w/.\-]){re.escape(metric)}[\"']?\s*[=:]\s*({number})(?:[^\w.,%]|[.,](?:\s|$)|$)"
