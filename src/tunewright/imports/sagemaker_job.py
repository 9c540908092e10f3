"""A tuning job of AWS's, or of what speaks like it, as a job that has ended: its trainings that have ended so far.

Credentials, region and address come by AWS's own rules: variables, ~/.aws, a profile. What is refused of a job that is
to be run here is left out: nothing is run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tunewright.core.amt import from_amt, without_refused
from tunewright.core.errors import CallerError, InvalidSpec, NotFound, Unavailable
from tunewright.core.finished import FinishedTraining
from tunewright.core.space import Choice, Float, Int, Range, Value
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.imports.found import Found, counted

NAME: Final = "HyperParameterTuningJobName"
KEPT: Final = ("HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions")
"""Members of the description that make the job again."""
STATES: Final = {
    "Completed": TrainingState.COMPLETED,
    "Failed": TrainingState.FAILED,
    "Stopped": TrainingState.STOPPED,
}
PAGE: Final = 100
NOT_THERE: Final = frozenset({"ResourceNotFound", "ResourceNotFoundException"})
SERVERS_FAULT: Final = 500


def from_sagemaker(
    job: str, *, name: str = "", region: str | None = None, profile: str | None = None, endpoint_url: str | None = None
) -> Found:
    """Read a tuning job; it is called `name` here, else as there.

    Raises NotFound, Unavailable; InvalidSpec: it cannot be asked for with these credentials, or cannot be carried.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = _client(region, profile, endpoint_url)
        described = client.describe_hyper_parameter_tuning_job(**{NAME: job})
        lister = client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        asked = {NAME: job, "SortBy": "CreationTime", "SortOrder": "Ascending", "PaginationConfig": {"PageSize": PAGE}}
        summaries = [summary for page in lister.paginate(**asked) for summary in page["TrainingJobSummaries"]]
    except ClientError as error:
        raise _refused(job, error.response) from error
    except (BotoCoreError, ValueError) as error:
        remedy = "Look at the credentials, --region, --profile and --endpoint-url"
        raise InvalidSpec("sagemaker", f"cannot be asked: {error}", remedy) from error
    origin = f"AWS's tuning job {job} ({described['HyperParameterTuningJobArn']})"
    return found_in(described, summaries, origin, name)


def found_in(
    described: Mapping[str, Any], summaries: Iterable[Mapping[str, Any]], origin: str, name: str = ""
) -> Found:
    """Return what a description and the summaries of all trainings tell. Raises InvalidSpec."""
    body = {member: described[member] for member in KEPT if described.get(member)}
    tree, refused = without_refused({NAME: name or described[NAME]} | body)
    spec = from_amt(tree)
    known = list(summaries)
    trainings = tuple(_training(spec, one) for one in known if one["TrainingJobStatus"] in STATES)
    left_out = {"they have not ended": [one for one in known if one["TrainingJobStatus"] not in STATES]}
    notes = [f"left out of the job: {path}" for path in refused]
    if described.get("WarmStartConfig"):
        notes.append("left out of the job: WarmStartConfig; import its parents, too, and name them with it")
    return Found(spec, trainings, origin, (*counted(left_out), *notes))


def _client(region: str | None, profile: str | None, endpoint_url: str | None) -> Any:
    """Return a client; boto3 is one line around the same."""
    import botocore.session

    session = botocore.session.Session(profile=profile)
    return session.create_client("sagemaker", region_name=region, endpoint_url=endpoint_url)


def _refused(job: str, response: Mapping[str, Any]) -> CallerError | Unavailable:
    error, status = response["Error"], response["ResponseMetadata"]["HTTPStatusCode"]
    if error["Code"] in NOT_THERE:
        return NotFound("tuning job", job, "AWS says so; see --region and --profile")
    said = f"{error['Code']}: {error['Message']}"
    if status >= SERVERS_FAULT:
        return Unavailable("SageMaker", said)
    return InvalidSpec("sagemaker", said, "Look at the credentials, --region, --profile and --endpoint-url")


def _training(spec: TuningJobSpec, summary: Mapping[str, Any]) -> FinishedTraining:
    state = STATES[summary["TrainingJobStatus"]]
    metric = summary.get("FinalHyperParameterTuningJobObjectiveMetric")
    value = None if metric is None or state is TrainingState.FAILED else float(metric["Value"])
    definition_name = summary.get("TrainingJobDefinitionName", "") if spec.listed_definitions else ""
    texts = summary["TunedHyperParameters"]
    space = spec.definition(definition_name).space
    started_at, ended_at = (summary.get(member) for member in ("TrainingStartTime", "TrainingEndTime"))
    return FinishedTraining(
        state,
        {name: value_of(range_, texts[name]) for name, range_ in space.items() if name in texts},
        value,
        name=summary["TrainingJobName"],
        definition_name=definition_name,
        reason=summary.get("FailureReason", ""),
        started_at=None if started_at is None else started_at.timestamp(),
        ended_at=None if ended_at is None else ended_at.timestamp(),
    )


def value_of(range_: Range, text: str) -> Value:
    """Return the value that a hyperparameter's text stands for; what is none of its kind stays a text."""
    try:
        match range_:
            case Float():
                return float(text)
            case Int():
                return int(text)
            case Choice(values) if text not in values:  # SDKs write a category as JSON: "sgd" with its quotes
                return str(json.loads(text))
            case _:
                return text
    except ValueError:
        return text
