"""AMT's CreateHyperParameterTuningJob and CreateTrainingJob bodies as specifications, and back.

Bodies are plain trees with AMT's member names; ranges are texts and are echoed exactly as they came. What a
specification does not hold of a body is kept beside it (patch.py), so that it can be told as it was given.
"""

from tunewright.core.amt.leaving_out import without_refused
from tunewright.core.amt.members import members_of
from tunewright.core.amt.ranges import looks_like_ranges, parameters_of
from tunewright.core.amt.reading import from_amt, looks_like_amt
from tunewright.core.amt.training import (
    TrainingRequest,
    from_training,
    members_of_training,
    to_training,
    told_training,
)
from tunewright.core.amt.writing import to_amt, told

__all__ = [
    "TrainingRequest",
    "from_amt",
    "from_training",
    "looks_like_amt",
    "looks_like_ranges",
    "members_of",
    "members_of_training",
    "parameters_of",
    "to_amt",
    "to_training",
    "told",
    "told_training",
    "without_refused",
]
