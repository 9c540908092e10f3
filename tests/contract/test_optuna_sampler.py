"""Optuna's own tests of samplers, those for one objective, passed by ours as they are."""

from __future__ import annotations

import pytest

pytest.importorskip("optuna", reason="optuna is not installed")
samplers = pytest.importorskip("optuna.testing.pytest_samplers", reason="this Optuna ships no tests of samplers")

from tunewright.optuna import TunewrightSampler  # noqa: E402


class TestTunewrightSampler(
    samplers.BasicSamplerTestCase, samplers.RelativeSamplerTestCase, samplers.SingleOnlySamplerTestCase
):
    @pytest.fixture
    def sampler(self):
        return TunewrightSampler
