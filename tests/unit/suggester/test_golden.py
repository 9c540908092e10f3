"""The same ask gives the same answer, release after release, until a line of the changelog says otherwise."""

from __future__ import annotations

import pytest

from tests.unit.suggester.golden.cases import CASES
from tests.unit.suggester.golden.records import (
    ANNOUNCED,
    CHANGELOG,
    FOLDER,
    asked_again,
    differences,
    items_of,
    read,
    unreleased,
)

ANNEW = 'Say what changes under Unreleased in CHANGELOG.md, then: python -m tests.unit.suggester.golden "that item"'


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_answer_is_the_one_on_record(path):
    record = read(path)
    assert differences(record["answer"], asked_again(record)) == [], ANNEW


def test_every_case_is_on_record():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(CASES)


def test_the_changelog_told_of_the_present_answers():
    assert ANNOUNCED.read_text().strip() in items_of(CHANGELOG.read_text())


def test_an_item_of_the_changelog_is_found_however_it_is_wrapped():
    changelog = "## [Unreleased]\n\n### Added\n- One that\n  is long.\n- Two.\n\n## [0.1.0]\n\n- Three.\n"
    assert {"One that is long.", "Two."} <= set(items_of(unreleased(changelog)))
    assert "Three." in set(items_of(changelog)) - set(items_of(unreleased(changelog)))


def test_a_difference_is_named_with_its_place_and_rounding_is_none():
    expected = {"suggestions": [{"configuration": {"x": {"float_value": 1.0}}, "provenance": {"mean": 2.0}}]}
    found = {"suggestions": [{"configuration": {"x": {"float_value": 1.00001}}, "provenance": {"mean": 2.0 + 1e-7}}]}
    (difference,) = differences(expected, found)
    assert difference.startswith("answer.suggestions[0].configuration.x.float_value: 1.00001")
    assert differences(expected, {"suggestions": []}) != []
