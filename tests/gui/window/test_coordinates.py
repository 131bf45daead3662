"""Issue line 3: coordinates of a gradient lane chosen with the mouse, what it says, and every status."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPolygonF

from engine.experiment import Experiment, from_document
from gui.app import FIRST_EXPERIMENT
from gui.items.canvas_notes import why_no_likelihood
from gui.items.marks import sum_is_one
from tests.gui.frames import FIRST_EXPERIMENT as FIRST_DOCUMENT
from tests.gui.laboratory import Laboratory

pytestmark = pytest.mark.usefixtures("unpainted")

EXPERIMENTS = FIRST_EXPERIMENT.parent


def choose_coordinates(laboratory: Laboratory, choice: str, lane: int = 1) -> None:
    form = laboratory.window.panel.lanes[lane].chooser.form
    assert form is not None
    laboratory.choose(form.fields["weight_coordinates"].box, choice)  # type: ignore[attr-defined]


def said(laboratory: Laboratory, lane: int) -> str:
    """What the strip under a canvas says in words."""
    return laboratory.window.strips[lane].sentence.text


def readings(laboratory: Laboratory, lane: int) -> str:
    """The numbers of the strip under a canvas."""
    return laboratory.window.strips[lane].readings.accessibleDescription()


def first(lane: dict[str, Any], **sections: Any) -> Experiment:
    """EM beside another lane from the first experiment's start."""
    lanes = {"lanes": [{"algorithm": "em"}, lane], "stop": {"max_iterations": 300}}
    return from_document(FIRST_DOCUMENT | lanes | sections)


def test_drop_last_walks_out_of_the_triangle_and_says_where(laboratory: Laboratory) -> None:
    laboratory.open(first({"algorithm": "gradient-ascent", "learning_rate": 0.1}))
    choose_coordinates(laboratory, "drop-last")
    laboratory.play_to_the_end()
    lane = laboratory.lanes[1]
    assert lane.status == "left-constraints"
    assert 10 < lane.iteration < 40
    assert lane.weight_minimum < 0
    assert why_no_likelihood(lane) == "outside the constraints"
    assert sum_is_one(lane.weight_sum)
    assert f"at {lane.iteration}: weight" in said(laboratory, 1)
    assert "became \u22120" in said(laboratory, 1) or "became -0" in said(laboratory, 1)
    assert "times the largest stable one" in lane.reason
    # The last point of its path lies outside the triangle.
    laboratory.picture(laboratory.window.simplex)
    chart = laboratory.window.simplex._chart
    assert chart is not None
    out = chart.point(lane.components.weights, lane.iteration)
    assert out is not None
    corners = QPolygonF([chart.corner(component) for component in range(3)])  # type: ignore[attr-defined]
    assert not corners.containsPoint(out, Qt.FillRule.OddEvenFill)
    assert chart.area.contains(out)
    assert laboratory.lanes[0].status == "converged"


def test_a_lane_that_left_goes_on_outside_only_when_it_is_asked_to(laboratory: Laboratory) -> None:
    laboratory.open(first({"algorithm": "gradient-ascent", "learning_rate": 0.1}))
    choose_coordinates(laboratory, "drop-last")
    button = laboratory.window.strips[1].go_on
    assert not button.isVisible()
    laboratory.play_to_the_end()
    left_at = laboratory.lanes[1].iteration
    assert button.isVisible()
    laboratory.click(button)
    assert laboratory.experiment.lanes[1].after_leaving == "continue"
    laboratory.play_to_the_end()
    lane = laboratory.lanes[1]
    assert lane.last_iteration > left_at
    assert not lane.is_likelihood
    assert not np.any(lane.curve.is_likelihood[left_at:])
    assert "no likelihood" in readings(laboratory, 1)


def test_another_rate_after_leaving_goes_on_inside(laboratory: Laboratory) -> None:
    laboratory.open(
        first({"algorithm": "gradient-ascent", "learning_rate": 0.1, "weight_coordinates": "drop-last"})
    )
    laboratory.play_to_the_end()
    left_at = laboratory.lanes[1].iteration
    form = laboratory.window.panel.lanes[1].chooser.form
    assert form is not None
    laboratory.retype(form.fields["learning_rate"].entry, "0.001")  # type: ignore[attr-defined]
    found = laboratory.experiment.lanes[1].interventions
    assert [each.iteration for each in found] == [left_at - 1]
    laboratory.wait_until(lambda: laboratory.traces[1].count > left_at + 1 or laboratory.traces[1].ended)
    trace = laboratory.traces[1]
    assert np.all(trace.column("is_likelihood")[: left_at + 1])


def test_raw_weights_leave_at_the_first_step_and_their_value_is_no_likelihood(
    laboratory: Laboratory,
) -> None:
    laboratory.open(first({"algorithm": "gradient-ascent", "learning_rate": 0.05}))
    gauge = laboratory.picture(laboratory.window.weight_sum)
    choose_coordinates(laboratory, "raw")
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1, lane=1)
    lane = laboratory.lanes[1]
    assert lane.status == "left-constraints"
    assert lane.weight_sum > 1 + 1e-6
    assert laboratory.picture(laboratory.window.weight_sum) != gauge
    assert "no likelihood" in said(laboratory, 1)
    assert "grows without end" in said(laboratory, 1)
    assert laboratory.frame.best_known == np.max(laboratory.lanes[0].curve.log_likelihood)


def test_raw_weights_asked_to_go_on_never_count_as_the_best_known(laboratory: Laboratory) -> None:
    laboratory.open(EXPERIMENTS / "raw-weights.toml")
    laboratory.play_to_the_end()
    em, raw = laboratory.lanes
    assert raw.weight_sum > 5
    assert raw.log_likelihood > em.log_likelihood + 500
    assert laboratory.frame.best_known == pytest.approx(em.log_likelihood, abs=1e-6)


def test_a_true_zero_is_reached_by_projected_gradient_alone(laboratory: Laboratory) -> None:
    laboratory.open(EXPERIMENTS / "true-zero-softmax.toml")
    laboratory.play_to_the_end()
    em, softmax = (lane.weights_path[:, 2] for lane in laboratory.lanes)
    assert em[-1] > 0
    assert softmax[-1] > 0
    # EM falls by one factor, softmax like 1/t: its inverse grows by about one amount.
    assert em[60] / em[50] == pytest.approx(em[50] / em[40], rel=0.05)
    assert 1 / softmax[300] - 1 / softmax[200] == pytest.approx(1 / softmax[200] - 1 / softmax[100], rel=0.2)
    laboratory.choose(laboratory.window.panel.lanes[1].chooser.box, "projected-gradient")
    laboratory.play_to_the_end()
    assert laboratory.lanes[1].parameters["weights"][2] == 0.0
    assert laboratory.lanes[1].status == "converged"
    assert "exactly 0" in " ".join(event.detail for _, event in laboratory.lanes[1].events)


def test_l_bfgs_in_raw_weights_is_greyed_out_with_its_reason(laboratory: Laboratory) -> None:
    laboratory.choose(laboratory.window.panel.lanes[1].chooser.box, "lbfgs")
    form = laboratory.window.panel.lanes[1].chooser.form
    assert form is not None
    box = form.fields["weight_coordinates"].box  # type: ignore[attr-defined]
    item = box.model().item(box.findData("raw"))
    assert not item.isEnabled()
    assert "no maximum" in item.toolTip()
    before = laboratory.experiment
    laboratory.choose(box, "raw")
    laboratory.press(Qt.Key.Key_Escape)
    assert laboratory.experiment == before


COLLAPSE = {
    "data": {"name": "three-clusters", "size": 200, "seed": 0},
    "start": {
        "name": "parameters",
        "weights": [0.4, 0.4, 0.2],
        "means": [[-3, -1], [3, -1], [0, 3]],
        "covariances": [[[1, 0], [0, 1]]] * 3,
    },
}


def statuses() -> dict[str, Experiment]:
    """An experiment for each status that its second lane comes to."""
    gradient = {"algorithm": "gradient-ascent", "learning_rate": 0.3}
    symmetric = {"start": {"name": "symmetric"}}
    zero = FIRST_DOCUMENT["start"] | {"weights": [0.5, 0.5, 0.0]}
    return {
        "converged": first({"algorithm": "lbfgs"}, stop={"tolerance": 1e-6, "max_iterations": 200}),
        "iteration-limit": first(gradient, stop={"tolerance": 0.0, "max_iterations": 5}),
        "time-limit": first(gradient, stop={"tolerance": 0.0, "max_iterations": 100000, "max_seconds": 0.01}),
        "left-constraints": first(gradient | {"weight_coordinates": "raw"}),
        "refused": first(gradient, start=zero),
        "stuck": first(gradient, **symmetric),
        "diverged": first(
            {"algorithm": "gradient-ascent", "learning_rate": 50.0, "covariance_coordinates": "raw"}
        ),
    }


@pytest.mark.parametrize("status", list(statuses()))
def test_every_status_stands_under_its_canvas_with_a_sentence(laboratory: Laboratory, status: str) -> None:
    laboratory.open(statuses()[status])
    laboratory.play_to_the_end()
    lane = laboratory.lanes[1]
    if status == "diverged":
        assert lane.status in ("diverged", "left-constraints", "collapsed")
    else:
        assert lane.status == status
    sentence = said(laboratory, 1)
    assert len(lane.reason) > 10
    assert lane.reason.split(":")[-1].strip()[:30] in sentence
    assert laboratory.window.strips[1].isVisible()
    # It is said in words at the foot, too, and the lane is named once.
    assert laboratory.sentence.count(lane.title) == 1
    assert lane.reason in laboratory.sentence


def test_a_collapse_is_told_from_an_empty_component(laboratory: Laboratory) -> None:
    laboratory.open(EXPERIMENTS / "collapse.toml")
    laboratory.play_to_the_end()
    collapsed = [lane for lane in laboratory.lanes if lane.status == "collapsed"]
    assert collapsed
    assert "grows without bound" in collapsed[0].reason
    assert why_no_likelihood(collapsed[0]).startswith("collapsed")
    assert laboratory.sentence.count(f"collapsed at {collapsed[0].iteration}") == 1
    assert any(event.kind == "collapsed" for _, event in collapsed[0].events)


def test_the_statuses_while_nothing_has_ended(laboratory: Laboratory) -> None:
    assert [lane.status for lane in laboratory.lanes] == ["paused", "paused"]
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_iteration(1)
    assert [lane.status for lane in laboratory.lanes] == ["running", "running"]
    assert said(laboratory, 0).startswith("running")
    laboratory.press(Qt.Key.Key_Space)
    assert said(laboratory, 0).startswith("paused")
    for name in ("iteration", "log-likelihood", "gradient norm", "passes", "CPU time"):
        assert name in readings(laboratory, 1)


def test_what_is_not_standardised_takes_another_way(laboratory: Laboratory) -> None:
    laboratory.open(EXPERIMENTS / "wild-axes-standardised.toml")
    form = laboratory.window.panel.lanes[1].chooser.form
    assert form is not None
    if form.more.isVisible() and not form.more.isChecked():
        laboratory.click(form.more)
    box = form.fields["standardize"].box  # type: ignore[attr-defined]
    laboratory.click(box, QPointF(8, box.height() / 2))
    assert laboratory.experiment.lanes[1].algorithm.standardize is False  # type: ignore[attr-defined]
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2, lane=1)
    em, raw = laboratory.lanes
    assert em.log_likelihood > raw.log_likelihood
