"""What trainings take of their hosts, by their definitions and the operator's table of instance types as it is now."""

from __future__ import annotations

import structlog

from tunewright.core.errors import NotFound
from tunewright.core.instances import InstanceTypes, Need
from tunewright.core.spec import Definition, TuningJobSpec
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.fitting import NOTHING, Demand

log = structlog.get_logger()


class Needs:
    def __init__(self, changes: Changes, types: InstanceTypes) -> None:
        self._changes, self._types = changes, types
        self._unknown: set[str] = set()
        """Types that have been warned of."""

    async def of(self, uid: str, spec_revision: int, definition_name: str) -> Demand:
        """Return what a training takes; nothing, if its job is gone."""
        try:
            spec = await self._changes.spec(uid, spec_revision)
        except NotFound:
            return NOTHING
        return self.in_spec(spec, definition_name)

    def in_spec(self, spec: TuningJobSpec, definition_name: str) -> Demand:
        """Return what the trainings of a definition take."""
        definition = spec.definition(definition_name)
        resources = definition.resources
        return Demand(resources.instance_type, self._need(definition), resources.instance_count)

    def _need(self, definition: Definition) -> Need:
        """Return what one instance takes. A type that is no longer in the table reserves nothing: its job goes on."""
        need = self._types.need(definition.resources)
        if need is not None:
            return need
        name = definition.resources.instance_type
        if name not in self._unknown:
            self._unknown.add(name)
            log.warning("unknown instance type reserves nothing", instance_type=name)
        return Need()
