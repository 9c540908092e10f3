"""Jobs and trainings in words."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.cli.jobs import BEGAN, job, training
from tunewright.cli.records import job_record
from tunewright.cli.wording import (
    arguments,
    best_line,
    duration,
    ended_line,
    evaluation_text,
    pace,
    reason_line,
    result_text,
    running_line,
    variables,
)
from tunewright.client.resources import Evaluation
from tunewright.core.ranges_text import default_regex
from tunewright.core.spec import Limits
from tunewright.core.states import JobState, TrainingState
from tunewright.core.stopping import MAX_RESOURCE, StopEvidence


def test_an_ended_training_is_one_line():
    assert ended_line(training(7, objective_value=0.5), "acc", best=True) == (
        "   7  acc=0.5  lr=0.01235 optimizer=sgd  best so far"
    )


def test_a_training_without_a_value_says_why_in_one_line():
    failed = training(7, TrainingState.FAILED, reason=f"exit code 2\n{'traceback' * 50}")
    assert ended_line(failed, "acc", best=False) == "   7  no value  lr=0.01235 optimizer=sgd  failed: exit code 2"
    assert len(ended_line(training(1, reason="x" * 500), "acc", best=False)) < 160


def test_what_was_stopped_early_says_why_and_hyperbands_usual_end_does_not():
    stopped = training(7, TrainingState.STOPPED, objective_value=0.5)
    early = replace(stopped, stopped_early=StopEvidence("rung", 3, 0.5, text="not among the best third"))
    assert ended_line(early, "acc", best=False).endswith("optimizer=sgd  not among the best third")
    whole = replace(stopped, stopped_early=StopEvidence(MAX_RESOURCE, 9, 0.5, text="that is its MaxResource"))
    assert ended_line(whole, "acc", best=False).endswith("optimizer=sgd")


def test_a_regex_that_nobody_has_written_is_not_shown():
    said = f"metric 'acc' was never emitted: none of 3 lines matched {default_regex('acc')!r}"
    assert reason_line(said, "acc") == "metric 'acc' was never emitted: none of 3 lines matched acc=NUMBER"
    assert reason_line("none matched 'acc is (.*)'", "acc") == "none matched 'acc is (.*)'"


@pytest.mark.parametrize(("count", "said"), [(1, "mean 0.5 of 1 evaluation"), (2, "mean 0.5 ± 0.1 of 2 evaluations")])
def test_evaluations_are_counted_in_words(count, said):
    assert evaluation_text(Evaluation(3, count, 0.5, None if count == 1 else 0.1)) == said


def test_what_runs_is_shown_with_its_last_value():
    assert running_line(training(2), "acc", (3, 0.75), BEGAN + 66) == (
        "   2  runs 1m05s  acc=0.75 (step 3)  lr=0.01235 optimizer=sgd"
    )
    assert "waits for a slot" in running_line(training(2, started_at=None), "acc", None, BEGAN)


def test_the_best_so_far_is_shown_once_there_is_one():
    assert best_line(None, "acc") == "no value of acc yet"
    assert best_line(training(3, objective_value=0.9), "acc") == "best acc=0.9  lr=0.01235 optimizer=sgd  (training 3)"


@pytest.mark.parametrize(
    ("ended", "limits", "expected"),
    [
        (0, Limits(2, 4), (None, None)),
        (2, Limits(2, 4), (2.0, 60.0)),
        (4, Limits(2, 4), (4.0, 0.0)),
        (2, Limits(2, None, 90), (2.0, 30.0)),
        (0, Limits(2, None, 30), (None, 0.0)),
        (2, Limits(2, 100, 90), (2.0, 30.0)),
    ],
)
def test_pace_and_time_left_after_a_minute(ended, limits, expected):
    assert pace(job(ended, limits=limits), BEGAN + 60) == pytest.approx(expected)


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0s"), (59.6, "1m00s"), (61, "1m01s"), (3660, "1h01m")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_the_result_says_what_to_type_next():
    best = training(3, objective_value=0.9, artifact_uri="file:///data/model.tar.gz")
    text = result_text(job(4, best, state=JobState.COMPLETED, reason="all ended"), "python train.py", " --data-dir d")
    assert text.splitlines() == [
        "Completed: all ended",
        "Best of 4: acc = 0.9  (job-003-abc)",
        "  lr         0.012345678",
        "  optimizer  sgd",
        "Model: /data/model.tar.gz",
        "Next:",
        "  python train.py",
        "  tunewright trainings digits --best-first --data-dir d",
        "  tunewright logs job-003-abc --data-dir d",
    ]


def test_a_result_without_a_value_says_where_to_look():
    text = result_text(job(4, state=JobState.COMPLETED, reason="all ended"), "", "")
    assert "No training has a value of acc" in text
    assert "tunewright logs digits" in text


def test_a_result_for_programs_has_the_same():
    tree = job_record(job(1, training(1, objective_value=0.9)))
    assert tree["best"]["configuration"] == {"lr": 0.012345678, "optimizer": "sgd"}
    assert (tree["state"], tree["trainings"]["completed"]) == ("InProgress", 1)
    assert job_record(job())["best"] is None


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cc"]), max_size=9)


@given(st.dictionaries(st.sampled_from(["lr", "batch-size", "1st"]), TEXTS | st.integers() | st.floats(-9, 9)))
def test_arguments_are_what_a_shell_takes_apart(configuration):
    words = shlex.split(arguments(configuration))
    read, rest = {}, iter(words)
    for word in rest:
        name, tied, value = word.partition("=")
        read[name[2:]] = value if tied else next(rest)
    assert read == {name: str(value) for name, value in configuration.items()}


def test_variables_can_be_sourced():
    script = "\n".join(variables({"batch-size": 3, "1st": "it's", "lr": 1e-4}))
    done = subprocess.run(
        ["sh", "-c", f'{script}\necho "$batch_size|$_1st|$lr"'], capture_output=True, text=True, check=True
    )
    assert done.stdout == "3|it's|0.0001\n"


def test_people_and_programs_see_that_a_job_is_paused():
    assert job_record(job(state=JobState.PAUSED))["state"] == "Paused"
    assert job_record(job(state=JobState.COMPLETING))["state"] == "InProgress"
