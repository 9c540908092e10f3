"""What a training without a value is told to have printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.cli.hints import hint, lookalikes


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("acc=0.93", {"acc": "0.93"}),
        ("epoch 3: val_loss: 0.1, val/acc = 9e-1", {"val_loss": "0.1", "val/acc": "9e-1"}),
        ('{"loss": 0.25}', {"loss": "0.25"}),
        ("Accuracy: 97.5%", {"Accuracy": "97.5"}),
        ("12:30:05 started", {}),
        ("no numbers here", {}),
    ],
)
def test_names_with_numbers_are_found(line, found):
    assert {name.split()[-1]: value for name, value in lookalikes([line]).items()} == found


def test_the_closest_name_comes_first():
    said = hint("val_acc", ["lr=0.1 loss=3", "val_accuracy=0.9"])
    assert said.startswith("It printed no val_acc=NUMBER, but val_accuracy=0.9, lr=0.1")


def test_without_a_name_the_last_line_is_told():
    assert hint("acc", ["Traceback", "ValueError: no data", "", " "]).endswith("ValueError: no data")
    assert hint("acc", []) == "It printed nothing."


@given(st.lists(st.text(st.characters(exclude_characters="\n"))))
def test_any_output_gives_one_printable_line(lines):
    said = hint("acc", lines)
    assert len(said) < 10_000
    assert said.isprintable()
