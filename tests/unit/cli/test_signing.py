"""`tunewright sign` prints a header that is taken, and says what would not be."""

from __future__ import annotations

import pytest

from tunewright.cli.signing import sign
from tunewright.core.access import OWNER
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.platform.access import keys_of
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.signing import signed_owner
from tunewright.platform.credentials import create_or_load


@pytest.fixture
def folder(tmp_path):
    create_or_load(tmp_path / "credentials", grpc="", http="")
    (tmp_path / "stop.json").write_text('{"commandId": "c-1", "job": "j"}\n')
    return tmp_path


def test_the_header_is_taken(folder, capsys):
    file = folder / "stop.json"
    sign("tuning.commands", "StopTuningJob", file, None, folder)
    name, _, value = capsys.readouterr().out.strip().partition("=")
    record = Record("tuning.commands", "k", file.read_bytes(), {"ce_type": b"StopTuningJob", name: value.encode()})
    keys = create_or_load(folder / "credentials", grpc="", http="")
    assert signed_owner(record, keys_of(keys).get) == OWNER


@pytest.mark.parametrize(
    ("topic", "type_name", "text", "why"),
    [
        ("tuning.events", "StopTuningJob", "{}", "Choose tuning.commands or training.reports"),
        ("tuning.commands", "StopJob", "{}", "header ce_type: CreateTuningJob, StopTuningJob"),
        ("tuning.commands", "StopTuningJob", '{"jop": "j"}', 'no field named "jop"'),
    ],
)
def test_what_would_be_refused_is_not_signed(folder, topic, type_name, text, why):
    (folder / "odd.json").write_text(text)
    with pytest.raises(InvalidSpec, match=why):
        sign(topic, type_name, folder / "odd.json", None, folder)


def test_missing_files_are_named(folder, tmp_path):
    with pytest.raises(InvalidSpec, match=r"none\.json: cannot be read"):
        sign("tuning.commands", "StopTuningJob", folder / "none.json", None, folder)
    with pytest.raises(NotFound, match="credentials"):
        sign("tuning.commands", "StopTuningJob", folder / "stop.json", tmp_path / "none", None)
