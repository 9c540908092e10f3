import math

import pytest

from tunewright_gateway.core.instants import FIRST, LAST, instant_of
from tunewright_gateway.core.refusals import Refusal


@pytest.mark.parametrize(
    ("given", "instant"),
    [
        (1_700_000_000.25, 1_700_000_000.25),
        (0, 0.0),
        ("2023-11-14T22:13:20", 1_700_000_000.0),
        ("2023-11-14T22:13:20.5Z", 1_700_000_000.5),
        ("2023-11-15T00:13:20+02:00", 1_700_000_000.0),
        ("2023-11-14", 1_699_920_000.0),
        (1e300, LAST),
        (-1e300, FIRST),
        (math.inf, LAST),
    ],
)
def test_a_time_however_it_is_written(given: float | str, instant: float) -> None:
    assert instant_of(given) == instant


@pytest.mark.parametrize("given", ["yesterday", "", "2023-13-01", math.nan, "x" * 10_000])
def test_what_is_no_time_is_refused(given: float | str) -> None:
    with pytest.raises(Refusal, match="ValidationException: Invalid timestamp") as refused:
        instant_of(given)
    assert len(refused.value.text) < 200
