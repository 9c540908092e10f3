"""Which definition a draw belongs to, in a job of several whose strategy looks at no observation.

Suggester and scheduler count alike. Definitions take turns, in their order; one whose space is used up is passed over,
so that a job ends only when every space is.
"""

from __future__ import annotations

from collections.abc import Sequence

from tunewright.core.errors import SpaceExhausted


def turn(sizes: Sequence[int | None], draw: int) -> tuple[int, int]:
    """Return whose turn draw number `draw` (from 0) of the job is, and its number (from 0) among that one's own.

    `sizes` are the configurations of each definition's space; None: without end. Takes as many steps as there are
    different sizes. Raises: SpaceExhausted: `draw` is not below the sum of the sizes.
    """
    rounds, left = 0, draw
    open_ = [place for place, size in enumerate(sizes) if size is None or size > 0]
    while open_:
        ends = [size for place in open_ if (size := sizes[place]) is not None]
        if not ends or left < (min(ends) - rounds) * len(open_):
            return open_[left % len(open_)], rounds + left // len(open_)
        left -= (min(ends) - rounds) * len(open_)
        rounds = min(ends)
        open_ = [place for place in open_ if (size := sizes[place]) is None or size > rounds]
    raise SpaceExhausted(draw - left)
