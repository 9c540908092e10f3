from __future__ import annotations

import configparser
import os
import stat
from dataclasses import replace

import pytest

from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.platform.credentials import (
    Credentials,
    create_or_load,
    default_data_dir,
    key_pairs,
    load,
    others_may_read,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "credentials"


def made(path) -> Credentials:
    return create_or_load(path, grpc="127.0.0.1:1", http="127.0.0.1:2")


def test_the_file_is_its_owners_alone(path):
    made(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_keys_stay_and_addresses_follow_the_server(path):
    first = made(path)
    assert load(path) == first
    second = create_or_load(path, grpc="127.0.0.1:3", http="")
    assert second == replace(first, tunewright_grpc="127.0.0.1:3", tunewright_http="")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_server_has_its_own_keys(tmp_path):
    one, other = made(tmp_path / "one"), made(tmp_path / "other")
    assert len({one.tunewright_token, other.tunewright_token, one.aws_secret_access_key}) == 3
    assert len(one.tunewright_token) >= 40


def test_other_programs_read_it_as_aws_does(path):
    keys = made(path)
    parser = configparser.RawConfigParser()
    parser.read(path)
    assert parser["default"]["aws_access_key_id"] == keys.aws_access_key_id
    assert parser["default"]["aws_secret_access_key"] == keys.aws_secret_access_key


def test_every_section_is_a_key_pair_and_stays_when_the_server_starts_again(path):
    own = made(path)
    with path.open("a") as file:
        file.write("\n[alice]\naws_access_key_id = A\naws_secret_access_key = 100%s-secret\n\n[no keys]\nregion = x\n")
    create_or_load(path, grpc="127.0.0.1:9", http="")
    assert key_pairs(path) == {own.aws_access_key_id: own.aws_secret_access_key, "A": "100%s-secret"}
    assert load(path) == replace(own, tunewright_grpc="127.0.0.1:9", tunewright_http="")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(path, mode):
    made(path)
    path.chmod(mode)
    for read in (load, made):
        with pytest.raises(InvalidSpec, match="chmod 600"):
            read(path)


@pytest.mark.parametrize(
    ("mode", "owner", "user", "open_to_others"),
    [
        (0o600, 10001, 10001, False),
        (0o440, 0, 10001, False),  # of a Secret that Kubernetes mounts for the group of a pod
        (0o640, 0, 10001, False),
        (0o444, 0, 10001, True),  # … of one that is mounted without a mode
        (0o460, 0, 10001, True),
        (0o440, 0, 0, True),
        (0o440, 10001, 10001, True),
        (0o440, 10002, 10001, True),
    ],
)
def test_a_group_may_read_only_what_root_has_given_to_it(mode, owner, user, open_to_others):
    file = os.stat_result((0o100000 | mode, 0, 0, 1, owner, 10001, 0, 0, 0, 0))
    assert others_may_read(file, user) is open_to_others


def test_there_may_be_none(path):
    with pytest.raises(NotFound):
        load(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no section",
        "[other]\na = b",
        "[default]\naws_access_key_id = A\naws_secret_access_key = hidden",
        "[default]\ntunewright_token = hidden\n",
        "\udce9\udcff",
    ],
)
def test_a_file_without_credentials_is_refused_untold(path, text):
    """An empty token would let in who sends none, and a server must not start with it."""
    path.write_bytes(text.encode(errors="surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(InvalidSpec, match="Remove it") as refused:
        made(path)
    assert "hidden" not in str(refused.value)


def test_a_folder_in_its_place_is_refused(path):
    path.mkdir(mode=0o700)
    with pytest.raises(InvalidSpec, match="cannot be read"):
        load(path)


def test_secrets_are_in_no_repr(path):
    keys = made(path)
    for secret in (keys.tunewright_token, keys.aws_secret_access_key):
        assert secret not in f"{keys} {keys!r} {[keys]}"


def test_the_data_folder_is_named_or_in_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_data_dir({}) == tmp_path / ".tunewright"
    assert default_data_dir({"TUNEWRIGHT_DATA_DIR": "/data"}).as_posix() == "/data"
