"""A text looked for in all that the trainings of a job have printed, page by page, as grep does in files.

The trainings stand in order of their numbers, each with its last attempt. A page is bounded by what is read for it,
not by what is found: a rare text gives empty pages whose tokens go on.
"""

from __future__ import annotations

import re
from typing import Final

from tunewright.platform.store.port import Query, Store
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright_metrics.collecting.retention import removed_from
from tunewright_metrics.core.finding import Wanted
from tunewright_metrics.jobs import Training, training_of
from tunewright_metrics.reading_back.archive import Archive
from tunewright_metrics.reading_back.opening import Lines
from tunewright_metrics.reading_back.paging import Place, Reading, not_given_out

TRAININGS_A_PAGE: Final = 20
TOKEN: Final = re.compile(r"(\d{1,9}):(.*)", re.ASCII)


class Search:
    def __init__(self, store: Store, archive: Archive) -> None:
        self._store, self._archive = store, archive

    async def page(self, uid: str, wanted: Wanted, size: int, token: str) -> tuple[list[pb.FoundLine], str]:
        """Return the next lines of a job's trainings, and the token of the page after them, empty at the end.

        Raises InvalidSpec: the token is none.
        """
        number, place = _begin(token)
        page = await self._store.find(
            Query("training_jobs", "by_job", {"uid": uid}, low=number, limit=TRAININGS_A_PAGE)
        )
        trainings = [training_of(stored.document) for stored in page.items]
        removed = await removed_from(self._store, "output", [(uid, training.number) for training in trainings])
        reading: Reading[pb.OutputLine] = Reading(Lines(wanted), size)
        lines: list[pb.FoundLine] = []
        for training in trainings:
            if (uid, training.number) in removed:
                lines.append(pb.FoundLine(training_name=training.name, number=training.number))
                continue
            reading.place = place if training.number == number else Place()
            extent = await self._archive.extent("output", training, 0, str(reading.place))
            begun = len(reading.items)
            full = await self._archive.read(extent, reading)
            lines += [_found(training, line) for line in reading.items[begun:]]
            if full:
                return lines, f"{training.number}:{reading.place}"
        last = page.items[-1].document["number"] if page.items else 0
        return lines, f"{last + 1}:" if page.next else ""


def _found(training: Training, line: pb.OutputLine) -> pb.FoundLine:
    return pb.FoundLine(training_name=training.name, number=training.number, line=line)


def _begin(token: str) -> tuple[int, Place]:
    """Return the number of the training to go on with, and the place in it."""
    if not token:
        return 0, Place()
    match = TOKEN.fullmatch(token)
    if match is None:
        raise not_given_out()
    return int(match[1]), Place.of(match[2])
