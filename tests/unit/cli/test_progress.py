"""What is known of a running job, and where it is shown."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.unit.cli.jobs import BEGAN, job, training
from tunewright.cli.progress import SHOWN_RUNNING, LiveView, PlainView, Standing, drawn, view_of
from tunewright.client import Measurement, Watched
from tunewright.core.spec import Direction, Limits
from tunewright.core.states import JobState, TrainingState


def lines(standing, *trainings):
    return [line for _, line in standing.watched(Watched(standing.job, trainings))]


def running(number):
    return training(number, TrainingState.RUNNING)


def test_a_training_is_told_of_once_when_it_ends():
    standing = Standing(job())
    assert lines(standing, running(1), running(2)) == []
    ended = training(1, objective_value=0.5)
    assert len(lines(standing, ended)) == 1
    assert lines(standing, ended) == []
    assert list(standing.running) == [2]


@pytest.mark.parametrize(
    ("direction", "marked"), [(Direction.MAXIMIZE, [True, False, True]), (Direction.MINIMIZE, [True, True, False])]
)
def test_the_best_so_far_is_marked(direction, marked):
    standing = Standing(job(direction=direction))
    said = lines(standing, *(training(n, objective_value=value) for n, value in ((1, 0.5), (2, 0.4), (3, 0.6))))
    assert [line.endswith("best so far") for line in said] == marked


def test_a_job_taken_up_again_remembers_its_best():
    standing = Standing(job(best=training(1, objective_value=0.9)))
    assert not lines(standing, training(2, objective_value=0.5))[0].endswith("best so far")


def test_values_are_kept_of_running_trainings_only():
    standing = Standing(job())
    lines(standing, running(1))
    standing.measured(1, Measurement("acc", 0.3, 2))
    standing.measured(9, Measurement("acc", 0.3, 2))
    assert standing.last == {1: (2, 0.3)}
    lines(standing, training(1))
    assert standing.last == {}


@pytest.mark.parametrize(
    ("environ", "terminal", "kind"),
    [
        ({"TERM": "xterm"}, True, LiveView),
        ({"TERM": "xterm"}, False, PlainView),
        ({"TERM": "xterm", "CI": "true"}, True, PlainView),
        ({"TERM": "dumb"}, True, PlainView),
    ],
)
def test_only_a_terminal_that_a_person_looks_at_is_drawn_on(environ, terminal, kind):
    assert isinstance(view_of(Standing(job()), environ, lambda: terminal), kind)


def picture(standing, width=100):
    console = Console(file=io.StringIO(), width=width)
    console.print(drawn(standing, BEGAN + 60))
    return console.file.getvalue()


def test_the_view_shows_bar_pace_best_and_what_runs():
    standing = Standing(job(2))
    lines(standing, training(1, objective_value=0.5), running(3))
    standing.measured(3, Measurement("acc", 0.3, 2))
    shown = picture(standing)
    for part in ("digits", "2/4", "2.0/min", "about 1m00s left", "best acc=0.5", "   3  runs 59s  acc=0.3 (step 2)"):
        assert part in shown


def test_the_view_keeps_its_size():
    standing = Standing(job(limits=Limits(50, None, 600)))
    lines(standing, *(running(number) for number in range(1, 51)))
    shown = picture(standing, width=40)
    assert f"and {50 - SHOWN_RUNNING} more" in shown
    assert max(map(len, shown.splitlines())) <= 40
    assert len(shown.splitlines()) < 20


def test_the_view_says_that_a_job_is_paused_in_place_of_the_time_left():
    shown = picture(Standing(job(2, state=JobState.PAUSED)))
    assert "paused" in shown
    assert "left" not in shown
