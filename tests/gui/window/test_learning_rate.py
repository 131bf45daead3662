"""Issue lines 2 and 4: what is moved while both run: the learning rate in flight, separation, the algorithm."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.algorithms.gradient_ascent import GradientAscent
from engine.experiment import Experiment
from engine.run import Intervention
from engine.stopping import Stop
from gui.app import FIRST_EXPERIMENT
from gui.controls.inputs import Slider
from gui.controls.typed_fields import NumberField
from tests.gui.laboratory import Laboratory
from tests.gui.traces import assert_same, headless
from tests.gui.window.conftest import FIRST

pytestmark = pytest.mark.usefixtures("unpainted")

CONTROL = Qt.KeyboardModifier.ControlModifier


def field(laboratory: Laboratory, lane: int, setting: str) -> Any:
    """A field of a lane's panel."""
    form = laboratory.window.panel.lanes[lane].chooser.form
    assert form is not None
    return form.fields[setting]


def rate_entry(laboratory: Laboratory) -> QLineEdit:
    found = field(laboratory, 1, "learning_rate")
    assert isinstance(found, NumberField)
    return found.entry


def rate_slider(laboratory: Laboratory) -> Slider:
    found = field(laboratory, 1, "learning_rate").slider
    assert isinstance(found, Slider)
    return found


def interventions(experiment: Experiment) -> tuple[Intervention, ...]:
    return experiment.lanes[1].interventions


def test_the_rate_changes_at_the_cursor_without_a_restart(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=5)
    laboratory.wait_for_iteration(5)
    em, before = laboratory.traces[0], np.array(laboratory.traces[1].floats("log_likelihood")[:6])
    laboratory.retype(rate_entry(laboratory), "0.3")
    assert interventions(laboratory.experiment) == (Intervention(5, "learning_rate", 0.3),)
    assert laboratory.session.cursor == 5
    assert laboratory.traces[0] is em
    laboratory.click(laboratory.window.canvases[0])
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(6, lane=1)
    values = laboratory.traces[1].floats("log_likelihood")
    assert np.array_equal(values[:6], before)
    assert any("learning rate" in event.detail for _, event in laboratory.lanes[1].events)
    laboratory.play_to_the_end()
    for played, alone in zip(laboratory.traces, headless(laboratory.experiment), strict=True):
        assert_same(played, alone)


def test_the_panel_shows_the_rate_that_holds_at_the_cursor(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    laboratory.retype(rate_entry(laboratory), "0.25")
    assert rate_entry(laboratory).text() == "0.25"
    laboratory.click(laboratory.window.canvases[0])
    laboratory.press(Qt.Key.Key_Left)
    assert rate_entry(laboratory).text() == "1.2"
    laboratory.press(Qt.Key.Key_Right)
    assert rate_entry(laboratory).text() == "0.25"


def test_a_slider_that_is_dragged_while_both_run_is_one_intervention_and_one_edit(
    laboratory: Laboratory,
) -> None:
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_iteration(3)
    slider = rate_slider(laboratory)
    middle = slider.height() / 2
    here = QPointF(slider.width() * 0.75, middle)
    laboratory.drag(slider, here, *(here - QPointF(step, 0) for step in (10, 20, 30, 40)))
    assert laboratory.session.playing
    assert laboratory.session.cursor >= 3
    found = interventions(laboratory.experiment)
    assert found[-1].value == field(laboratory, 1, "learning_rate").value < 1.2
    assert all(one.iteration < other.iteration for one, other in pairwise(found))
    laboratory.press(Qt.Key.Key_Space)
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert interventions(laboratory.experiment) == ()
    assert laboratory.experiment == FIRST


def test_at_the_start_the_rate_is_the_lane_s_own(laboratory: Laboratory) -> None:
    laboratory.retype(rate_entry(laboratory), "0.7")
    assert interventions(laboratory.experiment) == ()
    assert laboratory.experiment.lanes[1].algorithm.learning_rate == 0.7  # type: ignore[attr-defined]


def test_an_intervention_is_taken_back_by_its_button(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    laboratory.retype(rate_entry(laboratory), "0.3")
    rows = laboratory.window.panel.lanes[1].interventions
    buttons = [each for each in rows.findChildren(QWidget) if each.property("role") == "flat"]
    assert [each.accessibleName() for each in buttons] == ["Take back: from 2: learning rate 0.3"]
    laboratory.click(buttons[0])
    assert laboratory.experiment == FIRST


def test_a_larger_rate_marks_and_counts_each_real_decrease(laboratory: Laboratory) -> None:
    calm = FIRST.replace(
        lanes=(FIRST.lanes[0], type(FIRST.lanes[1])(GradientAscent(learning_rate=0.2))),
        stop=Stop(max_iterations=80),
    )
    laboratory.open(calm)
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    laboratory.retype(rate_entry(laboratory), "3")
    laboratory.play_to_the_end()
    lane = laboratory.lanes[1]
    values = lane.curve.log_likelihood
    assert lane.decreases > 3
    assert lane.decreases == int(np.count_nonzero(np.diff(values[np.isfinite(values)]) < -1e-9))
    assert not np.any(lane.curve.decreased[:4])
    danger = laboratory.window.style_now.danger
    assert danger in laboratory.colours(laboratory.window.timeline)
    assert danger in laboratory.colours(laboratory.window.likelihood)
    assert "decreases" in laboratory.window.strips[1].readings.accessibleDescription()


def test_a_lane_that_diverged_is_saved_by_another_rate_at_its_end(laboratory: Laboratory) -> None:
    wild = FIRST.replace(
        lanes=(FIRST.lanes[0], type(FIRST.lanes[1])(GradientAscent(learning_rate=60.0))),
        stop=Stop(max_iterations=40),
    )
    laboratory.open(wild)
    laboratory.play_to_the_end()
    lane = laboratory.lanes[1]
    assert lane.status in ("diverged", "collapsed"), lane.reason
    laboratory.retype(rate_entry(laboratory), "0.2")
    laboratory.play_to_the_end()
    after = laboratory.lanes[1]
    assert after.status == "iteration-limit", after.reason
    assert after.last_iteration == 40
    for played, alone in zip(laboratory.traces, headless(laboratory.experiment), strict=True):
        assert_same(played, alone)


def test_less_separation_makes_em_crawl_and_l_bfgs_arrive_first(laboratory: Laboratory) -> None:
    laboratory.open(FIRST_EXPERIMENT.parent / "em-in-five-steps.toml")
    laboratory.choose(laboratory.window.panel.data.box, "overlapping-clusters")
    assert laboratory.experiment.data.name == "overlapping-clusters"
    form = laboratory.window.panel.data.form
    assert form is not None
    separation = form.fields["separation"]
    assert isinstance(separation, NumberField)
    laboratory.retype(separation.entry, "2")
    laboratory.choose(laboratory.window.panel.lanes[1].chooser.box, "gradient-ascent")
    assert laboratory.experiment.lanes[1].algorithm.name == "gradient-ascent"
    laboratory.choose(laboratory.window.panel.lanes[1].chooser.box, "lbfgs")
    assert [lane.title for lane in laboratory.experiment.lanes] == ["em", "lbfgs"]
    laboratory.play_to_the_end()
    em, lbfgs = laboratory.lanes
    assert lbfgs.status == "converged"
    assert lbfgs.last_iteration < em.last_iteration / 3
    assert float(lbfgs.curve.passes[-1]) < float(em.curve.passes[-1])


def test_the_largest_stable_rate_is_marked_while_nothing_plays(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    slider = rate_slider(laboratory)
    laboratory.wait_until(lambda: slider.toolTip() != "", what="the tick on the slider")
    assert "largest stable rate" in slider.toolTip()


@pytest.mark.parametrize("typed", ["fast", "0", ""])
def test_what_is_no_rate_stays_in_its_field_and_the_run_goes_on(laboratory: Laboratory, typed: str) -> None:
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)
    entry = rate_entry(laboratory)
    laboratory.click(entry)
    laboratory.press(Qt.Key.Key_A, CONTROL)
    laboratory.press(Qt.Key.Key_Delete)
    laboratory.write(typed)
    laboratory.press(Qt.Key.Key_Return)
    assert entry.text() == typed
    assert entry.property("invalid")
    assert laboratory.experiment == FIRST
    complaint = field(laboratory, 1, "learning_rate").complaint
    assert complaint.isVisible()
    assert complaint.text()
    laboratory.click(laboratory.window.canvases[0])
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(2)
    laboratory.click(entry)
    laboratory.press(Qt.Key.Key_Escape)
    assert entry.text() == "1.2"
    assert not entry.property("invalid")
