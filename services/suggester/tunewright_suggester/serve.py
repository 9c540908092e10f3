"""The suggester as a process of its own. It keeps nothing, so replicas come and go as they like."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from tunewright.platform.service import Service, Wired
from tunewright.platform.settings import ServerSettings, setting
from tunewright.v1.suggestion_service_pb2_grpc import add_SuggestionServiceServicer_to_server
from tunewright_suggester.main import suggester


@dataclass(frozen=True, kw_only=True)
class SuggesterSettings(ServerSettings):
    processes: int = setting(0, tells="Processes that fit models, each on one core; 0: one per core.")


@asynccontextmanager
async def wired(settings: SuggesterSettings) -> AsyncIterator[Wired]:
    async with suggester(settings.processes) as servicer:
        yield Wired(
            grpc={"tunewright.v1.SuggestionService": partial(add_SuggestionServiceServicer_to_server, servicer)}
        )


SERVICE: Final = Service("suggester", SuggesterSettings, wired)
