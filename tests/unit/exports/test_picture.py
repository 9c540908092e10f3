"""A job in a picture: what is in it, as characters, as a page and as PNG."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from tests.unit.cli.jobs import job, training
from tunewright.cli import plotting
from tunewright.client import Analyses, Analysis, Importance, Refusal
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Direction
from tunewright.core.stopping import StopEvidence
from tunewright.exports import picture_html, picture_png
from tunewright.exports.picture import Picture, Point, picture_of

TOLD = Analyses(
    importances=(
        Importance("<lr>", "ped_anova", 0.9, 0.8, 1.0),
        Importance("depth", "sobol_total", 0.2, 0.1, 0.3),
        Importance("<lr>", "sobol_total", 0.8, 0.6, 0.95),
    )
)


def picture(*values: float, direction: Direction = Direction.MAXIMIZE, told: Analyses = TOLD) -> Picture:
    trainings = [training(number, objective_value=value) for number, value in enumerate(values, 1)]
    return picture_of(job(direction=direction), trainings, told)


def test_it_holds_every_objective_the_best_so_far_and_the_fullest_importances():
    found = picture(0.1, 0.5, 0.3, math.nan, 0.9)
    assert [point.number for point in found.points] == [1, 2, 3, 5]
    assert [point.number for point in found.best] == [1, 2, 5]
    assert [item.parameter for item in found.importances] == ["<lr>", "depth"]
    assert [point.number for point in picture(3.0, 1.0, 2.0, direction=Direction.MINIMIZE).best] == [1, 2]


def test_what_was_stopped_early_is_told_apart():
    early = training(1, objective_value=0.5, stopped_early=StopEvidence("median", 3, 0.5))
    (point,) = picture_of(job(), [early], TOLD).points
    assert not point.completed


def test_bad_outliers_stand_at_the_edge_and_good_ones_do_not():
    worse = picture(1.0, 1.1, 1.2, 1.3, 1.4, 1e9, direction=Direction.MINIMIZE)
    assert worse.span()[0] == 1.0
    assert worse.span()[1] < 1e9
    better = picture(1.0, 1.1, 1.2, 1.3, 1.4, 1e9)
    assert (better.span(), better.beyond()) == ((1.0, 1e9), 0)


def test_without_importances_it_says_why():
    refused = Analyses(refused=(Refusal(Analysis.IMPORTANCE, "too few trainings"),))
    assert picture(0.5, told=refused).refused == "too few trainings"
    assert "too few trainings" in picture_html.page(picture(0.5, told=refused))


def test_in_characters_the_best_is_a_line_that_only_rises():
    lines = plotting.chart(picture(0.0, 0.5, 0.25, 1.0), width=40, height=5)
    assert lines == [
        "         1┤   ━",
        "          ┤",
        "          ┤ ━━",
        "          ┤  ·",
        "         0┤━",
        "          └1 … 4",
    ]


def test_a_single_training_and_equal_ones_are_drawn_too():
    assert plotting.chart(picture(0.5), 40, 3)[1] == "       0.5┤━"
    assert plotting.chart(picture(0.5, 0.5), 40, 3)[1] == "       0.5┤━━"


def test_many_trainings_fit_into_the_width():
    assert max(map(len, plotting.chart(picture(*range(500)), 30, 8))) <= 30 + plotting.LABEL + 1


def test_the_page_stands_by_itself_and_shows_names_as_text():
    page = picture_html.page(replace(picture(0.1, 0.5, 0.3), job="<b>", metric="acc & more"))
    assert not re.search(r"<script|<link|<img|url\(|https?:", page)
    assert "<b>" not in page
    assert "&lt;lr&gt;" in page
    assert "acc &amp; more" in page
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 2
    history = ET.fromstring(pictures[0])  # noqa: S314 - our own
    assert len(history.findall("circle")) == 3
    (line,) = history.findall("polyline")
    heights = [float(pair.split(",")[1]) for pair in line.get("points").split()]
    assert heights == sorted(heights, reverse=True)


def test_a_job_without_an_objective_has_a_page_too():
    page = picture_html.page(Picture("job", "acc", Direction.MAXIMIZE, refused="no training has ended"))
    assert "No training has an objective yet" in page


def test_without_matplotlib_the_pip_command_is_named(monkeypatch):
    monkeypatch.setattr("tunewright.platform.extras.find_spec", lambda _name: None)
    with pytest.raises(InvalidSpec, match=r"pip install 'tunewright\[plot\]'"):
        picture_png.require_matplotlib()


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("shown", [picture(0.1, 0.5, 0.3, 1e9, 2.0), Picture("$job", "$acc", Direction.MINIMIZE)])
def test_a_png_is_written(shown, tmp_path):
    picture_png.write(shown, tmp_path / "job.png")
    assert (tmp_path / "job.png").read_bytes().startswith(b"\x89PNG")


def test_a_stopped_point_is_a_cross():
    shown = Picture("job", "acc", Direction.MAXIMIZE, (Point(1, 1.0), Point(2, 0.0, completed=False)))
    assert plotting.chart(shown, 40, 2)[1] == "         0┤ ×"
