"""One history: a specification, the messages a job was sent, when, and what came of each; how it is read and folded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
from google.protobuf.json_format import MessageToDict, ParseDict

from tunewright.core.spec import TuningJobSpec
from tunewright.platform.codec import from_message, to_message
from tunewright.platform.documents import from_document, to_document
from tunewright.v1 import spec_pb2
from tunewright_scheduler.core.decide import Message, advance, decide
from tunewright_scheduler.core.effects import (
    Decision,
    Effect,
    Observe,
    PutAsk,
    RepeatAsk,
    StartTraining,
    StopTrainings,
    Tell,
)
from tunewright_scheduler.core.job import TuningJob

FOLDER: Final = Path(__file__).parent
ANNOUNCED: Final = FOLDER / "announced.txt"
"""The item of the changelog that told of the present decisions."""
KINDS: Final = {kind.__name__: kind for kind in get_args(Message)}
UID: Final = "0123456789abcdef"
BEGAN_AT: Final = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class Sent:
    after_s: float
    """Since the message before."""
    message: Message
    spec: TuningJobSpec | None = None
    """With Revised: the new revision."""


@dataclass(frozen=True, slots=True)
class Folded:
    job: TuningJob
    effects: tuple[tuple[str, ...], ...]
    """Of the creation, then of each message."""


def created() -> TuningJob:
    return TuningJob(UID, "golden", "owner", created_at=BEGAN_AT, modified_at=BEGAN_AT, seed=7)


def fold(spec: TuningJobSpec, history: Sequence[Sent]) -> Folded:
    now = BEGAN_AT
    decision = advance(created(), spec, now)
    effects = [_told(decision.effects)]
    for sent in history:
        now += sent.after_s
        spec, decision = sent.spec or spec, step(decision.job, spec, sent, now)
        effects.append(_told(decision.effects))
    return Folded(decision.job, tuple(effects))


def step(job: TuningJob, spec: TuningJobSpec, sent: Sent, now: float) -> Decision:
    """Decide as a change does: a new revision of the specification is counted with its message."""
    if sent.spec is not None:
        spec, job = sent.spec, replace(job, spec_revision=job.spec_revision + 1)
    return decide(job, spec, sent.message, now)


def _told(effects: Sequence[Effect]) -> tuple[str, ...]:
    return tuple(map(_in_words, effects))


def _in_words(effect: Effect) -> str:
    match effect:
        case PutAsk(ask):
            return f"ask {ask.number}: {ask.count} after {ask.watermark}, pending {list(ask.pending)}"
        case RepeatAsk(number):
            return f"ask {number} again"
        case StartTraining(number, suggestion):
            return f"start {number}: {suggestion.provenance.source} {dict(sorted(suggestion.configuration.items()))}"
        case StopTrainings(numbers, reason):
            return f"stop {list(numbers)}: {reason}"
        case Observe(fold_index, number):
            return f"observe {number} as {fold_index}"
        case Tell(fact):
            return f"tell {type(fact).__name__}"
        case _:
            return repr(effect)


def write(name: str, spec: TuningJobSpec, history: Sequence[Sent]) -> None:
    folded = fold(spec, history)
    messages = [
        {
            "after_s": sent.after_s,
            "kind": type(sent.message).__name__,
            "message": msgspec.to_builtins(sent.message),
            **({"spec": _spec_written(sent.spec)} if sent.spec is not None else {}),
        }
        for sent in history
    ]
    parts = {
        "spec": _spec_written(spec),
        "messages": messages,
        "job": to_document(folded.job),
        "effects": folded.effects,
    }
    lines = (f"{json.dumps(part)}: {_wide(content)}" for part, content in parts.items())
    (FOLDER / f"{name}.json").write_text("{" + ",\n".join(lines) + "}\n")


def _wide(content: Any) -> str:
    """Write a list with a line per item, so that a change is seen where it is."""
    if isinstance(content, (list, tuple)):
        return "[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in content) + "]"
    return json.dumps(content, separators=(",", ":"))


def read(path: Path) -> tuple[TuningJobSpec, list[Sent], Folded]:
    content = json.loads(path.read_text())
    history = [
        Sent(
            item["after_s"],
            msgspec.convert(item["message"], KINDS[item["kind"]]),
            _spec_read(item["spec"]) if "spec" in item else None,
        )
        for item in content["messages"]
    ]
    effects = tuple(tuple(told) for told in content["effects"])
    return _spec_read(content["spec"]), history, Folded(from_document(content["job"], TuningJob), effects)


def _spec_written(spec: TuningJobSpec) -> dict[str, Any]:
    written: dict[str, Any] = MessageToDict(to_message(spec, spec_pb2.TuningJobSpec), preserving_proto_field_name=True)
    return written


def _spec_read(written: dict[str, Any]) -> TuningJobSpec:
    return from_message(ParseDict(written, spec_pb2.TuningJobSpec()), TuningJobSpec)
