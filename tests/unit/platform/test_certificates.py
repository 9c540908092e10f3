"""The development set that `tunewright admin certs` makes, and makes again."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from tunewright.core.errors import InvalidSpec
from tunewright.platform.certificates import ALWAYS_NAMED, AUTHORITY, CLIENT, SERVER, Pair, renew

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def new_after(folder: Path, passed: timedelta, *names: str, days: int = 365) -> set[str]:
    """Return which of the three are new when it is run again."""
    return {name for name, (_, new) in renew(folder, names, days, NOW + passed).items() if new}


def read(folder: Path, name: str) -> Pair:
    found = Pair.read(folder, name)
    assert found is not None
    return found


def test_all_three_are_made_and_the_keys_are_their_owners_alone(tmp_path: Path):
    folder = tmp_path / "new" / "certs"
    assert new_after(folder, timedelta()) == {AUTHORITY, SERVER, CLIENT}
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert {name for name, mode in modes.items() if name.endswith("-key.pem")} == {
        f"{name}-key.pem" for name in (AUTHORITY, SERVER, CLIENT)
    }
    assert all(mode == 0o600 for name, mode in modes.items() if name.endswith("-key.pem"))


def test_the_server_is_known_by_the_services_names_and_those_that_are_asked_for(tmp_path: Path):
    new_after(tmp_path, timedelta(), "tuner.example", "10.0.0.7")
    names = set(read(tmp_path, SERVER).names())
    assert {"scheduler", "suggester", "metrics", "gateway", "localhost", "127.0.0.1"} <= names
    assert names == {*ALWAYS_NAMED, "tuner.example", "10.0.0.7"}


def test_again_nothing_changes_until_it_is_about_to_expire(tmp_path: Path):
    new_after(tmp_path, timedelta())
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert new_after(tmp_path, timedelta(days=300)) == set()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert new_after(tmp_path, timedelta(days=340)) == {SERVER, CLIENT}
    assert before[tmp_path / "authority.pem"] == (tmp_path / "authority.pem").read_bytes()
    read(tmp_path, SERVER).certificate.verify_directly_issued_by(read(tmp_path, AUTHORITY).certificate)


def test_one_more_name_is_added_to_those_before(tmp_path: Path):
    new_after(tmp_path, timedelta(), "one.example")
    assert new_after(tmp_path, timedelta(), "two.example") == {SERVER}
    assert {"one.example", "two.example"} <= set(read(tmp_path, SERVER).names())


def test_with_its_authority_all_is_new(tmp_path: Path):
    new_after(tmp_path, timedelta())
    old = read(tmp_path, AUTHORITY)
    assert new_after(tmp_path, timedelta(days=3640)) == {AUTHORITY, SERVER, CLIENT}
    with pytest.raises((InvalidSignature, ValueError)):
        read(tmp_path, CLIENT).certificate.verify_directly_issued_by(old.certificate)


def test_nothing_outlives_its_authority(tmp_path: Path):
    new_after(tmp_path, timedelta(), days=36_500)
    assert read(tmp_path, SERVER).until == read(tmp_path, AUTHORITY).until


def test_what_is_no_name_or_no_pair_is_refused(tmp_path: Path):
    with pytest.raises(InvalidSpec, match=r"'a:7070'.*without a port"):
        new_after(tmp_path, timedelta(), "a:7070")
    new_after(tmp_path, timedelta())
    (tmp_path / "client-key.pem").write_bytes((tmp_path / "server-key.pem").read_bytes())
    with pytest.raises(InvalidSpec, match=r"client-key\.pem is not the key of .*client\.pem.*Move both away"):
        new_after(tmp_path, timedelta())
    (tmp_path / "client-key.pem").write_text("-----BEGIN PRIVATE KEY-----\nsecret\n")
    with pytest.raises(InvalidSpec, match="cannot be read") as refused:
        new_after(tmp_path, timedelta())
    assert "secret" not in str(refused.value)
