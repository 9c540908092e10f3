"""Texts from anybody are read as trees at no more cost than their size, or refused with the line."""

from __future__ import annotations

import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunewright.platform.yaml_text import DEEPEST, LONGEST, Misread, read_tree, write_tree

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 10)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{index}: &a{index} [*a{index - 1}]\n" for index in range(1, 3000))
BELOW_LONG_NAMES = f"{{? {'a' * 512} : " * 30 + f"[{'0,' * 60_000}]" + "}" * 30
REFUSED = {
    "a bomb of aliases": (BOMB, "aliases", 5),
    "a bomb of merges": (MERGES, "aliases", 6),
    "a chain of aliases": (CHAIN, "aliases", DEEPEST + 1),
    "a name of a page": (f"a: 1\n{'b' * 1000}: 2", "a name of 1000", 2),
    "much below long names": (BELOW_LONG_NAMES, "names that are too long", 1),
    "nested in brackets": ("a: " + "[" * 100_000, "nested deeper", 1),
    "nested by dashes": ("- " * 100_000, "nested deeper", 1),
    "nested by braces": ("{a: " * 50_000, "nested deeper", 1),
    "in itself": ("a: 1\nb: &b {c: *b}", "contains itself", 2),
    "an object": ("a: !!python/object/apply:os.system [ls]", "has a tag", 1),
    "a set": ("a: 1\nb: !!set {x}", "has a tag", 2),
    "a number of a megabyte": ("a: 1\nb: 0x" + "f" * 4000, "number of", 2),
    "sixties": ("a: 1" + ":59" * 1000, "number of", 1),
    "too long a text": ("a: " + "x" * 5000, "longer than 4096", 1),
    "a number for a name": ("a: 1\n5: 2", "'5' is no name", 2),
    "truth for a name": ("a: 1\nyes: 2", "'yes' is no name", 2),
    "no name": ("a: 1\n'': 2", "'' is no name", 2),
    "a list for a name": ("{[1]: 2}", "is no name", 1),
    "twice the same": ("a: 1\nb: 2\na: 3", "stands twice", 3),
    "no end": ("a: [1,\n", "not YAML", 1),
    "two documents": ("a: 1\n---\nb: 2", "not YAML", 2),
    "no date": ("a: 2020-99-99", "not YAML", None),
    "no anchor": ("a: *b", "not YAML", 1),
    "control characters": ("a: \x00", "not YAML", None),
    "nothing": ("# only a comment", "empty", None),
}


@pytest.mark.parametrize(("text", "why", "line"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_job_file_is_refused_at_once(text, why, line):
    before = time.process_time()
    with pytest.raises(Misread) as caught:
        read_tree(text)
    assert why in caught.value.why
    assert caught.value.line == line
    assert time.process_time() - before < 5


def test_long_names_around_many_items_take_no_more_memory_than_short_ones():
    assert len(BELOW_LONG_NAMES) < LONGEST
    tracemalloc.start()
    try:
        with suppress(Misread):
            read_tree(BELOW_LONG_NAMES)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 500 * LONGEST  # written out, the paths alone would be 900 MB


def test_what_is_too_long_is_not_even_looked_at():
    with pytest.raises(Misread, match="longer than 256 KiB"):
        read_tree("ä" * (LONGEST // 2 + 1))


def test_a_few_aliases_are_fine():
    tree, lines = read_tree("a: &a {x: 1}\nb: *a\nc:\n  <<: *a\n  y: 2")
    assert tree == {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}}
    assert (lines["a"], lines["b"], lines["c.y"]) == (1, 2, 5)


def test_json_is_read_with_its_lines():
    tree, lines = read_tree('{\n "a": 1e-3,\n "b": [true, null,\n  "no"]\n}')
    assert tree == {"a": 0.001, "b": [True, None, "no"]}
    assert (lines["a"], lines["b[2]"]) == (2, 4)


@given(st.text(st.sampled_from("{}[]:,-?&*!|>'\"#%@`\n\t ab01.eEx_~<=+\\é\x85\ufeff\ud800"), max_size=60))
@settings(max_examples=500, deadline=None)
def test_no_text_is_a_fault_of_ours(text):
    with suppress(Misread):
        read_tree(text)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), TREES, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_what_is_written_reads_back(tree):
    assert read_tree(write_tree(tree))[0] == tree
