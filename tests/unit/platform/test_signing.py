"""Who may speak on the topics of other systems."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest
from google.protobuf import json_format

from tests.unit.platform.foreign import KEY_OF, KEYS, OTHERS, letters, sealed, signed, until_read
from tunewright.core.access import OWNER, Principal, Scope
from tunewright.events.v1 import commands_pb2
from tunewright.platform.access import KeyPair
from tunewright.platform.bus.consumer import LONGEST_REASON, Received, consume
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.messages import Unreadable, read
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.signing import SIGNATURE, signature, signed_owner
from tunewright.platform.bus.topics import topics

COMMANDS = "tuning.commands"
STOP = commands_pb2.StopTuningJob(command_id="c", job="j")


def with_headers(record: Record, **headers: bytes) -> Record:
    return replace(
        record, headers={**record.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    )


@pytest.mark.parametrize("json", [True, False])
def test_a_signed_record_speaks_for_the_owner_of_the_key(json):
    record = signed(COMMANDS, STOP, json=json)
    assert signed_owner(record, KEY_OF) == OWNER
    assert read(record) == STOP


def test_the_type_may_be_written_with_its_package():
    record = sealed(COMMANDS, STOP.DESCRIPTOR.full_name, STOP.SerializeToString())
    assert signed_owner(record, KEY_OF) == OWNER
    assert read(record) == STOP


def test_the_digest_may_be_written_in_capitals():
    record = signed(COMMANDS, STOP)
    key, _, digest = record.headers[SIGNATURE].partition(b":")
    assert signed_owner(with_headers(record, tw_signature=key + b":" + digest.upper()), KEY_OF) == OWNER


def refusal(record: Record) -> str:
    with pytest.raises(Unreadable) as refused:
        signed_owner(record, KEY_OF)
    assert KEYS.aws_secret_access_key not in str(refused.value)
    good = signature(record, KEYS).partition(":")[2] if "ce_type" in record.headers else "-"
    assert good not in str(refused.value)
    return str(refused.value)


def test_what_is_signed_stays_where_and_what_it_is():
    stop = signed(COMMANDS, STOP)
    assert "does not fit" in refusal(replace(stop, value=stop.value + b"x"))
    assert "does not fit" in refusal(replace(stop, headers={**stop.headers, "ce_type": b"DeleteTuningJob"}))
    elsewhere = sealed("training.reports", "MetricsReported", b"")
    assert "does not fit" in refusal(sealed_elsewhere(elsewhere))


def sealed_elsewhere(record: Record) -> Record:
    """Return it with the signature that the same bytes and type have on another topic."""
    other = signature(replace(record, topic=COMMANDS), KEYS)
    return with_headers(record, tw_signature=other.encode())


def test_refusals_teach():
    stop = signed(COMMANDS, STOP)
    unsigned = replace(stop, headers={"ce_type": b"StopTuningJob"})
    assert "no header tw-signature: <access key id>:<hex HMAC" in refusal(unsigned)
    assert "unknown access key 'TWOTHER'" in refusal(signed(COMMANDS, STOP, credentials=OTHERS))
    assert "does not fit" in refusal(with_headers(stop, tw_signature=b"TWKEY:"))
    assert "unknown access key" in refusal(with_headers(stop, tw_signature=b"\xff\x00"))
    assert "header ce_type: CreateTuningJob, StopTuningJob" in refusal(replace(stop, headers={}))


def test_json_is_known_by_its_brace_where_nothing_is_said():
    value = json_format.MessageToJson(STOP).encode()
    assert read(sealed(COMMANDS, "StopTuningJob", value)) == STOP
    assert read(sealed(COMMANDS, "StopTuningJob", STOP.SerializeToString())) == STOP


def test_a_field_that_is_not_known_is_named():
    with pytest.raises(Unreadable, match='no field named "jop"'):
        read(sealed(COMMANDS, "StopTuningJob", b'{"commandId": "c", "jop": "j"}'))


def test_a_shell_signs_as_we_do():
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    record = signed(COMMANDS, STOP, json=True)
    signing = [openssl, "dgst", "-sha256", "-hmac", KEYS.aws_secret_access_key, "-r"]
    text = b"tuning.commands\nStopTuningJob\n" + record.value
    done = subprocess.run(signing, input=text, capture_output=True, check=True, timeout=30)
    assert signature(record, KEYS) == f"TWKEY:{done.stdout.split()[0].decode()}"


async def test_a_consumer_hands_on_the_owner_and_dead_letters_the_rest():
    bus = MemoryBus(topics().values())
    good = signed(COMMANDS, STOP)
    await bus.publish([good, replace(good, headers={}), sealed(COMMANDS, "StopTuningJob", b'{"\\ud800": 1}')])
    await bus.publish([sealed(COMMANDS, "StopTuningJob", b'{"%s": 1}' % (b"x" * 10_000))])
    taken: list[Received] = []

    async def take(batch: list[Received]) -> None:
        taken.extend(batch)

    await until_read(bus, "g", COMMANDS, lambda: consume(bus, "g", [COMMANDS], take, KEY_OF))
    assert [(item.message, item.owner) for item in taken] == [(STOP, OWNER)]
    reasons = await letters(bus)
    assert len(reasons) == 3
    assert all(0 < len(reason) <= LONGEST_REASON for reason in reasons)


async def test_a_topic_of_others_is_not_read_without_credentials():
    bus = MemoryBus(topics().values())

    async def take(_batch: list[Received]) -> None: ...

    with pytest.raises(ValueError, match="keys"):
        await consume(bus, "g", [COMMANDS], take)


def test_a_principals_key_signs_for_its_owner_what_its_scopes_allow():
    def key_of(*scopes: Scope, expires_at: float | None = None) -> dict[str, KeyPair]:
        who = Principal("ada-ci", "ada", frozenset(scopes), expires_at)
        return {KEYS.aws_access_key_id: KeyPair(KEYS.aws_secret_access_key, who)}

    stop, report = signed(COMMANDS, STOP), sealed("training.reports", "MetricsReported", b"")
    assert signed_owner(stop, key_of(Scope.JOBS).get) == "ada"
    assert signed_owner(report, key_of(Scope.REPORT).get) == "ada"
    with pytest.raises(Unreadable, match=r"a record on tuning\.commands needs the scope 'jobs', which .* 'ada-ci' has"):
        signed_owner(stop, key_of(Scope.READ, Scope.REPORT).get)
    with pytest.raises(Unreadable, match="needs the scope 'report'"):
        signed_owner(report, key_of(Scope.READ, Scope.JOBS).get)
    with pytest.raises(Unreadable, match="'ada-ci' expired"):
        signed_owner(stop, key_of(Scope.JOBS, expires_at=1.0).get)
