"""Python functions are tuned on an embedded server: what a caller sees, also when things are killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.served import Served
from tests.e2e.test_local import until
from tunewright import Choice, Float, Int, maximize, minimize
from tunewright.core.errors import CallerError, InvalidSpec, NotFound

SPACE = {"x": Float(-5.0, 5.0), "n": Int(0, 4), "kind": Choice(None, True, (1, 2))}
GATED = """
import pathlib, sys, time
from tunewright import Float, minimize

def slow(configuration):
    with open("calls", "a") as calls:
        print(configuration["x"], file=calls)
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    return configuration["x"]

found = minimize(slow, {"x": Float(0, 1)}, trials=6, parallel=2, seed=1, name="slow", data_dir="data")
print(len(found.history), len({trial.configuration["x"] for trial in found.history}), found.state)
"""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.chdir(tmp_path)
    served = Served(tmp_path)
    served.start()
    yield served
    served.end()
    kill_server(tmp_path)  # one that was started in its place


def test_a_function_is_minimised_with_python_values_and_its_failures_told(served: Served) -> None:
    def loss(configuration: dict[str, Any]) -> float:
        if configuration.keys() != SPACE.keys():
            raise KeyError(*configuration)
        if configuration["n"] == 3:
            raise ValueError("n is three\nand that is bad")
        return (configuration["x"] - 1) ** 2 + float(configuration["n"]) + float(configuration["kind"] is None)

    tried = {"x": 1.0, "n": 3, "kind": (1, 2)}
    first = {"x": 1.0, "n": 0, "kind": True}
    found = minimize(loss, SPACE, trials=6, seed=1, data_dir=served.data_dir, try_first=[tried, first])
    assert (found.configuration, found.value, found.best.number) == (first, 0.0, 2)
    assert [trial.number for trial in found.history] == [1, 2, 3, 4, 5, 6]
    assert found.history[0].configuration == tried
    assert (found.history[0].state, found.history[0].value) == ("Failed", None)
    assert found.history[0].reason == "ValueError: n is three"
    assert {type(trial.configuration["x"]) for trial in found.history} == {float}
    with served.client() as client:
        assert client.describe(found.name).name.startswith("loss-")
    table = found.dataframe()
    assert list(table.columns) == ["number", "x", "n", "kind", "value", "state", "reason", "seconds"]
    assert table["value"].min() == 0.0


def test_a_lambda_is_maximised_and_what_it_refers_to_goes_with_it(served: Served) -> None:
    shift = 2.0
    found = maximize(lambda configuration: -abs(configuration["x"] - shift), {"x": Float(0, 4)}, trials=3, seed=1,
                     strategy="random", data_dir=served.data_dir, progress=False)  # fmt: skip
    assert found.value == max(trial.value for trial in found.history if trial.value is not None)
    assert found.value == -abs(found.configuration["x"] - 2.0)


def test_reports_let_a_hopeless_training_be_stopped(served: Served) -> None:
    def train(configuration: dict[str, Any], report: Any) -> float:
        for _ in range(3):
            report(configuration["level"])
        if configuration["level"] > 1:
            import time

            time.sleep(600)
        return configuration["level"]

    found = minimize(train, {"level": Choice(0.5, 2.0)}, strategy="grid", early_stopping={"threshold": 1.0},
                     data_dir=served.data_dir)  # fmt: skip
    kept, stopped = sorted(found.history, key=lambda trial: trial.configuration["level"])
    assert (kept.state, kept.value) == ("Completed", 0.5)
    assert (stopped.state, stopped.value) == ("Stopped", 2.0)
    assert "threshold" in stopped.reason
    with served.client() as client:
        assert len(list(client.measurements(kept.training))) == 3  # the last report, returned, is not one more


def test_the_same_call_repeats_nothing_and_a_larger_one_goes_on(
    served: Served, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def counted(configuration: dict[str, Any]) -> float:
        with (tmp_path / "calls").open("a") as calls:
            calls.write("x")
        return float(configuration["x"])

    def call(trials: int, space: Any = None, **more: Any) -> Any:
        return minimize(counted, space or {"x": Float(0, 1)}, trials=trials, name="again", seed=1,
                        data_dir=served.data_dir, **more)  # fmt: skip

    first = call(3)
    assert call(3) == first
    capfd.readouterr()
    more = call(5, progress=False)
    assert capfd.readouterr() == ("", "")
    assert [trial.configuration for trial in more.history[:3]] == [trial.configuration for trial in first.history]
    assert (len(more.history), (tmp_path / "calls").read_text()) == (5, "x" * 5)
    assert more.value == min(trial.value for trial in more.history)
    assert call(5) == more
    assert call(4).history == more.history
    with pytest.raises(InvalidSpec, match="name: 'again' is a job already, and of another space"):
        call(5, {"x": Float(0, 2)})
    for option, value in {
        "strategy": "random",
        "not_improving": 10,
        "target": 0.0,
        "early_stopping": "auto",
        "max_training_runtime": "10m",
        "environment": {"A": "1"},
        "try_first": [{"x": 0.5}],
        "warm_start": "other",
    }.items():
        with pytest.raises(InvalidSpec, match=f"of another {option}"):
            call(5, **{option: value})


def test_a_stopped_job_goes_on_and_limits_count_all_that_it_has_had(served: Served, tmp_path: Path) -> None:
    def gated(configuration: dict[str, Any]) -> float:
        import time

        while not (tmp_path / "go").exists() and configuration["x"] != 0.5:
            time.sleep(0.01)
        return float(configuration["x"])

    def call(trials: int, **more: Any) -> Any:
        return minimize(gated, {"x": Float(0, 1)}, trials=trials, name="cut", strategy="random", seed=1,
                        try_first=[{"x": 0.5}], data_dir=served.data_dir, progress=False, **more)  # fmt: skip

    options = {"environment": {"A": "1"}, "max_training_runtime": "10m", "early_stopping": "auto"}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(call, 4, **options)
        with served.client() as client:
            until(lambda: any(one.name == "cut" and one.trainings.completed for one in client.list()))
            client.stop("cut")
            assert first.result(60).state == "Stopped"
            had = len(first.result().history)
            (tmp_path / "go").touch()
            assert len(call(4, **options).history) == 4
            assert len(call(5, max_runtime="2h", **options).history) == 5
            assert [one.spec.limits.max_trainings for one in client.list(newest_first=False)] == [4, 4 - had, 1]
            assert client.describe("cut-3").spec.limits.max_runtime_s in range(7000, 7201)


@pytest.mark.parametrize("strategy", ["grid", "hyperband"])
def test_what_cannot_be_extended_says_so_and_is_returned_as_it_was(served: Served, strategy: str) -> None:
    def call(trials: int = 2, runtime: str = "1h") -> Any:
        hyperband = {"hyperband": {"max_resource": 3}} if strategy == "hyperband" else {}
        return minimize(lambda configuration: configuration["n"], {"n": Choice(1.0, 2.0)}, name="once", seed=1,
                        strategy=strategy, trials=trials, max_runtime=runtime, data_dir=served.data_dir,
                        progress=False, **hyperband)  # fmt: skip

    first = call()
    assert call() == first
    assert call(runtime="2h") == first  # both trials have ended
    if strategy == "hyperband":
        with pytest.raises(InvalidSpec, match="name: 'once' has ended, and cannot be given more: Hyperband cannot"):
            call(3)


def test_the_best_is_one_of_its_own_where_it_has_learnt_from_a_better_job(served: Served) -> None:
    def height(configuration: dict[str, Any]) -> float:
        return float(configuration["x"])

    def call(name: str, first: list[float], trials: int, **more: Any) -> Any:
        tried = [{"x": x} for x in first]
        return maximize(height, {"x": Float(0, 1)}, name=name, trials=trials, strategy="random", seed=1,
                        try_first=tried, data_dir=served.data_dir, progress=False, **more)  # fmt: skip

    assert call("parent", [1.0, 0.5], 2).value == 1.0
    assert call("child", [0.25, 0.75], 2, warm_start="parent").configuration == {"x": 0.75}
    more = call("child", [0.25, 0.75], 4, warm_start="parent")
    assert more.value == max(trial.value for trial in more.history)


def script(tmp_path: Path) -> subprocess.Popen[str]:
    (tmp_path / "program.py").write_text(GATED)
    return subprocess.Popen([sys.executable, "program.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)


def kill_server(tmp_path: Path) -> None:
    for process in psutil.process_iter(["cmdline"]):
        if str(tmp_path / "data") in (process.info["cmdline"] or ()):
            process.kill()
            process.wait(10)


@pytest.mark.usefixtures("served")
def test_a_server_may_end_again_and_again_if_it_tells_something_between(tmp_path: Path) -> None:
    program = """
import pathlib, time
from tunewright import Int, minimize

def gated(configuration):
    while not pathlib.Path(f"go-{configuration['n']}").exists():
        time.sleep(0.01)
    return configuration["n"]

tried = [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]
print(minimize(gated, {"n": Int(1, 4)}, trials=4, try_first=tried, name="long", data_dir="data"))
"""
    command = [sys.executable, "-c", program]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, text=True, **pipes) as running:
        assert running.stderr is not None
        for number in (1, 2, 3):
            (tmp_path / f"go-{number}").touch()
            assert any(f"objective={number} " in line for line in running.stderr)
            kill_server(tmp_path)
        (tmp_path / "go-4").touch()
        assert running.communicate()[0].startswith("long: Completed, 4 trials")


def calls(tmp_path: Path) -> int:
    path = tmp_path / "calls"
    return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.mark.parametrize("server_too", [False, True])
def test_a_call_that_was_killed_goes_on_where_it_was(served: Served, tmp_path: Path, *, server_too: bool) -> None:
    with script(tmp_path) as killed:
        until(lambda: calls(tmp_path) == 2)
        killed.kill()
    if server_too:
        served.end(signal.SIGKILL)
        served.start()
    (tmp_path / "go").touch()
    with script(tmp_path) as again:
        assert again.communicate()[0] == "6 6 Completed\n"
    assert calls(tmp_path) == 6


@pytest.mark.parametrize("server_gone", [False, True])
def test_ctrl_c_pauses_a_named_job_and_the_next_call_goes_on(
    served: Served, tmp_path: Path, *, server_gone: bool
) -> None:
    with script(tmp_path) as interrupted:
        until(lambda: calls(tmp_path) == 2)
        if server_gone:
            kill_server(tmp_path)
        interrupted.send_signal(signal.SIGINT)
    assert interrupted.returncode == -signal.SIGINT
    with served.client() as client:
        assert client.describe("slow").state.value == "PAUSED"
    (tmp_path / "go").touch()
    with script(tmp_path) as again:
        assert again.communicate()[0] == "6 6 Completed\n"
    assert calls(tmp_path) == 6


def test_where_everything_fails_the_result_says_why(served: Served) -> None:
    def broken(configuration: dict[str, Any]) -> Any:  # noqa: ARG001 - it is called with one
        return "much"

    found = minimize(broken, {"x": Float(0, 1)}, trials=2, data_dir=served.data_dir)
    assert [trial.value for trial in found.history] == [None, None]
    with pytest.raises(NotFound, match="the function gave 'much', which is not a number"):
        _ = found.value


def test_of_a_refused_job_no_function_is_left(served: Served) -> None:
    with pytest.raises(CallerError, match="nowhere"):
        minimize(lambda _: 0.0, {"x": Float(0, 1)}, trials=1, data_dir=served.data_dir, warm_start="nowhere")
    assert list((served.data_dir / "functions").iterdir()) == []


def test_the_function_of_a_deleted_job_is_removed_by_a_later_call_and_no_other(served: Served) -> None:
    def call(name: str) -> None:
        minimize(lambda configuration: configuration["x"], {"x": Float(0, 1)}, name=name, trials=1, strategy="random",
                 data_dir=served.data_dir, progress=False)  # fmt: skip

    def kept() -> set[str]:
        return {folder.name.partition("-")[0] for folder in (served.data_dir / "functions").iterdir()}

    call("gone")
    call("stays")
    with served.client() as client:
        client.delete("gone")
    call("first")
    assert kept() == {"gone", "stays", "first"}, "a job may be about to be created"
    for script in (served.data_dir / "functions").glob("*/*.py"):
        os.utime(script, (0, 0))
    call("second")
    assert kept() == {"stays", "first", "second"}


def test_without_a_server_one_is_started(tmp_path: Path) -> None:
    program = """
from tunewright import Int, minimize
print(minimize(lambda configuration: configuration["n"], {"n": Int(1, 3)}, trials=3, data_dir="data").value)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=50
    )
    assert ran.stdout == "1.0\n"
    assert re.search(r"objective=1 .*best so far", ran.stderr)
    for process in psutil.process_iter(["cmdline"]):
        if str(tmp_path / "data") in (process.info["cmdline"] or ()):
            process.terminate()
