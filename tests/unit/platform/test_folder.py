from __future__ import annotations

import stat

import pytest

from tunewright.core.errors import AlreadyExists, InvalidSpec
from tunewright.platform.store.folder import DataFolder


def mode_of(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_its_owners_alone(tmp_path):
    path = tmp_path / "a" / "data"
    DataFolder(path).close()
    assert mode_of(path) == 0o700


@pytest.mark.parametrize("name", ["", "lock", "credentials"])
def test_an_empty_folder_and_one_of_ours_are_shut_to_others(tmp_path, name):
    path = tmp_path / "data"
    path.mkdir(mode=0o755)
    if name:
        (path / name).touch()
    DataFolder(path).close()
    assert mode_of(path) == 0o700


def test_a_folder_that_serves_something_else_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "project"
    path.mkdir()
    path.chmod(0o755)
    (path / "train.py").touch()
    with pytest.raises(InvalidSpec, match="chmod 700"):
        DataFolder(path)
    assert mode_of(path) == 0o755
    assert [entry.name for entry in path.iterdir()] == ["train.py"]
    path.chmod(0o700)
    DataFolder(path).close()


def test_the_second_is_told_where_the_first_is(tmp_path):
    first = DataFolder(tmp_path)
    with pytest.raises(AlreadyExists, match="starting"):
        DataFolder(tmp_path)
    first.announce("grpc=127.0.0.1:1")
    with pytest.raises(AlreadyExists, match="grpc=127"):
        DataFolder(tmp_path)
    first.close()
    DataFolder(tmp_path).close()


def test_what_can_be_no_folder_is_refused_in_a_line(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InvalidSpec, match="cannot be used") as refused:
            DataFolder(path)
        assert refused.value.field == "--data-dir"
