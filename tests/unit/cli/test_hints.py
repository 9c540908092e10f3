"""What a training without a value is told to have printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.cli.hints import all_the_same, instead_of, last_line
from tunewright.core.lookalikes import lookalikes


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
    said = instead_of("val_acc", ["lr=0.1 loss=3", "val_accuracy=0.9"])
    assert said.startswith("It printed no val_acc=NUMBER, but val_accuracy=0.9, lr=0.1")


def test_numbers_without_a_name_are_shown_by_a_line():
    said = instead_of("acc", ["accuracy 0.5", "done"])
    assert said == "It printed no acc=NUMBER; a line of it: accuracy 0.5. Give a regex for acc."


def test_a_number_that_is_not_plain_needs_a_regex():
    said = instead_of("acc", ["acc: 50.0%"])
    assert said == "No plain number stands behind acc; a line of it: acc: 50.0%. Give a regex for acc."


def test_without_any_number_the_last_line_is_told():
    said = instead_of("acc", ["step 1 acc=0.5", "done 1"])
    assert said.endswith("acc=NUMBER, but its definition does not read that: step 1 acc=0.5. Leave the definition out.")
    assert instead_of("acc", ["started", "ended", "", " "]).endswith("it printed: ended")
    assert instead_of("acc", []) == "It printed nothing."


def test_of_a_failed_training_the_last_line_is_told():
    assert last_line(["acc=0.5", "ValueError: no data", ""]).endswith("ValueError: no data")


def test_an_error_is_told_before_what_stdout_held_back():
    printed = [
        "epoch 1",
        "Traceback (most recent call last):",
        '  File "train.py", line 3, in <module>',
        "    raise ValueError('no data')",
        "KeyError: 'first'",
        "During handling of the above exception, another exception occurred:",
        "Traceback (most recent call last):",
        '  File "train.py", line 5, in <module>',
        "epoch 2, from the buffer",
        "    raise ValueError('no data')",
        "ValueError: no data",
        "epoch 3",
        "Saving …",
    ]
    assert last_line(printed) == "Its last traceback ends with: ValueError: no data"
    assert last_line(["Traceback (most recent call last):", '  File "t.py"', ""]).endswith('printed: File "t.py"')


@given(st.lists(st.text(st.characters(exclude_characters="\n")) | st.just("Traceback (most recent call last):")))
def test_any_output_gives_one_printable_line(lines):
    for said in (instead_of("acc", lines), last_line(lines)):
        assert len(said) < 10_000
        assert said.isprintable()


@pytest.mark.parametrize(
    ("values", "said"), [([1.0] * 3, True), ([1.0] * 2, False), ([1.0, 1.0, 2.0], False), ([], False)]
)
def test_values_that_never_differ_are_noticed(values, said):
    assert bool(all_the_same(values, ["lr", "batch"])) is said
    assert all_the_same([1.0] * 3, ["lr", "batch"]).endswith("does the program use --lr, --batch?")
