"""`tunewright top`: what is told of all jobs, and that it can be left."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from tests.unit.cli.jobs import BEGAN, job, training
from tunewright.cli.topping import Seen, drawn, headline, look, records
from tunewright.client.operations import TrainerInfo
from tunewright.client.resources import TrainingCounters
from tunewright.core.errors import NotFound
from tunewright.core.names import training_name
from tunewright.core.spec import Limits
from tunewright.core.states import JobState

RUNS = job(
    best=training(2, objective_value=0.75),
    limits=Limits(max_parallel=3, max_trainings=10),
    trainings=TrainingCounters(completed=4, in_progress=3),
)
ENDED = replace(RUNS, state=JobState.COMPLETED, trainings=TrainingCounters(completed=10))
TRAINER = TrainerInfo("t", slots=4, holding=(training_name("digits", "u" * 16, 5), training_name("other", "v" * 16, 1)))
SEEN = Seen((RUNS, ENDED), (TRAINER,), BEGAN + 60)


class Fleet:
    """What `look` asks of a client."""

    def __init__(self, *jobs):
        self.jobs = jobs
        self.operations = self

    def list(self, *, status=""):
        return iter([replace(one, best=None) for one in self.jobs if status in {"", one.state.shown}])

    def describe(self, uid):
        found = [one for one in self.jobs if one.uid == uid]
        if not found:
            raise NotFound("tuning job", uid)
        return found[0]

    def trainers(self):
        return [TRAINER]


def picture(seen: Seen, height: int = 20) -> str:
    console = Console(file=io.StringIO(), width=150)
    console.print(drawn(seen, height))
    return console.file.getvalue()


def test_of_each_job_is_told_how_it_goes():
    running, ended = records(SEEN)
    assert (running["best"], running["ended"], running["max_trainings"]) == (0.75, 4, 10)
    assert (running["running"], running["queued"]) == (1, 2)
    assert running["per_minute"] == pytest.approx(4.0)
    assert running["left_s"] == pytest.approx(90.0)
    assert (ended["per_minute"], ended["left_s"], ended["spent"]) == (None, None, None)


def test_the_headline_sums_it_up():
    assert headline(SEEN, records(SEEN)) == "1 active job; 2 of 4 slots busy; 2 trainings queued; 4.0/min"


def test_the_picture_has_a_line_each_and_says_how_to_leave():
    lines = picture(SEEN).splitlines()
    assert "acc=0.75" in lines[2]
    assert "4/10" in lines[2]
    assert "1m30s" in lines[2]
    assert lines[-1].strip() == "q leaves"


def test_what_does_not_fit_is_counted_and_an_absence_is_told():
    away = replace(SEEN, away="the server is away")
    assert picture(away, height=5).splitlines()[-1].strip() == "and 1 more; the server is away; q leaves"


def test_active_jobs_are_found_behind_any_number_that_have_ended():
    stopping = replace(RUNS, uid="s", state=JobState.STOPPING, created_at=BEGAN + 1)
    ended = [replace(ENDED, uid=f"e{number}", best=None) for number in range(150)]
    fleet = Fleet(*ended, stopping, RUNS)
    assert look(fleet, everything=False).jobs == (stopping, RUNS)
    everything = look(fleet, everything=True)
    assert everything.jobs == (stopping, RUNS, *ended[:100])
    assert picture(everything, height=200).splitlines()[-1].strip() == "of ended jobs the newest 100; q leaves"
    assert not look(Fleet(*ended[:100]), everything=True).cut


def test_nothing_at_all_is_drawn_too():
    assert picture(Seen((), (), 0.0)).startswith("0 active jobs; 0 of 0 slots busy")
