"""What programs that claim their trainings may say, and how it is put on training.output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.unit.core.specs import spec
from tests.unit.metrics.messages import UID, at
from tunewright.core.access import digest_of
from tunewright.core.claimed import CLAIMED
from tunewright.core.errors import IllegalTransition, InvalidSpec
from tunewright.core.states import TrainingState
from tunewright.core.values import replace
from tunewright.platform.bus.messages import read
from tunewright.platform.codec import to_message
from tunewright.platform.store.port import Put
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import spec_pb2
from tunewright_metrics.claimed import LONGEST_RECORD, MOST_BYTES, MOST_RECORDS, Specs, claimed_output


class World:
    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore(folder / "store.db")

    async def holds(self, image: str) -> None:
        plain = spec()
        message = to_message(replace(plain, definitions=(replace(plain.definitions[0], image=image),)), _SPEC)
        self.training = {
            "attempt": 2, "state": "RUNNING", "uid": UID,
            "number": 1, "name": "job-001", "owner": "ada", "spec_revision": 3, "rungs": [1, 3],
            "bracket": 1, "definition_name": plain.definitions[0].name,
        }  # fmt: skip
        await self.store.commit(
            [
                Put("training_jobs", f"{UID}/000001", self.training),
                Put("specs", f"{UID}/000003", {"spec": message.SerializeToString()}),
            ]
        )

    async def said(self, state: TrainingState = TrainingState.RUNNING, **fields: Any) -> list[Any]:
        training = self.training | {"state": state.value}
        records = await claimed_output(Specs(self.store), training, pb.SendOutputRequest(training="job-001", **fields))
        return [read(record) for record in records]


_SPEC = spec_pb2.TuningJobSpec


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    await world.holds(CLAIMED)
    yield world
    await world.store.close()


async def test_it_is_put_as_a_trainer_would_put_it_and_the_start_comes_from_the_record(world: World) -> None:
    end = pb.OutputEnd(cause="END_CAUSE_EXITED", exit_code=0, ended_at=at(9), records=7)
    started, lines, ended = await world.said(start=True, first_record=6, records=['{"loss": 1}'], end=end)
    assert {(item.uid, item.number, item.attempt) for item in (started, lines, ended)} == {(UID, 1, 2)}
    assert started.objective.metric_name == spec().objective.metric_name
    assert [item.name for item in started.metric_definitions] == [
        item.name for item in spec().definitions[0].metric_definitions
    ]
    assert (list(started.rungs), started.bracket, started.metrics_file) == ([1, 3], 1, True)
    assert (lines.instance, lines.first_line, list(lines.lines)) == (1, 6, ['{"loss": 1}'])
    assert (list(ended.line_counts), ended.exit_code, ended.at) == ([0, 7], 0, at(9))


async def test_what_a_trainer_runs_is_the_trainers_to_tell(world: World) -> None:
    await world.holds("file:///train.py")
    with pytest.raises(IllegalTransition, match="run by a trainer"):
        await world.said(start=True)


async def test_nothing_is_said_of_a_training_that_is_over_or_of_an_attempt_to_come(world: World) -> None:
    with pytest.raises(IllegalTransition):
        await world.said(TrainingState.COMPLETED)
    with pytest.raises(IllegalTransition):
        await world.said(attempt=3)


async def test_only_who_has_the_key_of_the_session_that_claimed_it_says_anything(world: World) -> None:
    world.training["lease_key"] = digest_of("k" * 32)
    assert len(await world.said(start=True, session_key="k" * 32)) == 1
    for key in ("", "x" * 32, world.training["lease_key"]):
        for attempt in (0, 1, 2):
            with pytest.raises(IllegalTransition, match="another session_key"):
                await world.said(start=True, attempt=attempt, session_key=key)


@pytest.mark.parametrize(
    ("field", "request_"),
    [
        ("first_record", {"first_record": -1}),
        ("records", {"records": ["x" * (LONGEST_RECORD + 1)]}),
        ("records", {"records": ["x" * LONGEST_RECORD] * (MOST_BYTES // LONGEST_RECORD + 1)}),
        ("records", {"records": ["{}"] * (MOST_RECORDS + 1)}),
        ("end.records", {"end": pb.OutputEnd(cause="END_CAUSE_EXITED", records=-1)}),
        ("end.cause", {"end": pb.OutputEnd(records=1)}),
        ("end.cause", {"end": pb.OutputEnd(cause=99, records=1)}),
        ("end.ended_at", {"end": pb.OutputEnd(cause="END_CAUSE_EXITED", ended_at=Timestamp(seconds=2**60))}),
    ],
)
async def test_what_would_not_fit_is_refused_by_name(world: World, field: str, request_: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec) as refused:
        await world.said(**request_)
    assert refused.value.field == field
