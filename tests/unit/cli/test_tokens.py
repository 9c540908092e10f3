"""`tunewright admin tokens`: what is printed once, what is listed, what is taken back."""

from __future__ import annotations

import json
import time

import pytest
from typer.testing import CliRunner

from tunewright.cli.app import app
from tunewright.client.address import find
from tunewright.platform.access import Access
from tunewright.platform.credentials import Credentials, load

OWN = Credentials("TWOWN", "own secret", "own token")
ADA = ["ada-laptop", "--owner", "ada", "--scope", "read", "--scope", "jobs"]


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "etc" / "access"
    monkeypatch.setenv("TUNEWRIGHT_ACCESS", str(path))
    return path


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["admin", "tokens", *words])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def refused(*words: str) -> str:
    done = CliRunner().invoke(app, ["admin", "tokens", *words])
    assert done.exit_code != 0
    return f"{done.exception} {done.stderr}"


def test_a_token_that_is_printed_is_known_until_it_is_revoked(file):
    before = time.time()
    token = run("add", *ADA, "--expires", "90d").strip()
    assert len(token) >= 40
    assert token not in file.read_text()
    who = Access(OWN, file=file).authenticate(token)
    assert (who.id, who.owner, sorted(who.scopes)) == ("ada-laptop", "ada", ["jobs", "read"])
    assert who.expires_at == pytest.approx(before + 90 * 86_400, abs=100)
    run("revoke", "ada-laptop")
    assert Access(OWN, file=file)._tokens == Access(OWN)._tokens


def test_with_keys_it_is_a_credentials_file_that_client_and_signer_read(file, tmp_path):
    mine = tmp_path / "credentials"
    mine.write_text(run("add", *ADA, "--keys"))
    mine.chmod(0o600)
    keys, known = load(mine), Access(OWN, file=file)
    assert known.authenticate(keys.tunewright_token).owner == "ada"
    pair = known.key_pair(keys.aws_access_key_id)
    assert pair is not None
    assert (pair.secret, pair.principal.owner) == (keys.aws_secret_access_key, "ada")
    address = find(environ={"TUNEWRIGHT_ENDPOINT": "127.0.0.1:1", "TUNEWRIGHT_CREDENTIALS": str(mine)})
    assert address.token == keys.tunewright_token


@pytest.mark.usefixtures("file")
def test_the_list_tells_them_apart_and_no_secret():
    assert json.loads(run("list", "--output", "json")) == []
    said = [run("add", *ADA, "--keys"), run("add", "ci", "--owner", "ada", "--scope", "report")]
    listed = run("list", "--output", "json")
    secrets = [
        line.rpartition(" = ")[2] for line in "".join(said).split("\n") if len(line) > 30 and "key_id" not in line
    ]
    assert len(secrets) == 3
    assert all(secret not in listed for secret in secrets)
    first, second = json.loads(listed)
    assert (first["name"], first["scopes"], first["expires"]) == ("ada-laptop", "read jobs", "")
    assert (second["name"], second["owner"], second["access_key_id"]) == ("ci", "ada", "")
    assert first["token"] != second["token"]
    assert len(first["token"]) == 5


def test_what_is_wrong_is_refused_and_nothing_is_written(file):
    assert "'all' is none" in refused("add", "x", "--owner", "ada", "--scope", "all")
    assert "not a duration" in refused("add", *ADA, "--expires", "soon")
    assert "is no name" in refused("add", "x", "--owner", "a/b", "--scope", "read")
    assert not file.exists()
    run("add", *ADA)
    assert "already exists" in refused("add", *ADA)
    assert "no token called" in refused("revoke", "bob")
