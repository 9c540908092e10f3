"""What a trainer has to do about what it holds.

It is never stored as an order. A heartbeat compares what the trainer says it holds with the training records, and the
difference is the answer; so an order cannot be lost, only delayed until the next heartbeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunewright.core.states import TrainingState
from tunewright_scheduler.core.training import Resend, Training

Held = tuple[str, int]
"""A training's id and the attempt that is meant."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a trainer says of an attempt that it runs, or whose spool it keeps."""

    training_id: str
    attempt: int
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """What a trainer has to do about what it holds."""

    stop: tuple[tuple[Held, str], ...] = ()
    settled: tuple[tuple[Held, bool], ...] = ()
    resend: tuple[tuple[Held, Resend], ...] = ()
    abandon: tuple[Held, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.stop or self.settled or self.resend or self.abandon)

    @property
    def about(self) -> frozenset[str]:
        """Ids of the trainings that there is something to do about."""
        paired = (held for held, _ in (*self.stop, *self.settled, *self.resend))
        return frozenset(name for name, _ in (*paired, *self.abandon))


def orders(holding: Sequence[Holding], trainings: Mapping[str, Training]) -> Orders:
    """Compare what a trainer holds with our records, by id."""
    stop, settled, resend, abandon = [], [], [], []
    for item in holding:
        held, training = (item.training_id, item.attempt), trainings.get(item.training_id)
        if training is None or training.attempt != item.attempt or training.state is TrainingState.READY:
            abandon.append(held)
        elif training.state.final:
            settled.append((held, training.exit is not None))
        elif training.stop_reason and not item.stopping and training.state is TrainingState.RUNNING:
            stop.append((held, training.stop_reason))
        elif training.resend is not None:
            resend.append((held, training.resend))
    return Orders(tuple(stop), tuple(settled), tuple(resend), tuple(abandon))
