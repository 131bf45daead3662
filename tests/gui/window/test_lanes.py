"""The lanes of the race by the mouse: up to eight, added, copied, named, moved, switched, folded, taken away."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPointF, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from engine import catalogue
from engine.experiment import Lane
from gui import edits
from gui.controls.lane_panel import LanePanel
from gui.items import likelihood_whole, profiles
from gui.items.likelihood_scale import Reading, leader
from gui.views import likelihood as likelihood_module
from tests.gui.laboratory import LEFT, Laboratory


def algorithms(laboratory: Laboratory) -> list[str]:
    return [lane.algorithm.name for lane in laboratory.experiment.lanes]


def lane(laboratory: Laboratory, place: int) -> LanePanel:
    return laboratory.window.panel.lanes[place]


def choose(laboratory: Laboratory, place: int, action: Callable[[LanePanel], QAction]) -> None:
    """Opens the menu of a lane with a click and clicks on one of its entries."""
    panel = lane(laboratory, place)
    clicked: list[bool] = []

    def click() -> None:
        menu = QApplication.activePopupWidget()
        if isinstance(menu, QMenu):
            clicked.append(True)
            QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action(panel)).center())

    QTimer.singleShot(50, click)
    laboratory.click(panel.more)
    laboratory.wait_until(lambda: bool(clicked), what="the menu of the lane")
    laboratory.settle()


def test_up_to_eight_lanes_are_added_and_their_canvases_tile(laboratory: Laboratory) -> None:
    window = laboratory.window
    for count in range(3, 9):
        laboratory.click(window.panel.add_lane)
        laboratory.settle()
        assert len(laboratory.lanes) == count
        assert len(window.canvases) == len(window.strips) == count
        boxes = [canvas.geometry() for canvas in window.canvases]
        assert not any(one.intersects(other) for i, one in enumerate(boxes) for other in boxes[:i])
        rows = {box.top() for box in boxes}
        assert len(rows) == (1 if count <= 3 else 2)
        assert max(box.width() for box in boxes) - min(box.width() for box in boxes) <= 2
        assert all(box.width() >= 200 and box.height() >= 100 for box in boxes)
        assert all(canvas.isVisible() for canvas in window.canvases)
    assert not window.panel.add_lane.isVisible() or not window.panel.add_lane.isEnabled()
    assert not lane(laboratory, 0).duplicate.isEnabled()
    laboratory.play_to_the_end()
    assert all(each.complete for each in laboratory.lanes)


def test_a_lane_is_copied_moved_and_switched_by_its_menu(laboratory: Laboratory) -> None:
    choose(laboratory, 0, lambda panel: panel.duplicate)
    assert algorithms(laboratory) == ["em", "em", "gradient-ascent"]
    titles = [each.title for each in laboratory.experiment.lanes]
    assert len(set(titles)) == 3, "a copy has a name of its own"
    choose(laboratory, 2, lambda panel: panel.up)
    assert algorithms(laboratory) == ["em", "gradient-ascent", "em"]
    choose(laboratory, 0, lambda panel: panel.down)
    assert algorithms(laboratory) == ["gradient-ascent", "em", "em"]
    choose(laboratory, 1, lambda panel: panel.on)
    assert [each.on for each in laboratory.experiment.lanes] == [True, False, True]
    assert [each.index for each in laboratory.lanes] == [0, 2], "the others keep their colours"
    choose(laboratory, 1, lambda panel: panel.on)
    assert len(laboratory.lanes) == 3


def test_a_lane_is_named_and_taken_away(laboratory: Laboratory) -> None:
    laboratory.retype(lane(laboratory, 1).name, "a rate of 1.2".replace(".", "-"))
    assert laboratory.experiment.lanes[1].title == "a rate of 1-2"
    assert laboratory.lanes[1].title == "a rate of 1-2"
    laboratory.click(lane(laboratory, 0).remove)
    assert algorithms(laboratory) == ["gradient-ascent"]
    assert len(laboratory.window.canvases) == 1
    assert not lane(laboratory, 0).remove.isVisible(), "one lane stays"


def test_a_panel_folds_to_its_header_while_its_lane_runs_on(laboratory: Laboratory) -> None:
    panel = lane(laboratory, 0)
    height = panel.height()
    laboratory.click(panel.header)
    assert not panel.chooser.isVisible()
    assert panel.name.isVisible()
    assert panel.sample.isVisible()
    assert panel.height() < 0.5 * height
    laboratory.play_to_the_end()
    assert laboratory.lanes[0].complete
    laboratory.click(panel.header)
    assert panel.chooser.isVisible()


def test_a_setting_of_the_same_name_that_means_something_else_keeps_no_algorithm_away(
    laboratory: Laboratory,
) -> None:
    """A memory of ten steps is no memory of nine tenths; a restart may be a yes or a way."""
    for name in ("lbfgs", "mini-batch-em", "lbfgs-b", "nesterov", "conjugate-gradient", "nesterov"):
        laboratory.choose(lane(laboratory, 1).chooser.box, name)
        assert laboratory.told == []
        assert algorithms(laboratory)[1] == name


def test_every_algorithm_can_follow_every_other_and_keeps_what_means_the_same(laboratory: Laboratory) -> None:
    classes = catalogue.find("algorithms")
    for before in classes.values():
        there = edits.with_lane(laboratory.experiment, 1, Lane(before()))
        for name in classes:
            assert edits.with_lane_algorithm(there, 1, name).lanes[1].algorithm.name == name
    there = edits.with_lane(
        laboratory.experiment, 1, Lane(classes["lbfgs"](memory=7, weight_coordinates="stick-breaking"))
    )
    followed: Any = edits.with_lane_algorithm(there, 1, "lbfgs-b").lanes[1].algorithm
    assert followed.memory == 7
    followed = edits.with_lane_algorithm(there, 1, "gradient-ascent").lanes[1].algorithm
    assert followed.weight_coordinates == "stick-breaking"


def test_hovering_names_the_lane_that_leads_at_that_cost(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory.choose(lane(laboratory, 1).chooser.box, "lbfgs")
    laboratory.play_to_the_end()
    laboratory.choose(laboratory.window.transport.clock, "passes")
    read: list[tuple[list[Reading], str]] = []
    draw = vars(likelihood_module)["draw_reading_box"]

    def noted(painter: Any, style: Any, found: list[Reading], heading: str, *rest: Any) -> Any:
        read.append((found, heading))
        return draw(painter, style, found, heading, *rest)

    monkeypatch.setattr(likelihood_module, "draw_reading_box", noted)
    view = laboratory.window.likelihood
    laboratory.settle()
    axes = view._axes
    assert axes is not None
    laboratory.hover(view, QPointF(axes.x(6.0), axes.area.center().y()))
    found, heading = read[-1]
    assert "passes" in heading
    best = max(found, key=lambda each: each.value)
    assert heading.endswith(f": {best.title} leads")


@pytest.mark.parametrize("story", ["two-coins", "role-conflict"])
def test_no_name_of_an_axis_lies_over_its_numbers_on_eight_small_canvases(
    laboratory: Laboratory, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[bool] = []
    for module in (likelihood_whole, profiles):
        draw = vars(module)["draw_axes"]

        def noted(painter: Any, axes: Any, style: Any, *names: str, draw: Any = draw) -> None:
            named.append(any(names))
            draw(painter, axes, style, *names)

        monkeypatch.setattr(module, "draw_axes", noted)
    laboratory.session.edit("choose data", lambda e: edits.with_story(e, story))
    laboratory.picture(laboratory.window.canvases[0])
    assert named[-1], "there is room for the names of two"
    while len(laboratory.experiment.lanes) < 8:
        laboratory.session.edit("add lane", lambda e: edits.with_another_lane(e, -1))
    laboratory.settle()
    named.clear()
    for canvas in laboratory.window.canvases:
        laboratory.picture(canvas)
    assert len(named) >= 8
    assert not any(named)


def test_nobody_leads_where_two_are_level_or_one_alone_has_a_likelihood() -> None:
    def reading(title: str, value: float, is_likelihood: bool = True) -> Reading:
        return Reading(0, title, 5, value, 0.0, is_likelihood, 5.0, value)

    assert leader([reading("a", -10.0), reading("b", -9.0)]) == reading("b", -9.0)
    assert leader([reading("a", -9.0), reading("b", -9.0)]) is None
    assert leader([reading("a", -10.0), reading("b", -9.0, is_likelihood=False)]) is None
    assert leader([reading("a", -10.0), reading("b", float("nan"))]) is None
