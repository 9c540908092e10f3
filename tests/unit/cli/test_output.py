"""One way in which all verbs print records."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pytest

from tests.unit.cli.jobs import job, training
from tunewright.cli import records
from tunewright.cli.forms import Form
from tunewright.cli.output import record_of, show, show_each
from tunewright.cli.records import JOB, TRAINING, job_record, training_record
from tunewright.client import TrainingJob, TuningJob

TABLES = [value for name, value in vars(records).items() if name.isupper() and isinstance(value, tuple)]


@pytest.fixture
def printed(capsys):
    def printed(form, found, columns, *draw):
        show(form, found, columns, *draw)
        return capsys.readouterr().out

    return printed


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_record_has_the_fields_of_what_the_sdk_returns():
    assert list(training_record(training())) == list(TrainingJob.__dataclass_fields__)
    assert TuningJob.__dataclass_fields__.keys() - job_record(job()).keys() == {"spec"}
    assert training_record(training(objective_value=math.nan))["objective_value"] is None


def test_every_column_of_jobs_and_trainings_stands_in_their_records():
    of_job, of_training = job_record(job(1, training(1, objective_value=0.5))), training_record(training())
    for columns, record in ((JOB, of_job), (TRAINING, of_training)):
        for column in columns:
            first, *rest = column.removesuffix(".*").split(".")
            assert first in record
            if rest and record[first] is not None:
                assert rest[0] in record[first], column


def test_csv_is_flat_with_a_column_for_each_hyperparameter(printed):
    found = [training(1, objective_value=0.5), training(2, configuration={"depth": 3, "lr": 1e-05})]
    one, two = rows(printed(Form.CSV, [training_record(item) for item in found], TRAINING))
    assert (one["name"], one["state"], one["objective_value"]) == ("job-001-abc", "Completed", "0.5")
    assert (one["configuration.lr"], one["configuration.optimizer"], one["configuration.depth"]) == (
        "0.012345678", "sgd", "",
    )  # fmt: skip
    assert (two["configuration.lr"], two["configuration.depth"], two["objective_value"]) == ("1e-05", "3", "")


def test_csv_without_a_record_still_has_its_header(printed):
    header = printed(Form.CSV, [], JOB).strip().split(",")
    assert header[:4] == ["name", "state", "reason", "strategy"]
    assert "best.objective_value" in header


def test_the_best_of_a_job_stands_flat_beside_it(printed):
    (row,) = rows(printed(Form.CSV, job_record(job(1, training(7, objective_value=0.9))), JOB))
    assert (row["best.number"], row["best.configuration.optimizer"], row["limits.max_trainings"]) == ("7", "sgd", "4")


def test_a_hyperparameter_with_a_dot_in_its_name_is_found(printed):
    record = training_record(training(configuration={"adam.beta": 0.9, "adam": 1}))
    (row,) = rows(printed(Form.CSV, [record], ("configuration.*",)))
    assert row == {"configuration.adam.beta": "0.9", "configuration.adam": "1"}


def test_a_formula_in_what_a_training_has_printed_is_not_computed(printed):
    (row,) = rows(printed(Form.CSV, [{"text": "=1+1"}], ("text",)))
    assert row["text"] == "'=1+1"


def test_lists_keep_their_place_in_a_cell(printed):
    (row,) = rows(printed(Form.CSV, [{"holding": ["a", "b"]}], ("holding",)))
    assert json.loads(row["holding"]) == ["a", "b"]


def test_people_get_what_is_drawn_for_them(printed, capsys):
    assert printed(Form.TABLE, [{"a": 1}], ("a",), lambda: print("drawn"))  # noqa: T201 == "drawn\n"
    assert printed(Form.TABLE, [{"a": 1, "b": None}], ("a", "b")) == "a\tb\n1\t\n"
    assert show_each(Form.TABLE, [{"a": 1}, {"a": 2}], ("a",), lambda record: f"<{record['a']}>") == 2
    assert capsys.readouterr().out == "<1>\n<2>\n"


def test_what_comes_one_by_one_is_an_object_a_line(capsys):
    assert show_each(Form.JSON, iter([{"a": 1}, {"a": None}]), ("a",), str) == 2
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [{"a": 1}, {"a": None}]
    show_each(Form.CSV, iter([{"a": 1}]), ("a", "b"), str)
    assert capsys.readouterr().out == "a,b\n1,\n"


def test_what_is_not_finite_is_null():
    assert record_of({"a": (math.inf, 1.0, "x")}) == {"a": [None, 1.0, "x"]}


def test_no_table_has_a_column_twice():
    assert len(TABLES) > 5
    assert all(len(set(columns)) == len(columns) for columns in TABLES)


def test_the_page_names_every_column():
    page = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text()
    for columns in TABLES:
        assert " ".join(f"`{column}`" for column in columns) in page
