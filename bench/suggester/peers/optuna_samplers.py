"""Optuna's samplers, each with its defaults. They see pending trials by themselves."""

from __future__ import annotations

import json
from typing import Any

import optuna

from bench.suggester.peers.peer import Setting, checked
from tunewright.core.space import Choice, Configuration, Float, Range, ScalingType, resolved_scaling

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Study:
    def __init__(self, setting: Setting, sampler: Any) -> None:
        self._space = setting.space
        self._distributions = {name: _distribution(parameter) for name, parameter in setting.space.items()}
        self._study = optuna.create_study(sampler=sampler)
        self._open: dict[str, list[Any]] = {}

    def ask(self) -> Configuration:
        trial = self._study.ask(self._distributions)
        configuration = checked(self._space, trial.params)
        self._open.setdefault(_key(configuration), []).append(trial)
        return configuration

    def tell(self, configuration: Configuration, value: float | None) -> None:
        trial = self._open[_key(configuration)].pop(0)
        if value is None:
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial, value)

    def close(self) -> None:
        """Holds nothing but memory."""


def tpe(setting: Setting) -> Study:
    return Study(setting, optuna.samplers.TPESampler(seed=setting.seed))


def gaussian_process(setting: Setting) -> Study:
    import torch

    torch.set_num_threads(1)
    return Study(setting, optuna.samplers.GPSampler(seed=setting.seed))


def cma_es(setting: Setting) -> Study:
    """Choices are drawn independently: CMA-ES is for numbers."""
    return Study(setting, optuna.samplers.CmaEsSampler(seed=setting.seed, warn_independent_sampling=False))


def _distribution(parameter: Range) -> Any:
    if isinstance(parameter, Choice):
        return optuna.distributions.CategoricalDistribution(parameter.values)
    log = resolved_scaling(parameter) is ScalingType.LOGARITHMIC
    if isinstance(parameter, Float):
        return optuna.distributions.FloatDistribution(parameter.low, parameter.high, log=log)
    return optuna.distributions.IntDistribution(parameter.low, parameter.high, log=log)


def _key(configuration: Configuration) -> str:
    return json.dumps(dict(configuration), sort_keys=True)
