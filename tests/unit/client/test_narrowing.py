"""What is said where there is nothing to narrow."""

from __future__ import annotations

import pytest

from tests.unit.core.specs import spec
from tunewright.client.narrowing import narrowing_of
from tunewright.client.resources import TuningJob
from tunewright.core.analysis import Analyses, Analysis, Refusal
from tunewright.core.errors import InvalidSpec
from tunewright.platform.codec import from_message, to_message
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb


def test_each_definition_says_by_name_why_it_cannot_be_narrowed():
    refused = tuple(
        Refusal(Analysis.ADVICE, f"has {count}", definition_name=name) for name, count in (("a", 3), ("b", 5))
    )
    message = to_message(spec(), spec_pb2.TuningJobSpec)
    job = from_message(pb.TuningJob(uid="u", spec=message, state="JOB_STATE_COMPLETED"), TuningJob)
    with pytest.raises(InvalidSpec, match="a: has 3; b: has 5"):
        narrowing_of(
            job,
            Analyses(refused=refused),
            "",
            None,
        )
