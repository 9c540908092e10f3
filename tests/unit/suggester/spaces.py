"""Search spaces and histories for properties."""

from __future__ import annotations

from hypothesis import strategies as st

from tunewright.core.space import Choice, Float, Int, ScalingType, size

NAMES = "abcde"


@st.composite
def floats(draw):
    kind = draw(st.sampled_from([ScalingType.AUTO, ScalingType.LOGARITHMIC, ScalingType.REVERSE_LOGARITHMIC]))
    low, high = {
        ScalingType.AUTO: (-100.0, 100.0),
        ScalingType.LOGARITHMIC: (1e-6, 1e6),
        ScalingType.REVERSE_LOGARITHMIC: (0.0, 0.999),
    }[kind]
    ends = sorted([draw(st.floats(low, high)), draw(st.floats(low, high))])
    return Float(ends[0], ends[1], kind)


@st.composite
def ints(draw, widest=10**6):
    scaling = draw(st.sampled_from([ScalingType.LINEAR, ScalingType.LOGARITHMIC, ScalingType.AUTO]))
    low = draw(st.integers(1 if scaling is ScalingType.LOGARITHMIC else -50, 50))
    return Int(low, low + draw(st.integers(0, widest)), scaling)


def choices(most=6):
    return st.lists(st.text(max_size=4), min_size=1, max_size=most, unique=True).map(lambda texts: Choice(tuple(texts)))


def ranges():
    return st.one_of(floats(), ints(), choices())


def spaces():
    return st.dictionaries(st.sampled_from(NAMES), ranges(), min_size=1, max_size=5)


def finite_spaces(limit):
    few = st.one_of(ints(widest=40), choices())
    return st.dictionaries(st.sampled_from(NAMES), few, min_size=1, max_size=3).filter(lambda s: size(s) <= limit)
