"""`tunewright analyze`: what a person reads and what a program reads."""

from __future__ import annotations

import json

import pytest

from tunewright.cli import analyzing
from tunewright.cli.blocks import bar
from tunewright.cli.forms import Form
from tunewright.client import Advice, Analyses, Analysis, BestStep, Importance, PartialDependence, Refusal, Share

TOLD = Analyses(
    importances=(
        Importance("batch", "sobol", 0.2, 0.1, 0.4),
        Importance("lr", "sobol", 0.755, 0.6, 0.9),
        Importance("lr", "of tomorrow", 1.0, 1.0, 1.0),
    ),
    dependences=(
        PartialDependence("lr", (0.001, 0.01, 0.1), (0.5, 0.25, 1.0), (0.1, 0.2, 0.3)),
        PartialDependence("optimizer", ("sgd", "adam"), (0.5, 0.4), (0.1, 0.1)),
    ),
    best_so_far=(BestStep(2, 10.0, 0.9, 1), BestStep(5, 20.0, 0.25, 4)),
    distribution=(Share(0.25, 0.25), Share(0.5, 0.5), Share(0.9, 1.0)),
    advice=(Advice("PLATEAU", "Nothing was gained for 20 trainings.", "End it."),),
    refused=(Refusal(Analysis.PARTIAL_DEPENDENCE, "too few\x1b[31m", "large"),),
    trainings=12,
    stopped=3,
    left_out=1,
)


def shown(capsys, told=TOLD, *, form=Form.TABLE):
    analyzing.show_told(told, (), form)
    return capsys.readouterr().out


def test_people_read_shares_curves_and_refusals(capsys):
    lines = shown(capsys).splitlines()
    assert lines[0] == "12 objectives, 3 of them of trainings stopped early; 1 ended without one"
    assert "share of variance, alone" in lines
    shares = [line.split("\t") for line in lines if line.startswith(("lr\t7", "batch\t2"))]
    assert shares == [["lr", "76%", "60% – 90%", "███████████████▏"], ["batch", "20%", "10% – 40%", "████"]]
    assert "lr\t0.001 … 0.1\t▃▁█\t0.25 … 1\t± 0.2\t" in lines
    assert "optimizer\t\t█▁\t0.4 … 0.5\t± 0.1\tsgd: 0.5, adam: 0.4" in lines
    assert "Advice: Nothing was gained for 20 trainings." in lines
    assert lines[-1] == "No partial dependence of large: too few·[31m."
    assert "of tomorrow" in lines


def test_programs_read_all_of_it(capsys):
    told = json.loads(shown(capsys, form=Form.JSON))
    assert told["importances"][1] == {
        "parameter": "lr", "method": "sobol", "share": 0.755, "low": 0.6, "high": 0.9, "definition_name": "",
    }  # fmt: skip
    assert told["refused"][0]["analysis"] == "partial dependence"
    assert told["best_so_far"][1]["value"] == 0.25


def test_nothing_told_leaves_no_empty_tables(capsys):
    told = Analyses(refused=(Refusal(Analysis.BEST_SO_FAR, "no training has ended"),))
    assert shown(capsys, told).splitlines() == ["0 objectives", "", "No best so far: no training has ended."]


def test_advice_says_of_which_definition_it_is(capsys):
    told = Analyses(advice=(Advice("PLATEAU", "Nothing was gained.", "Stop it.", "large"),))
    assert shown(capsys, told).splitlines()[-2:] == ["Advice: large: Nothing was gained.", "  Stop it."]


@pytest.mark.parametrize(("share", "length"), [(0.0, 0), (0.01, 1), (0.5, 10), (1.0, 20), (1.7, 20)])
def test_a_bar_is_as_long_as_its_share(share, length):
    assert len(bar(share)) == length
