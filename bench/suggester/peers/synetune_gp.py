"""Syne Tune's Gaussian process searcher (0.13 is the last release with it), with its defaults.

It imagines outcomes for pending points by itself.
"""

from __future__ import annotations

import json
from typing import Any

from syne_tune.config_space import choice, lograndint, loguniform, randint, uniform
from syne_tune.optimizer.schedulers.searchers import GPFIFOSearcher

from bench.suggester.peers.peer import Setting, checked
from tunewright.core.space import Choice, Configuration, Float, Range, ScalingType, resolved_scaling


class SyneTune:
    def __init__(self, setting: Setting) -> None:
        self._space = setting.space
        domains = {name: _domain(parameter) for name, parameter in setting.space.items()}
        self._searcher = GPFIFOSearcher(domains, metric="loss", mode="min", random_seed=setting.seed, debug_log=False)
        self._open: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self._asked = 0

    def ask(self) -> Configuration:
        trial = str(self._asked)
        self._asked += 1
        suggested = self._searcher.get_config(trial_id=trial)
        if suggested is None:
            raise ValueError("the searcher has no configuration left")
        configuration = checked(self._space, suggested)
        self._searcher.register_pending(trial, config=suggested)
        self._open.setdefault(_key(configuration), []).append((trial, suggested))
        return configuration

    def tell(self, configuration: Configuration, value: float | None) -> None:
        trial, suggested = self._open[_key(configuration)].pop(0)
        if value is None:
            self._searcher.evaluation_failed(trial)
        else:
            self._searcher.on_trial_result(trial, suggested, {"loss": value}, update=True)

    def close(self) -> None:
        """Holds nothing but memory."""


def _domain(parameter: Range) -> Any:
    if isinstance(parameter, Choice):
        return choice(list(parameter.values))
    logarithmic = resolved_scaling(parameter) is ScalingType.LOGARITHMIC
    if isinstance(parameter, Float):
        return (loguniform if logarithmic else uniform)(parameter.low, parameter.high)
    return (lograndint if logarithmic else randint)(parameter.low, parameter.high)


def _key(configuration: Configuration) -> str:
    return json.dumps(dict(configuration), sort_keys=True)
