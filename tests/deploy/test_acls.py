"""The rights on Kafka that an operator hands to kafka-acls.sh; tests/wire/test_secured.py holds a broker to them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tunewright.cli.app import app
from tunewright.platform.bus.acls import WHO
from tunewright.platform.bus.topics import topics

FOLDER = Path(__file__).parents[2] / "deploy" / "kafka" / "acls"


def printed(*words: str) -> str:
    done = CliRunner().invoke(app, ["admin", "acls", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("who", WHO)
def test_a_file_is_what_the_command_prints(who: str):
    assert (FOLDER / who).read_text() == printed(who), f"tunewright admin acls {who} > deploy/kafka/acls/{who}"


def test_there_is_no_other_file():
    assert {path.name for path in FOLDER.iterdir()} == set(WHO)


def test_on_a_shared_cluster_topics_and_groups_have_the_prefix():
    words = printed("scheduler", "--prefix", "team-").split()
    named = [name for option, name in pairwise(words) if option in {"--topic", "--group"}]
    assert named
    assert all(name.startswith("team-") for name in named)


def test_whoever_is_named_in_topics_toml_has_rights():
    named = {name for topic in topics().values() for name in (*topic.producers, *topic.consumers)}
    ours = {"other systems": "other-systems", "world": "other-systems", "operators": "operator"}
    assert {ours.get(name, name) for name in named} - {"any consumer"} <= set(WHO)


def test_who_has_no_user_is_refused_with_those_who_have():
    done = CliRunner().invoke(app, ["admin", "acls", "suggester"])
    assert "scheduler, metrics, trainer" in str(done.exception)
