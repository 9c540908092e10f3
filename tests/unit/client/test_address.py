"""Where the server is found."""

from __future__ import annotations

import pytest

from tunewright.client import Address, Client, find
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.platform.credentials import FILE_NAME, create_or_load


@pytest.fixture
def data_dir(tmp_path):
    create_or_load(tmp_path / FILE_NAME, grpc="127.0.0.1:4711", http="127.0.0.1:4712")
    return tmp_path


def test_the_data_folder_says_where_its_server_is(data_dir):
    assert find(data_dir, {}).endpoint == "127.0.0.1:4711"
    assert find(None, {"TUNEWRIGHT_DATA_DIR": str(data_dir)}) == find(data_dir, {})


def test_variables_go_before_the_default_folder_but_not_before_a_given_one(data_dir):
    variables = {"TUNEWRIGHT_ENDPOINT": "host:1", "TUNEWRIGHT_TOKEN": "t", "TUNEWRIGHT_DATA_DIR": str(data_dir)}
    assert find(None, variables) == Address("host:1", "t")
    assert find(data_dir, variables).endpoint == "127.0.0.1:4711"


@pytest.mark.parametrize("variable", ["TUNEWRIGHT_ENDPOINT", "TUNEWRIGHT_TOKEN"])
def test_half_of_the_variables_is_refused(variable):
    with pytest.raises(InvalidSpec, match="belong together"):
        find(None, {variable: "x"})


def test_a_folder_without_a_server_says_what_makes_one(tmp_path):
    with pytest.raises(NotFound, match="tunewright tune"):
        find(tmp_path, {})


def test_a_client_without_a_server_to_find_says_so_and_leaves_nothing_running(tmp_path, monkeypatch):
    monkeypatch.setenv("TUNEWRIGHT_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("TUNEWRIGHT_ENDPOINT", raising=False)
    with pytest.raises(NotFound):
        Client()


def test_a_token_is_not_shown():
    assert "secret" not in repr(Address("host:1", "secret"))
