"""Ranges as people write them, and the number that is found behind a metric's name."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.suggester.spaces import floats, ints
from tunewright.core.errors import InvalidSpec
from tunewright.core.ranges_text import default_regex, parse_range
from tunewright.core.space import Choice, Float, Int, ScalingType

RIGHT = [
    ("log(1e-4,1e-1)", Float(1e-4, 1e-1, ScalingType.LOGARITHMIC)),
    (" log( 1e-4 , .1 ) ", Float(1e-4, 0.1, ScalingType.LOGARITHMIC)),
    ("log(1,1000)", Int(1, 1000, ScalingType.LOGARITHMIC)),
    ("log(1,1000.0)", Float(1.0, 1000.0, ScalingType.LOGARITHMIC)),
    ("reverse_log(0.9,0.999)", Float(0.9, 0.999, ScalingType.REVERSE_LOGARITHMIC)),
    ("linear(0,10)", Int(0, 10, ScalingType.LINEAR)),
    ("10..50", Int(10, 50)),
    ("10 .. 50", Int(10, 50)),
    ("-5..-1", Int(-5, -1)),
    ("0.0..0.5", Float(0.0, 0.5)),
    ("0..0.5", Float(0.0, 0.5)),
    ("1e-4..1e-1", Float(1e-4, 1e-1)),
    ("3..3", Int(3, 3)),
    ("32,64,128", Choice(("32", "64", "128"))),
    ("sgd, adam", Choice(("sgd", "adam"))),
    ("relu", Choice(("relu",))),
    ("a/b-c.d, x y", Choice(("a/b-c.d", "x y"))),
]


@pytest.mark.parametrize(("text", "range_"), RIGHT)
def test_a_range_is_what_it_looks_like(text, range_):
    read = parse_range(text, "params.x")
    assert (read, type(read)) == (range_, type(range_))


WRONG = [
    ("", "not a list"),
    ("1,,2", "not a list"),
    ("1..", "not a range"),
    ("1-2", "not a range"),
    ("0.1 - 0.5", "not a range"),
    ("1:9", "not a range"),
    ("[1e-4,1e-1]", "not a range"),
    ("1....2", "not a range"),
    ("a..b", "not a range"),
    ("log(1e-4 1e-1)", "not a range"),
    ("log(1,2", "not a range"),
    ("log(1,2,3)", "not a range"),
    ("lgo(1,2)", "'lgo' is no scale"),
    ("5..1", "empty"),
    ("1..9e400", "finite"),
    ("log(0,1)", "above 0"),
    ("reverse_log(0.9,1.0)", "inside [0, 1)"),
    ("reverse_log(0,0)", "real numbers only"),
    ("a,a", "twice"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_is_no_range_is_refused_under_its_field(text, why):
    with pytest.raises(InvalidSpec) as caught:
        parse_range(text, "params.x")
    assert caught.value.field == "params.x"
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("val_acc=0.93", "0.93"),
        ("val_acc: 0.93", "0.93"),
        ("val_acc = -1.5e-3", "-1.5e-3"),
        ("epoch=3 loss=0.1 val_acc=0.93 lr=0.1", "0.93"),
        ("[12:30] val_acc=1", "1"),
        ("val_acc=.5", ".5"),
        ("val_acc=5.", "5."),
        ("val_acc=nan", "nan"),
        ("val_acc=-inf", "-inf"),
        ('{"val_acc": 0.93, "loss": 2}', "0.93"),
        ("{'val_acc': 0.93}", "0.93"),
        ("the end: val_acc=0.93.", "0.93"),
        ("val_acc=0.93, loss=2", "0.93"),
        ("(val_acc=0.93)", "0.93"),
    ],
)
def test_a_metric_is_read_behind_its_name(line, number):
    found = re2.search(default_regex("val_acc"), line)
    assert found is not None
    assert found[1] == number


@pytest.mark.parametrize(
    "line",
    [
        "best_val_acc=0.93",
        "top/val_acc=0.93",
        "model.val_acc=0.93",
        "pre-val_acc=0.93",
        "val_acc_top5=0.93",
        "val_acc 0.93",
        "val_acc=high",
        "val_acc=93%",
        "val_acc=0,93",
        "val_acc=1.2.3",
        "val_acc=0x1F",
        "val_acc=12abc",
    ],
)
def test_what_is_another_metric_or_no_plain_number_is_not_read(line):
    assert re2.search(default_regex("val_acc"), line) is None


@pytest.mark.parametrize("name", ["val:loss", "val loss", "acc@5", "f1(macro)", "précision", "a\\b", "R^2"])
def test_a_metrics_name_is_taken_as_it_stands(name):
    found = re2.search(default_regex(name), f"epoch 1 {name} = 0.25")
    assert found is not None
    assert found[1] == "0.25"


@given(floats() | ints() | st.just(Choice(("32", "sgd"))))
def test_a_range_is_read_as_it_is_shown(range_):
    assert parse_range(str(range_), "lr") == range_
