"""What a claimed attempt says, as a trainer would put it on training.output.

A program that claims its trainings has no broker. Its values are the lines of a metrics file: under the same indexes,
resends and counts at the end as a trainer's (docs/adr/0038), so that nothing it said is lost with a broker or with us.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message

from tunewright.core.access import digest_of
from tunewright.core.claimed import is_claimed
from tunewright.core.errors import IllegalTransition, InvalidSpec, NotFound
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import EndCause
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Record
from tunewright.platform.codec import from_message, instant_to_timestamp, to_message
from tunewright.platform.store.port import Document, Store
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import spec_pb2, tuning_service_pb2
from tunewright_metrics.collecting.collector import SOURCE
from tunewright_metrics.jobs import training_of
from tunewright_metrics.reports import OUTPUT, check_time, reportable_attempt

METRICS_FILE: Final = 1
"""The instance after the last one, of which there is one, that prints nothing."""
MOST_RECORDS: Final = 1000
"""In a request: each is read at once, and short ones are many before they are large."""
MOST_BYTES: Final = 512 * 2**10
"""Of the records in a request: they are one message on a topic."""
LONGEST_RECORD: Final = 64 * 2**10
SPECS_KEPT: Final = 64
"""Of jobs whose trainings speak: each of their reports needs one, and reading one costs more than all else here."""
CAUSES: Final = frozenset(tuning_service_pb2.EndCause.Value(f"END_CAUSE_{cause.name}") for cause in EndCause)


class Specs:
    """Specifications as jobs' trainings began with them. A revision never changes: the last ones read are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, TuningJobSpec] = OrderedDict()

    async def of(self, training: Document) -> TuningJobSpec:
        """Raises NotFound."""
        key = f"{training['uid']}/{training['spec_revision']:06d}"
        if key not in self._kept:
            stored = await self._store.get("specs", key)
            if stored is None:
                raise NotFound("specification of tuning job", training["uid"])
            self._kept[key] = from_message(spec_pb2.TuningJobSpec.FromString(stored.document["spec"]), TuningJobSpec)
        self._kept.move_to_end(key)
        while len(self._kept) > SPECS_KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]


async def claimed_output(specs: Specs, training: Document, request: pb.SendOutputRequest) -> list[Record]:
    """Return the records of what an attempt says. Raises InvalidSpec, IllegalTransition, NotFound."""
    attempt = reportable_attempt(training_of(training), request.attempt)
    _check(request)
    if training.get("lease_key", "") not in ("", digest_of(request.session_key)):
        what = f"training {training['name']}"
        raise IllegalTransition(what, "claimed under another session_key", "be told of under yours", "Abandon it")
    spec = await specs.of(training)
    if not is_claimed(spec.definition(training["definition_name"])):
        name = f"training {training['name']}"
        raise IllegalTransition(name, "run by a trainer", "be told of", "Use ReportMetrics")
    said = _said(training, attempt, spec, request)
    return [to_record(OUTPUT, training["uid"], message, source=SOURCE) for message in said]


def _check(request: pb.SendOutputRequest) -> None:
    if request.first_record < 0:
        raise InvalidSpec("first_record", "must not be negative", "Records count from 0")
    if len(request.records) > MOST_RECORDS:
        raise InvalidSpec("records", f"are more than {MOST_RECORDS}", "Send fewer at once")
    sizes = [len(record.encode()) for record in request.records]
    if max(sizes, default=0) > LONGEST_RECORD:
        raise InvalidSpec("records", f"one has more than {LONGEST_RECORD} bytes", "Report fewer metrics at once")
    if sum(sizes) > MOST_BYTES:
        raise InvalidSpec("records", f"have more than {MOST_BYTES} bytes together", "Send fewer at once")
    if request.HasField("end"):
        _check_end(request.end)


def _check_end(end: pb.OutputEnd) -> None:
    if end.records < 0:
        raise InvalidSpec("end.records", "must not be negative", "Say how many the attempt has said in all")
    if end.cause not in CAUSES:
        raise InvalidSpec("end.cause", "is missing or not known", "Say why the program ended")
    if end.HasField("ended_at"):
        check_time(end.ended_at, "end.ended_at")


def _said(document: Document, attempt: int, spec: TuningJobSpec, request: pb.SendOutputRequest) -> Iterator[Message]:
    here = {"uid": document["uid"], "number": document["number"], "attempt": attempt}
    now = instant_to_timestamp(time.time())
    if request.start:
        definition = spec.definition(document["definition_name"])
        objective = to_message(spec.objective_of(definition.name), spec_pb2.Objective)
        yield output_pb2.TrainingStarted(
            **here,
            training_name=document["name"],
            owner=document["owner"],
            metric_definitions=[to_message(item, spec_pb2.MetricDefinition) for item in definition.metric_definitions],
            objective=objective,
            early_stopping=to_message(spec.early_stopping, spec_pb2.EarlyStoppingRule),
            rungs=document["rungs"],
            instance_count=METRICS_FILE,
            at=now,
            bracket=document["bracket"],
            definition_name=definition.name,
            metrics_file=True,
        )
    if request.records:
        yield output_pb2.OutputLines(
            **here, instance=METRICS_FILE, first_line=request.first_record, lines=request.records, at=now
        )
    if request.HasField("end"):
        end = request.end
        yield output_pb2.TrainingEnded(
            **here,
            line_counts=[0, end.records],
            cause=end.cause,
            exit_code=end.exit_code if end.HasField("exit_code") else None,
            at=end.ended_at if end.HasField("ended_at") else now,
        )
