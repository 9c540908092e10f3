"""Strict reading: what has the wrong type, is missing or is not known is refused by its path."""

from __future__ import annotations

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members, checked, text_of_scalar


def refusal(read, tree):
    with pytest.raises(InvalidSpec) as caught, Members(tree) as members:
        read(members)
    return caught.value


RIGHT = [
    (lambda m: m.take("a", int), {"a": 0}, 0),
    (lambda m: m.take("a", float), {"a": 1}, 1.0),
    (lambda m: m.take("a", bool), {"a": False}, False),
    (lambda m: m.take("a", int, 7), {}, 7),
    (lambda m: m.take("a", int, 7), {"a": None}, 7),
    (lambda m: m.maybe("a", str), {"a": ""}, ""),
    (lambda m: m.maybe("a", str), {"a": None}, None),
    (lambda m: m.has("a"), {"a": []}, True),
    (lambda m: m.has("a"), {"a": None}, False),
    (lambda m: list(m.items("a")), {"a": [3, 4]}, [("a[0]", 3), ("a[1]", 4)]),
    (lambda m: list(m.items("a")), {}, []),
    (lambda m: m.texts("a"), {"a": {"x": 1, "y": True, "z": 0.5}}, {"x": "1", "y": "true", "z": "0.5"}),
    (lambda m: m.choice("a", {"one": 1}, 0), {"a": "one"}, 1),
    (lambda m: m.choice("a", {"one": 1}, 0), {}, 0),
    (lambda m: m.maps("a").at("b"), {}, "a.b"),
    (lambda m: [item.at("b") for item in m.each("a")], {"a": [{}]}, ["a[0].b"]),
]


@pytest.mark.parametrize(("read", "tree", "value"), RIGHT)
def test_what_is_right_is_returned(read, tree, value):
    with Members(tree) as members:
        found = read(members)
    assert (found, type(found)) == (value, type(value))


WRONG = [
    (lambda m: m.take("a", int), {}, "a", "is missing"),
    (lambda m: m.take("a", int), {"a": True}, "a", "must be an integer, is true or false"),
    (lambda m: m.take("a", int), {"a": 1.0}, "a", "must be an integer, is a number"),
    (lambda m: m.take("a", float), {"a": True}, "a", "must be a number"),
    (lambda m: m.take("a", bool), {"a": 1}, "a", "must be true or false"),
    (lambda m: m.take("a", str), {"a": 1}, "a", "must be a text, is an integer: '1'"),
    (lambda m: m.maps("a"), {"a": [1]}, "a", "must be a mapping, is a list"),
    (lambda m: list(m.each("a")), {"a": [1]}, "a[0]", "must be a mapping, is an integer"),
    (lambda m: m.texts("a"), {"a": {"x": [1]}}, "a.x", "must be a text or a number, is a list"),
    (lambda m: m.choice("a", {"one": 1}, 0), {"a": "onne"}, "a", "'onne' is not one of one"),
    (lambda m: m.maps("a").take("b", int), {"a": {"b": "x"}}, "a.b", "must be an integer"),
    (lambda _: None, {"a": 1}, "a", "is not known"),
    (lambda m: m.has("b"), {3: 1}, "3", "is not known"),
]


@pytest.mark.parametrize(("read", "tree", "field", "why"), WRONG)
def test_what_is_wrong_is_refused_by_its_path(read, tree, field, why):
    error = refusal(read, tree)
    assert error.field == field
    assert why in error.why


def test_the_nearest_name_is_suggested_else_all_are_told():
    assert refusal(lambda m: m.has("trials"), {"trails": 1}).remedy == "Did you mean trials?"
    assert refusal(lambda m: (m.has("a"), m.has("b"), m.has("a")), {"zzz": 1}).remedy == "Known: a, b"


def test_a_fault_inside_is_told_before_what_nobody_took():
    assert refusal(lambda m: m.take("a", int), {"a": "x", "b": 1}).field == "a"


@pytest.mark.parametrize("tree", [None, 3, "text", [1]])
def test_only_a_mapping_has_members(tree):
    with pytest.raises(InvalidSpec, match="must be a mapping"):
        Members(tree, "here")


def test_a_long_value_is_shown_cut():
    with pytest.raises(InvalidSpec) as caught:
        checked("x" * 1000, int, "a")
    assert len(str(caught.value)) < 150


def test_a_mapping_is_no_text():
    with pytest.raises(InvalidSpec, match="Quote it"):
        text_of_scalar({}, "a")


def test_what_nobody_takes_may_stay_where_somebody_vouches_for_its_path():
    with Members({"a": {"kept": 1}, "b": [{"kept": 1}]}, passes={"a.kept", "b[0].kept"}.__contains__) as members:
        with members.maps("a"):
            pass
        for item in members.each("b"):
            with item:
                pass
    with pytest.raises(InvalidSpec) as caught, Members({"other": 1}, passes={"kept"}.__contains__):
        pass
    assert caught.value.field == "other"
