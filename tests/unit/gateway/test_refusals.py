"""Our errors as AWS tells them: codes that programs match, texts that people do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.specs import spec
from tunewright.core import errors
from tunewright.core.amt import members_of
from tunewright.core.check import check
from tunewright.core.check_data import no_objects
from tunewright.core.spec import StoppingCondition, Strategy, WarmStart, WarmStartType
from tunewright.core.warm_start import check_parent
from tunewright_gateway.core.refusals import refusal_of

TOLD = [
    (
        errors.NotFound("tuning job", "demo"),
        ("ResourceNotFound", "Amazon SageMaker can't find a tuning job called demo. Type another name.", 400),
    ),
    (errors.NotFound("training job", "demo-001"), ("ValidationException", "Requested resource not found.", 400)),
    (
        errors.AlreadyExists("tuning job", "demo"),
        (
            "ResourceInUse",
            "A hyperparameter tuning job with the name, demo, already exists. Choose a different name.",
            400,
        ),
    ),
    (
        errors.InvalidSpec("definitions[0].channels[0].uri", f"{no_objects('s3://b/train')}. Copy them below /s3/b"),
        (
            "ValidationException",
            'No S3 objects found under S3 URL "s3://b/train" given in input data source. Copy them below /s3/b',
            400,
        ),
    ),
    (errors.Conflict("jobs", "1"), ("ThrottlingException", "Rate exceeded", 400)),
    (errors.Fault("secret"), ("InternalFailure", "An internal error occurred.", 500)),
    (errors.Unavailable("scheduler", "secret"), ("ServiceUnavailable", "The service is unavailable. Try again.", 503)),
]


@pytest.mark.parametrize(("error", "told"), TOLD, ids=lambda item: getattr(item, "reason", ""))
def test_an_error_is_told_as_aws_tells_it(error, told):
    refusal = refusal_of(error)
    assert (refusal.code, refusal.text, refusal.status) == told


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (errors.AlreadyExists("training job", "demo"), "ResourceInUse", "already exists (demo)"),
        (errors.QuotaExceeded("jobs at once", 4, 3), "ResourceLimitExceeded", "'jobs at once' is 3"),
        (errors.IllegalTransition("tuning job a", "already Stopped", "be stopped"), "ValidationException", "already"),
        (
            errors.IllegalTransition("tuning job a", "InProgress, not in a terminal state", "be deleted"),
            "ValidationException",
            "not in a terminal state",
        ),
    ],
)
def test_clients_find_the_words_they_look_for(error, code, words):
    refusal = refusal_of(error)
    assert (refusal.code, refusal.status) == (code, 400)
    assert words in refusal.text


@pytest.mark.parametrize("kind", [kind for kind in vars(errors).values() if isinstance(kind, type)])
def test_every_error_has_a_code_and_only_ours_are_500(kind):
    if not issubclass(kind, errors.TunewrightError):
        return
    error = kind.__new__(kind)
    for name in ("field", "why", "remedy", "place", "kind", "name", "limit", "asked", "allowed"):
        setattr(error, name, "x")
    refusal = refusal_of(error)
    assert refusal.code == kind.aws_code
    assert (refusal.status == 500) == (kind.aws_code == "InternalFailure")


def refused(wrong, parent=None):
    with pytest.raises(errors.InvalidSpec) as caught:
        check(wrong) if parent is None else check_parent(wrong, parent, 0)
    refusal = refusal_of(caught.value, members_of(wrong))
    assert refusal.code == "ValidationException"
    return refusal.text


def test_a_member_is_named_as_the_request_names_it():
    text = refused(spec(name="digits-1", limits=replace(spec().limits, max_parallel=0)))
    assert text.startswith(
        "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs: must be from 1 to 100"
    )


WARM = spec(warm_start=WarmStart(("parent",), WarmStartType.TRANSFER_LEARNING))
REAL = [
    (
        (spec(metric_definitions=()),),
        (
            "A metric is required for this hyperparameter tuning job objective. "
            "Provide a metric in the metric definitions."
        ),
    ),
    (
        (spec(strategy=Strategy.HYPERBAND),),
        (
            "MaxResource parameter is not provided and could not be inferred from provided static hyperparameters of "
            "TrainingJobDefinition."
        ),
    ),
    (
        (spec(stopping=StoppingCondition(60, max_wait_s=90)),),
        "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true",
    ),
    (
        (WARM, spec(static_hyperparameters={"more": "1"})),
        (
            "The set of tunable plus static HyperParameter names is not the same across current and parent tuning "
            "jobs. Please ensure this set is constant when warm starting. Note that previously static HyperParameters "
            "can be tuned in warm start jobs and vice versa."
        ),
    ),
    (
        (WARM, spec(environment={"more": "1"})),
        (
            "Only the following fields in TrainingJobDefinition are allowed to change: [algorithmSpecification, "
            "inputDataConfig, outputDataConfig, staticHyperParameters, roleArn, resourceConfig, stoppingCondition, "
            "vpcConfig, enableManagedSpotTraining, checkpointConfig]."
        ),
    ),
]


@pytest.mark.parametrize(("specs", "words"), REAL, ids=range(len(REAL)))
def test_where_aws_s_own_words_are_known_the_text_begins_with_them(specs, words):
    assert refused(*specs).startswith(words)
