"""A function on its way to a training and back: packed, called there, and shown."""

from __future__ import annotations

import json
import math
import threading

import pytest

from tunewright import Choice, Float, Int
from tunewright.client.resources import TrainingJob, TuningJob
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Direction
from tunewright.core.states import JobState, TrainingState
from tunewright.functions.program import packed, write_program
from tunewright.functions.result import Trial, Tuned
from tunewright.functions.training import main
from tunewright.functions.views import NotebookView, Shown, page, picture, view_for
from tunewright.functions.written import Ranges, outward, written

LOCK = threading.Lock()
SPACE = {"lr": Float(1e-4, 1e-1), "n": Int(1, 5), "act": Choice("relu", None, 3)}


def job(**options):
    return written(Ranges.of(SPACE), "minimize", "job", {"name": "job", "trials": 5, **options})


@pytest.fixture
def called(tmp_path, monkeypatch):
    """Call a function as a training does; return the values that it gave, or its failure."""

    def call(function, texts=None):
        base = tmp_path / "base"
        (base / "input/config").mkdir(parents=True)
        (base / "output").mkdir()
        given = {"lr": "0.01", "n": "2", "act": "None"} if texts is None else texts
        (base / "input/config/hyperparameters.json").write_text(json.dumps(given))
        monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
        monkeypatch.setenv("TUNEWRIGHT_METRICS_FILE", str(base / "metrics"))
        script = write_program(tmp_path / "data", "job", packed(function, Ranges.of(SPACE).reading(job().spec)))
        try:
            main(str(script))
        except SystemExit:
            return (base / "output/failure").read_text()
        return [json.loads(line)["objective"] for line in (base / "metrics").read_text().splitlines()]

    return call


def test_a_configuration_arrives_in_the_values_that_were_listed(called):
    def check(configuration):
        assert configuration == {"lr": 0.01, "n": 2, "act": None}
        return 7

    assert called(check) == [7.0]


@pytest.mark.parametrize(
    ("last", "values"), [(None, [1.0, 2.0]), (2, [1.0, 2.0]), (3, [1.0, 2.0, 3.0]), (math.inf, [1.0, 2.0, math.inf])]
)
def test_what_is_returned_counts_after_what_was_reported_and_not_twice(called, last, values):
    def reporting(configuration, report):  # noqa: ARG001 - it is called with both
        report(1)
        report(2)
        return last

    assert called(reporting) == values


@pytest.mark.parametrize("value", [math.nan, 1.0])
def test_a_report_that_is_returned_counts_once_also_where_it_is_no_number(called, value):
    def reporting(configuration, report):  # noqa: ARG001 - it is called with both
        report(value)
        return value

    assert called(reporting) == [pytest.approx(value, nan_ok=True)]


@pytest.mark.parametrize(
    ("function", "failure"),
    [
        (lambda configuration: configuration["momentum"], "KeyError: 'momentum'"),
        (lambda configuration: None, "TypeError: the function returned None, and no number"),  # noqa: ARG005
        (lambda configuration: [1, 2], "TypeError: the function gave [1, 2], which is not a number"),  # noqa: ARG005
        (lambda configuration: "0.5", "TypeError: the function gave '0.5', which is not a number"),  # noqa: ARG005
    ],
)
def test_what_goes_wrong_is_the_trainings_failure(called, function, failure):
    assert called(function) == failure


def test_a_second_argument_that_need_not_be_given_is_left_alone(called):
    assert called(lambda configuration, scale=2: configuration["n"] * scale) == [4.0]


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (7, "fn: 7 is not a function"),
        (lambda: 0, r"its arguments are \(\)"),
        (lambda one, two, three: 0, r"its arguments are \(one, two, three\)"),  # noqa: ARG005
        (lambda configuration, lock=LOCK: 0, "fn: cannot be taken to another process"),  # noqa: ARG005
    ],
)
def test_a_function_that_cannot_be_called_or_sent_is_refused(function, why):
    with pytest.raises(InvalidSpec, match=why):
        packed(function, {})


@pytest.mark.parametrize(
    ("space", "field"),
    [
        ({}, "space"),
        (None, "space"),
        ({"lr": 0.1}, "space.lr"),
        ({"lr": Float(1, 0)}, "space.lr.low"),
        ({"c": Choice()}, "space.c.values"),
    ],
)
def test_a_space_that_is_none_is_refused(space, field):
    with pytest.raises(InvalidSpec) as refused:
        Ranges.of(space)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"script": "train.py"}, "script"),
        ({"trails": 3}, "trails"),
        ({"trials": "many"}, "trials"),
        ({"strategy": "guess"}, "strategy"),
        ({"early_stopping": {"percentil": 3}}, "early_stopping.percentil"),
    ],
)
def test_arguments_are_refused_by_their_names(options, field):
    with pytest.raises(InvalidSpec) as refused:
        job(**options)
    assert refused.value.field == field


def test_ranges_keep_their_scales_and_what_is_tried_first_its_choices():
    ranges = {"a": Float(1.0, 2.0, log=True), "b": Int(1, 500), "c": Float(-1, 1, log=False), "d": Choice(1, "1", None)}
    known = Ranges.of(ranges)
    first = {"a": 1.5, "b": 3, "c": 0.0, "d": "1"}
    spec = written(known, "maximize", "job", {"try_first": [first]}).spec
    assert spec.definitions[0].space == {name: item.range for name, item in ranges.items()}
    assert outward(known.reading(spec), spec.enqueued[0].configuration) == first
    assert (spec.objective.direction, spec.limits.max_trainings) == (Direction.MAXIMIZE, 30)


def training(number, value, **fields):
    state = TrainingState.FAILED if value is None else TrainingState.COMPLETED
    configuration = {"lr": 0.01, "n": number, "act": "relu"}
    return TrainingJob(f"t{number}", f"t{number}", number, state, configuration=configuration, objective_value=value,
                       **fields)  # fmt: skip


def test_a_notebooks_page_shows_the_best_and_why_others_failed_as_text():
    shown = Shown(TuningJob("uid", job().spec, JobState.RUNNING))
    drawn = []
    with NotebookView(shown, drawn.append) as view:
        for ended in (training(1, 3.0), training(2, None, reason="<script>"), training(3, 1.0), training(4, 2.0)):
            shown.ended.append(ended)
            view.say("")
    assert len(drawn) == 5
    last = drawn[-1]
    assert "<script>" not in last
    assert "&lt;script&gt;" in last
    assert "4 of 5" in last
    assert "best so far: 3 to 1" in last
    assert last.index("<td>4</td>") < last.index("<td>1</td>")
    assert page(Shown(shown.job)).count("<tr>") == 1


def test_the_picture_has_a_step_for_each_value_and_none_for_one():
    assert picture([1.0]) == ""
    assert picture([3.0, 3.0, 1.0]).count("H") == 2
    assert "nan" not in picture([2.0, 2.0])


def test_progress_can_be_silent(capfd):
    with view_for(Shown(TuningJob("uid", job().spec, JobState.RUNNING)), progress=False) as view:
        view.say("a line")
    assert capfd.readouterr() == ("", "")


def test_columns_that_are_called_like_ours_are_told_apart():
    pytest.importorskip("pandas", reason="pandas is not installed")
    trial = Trial(1, {"value": 0.5, "n": 2}, 0.25, "Completed")
    table = Tuned("job", "Completed", "", (trial,), "").dataframe()
    assert list(table.columns) == ["number", "hyperparameter:value", "n", "value", "state", "reason", "seconds"]
    assert table.iloc[0]["value"] == 0.25
