"""The same messages make the same of a job, release after release, until a line of the changelog says otherwise."""

from __future__ import annotations

import pytest

from tests.unit.scheduler.golden.cases import CASES
from tests.unit.scheduler.golden.histories import ANNOUNCED, FOLDER, KINDS, fold, read
from tests.unit.suggester.golden.records import CHANGELOG, items_of
from tunewright.core.states import FINAL_JOB_STATES

ANEW = 'Say what changes under Unreleased in CHANGELOG.md, then: python -m tests.unit.scheduler.golden "that item"'
PATHS = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_messages_make_what_they_made(path):
    spec, history, recorded = read(path)
    folded = fold(spec, history)
    assert folded.effects == recorded.effects, ANEW
    assert folded.job == recorded.job, ANEW


def test_every_case_is_on_record_and_the_changelog_told_of_it():
    assert {path.stem for path in PATHS} == set(CASES)
    assert ANNOUNCED.read_text().strip() in items_of(CHANGELOG.read_text())


def test_the_histories_know_every_kind_of_message_and_every_end():
    read_all = [read(path) for path in PATHS]
    sent = {type(item.message).__name__ for _, history, _ in read_all for item in history}
    assert set(KINDS) - sent <= {"StillAsked"}  # it only puts a deadline off
    assert {folded.job.state for *_, folded in read_all} >= FINAL_JOB_STATES
