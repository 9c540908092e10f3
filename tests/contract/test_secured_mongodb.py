"""The store on a MongoDB-protocol server that demands TLS and a password, and where it refuses to do without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.process import CannotStart, give_up
from tests.servers.secured_mongodb import PASSWORD, USER, SecuredMongo
from tests.unit.platform.certificates import certificate_in
from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.backends import mongo_problems, mongo_store
from tunewright.platform.settings import MongoSettings
from tunewright.platform.store.mongodb_access import access
from tunewright.platform.store.port import Insert

FAR = "mongodb://db.example:27017/tunewright"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredMongo]:
    folder = tmp_path_factory.mktemp("certificates")
    certificate_in(folder)
    server = SecuredMongo(folder)
    try:
        server.start()
    except CannotStart as why:
        give_up(str(why))
    yield server
    server.remove()


def settings(server: SecuredMongo, tmp_path: Path, password: str = PASSWORD, **changes: str) -> MongoSettings:
    file = tmp_path / "password"
    file.write_text(f"{password}\n")
    return MongoSettings(**{"mongodb": server.uri, "mongodb_user": USER, "mongodb_password_file": file} | changes)


async def test_with_its_password_the_store_is_made_and_serves(server: SecuredMongo, tmp_path: Path):
    given = settings(server, tmp_path)
    async with mongo_store(given) as store:
        await store.commit([Insert("specs", "a", {"x": 1}), Insert("specs", "b", {"x": 2})])
        found = await store.get("specs", "a")
        assert found is not None
        assert found.document == {"x": 1}
    assert await mongo_problems(given, create=False) == []


async def test_a_wrong_password_is_called_so_and_not_told(server: SecuredMongo, tmp_path: Path):
    with pytest.raises(Unavailable, match=r"(?i)authentication failed.*TUNEWRIGHT_MONGODB_PASSWORD_FILE") as refused:
        async with mongo_store(settings(server, tmp_path, "a-secret")):
            pass
    assert "a-secret" not in str(refused.value)


async def test_without_a_user_nothing_is_served(server: SecuredMongo):
    with pytest.raises(Unavailable, match=r"requires authentication.*TUNEWRIGHT_MONGODB_USER"):
        async with mongo_store(MongoSettings(mongodb=server.uri)):
            pass


async def test_without_tls_nothing_is_served(server: SecuredMongo, tmp_path: Path):
    plain, _, _ = server.uri.partition("?")
    with pytest.raises(Unavailable):
        async with mongo_store(settings(server, tmp_path, mongodb=plain)):
            pass


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"mongodb": FAR}, "'db.example' is not a loopback address, and plaintext.*TUNEWRIGHT_MONGODB_PLAINTEXT=on"),
        ({"mongodb": f"{FAR}?tls=true&tlsInsecure=true"}, "'db.example' .* with tlsInsecure=true .*tlsCAFile"),
        ({"mongodb": f"{FAR}?tls=true&tlsAllowInvalidCertificates=true"}, "with tlsAllowInvalidCertificates=true"),
        ({"mongodb": f"{FAR}?tls=true&tlsAllowInvalidHostnames=true"}, "with tlsAllowInvalidHostnames=true"),
        ({"mongodb": f"{FAR}?tls=true"}, "without a user.*TUNEWRIGHT_MONGODB_PASSWORD_FILE"),
        ({"mongodb": f"{FAR}?tls=true&tlsCAFile=/absent.pem"}, "TUNEWRIGHT_MONGODB: .*/absent.pem: No such file"),
        ({"mongodb": FAR, "mongodb_user": "u"}, "TUNEWRIGHT_MONGODB_USER: .*belong together"),
        ({"mongodb": FAR.replace("db.", "u:a-secret@db."), "mongodb_user": "v"}, "both name a user"),
        ({"mongodb": "mongodb://u:a-secret@db.example:port"}, "is not a MongoDB URI"),
        ({"mongodb": FAR, "mongodb_password_file": Path("/absent")}, "PASSWORD_FILE: /absent cannot be read"),
    ],
)
async def test_what_is_not_safe_or_makes_no_sense_is_refused_by_name(changes: dict[str, str], why: str):
    with pytest.raises(InvalidSpec, match=why) as refused:
        async with mongo_store(MongoSettings(**changes)):
            pass
    assert "a-secret" not in str(refused.value)


def test_what_is_asked_for_by_name_or_on_loopback_needs_neither():
    assert access(FAR, plaintext_allowed=True).database == "tunewright"
    assert access(f"{FAR}?tls=true&tlsInsecure=true", plaintext_allowed=True).database == "tunewright"
    assert access("mongodb://127.0.0.1:1/other?tls=true&tlsInsecure=true").database == "other"
    assert access("mongodb://127.0.0.1:1,[::1]:2/other").database == "other"
    assert access(f"{FAR}?tls=true", "u", "p").options == {"username": "u", "password": "p"}
