"""What people have elsewhere, read for an import: a study of Optuna's, a tuning job of AWS's.

found = from_optuna("sqlite:///study.db", "my-study", name="before")
client.import_job(found.spec, found.trainings, origin=found.origin)
"""

from tunewright.imports.found import Found
from tunewright.imports.optuna_study import from_optuna
from tunewright.imports.sagemaker_job import from_sagemaker

__all__ = ["Found", "from_optuna", "from_sagemaker"]
