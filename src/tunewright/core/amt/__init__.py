"""AMT's CreateHyperParameterTuningJob body as a specification, and back.

Bodies are plain trees with AMT's member names; ranges are texts and are echoed exactly as they came. Members that AMT
has and we do not take are refused by name, like any unknown one.
"""

from tunewright.core.amt.members import members_of
from tunewright.core.amt.ranges import looks_like_ranges, parameters_of
from tunewright.core.amt.reading import from_amt, looks_like_amt
from tunewright.core.amt.writing import to_amt

__all__ = ["from_amt", "looks_like_amt", "looks_like_ranges", "members_of", "parameters_of", "to_amt"]
