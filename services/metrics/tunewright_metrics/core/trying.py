"""Metric definitions tried on a log: what a training that had printed it would have said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunewright.core.check import check_metric_name, check_regex
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import MetricDefinition, Objective
from tunewright_metrics.core.kinds import NO_EMISSIONS, Kind, Reading
from tunewright_metrics.core.patience import Clock
from tunewright_metrics.core.reading import Reader, limited, read_in_batches, unnamed
from tunewright_metrics.core.series import Fault, Series, extended
from tunewright_metrics.core.stream import Started, Stream
from tunewright_metrics.core.summary import Summary, summary_of


@dataclass(frozen=True, slots=True)
class Tried:
    readings: tuple[tuple[Reading, int], ...]
    """The first of them, each with its step; 0: it is no emission."""
    left_out: int
    summary: Summary
    unnamed: Mapping[str, float]
    """Numbers in lines that are JSON objects which no definition names: by path, the last value."""


def try_out(
    definitions: Sequence[MetricDefinition], objective: Objective | None, lines: Sequence[str], clock: Clock, most: int
) -> Tried:
    """Read a log as a training's whole output; at most so many readings are returned."""
    texts, cut = limited(lines)
    refused = {item.name: why for item in definitions if (why := _refused(item))}
    reader = Reader([item for item in definitions if item.name not in refused], clock)
    series = Series(faults=tuple(Fault(Kind.REFUSED, name, 1, why) for name, why in (refused | reader.refused).items()))
    steps: Counter[str] = Counter()
    readings: list[tuple[Reading, int]] = []
    count = 0
    for batch in read_in_batches(reader, texts, cut):
        series, _ = extended(series, batch, objective)
        for reading in batch:
            emitted = reading.kind not in NO_EMISSIONS
            steps[reading.metric] += emitted
            count += 1
            if count <= most:
                readings.append((reading, steps[reading.metric] if emitted else 0))
    stream = Stream("", 1, 1, Started(tuple(definitions), objective), (len(texts),), series=series)
    others = unnamed({item.name for item in definitions}, texts)
    return Tried(tuple(readings), count - len(readings), summary_of(stream), others)


def _refused(definition: MetricDefinition) -> str:
    """Say why no job with this definition would be created, empty if one would."""
    try:
        check_metric_name(definition.name, "name")
        if definition.regex:
            check_regex(definition.regex, "regex")
    except InvalidSpec as error:
        return error.why
    return ""
