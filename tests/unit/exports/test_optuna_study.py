"""Exported studies: opened by Optuna, by its importance evaluator, and by optuna-dashboard over HTTP."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
import urllib.request
import wsgiref.simple_server

import pytest

from tests.unit.exports.source import Source, curve, every_state, job, odd, several, training
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Direction, Objective
from tunewright.core.states import TrainingState
from tunewright.core.stopping import StopEvidence
from tunewright.exports import export, optuna_study

optuna = pytest.importorskip("optuna", reason="optuna is not installed")


def opened(path):
    storage = str(path) if path.suffix == ".log" else f"sqlite:///{path}"
    if path.suffix == ".log":
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    return optuna.load_study(study_name=None, storage=storage)


@pytest.fixture(params=["study.db", "study.log"])
def path(request, tmp_path):
    return tmp_path / request.param


def test_every_state_has_its_counterpart(path):
    assert export(every_state(), "digits-1", path).rows == 6
    study = opened(path)
    assert (study.study_name, study.direction.name) == ("digits-1", "MAXIMIZE")
    names = [trial.state.name for trial in study.trials]
    assert names == ["COMPLETE", "PRUNED", "FAIL", "FAIL", "RUNNING", "WAITING"]
    assert [trial.number for trial in study.trials] == [0, 1, 2, 3, 4, 5]
    assert (study.best_trial.number, study.best_value) == (0, 0.5)
    assert study.best_params == {"lr": 0.01, "epochs": 11, "optimizer": "adam"}
    assert list(path.parent.iterdir()) == [path]


def test_curves_attributes_and_times_are_there(path):
    export(every_state(), "digits-1", path)
    study = opened(path)
    first, stopped, _, _, running, waiting = study.trials
    assert first.intermediate_values == {1: 0.1, 2: 0.3, 3: 0.5}
    assert stopped.intermediate_values == {1: 0.1, 2: 0.2}
    assert stopped.user_attrs["reason"] == "stopped early by the median rule"
    assert first.user_attrs["training"] == "digits-1-001"
    assert (first.user_attrs["metric:acc"], first.user_attrs["source"]) == (0.5, "explore")
    assert (first.datetime_complete - first.datetime_start).total_seconds() == 62.5
    assert math.isnan(running.intermediate_values[2])
    assert (running.datetime_complete, waiting.datetime_start) == (None, None)
    assert study.user_attrs["objective_metric"] == "acc"


def test_what_hyperband_stopped_at_its_end_is_complete(path):
    at_its_end = StopEvidence("max_resource", 27, 0.9)
    found = [
        training(1, TrainingState.STOPPED, 0.9, stopped_early=at_its_end),
        training(2, TrainingState.STOPPED, 0.3, stopped_early=StopEvidence("rung", 3, 0.3, 0.5)),
        training(3, TrainingState.STOPPED, None),
    ]
    export(Source(job(), found), "digits-1", path)
    study = opened(path)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED", "PRUNED"]
    assert [trial.user_attrs.get("stopped_by") for trial in study.trials] == ["max_resource", "rung", None]
    assert study.trials[1].value == 0.3


def test_scales_and_ranges_are_the_jobs(path):
    values = {"momentum": 0.95, "=batch": "=1+1", "Steps": 3}
    smaller = odd()
    export(Source(smaller, [training(1, value=1.0, configuration=values)]), "digits-1", path)
    study = opened(path)
    assert study.trials[0].distributions == {
        "momentum": optuna.distributions.FloatDistribution(0.9, 0.999),
        "=batch": optuna.distributions.CategoricalDistribution(("32", "-64", "=1+1", '"adam"')),
        "Steps": optuna.distributions.IntDistribution(3, 3),
    }
    assert study.user_attrs["reverse_logarithmic"] == ["momentum"]
    known = optuna_study.distributions(job().spec)
    assert known["", "lr"] == ("lr", optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True))


def test_definitions_become_conditional_parameters(path):
    found = [
        training(1, value=1.0, definition_name="net", configuration={"epochs": 10, "lr": 0.001}),
        training(2, value=2.0, definition_name="trees", configuration={"epochs": 20, "lr": 0.5}),
    ]
    export(Source(several(), found), "digits-1", path)
    assert [trial.params for trial in opened(path).trials] == [
        {"definition": "net", "epochs": 10, "net.lr": 0.001},
        {"definition": "trees", "epochs": 20, "trees.lr": 0.5},
    ]


def test_exporting_again_refuses_or_replaces_and_never_doubles(path):
    source = every_state()
    export(source, "digits-1", path)
    with pytest.raises(InvalidSpec, match="is there already"):
        export(source, "digits-1", path)
    source.found.append(training(7, value=0.9))
    export(source, "digits-1", path, overwrite=True)
    study = opened(path)
    assert (len(study.trials), study.best_value) == (7, 0.9)


def test_a_training_whose_measurements_retention_has_removed_has_no_curve(path):
    source = every_state()
    source.removed = "digits-1-002"
    assert export(source, "digits-1", path).removed == ("digits-1-002",)
    assert [len(trial.intermediate_values) for trial in opened(path).trials[:2]] == [3, 0]


def test_a_study_takes_no_option_of_tables(path):
    with pytest.raises(InvalidSpec, match="always has all"):
        export(every_state(), "digits-1", path, curves=True)
    assert not path.exists()


def searched(count=40):
    """Return a job in which lr explains everything."""
    found = []
    for number in range(1, count + 1):
        rate = 1e-4 * 10 ** (3 * ((number * 7) % count) / count)
        configuration = {"lr": rate, "epochs": 10 + number, "optimizer": ("sgd", "adam")[number % 2]}
        found.append(training(number, value=(math.log10(rate) + 2) ** 2, configuration=configuration))
    curves = {name: items for number in range(1, count + 1) for name, items in curve(number, [3.0, 2.0, 1.0]).items()}
    return Source(job(objective=Objective("acc", Direction.MINIMIZE)), found, curves)


def test_optunas_importance_finds_what_matters(tmp_path):
    export(searched(), "digits-1", tmp_path / "study.db")
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    shares = optuna.importance.get_param_importances(opened(tmp_path / "study.db"), evaluator=evaluator)
    assert max(shares, key=shares.get) == "lr"


@pytest.fixture
def dashboard(request):
    """Return what asks optuna-dashboard's HTTP API for a path, serving a file on a free port."""
    package = pytest.importorskip("optuna_dashboard", reason="optuna-dashboard is not installed")

    class Silent(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *_):
            """Say nothing."""

    def serve(storage):
        server = wsgiref.simple_server.make_server("127.0.0.1", 0, package.wsgi(storage), handler_class=Silent)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def close():
            server.shutdown()
            thread.join()
            server.server_close()

        request.addfinalizer(close)

        def ask(path):
            url = f"http://127.0.0.1:{server.server_port}{path}"
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)

        return ask

    return serve


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::optuna.exceptions.ExperimentalWarning")
def test_optuna_dashboard_opens_it(path, dashboard):
    export(searched(), "digits-1", path)
    storage = str(path) if path.suffix == ".log" else f"sqlite:///{path}"
    ask = dashboard(storage)
    (summary,) = ask("/api/studies")["study_summaries"]
    assert summary["study_name"] == "digits-1"
    detail = ask(f"/api/studies/{summary['study_id']}?after=0")
    assert len(detail["trials"]) == 40
    assert detail["trials"][0]["intermediate_values"][-1]["value"] == 1.0
    assert {item["name"] for item in detail["union_search_space"]} == {"lr", "epochs", "optimizer"}
    importances = ask(f"/api/studies/{summary['study_id']}/param_importances")["param_importances"][0]
    assert max(importances, key=lambda item: item["importance"])["name"] == "lr"


def test_the_file_is_plain_sqlite_and_closed(tmp_path):
    export(every_state(), "digits-1", tmp_path / "study.sqlite3")
    with sqlite3.connect(tmp_path / "study.sqlite3") as database:
        assert database.execute("select count(*) from trials").fetchone() == (6,)
    database.close()


def test_without_optuna_the_command_that_installs_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("tunewright.platform.extras.find_spec", lambda _name: None)
    with pytest.raises(InvalidSpec, match=r"pip install 'tunewright\[optuna\]'"):
        export(every_state(), "digits-1", tmp_path / "study.db")
