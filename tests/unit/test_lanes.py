"""The command that runs all tests: what fails, fails it; what only the load of others broke is named."""

from pathlib import Path
from typing import Final

import pytest

from tests.__main__ import AGAIN, passed

PASSES: Final = "def test_passes(): pass\n"
FAILS: Final = "def test_fails(): assert False\n"
LOADED: Final = """
from pathlib import Path

def test_loaded():
    was_here = Path(__file__).with_name("was-here")
    if not was_here.exists():
        was_here.touch()
        assert False
"""
"""Fails the first time, passes the second."""


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins that these tests do not need take most of the time."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def judged(folder: Path, *contents: str) -> bool:
    """Run a lane for each content, with nothing of this project's settings."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    for number, content in enumerate(contents):
        (folder / str(number)).mkdir()
        (folder / str(number) / f"test_lane_{number}.py").write_text(content)
    (folder / "conftest.py").write_text("")
    lanes = [[str(folder / str(number))] for number in range(len(contents))]
    return passed(lanes, ["-c", str(folder / "pytest.ini")])


def test_all_pass(tmp_path: Path) -> None:
    assert judged(tmp_path, PASSES, PASSES)


def test_a_fault_in_any_lane_fails_all(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert not judged(tmp_path, PASSES, PASSES + FAILS)
    assert "UNSTEADY" not in capfd.readouterr().out


def test_what_passes_alone_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert judged(tmp_path, PASSES, PASSES + LOADED)
    assert "test_lane_1.py::test_loaded: failed beside other tests, passed alone" in capfd.readouterr().out


def test_one_of_two_passing_alone_does_not_save_the_other(tmp_path: Path) -> None:
    assert not judged(tmp_path, FAILS, LOADED)


def test_many_failures_are_a_fault(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    many = "".join(
        LOADED.replace("test_loaded", f"test_{number}").replace("was-here", f"was-{number}")
        for number in range(AGAIN + 1)
    )
    assert not judged(tmp_path, PASSES, many)
    assert "Once more" not in capfd.readouterr().out


def test_a_file_that_cannot_be_read_fails(tmp_path: Path) -> None:
    assert not judged(tmp_path, PASSES, "import nothing_of_this_name\n")
