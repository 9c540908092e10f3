"""Every operation that the door serves, by AWS's name of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tunewright_gateway.operations import search, tags, training_jobs, tuning_jobs
from tunewright_gateway.operations.call import Operation

OPERATIONS: Final[Mapping[str, Operation]] = {
    tuning_jobs.CREATE: tuning_jobs.create,
    "DescribeHyperParameterTuningJob": tuning_jobs.describe,
    tuning_jobs.LIST: tuning_jobs.list_,
    "StopHyperParameterTuningJob": tuning_jobs.stop,
    "DeleteHyperParameterTuningJob": tuning_jobs.delete,
    training_jobs.LIST_OF_TUNING_JOB: training_jobs.list_of_tuning_job,
    training_jobs.CREATE: training_jobs.create,
    "DescribeTrainingJob": training_jobs.describe,
    training_jobs.LIST: training_jobs.list_,
    "StopTrainingJob": training_jobs.stop,
    "DeleteTrainingJob": training_jobs.delete,
    "AddTags": tags.add,
    "ListTags": tags.list_,
    "DeleteTags": tags.delete,
    search.SEARCH: search.search,
}
