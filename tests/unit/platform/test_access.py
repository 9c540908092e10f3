"""The access file: what may stand in it, and how servers follow it."""

from __future__ import annotations

import os
import stat

import pytest
import structlog

from tunewright.core.access import INSTALLATION, Principal, Scope, digest_of
from tunewright.core.errors import AlreadyExists, InvalidSpec, NotFound, Unauthenticated
from tunewright.platform import access as following
from tunewright.platform import access_file
from tunewright.platform.access import Access
from tunewright.platform.access_file import Entry, add, read, revoke
from tunewright.platform.credentials import Credentials

OWN = Credentials("TWOWN", "own secret", "own token")
NOW = 1_800_000_000.0
ADA = Principal("ada-ci", "ada", frozenset({Scope.READ, Scope.JOBS}), NOW + 60)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "access"


def entry(who: Principal = ADA, token: str = "ada's token", key: str = "TWADA") -> Entry:  # noqa: S107 - a test's
    return Entry(who, digest_of(token), key, "100%s secret" if key else "")


def access(file, now: float = NOW) -> Access:
    return Access(OWN, {"TWPROFILE": "profile's"}, file, lambda: now)


def test_what_is_written_is_read_and_neither_tokens_nor_others_eyes_are_in_it(file):
    add(file, entry())
    for_ever = Entry(Principal("Bob@host.1_x", "bob", frozenset(Scope)), digest_of("bob's token"))
    add(file, for_ever)
    assert read(file) == [entry(), for_ever]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "token" not in file.read_text().replace("token_sha256", "")
    assert [path.name for path in file.parent.iterdir()] == ["access"]
    revoke(file, "ada-ci")
    assert read(file) == [for_ever]


def test_one_name_is_one_token(file):
    add(file, entry())
    with pytest.raises(AlreadyExists, match="ada-ci"):
        add(file, entry(token="another"))
    with pytest.raises(NotFound):
        revoke(file, "bob")
    with pytest.raises(NotFound):
        revoke(file.with_name("none"), "bob")


@pytest.mark.parametrize("name", ["", "a/b", "a b", "é", "-a", "a" * 64, "a\n[b]", "\0"])
def test_a_name_that_is_none_is_refused(file, name):
    for who in (Principal(name, "ada", frozenset({Scope.READ})), Principal("ada", name, frozenset({Scope.READ}))):
        with pytest.raises(InvalidSpec, match="is no name"):
            add(file, entry(who))
    assert not file.exists()


GOOD = f"[a]\nowner = ada\nscopes = read\ntoken_sha256 = {digest_of('t')}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace("owner = ada", ""), r"\[a\] owner"),
        (GOOD.replace("read", ""), r"\[a\] scopes: are missing"),
        (GOOD.replace("read", "read all"), r"\[a\] scopes: 'all' is none. Give some of read, jobs"),
        (GOOD.replace("token_sha256 = ", "token_sha256 = hidden"), r"\[a\] token_sha256"),
        (GOOD + "expires = tomorrow\n", r"\[a\] expires: 'tomorrow'"),
        (GOOD + "expires = 2027-02-20T12:00:00\n", r"\[a\] expires"),
        (GOOD + "aws_access_key_id = A\n", r"belong together"),
        (GOOD + GOOD.replace("[a]", "[b]"), r"token_sha256: stands in two sections"),
        (GOOD + GOOD, r"line 5"),
        ("no section, hidden", r"line 1"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_secret_told(file, text, told):
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(InvalidSpec, match=told) as refused:
        access(file)
    assert "hidden" not in str(refused.value)


def test_a_file_that_others_can_read_is_refused(file):
    add(file, entry())
    file.chmod(0o640)
    with pytest.raises(InvalidSpec, match="chmod 600"):
        access(file)


def test_tokens_and_keys_are_those_of_the_installation_and_of_the_file(file):
    add(file, entry())
    known = access(file)
    assert known.authenticate("own token") == INSTALLATION
    assert known.authenticate("ada's token") == ADA
    pairs = {key: known.key_pair(key) for key in ("TWOWN", "TWPROFILE", "TWADA", "TWNOBODYS")}
    assert {key: pair and (pair.principal.owner, pair.secret) for key, pair in pairs.items()} == {
        "TWOWN": ("local", "own secret"),
        "TWPROFILE": ("local", "profile's"),
        "TWADA": ("ada", "100%s secret"),
        "TWNOBODYS": None,
    }
    assert "secret" not in repr(pairs["TWADA"])
    for wrong in ("", "ada's toke", digest_of("ada's token"), "100%s secret"):
        with pytest.raises(Unauthenticated, match="not known"):
            known.authenticate(wrong)


def test_who_has_expired_is_told_so(file):
    add(file, entry())
    assert access(file, NOW + 59).authenticate("ada's token") == ADA
    with pytest.raises(Unauthenticated, match="'ada-ci' expired at 2027-01-15 08:01 UTC"):
        access(file, NOW + 60).authenticate("ada's token")


def test_the_installations_key_is_nobody_elses(file):
    add(file, entry(key="TWOWN"))
    with pytest.raises(InvalidSpec, match="TWOWN is the installation's"):
        access(file)


def test_what_changes_holds_from_the_next_call_on(file):
    known = access(file)
    with pytest.raises(Unauthenticated):
        known.authenticate("ada's token")
    add(file, entry())
    assert known.authenticate("ada's token") == ADA
    revoke(file, "ada-ci")
    with pytest.raises(Unauthenticated, match="revoked"):
        known.authenticate("ada's token")
    assert known.key_pair("TWADA") is None


def test_a_file_that_was_refused_and_is_made_its_owners_alone_is_read(file):
    """As one that is copied into place and then given its mode: its time, size and inode stay."""
    add(file, entry())
    known = access(file)
    file.write_text("")
    file.chmod(0o644)
    assert known.authenticate("ada's token") == ADA
    file.chmod(0o600)
    with pytest.raises(Unauthenticated):
        known.authenticate("ada's token")


def test_a_file_that_could_not_be_read_is_tried_again_though_it_looks_as_before(file, monkeypatch):
    add(file, entry())
    known, readable = access(file), access_file.read
    revoke(file, "ada-ci")

    def broken(_path):
        raise InvalidSpec(str(file), "cannot be read: Input/output error", "Mend the disk")

    monkeypatch.setattr(access_file, "read", broken)
    monkeypatch.setattr(following, "AGAIN_S", 0.0)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            assert known.authenticate("ada's token") == ADA
    assert [log["log_level"] for log in logs] == ["warning"]
    monkeypatch.setattr(access_file, "read", readable)
    with pytest.raises(Unauthenticated):
        known.authenticate("ada's token")


@pytest.mark.parametrize("spoil", [lambda file: file.write_text("["), lambda file: file.chmod(0o644) or os.utime(file),
                                   lambda file: file.unlink()])  # fmt: skip
def test_a_file_that_cannot_be_read_leaves_what_was_known_and_is_told_once(file, spoil):
    add(file, entry())
    known = access(file)
    spoil(file)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            assert known.authenticate("ada's token") == ADA
    assert [log["log_level"] for log in logs] == ["warning"]
    assert "what it said before holds" in logs[0]["event"]
