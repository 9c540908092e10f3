"""CSV files: SageMaker's columns, nothing that a spreadsheet would run, and pages as they come."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest

from tests.unit.exports.source import Source, curve, every_state, job, odd, several, training
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.exports import export

SAGEMAKERS = ["TrainingJobName", "TrainingJobStatus", "FinalObjectiveValue", "TrainingStartTime", "TrainingEndTime",
              "TrainingElapsedTimeSeconds"]  # fmt: skip


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_columns_and_order_are_those_of_sagemakers_analytics(tmp_path):
    export(every_state(), "digits-1", tmp_path / "trials.csv")
    rows = table(tmp_path / "trials.csv")
    assert list(rows[0]) == ["lr", "epochs", "optimizer", *SAGEMAKERS]
    assert [row["TrainingJobName"] for row in rows] == [f"digits-1-{number:03}" for number in (6, 5, 4, 3, 2, 1)]
    assert [row["TrainingJobStatus"] for row in rows] == [
        "InProgress", "InProgress", "Completed", "Failed", "Stopped", "Completed",
    ]  # fmt: skip
    assert rows[-1] == {
        "lr": "0.01", "epochs": "11.0", "optimizer": "adam", "TrainingJobName": "digits-1-001",
        "TrainingJobStatus": "Completed", "FinalObjectiveValue": "0.5",
        "TrainingStartTime": "2023-11-14T22:15:00+00:00", "TrainingEndTime": "2023-11-14T22:16:02.500000+00:00",
        "TrainingElapsedTimeSeconds": "62.5",
    }  # fmt: skip
    assert rows[0]["TrainingStartTime"] == rows[0]["FinalObjectiveValue"] == ""


def test_the_full_table_keeps_types_and_tells_what_else_is_known(tmp_path):
    export(every_state(), "digits-1", tmp_path / "trials.csv", full=True)
    first = table(tmp_path / "trials.csv")[-1]
    assert (first["epochs"], first["Steps"], first["Cost"], first["Source"]) == ("11", "3", "1.25", "explore")
    assert (first["FinalMetric:acc"], first["ObjectiveStatus"]) == ("0.5", "Succeeded")
    stopped = table(tmp_path / "trials.csv")[-2]
    assert stopped["Reason"] == "stopped early by the median rule"
    assert (stopped["StoppedBy"], stopped["StoppedAtStep"], first["StoppedBy"]) == ("median", "2", "")


def test_a_text_cannot_become_a_formula_and_numbers_stay_numbers(tmp_path):
    values = {"momentum": 0.95, "=batch": "=1+1", "Steps": 3}
    found = [
        training(1, value=-0.5, configuration=values),
        training(2, value=-1e-300, configuration=values | {"=batch": "-64"}, reason="@SUM(A1)"),
        training(3, value=1.0, configuration=values | {"=batch": '"adam"'}, reason='two\nlines, quoted "so"'),
    ]
    export(Source(odd(), found), "digits-1", tmp_path / "trials.csv", full=True)
    third, second, first = table(tmp_path / "trials.csv")
    assert (first["'=batch"], second["'=batch"], third["'=batch"]) == ("'=1+1", "-64", '"adam"')
    assert (first["FinalObjectiveValue"], second["FinalObjectiveValue"]) == ("-0.5", "-1e-300")
    assert (second["Reason"], third["Reason"]) == ("'@SUM(A1)", 'two\nlines, quoted "so"')
    assert (first["TunedHyperParameter:Steps"], first["Steps"]) == ("3", "0")


def test_definitions_are_named_where_there_are_several(tmp_path):
    found = [training(1, value=1.0, definition_name="trees", configuration={"epochs": 10, "lr": 0.5})]
    export(Source(several(), found), "digits-1", tmp_path / "trials.csv")
    assert table(tmp_path / "trials.csv")[0]["TrainingJobDefinitionName"] == "trees"


def test_curves_are_a_long_table(tmp_path):
    count = export(every_state(), "digits-1", tmp_path / "curves.csv", curves=True).rows
    rows = table(tmp_path / "curves.csv")
    assert count == len(rows) == 7
    assert list(rows[0].values()) == ["digits-1-001", "acc", "1", "0.1", "2023-11-14T22:13:21+00:00"]
    assert rows[-1]["Value"] == "nan"


def test_it_goes_to_standard_output(capsys):
    export(every_state(), "digits-1", "-")
    assert len(list(csv.reader(io.StringIO(capsys.readouterr().out)))) == 7


def test_a_file_that_is_there_is_overwritten_only_on_demand(tmp_path):
    there = tmp_path / "trials.csv"
    there.write_text("precious")
    with pytest.raises(InvalidSpec, match="is there already"):
        export(every_state(), "digits-1", there)
    assert there.read_text() == "precious"
    export(every_state(), "digits-1", there, overwrite=True)
    assert len(table(there)) == 6


def test_what_fails_leaves_nothing_behind(tmp_path):
    with pytest.raises(NotFound):
        export(every_state(), "nothing", tmp_path / "trials.csv")
    with pytest.raises(InvalidSpec, match="no format"):
        export(every_state(), "digits-1", tmp_path / "trials.xlsx")
    with pytest.raises(InvalidSpec, match="no folder"):
        export(every_state(), "digits-1", tmp_path / "missing" / "trials.csv")
    with pytest.raises(InvalidSpec, match="one of the two"):
        export(every_state(), "digits-1", tmp_path / "trials.csv", full=True, curves=True)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_job_gives_the_header(tmp_path):
    assert export(Source(job(), []), "digits-1", tmp_path / "trials.csv").rows == 0
    assert (tmp_path / "trials.csv").read_text().startswith("lr,epochs,optimizer,TrainingJobName")


class Endless(Source):
    def trainings(self, _job, **_):
        yield from (training(number, value=float(number)) for number in range(10_000))

    def measurements(self, *_, **__):
        yield from curve(1, [0.5])["digits-1-001"]


@pytest.mark.parametrize("curves", [False, True])
def test_memory_does_not_grow_with_the_job(tmp_path, curves):
    tracemalloc.start()
    try:
        assert export(Endless(job(), []), "digits-1", tmp_path / "trials.csv", curves=curves).rows == 10_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
