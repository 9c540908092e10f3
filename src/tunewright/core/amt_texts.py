"""AMT's own words for what it refuses, character by character: programs and people match on them.

A reason that begins with one of these is told by the SageMaker door as it is; what follows it is ours.
"""

from __future__ import annotations

from typing import Final

NO_METRIC: Final = (
    "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."
)
NO_MAX_RESOURCE: Final = (
    "MaxResource parameter is not provided and could not be inferred from provided static hyperparameters of "
    "TrainingJobDefinition."
)
NO_SPOT: Final = "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"
SAME_NAMES: Final = (
    "The set of tunable plus static HyperParameter names is not the same across current and parent tuning jobs. Please "
    "ensure this set is constant when warm starting. Note that previously static HyperParameters can be tuned in warm "
    "start jobs and vice versa."
)
ONLY_THESE: Final = (
    "Only the following fields in TrainingJobDefinition are allowed to change: [algorithmSpecification, "
    "inputDataConfig, outputDataConfig, staticHyperParameters, roleArn, resourceConfig, stoppingCondition, vpcConfig, "
    "enableManagedSpotTraining, checkpointConfig]."
)
NO_OBJECTS: Final = "No S3 objects found under S3 URL"
"""Of a channel. AMT goes on with regions and roles, which are not here."""
AMT_TEXTS: Final = (NO_METRIC, NO_MAX_RESOURCE, NO_SPOT, SAME_NAMES, ONLY_THESE, NO_OBJECTS)
