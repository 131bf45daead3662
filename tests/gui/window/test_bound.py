"""The bound, seen: stairs, what a half step is worth, the E step's table, the largest stable rate."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from engine.analysis.bound import lower_bound
from gui import edits
from gui.controls.typed_fields import NumberField
from gui.items.bound_stairs import BoundStairs
from tests.gui.laboratory import Laboratory


def test_every_em_iteration_is_a_stair_from_one_likelihood_to_the_next(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=6)
    laboratory.wait_for_iteration(6)
    lane, values = laboratory.lanes[0], laboratory.traces[0].floats("log_likelihood")
    for iteration in range(6):
        stair = lane.stair_at(iteration)
        assert stair is not None
        assert (stair.before, stair.after) == (values[iteration], values[iteration + 1])
        assert stair.m_step_rise > 0
        assert stair.gap > 0
        assert stair.m_step_rise + stair.gap == pytest.approx(stair.after - stair.before)
    assert laboratory.lanes[1].stair_at(2) is None


def test_the_stair_is_the_bound_of_the_e_steps_statistics(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    trace, scene = laboratory.traces[0], laboratory.frame.scene
    _, state = trace.nearest_state(2)
    bound = lower_bound(scene, state.position.parameters, state.position.expectation, trace.parameters(3))
    stair = laboratory.lanes[0].stair_at(2)
    assert stair is not None
    assert stair.bound == bound


def test_a_half_step_says_what_the_step_is_worth(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    assert laboratory.lanes[1].gain is None
    laboratory.press(Qt.Key.Key_Period)
    laboratory.wait_until(lambda: laboratory.frame.cursor == 2.5)
    gain, values = laboratory.lanes[1].gain, laboratory.traces[1].floats("log_likelihood")
    assert gain is not None
    assert gain.real == values[3] - values[2]
    # A first-order promise: right in sign and size where the step is not yet too long.
    assert 0.3 < gain.predicted / gain.real < 3
    assert laboratory.lanes[0].half
    before = laboratory.picture(laboratory.window.likelihood)
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_until(lambda: laboratory.frame.cursor == 3)
    assert laboratory.picture(laboratory.window.likelihood) != before


def test_stairs_are_computed_once_and_only_where_they_can_be_seen(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=4)
    laboratory.wait_for_iteration(4)
    stairs, frame = BoundStairs(), laboratory.frame
    assert stairs.stair(frame, frame.lanes[0], 1) is stairs.stair(frame, frame.lanes[0], 1)
    assert stairs.stair(frame, frame.lanes[0], 10_000) is None


def test_zooming_into_the_curve_draws_the_stairs_in_green_and_blue(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=8)
    laboratory.wait_for_iteration(8)
    view = laboratory.window.likelihood
    for _ in range(12):
        laboratory.wheel(view, QPointF(0.4 * view.width(), view.height() - 4), 1)
    image = laboratory.picture(view)
    good = laboratory.window.style_now.colour("good").rgb()
    seen = {image.pixel(x, y) for x in range(image.width()) for y in range(0, image.height(), 2)}
    assert good in seen


def test_the_table_shows_one_e_step_and_what_both_methods_make_of_it(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    laboratory.press(Qt.Key.Key_E)
    table = laboratory.window.companions.e_step.table
    assert table.rowCount() == 6
    use = laboratory.lanes[0].e_step()
    assert use is not None
    total = laboratory.frame.scene.prepared.total_weight
    assert np.sum(use.counts) == pytest.approx(total)
    np.testing.assert_allclose(use.em_weights, use.counts / total)
    np.testing.assert_allclose(use.weight_gradient, use.counts - total * use.weights)
    (means,) = [block for block in use.blocks if block.name == "means"]
    covariances = next(block for block in use.blocks if block.name == "covariances")
    # The gradient of a mean is Sigma^-1 b, and EM's step is b / n_k.
    step = np.linalg.solve(covariances.now, (use.counts[:, None] * (means.em - means.now))[:, :, None])
    np.testing.assert_allclose(means.gradient, step[:, :, 0], rtol=1e-8)
    following = laboratory.traces[0].parameters(4).in_data_units()
    np.testing.assert_allclose(means.em, following["means"], rtol=1e-12)
    text = table.chosen_text()
    assert len(text.splitlines()) == 6
    laboratory.window.companions.e_step.hide()


@pytest.mark.parametrize("story", ["ability", "hidden-chain", "nile", "linkage"])
def test_the_table_says_so_where_a_model_has_no_weights(laboratory: Laboratory, story: str) -> None:
    shown = laboratory.window.companions.e_step
    laboratory.press(Qt.Key.Key_E)
    about = shown.about.text()
    assert "counts n\u2096" in about
    laboratory.session.edit("choose data", lambda e: edits.with_story(e, story))
    laboratory.wait_until(lambda: shown.about.text() != about, what="the table follows")
    assert shown.about.text().startswith("This model has no weights of components")
    assert (shown.table.rowCount(), shown.table.columnCount()) == (0, 0)
    laboratory.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    laboratory.wait_until(lambda: shown.about.text() == about, what="the table is back")
    assert shown.table.rowCount() == 6
    shown.hide()


def test_a_tick_marks_the_largest_stable_rate_when_play_is_paused(laboratory: Laboratory) -> None:
    form = laboratory.window.panel.lanes[1].chooser.form
    assert form is not None
    field = form.fields["learning_rate"]
    assert isinstance(field, NumberField)
    assert field.slider is not None
    slider = field.slider
    laboratory.wait_until(lambda: slider.marked is not None, what="a tick at the start")
    first = slider.marked
    laboratory.press(Qt.Key.Key_Right, times=10)
    laboratory.wait_for_iteration(10)
    laboratory.wait_until(lambda: slider.marked not in (None, first), what="a tick elsewhere")
    assert "largest stable rate" in slider.toolTip()
    passes = [trace.last.passes for trace in laboratory.traces]
    laboratory.press(Qt.Key.Key_M)
    assert [trace.last.passes for trace in laboratory.traces] == passes
