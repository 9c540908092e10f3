"""What each method of our services needs. A method that is missing here is served to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tunewright.core.access import Scope
from tunewright.core.errors import Fault

OURS: Final = "/tunewright."

_NEEDED: Final[Mapping[str, Mapping[Scope, tuple[str, ...]]]] = {
    "TuningService": {
        Scope.READ: (
            "ReadJobFile",
            "WriteJobFile",
            "GetTuningJob",
            "ListTuningJobs",
            "GetTrainingJob",
            "ListTrainingJobs",
            "ListTrainingColumns",
            "WatchTuningJob",
            "WatchTuningJobs",
        ),
        Scope.JOBS: (
            "CreateTuningJob",
            "StopTuningJob",
            "DeleteTuningJob",
            "PauseTuningJob",
            "ResumeTuningJob",
            "AmendTuningJob",
            "ExtendTuningJob",
            "RetryTuningJob",
            "ImportTuningJob",
            "CreateTrainingJob",
            "StopTrainingJob",
            "DeleteTrainingJob",
            "ChangeTags",
        ),
    },
    "ExplanationService": {Scope.READ: ("ExplainTrainingJob", "ReplayTuningJob")},
    "MetricsService": {
        Scope.READ: (
            "ListMeasurements",
            "FollowMeasurements",
            "ReadOutput",
            "FollowOutput",
            "ListCurves",
            "FollowCurves",
            "SearchOutput",
            "Analyze",
            "TryMetrics",
        ),
        Scope.REPORT: ("ReportMetrics",),
        Scope.TRAIN: ("SendOutput",),
    },
    "WorkerService": {Scope.TRAIN: ("OpenSession", "Heartbeat", "Claim", "Exited", "CloseSession")},
    "OperationsService": {
        Scope.READ: ("Diagnose",),
        Scope.JOBS: ("PurgeTuningJobs",),
        Scope.OPERATE: (
            "ListTrainers",
            "CordonTrainer",
            "UncordonTrainer",
            "ReleaseTrainingJob",
            "SettleTrainingJob",
            "UnparkTuningJob",
            "PauseStarts",
            "ResumeStarts",
            "SetQuota",
            "ListQuotas",
        ),
    },
    "SuggestionService": {Scope.SERVICES: ("Suggest", "Explain")},
}

SCOPES: Final[Mapping[str, Scope]] = {
    f"/tunewright.v1.{service}/{method}": scope
    for service, scopes in _NEEDED.items()
    for scope, methods in scopes.items()
    for method in methods
}
"""By the path of a call."""


def scope_of(path: str) -> Scope | None:
    """Return what a call needs; None: a token, whatever it may. Raises Fault: a method of ours that has no scope."""
    if path in SCOPES:
        return SCOPES[path]
    if path.startswith(OURS):
        raise Fault(f"{path} has no scope")
    return None
