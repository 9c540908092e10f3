from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pytest
import structlog

from tunewright.core.errors import InvalidSpec
from tunewright.platform.credentials import create_or_load
from tunewright.platform.settings import (
    ServerSettings,
    ServiceSettings,
    described,
    from_environment,
    setting,
    warn_of_unknown,
)


class Kind(StrEnum):
    PLAIN = "plain"
    FANCY = "fancy"


@dataclass(frozen=True, kw_only=True)
class Settings:
    where: str = setting(tells="HOST:PORT of something.")
    slots: int = setting(2, tells="How many.")
    lease_s: float = setting(30.0, tells="How long.")
    commands: bool = setting(default=False, tells="Whether.")
    file: Path | None = setting(None, tells="Which.")
    roots: tuple[Path, ...] = setting((), tells="Which ones.")
    labels: Mapping[str, str] = field(default_factory=dict, metadata={"tells": "What."})
    kind: Kind = setting(Kind.PLAIN, tells="Of which kind.")
    share: float | None = setting(None, tells="How much.")
    names: tuple[str, ...] = setting((), tells="Whom.")


def test_variables_become_values_of_the_fields_types():
    given = {
        "TUNEWRIGHT_WHERE": "a:1",
        "TUNEWRIGHT_SLOTS": "4",
        "TUNEWRIGHT_LEASE_S": "2.5",
        "TUNEWRIGHT_COMMANDS": "On",
        "TUNEWRIGHT_FILE": "/a/b",
        "TUNEWRIGHT_ROOTS": "/a:/b",
        "TUNEWRIGHT_LABELS": "host=h1, gpu=a100",
        "TUNEWRIGHT_KIND": "Fancy",
        "TUNEWRIGHT_SHARE": "0.5",
        "TUNEWRIGHT_NAMES": "Team/*, other:V1,",
    }
    assert from_environment(Settings, given) == Settings(
        where="a:1",
        slots=4,
        lease_s=2.5,
        commands=True,
        file=Path("/a/b"),
        roots=(Path("/a"), Path("/b")),
        labels={"host": "h1", "gpu": "a100"},
        kind=Kind.FANCY,
        share=0.5,
        names=("Team/*", "other:V1"),
    )


def test_what_is_not_set_or_empty_is_the_default():
    assert from_environment(Settings, {"TUNEWRIGHT_WHERE": "a:1", "TUNEWRIGHT_SLOTS": ""}) == Settings(where="a:1")


def test_what_must_be_set_is_named_with_what_it_is_for():
    with pytest.raises(InvalidSpec, match=r"TUNEWRIGHT_WHERE: is not set\. HOST:PORT of something"):
        from_environment(Settings, {})


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("SLOTS", "two", "a whole number"),
        ("LEASE_S", "30s", "a number"),
        ("COMMANDS", "maybe", "true or false"),
        ("LABELS", "gpu", "NAME=VALUE"),
        ("SHARE", "half", "a number"),
        ("KIND", "odd", "one of plain, fancy"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_is_wanted(name, text, wanted):
    with pytest.raises(InvalidSpec, match=rf"TUNEWRIGHT_{name}: '{text}' is not {wanted}"):
        from_environment(Settings, {"TUNEWRIGHT_WHERE": "a:1", f"TUNEWRIGHT_{name}": text})


def test_a_misspelt_variable_is_warned_of_and_a_foreign_one_is_not():
    given = {"TUNEWRIGHT_SLOT": "4", "TUNEWRIGHT_SCHEDULER_SERVICE_HOST": "10.0.0.1", "SLOT": "4"}
    with structlog.testing.capture_logs() as logs:
        warn_of_unknown(Settings, given)
    assert [(entry["variable"], entry["nearest"]) for entry in logs] == [("TUNEWRIGHT_SLOT", "TUNEWRIGHT_SLOTS")]


def test_every_variable_is_described():
    listed = {name: (default, tells) for name, default, tells in described(Settings)}
    assert listed["TUNEWRIGHT_WHERE"] == ("must be set", "HOST:PORT of something.")
    assert listed["TUNEWRIGHT_SLOTS"] == ("2", "How many.")
    assert listed["TUNEWRIGHT_FILE"] == ("", "Which.")
    assert len(listed) == 10


def test_a_certificate_without_its_key_is_refused():
    with pytest.raises(InvalidSpec, match="TUNEWRIGHT_TLS_KEY: belong together"):
        ServerSettings(credentials=Path("c"), tls_certificate=Path("a")).tls()


def test_missing_credentials_name_the_command_that_makes_them(tmp_path):
    file = tmp_path / "credentials"
    with pytest.raises(InvalidSpec, match=f"tunewright admin credentials {file}"):
        ServiceSettings(credentials=file).keys()
    create_or_load(file, grpc="", http="")
    assert ServiceSettings(credentials=file).keys().tunewright_token


def test_an_access_file_that_is_not_there_is_named_with_what_makes_it(tmp_path):
    create_or_load(tmp_path / "credentials", grpc="", http="")
    given = {"TUNEWRIGHT_CREDENTIALS": str(tmp_path / "credentials"), "TUNEWRIGHT_ACCESS": str(tmp_path / "access")}
    with pytest.raises(InvalidSpec, match=r"TUNEWRIGHT_ACCESS: there is no .*tokens add"):
        from_environment(ServerSettings, given).known()
