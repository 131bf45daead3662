"""The pictures under the mouse: likelihood, timeline, zoom and pan, truth, clocks, the gap, other dimensions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from engine.experiment import Experiment, from_document
from gui.app import FIRST_EXPERIMENT
from gui.items.axes import Axes
from gui.items.likelihood_scale import Reading
from gui.items.start_ghost import ghost_means
from gui.style import style
from gui.views import likelihood as likelihood_module
from tests.gui.laboratory import Laboratory

EXPERIMENTS = FIRST_EXPERIMENT.parent


def axes(laboratory: Laboratory) -> Axes:
    """Where values stand in the likelihood view now."""
    laboratory.settle()
    found = laboratory.window.likelihood._axes
    assert found is not None
    return found


def place(laboratory: Laboratory, iteration: float) -> QPointF:
    """A pixel of the likelihood view at a position of the clock."""
    here = axes(laboratory)
    return QPointF(here.x(iteration), here.area.center().y())


def experiment(story: str, components: int = 2, **sections: Any) -> Experiment:
    document: dict[str, Any] = {
        "data": {"name": story},
        "model": {"name": "gaussian-mixture", "components": components},
        "start": {"name": "k-means++", "seed": 1},
        "lanes": [{"algorithm": "em"}, {"algorithm": "gradient-ascent", "learning_rate": 0.3}],
        "stop": {"max_iterations": 40},
    }
    return from_document(document | sections)


# The sum of the weights


@pytest.mark.parametrize("lecture", [False, True])
def test_no_number_of_the_gauge_touches_its_heading(laboratory: Laboratory, lecture: bool) -> None:
    gauge = laboratory.window.weight_sum
    if lecture:
        laboratory.press(Qt.Key.Key_F5)
    laboratory.picture(gauge)
    assert gauge._axes is not None
    (_, looks, _), here = gauge._axes
    line = QFontMetricsF(looks.font(small=True)).height()
    heading_ends, number_begins = 1 + line, here.area.top() - line / 2
    laboratory.press(Qt.Key.Key_Escape)
    assert number_begins >= heading_ends


# The log-likelihood


def test_a_click_in_the_likelihood_moves_the_cursor_there(laboratory: Laboratory) -> None:
    laboratory.play_to_the_end()
    traces = laboratory.traces
    laboratory.click(laboratory.window.likelihood, place(laboratory, 17))
    assert laboratory.session.cursor == 17
    assert [lane.iteration for lane in laboratory.lanes] == [17, 17]
    laboratory.press(Qt.Key.Key_R)
    laboratory.click(laboratory.window.likelihood, place(laboratory, 31.4))
    assert laboratory.session.cursor == 31
    assert laboratory.traces == traces


def test_hovering_reads_both_lanes_at_that_clock(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory.play_to_the_end()
    read: list[tuple[list[Reading], str]] = []
    draw = vars(likelihood_module)["draw_reading_box"]

    def noted(painter: Any, style: Any, found: list[Reading], heading: str, *rest: Any) -> Any:
        read.append((found, heading))
        return draw(painter, style, found, heading, *rest)

    monkeypatch.setattr(likelihood_module, "draw_reading_box", noted)
    view = laboratory.window.likelihood
    laboratory.hover(view, place(laboratory, 23))
    found, heading = read[-1]
    assert heading.startswith("iteration 23")
    assert [(each.title, each.iteration) for each in found] == [("em", 23), ("gradient-ascent", 23)]
    for each, trace in zip(found, laboratory.traces, strict=True):
        assert each.value == trace.floats("log_likelihood")[23]
        assert each.gap == laboratory.frame.best_known - each.value
    assert laboratory.session.cursor == 60
    count = len(read)
    laboratory.hover(laboratory.window.simplex)
    assert len(read) == count


def test_dragging_and_the_wheel_zoom_the_likelihood_and_a_double_click_brings_it_back(
    laboratory: Laboratory,
) -> None:
    laboratory.play_to_the_end()
    view, whole = laboratory.window.likelihood, axes(laboratory)
    middle = whole.area.center()
    laboratory.wheel(view, middle, 3)
    closer = axes(laboratory)
    assert closer.x_high - closer.x_low < whole.x_high - whole.x_low
    assert closer.y_high - closer.y_low < whole.y_high - whole.y_low
    assert closer.value_x(middle.x()) == pytest.approx(whole.value_x(middle.x()))
    cursor = laboratory.session.cursor
    laboratory.drag(view, middle, middle + QPointF(10, 5), middle + QPointF(40, 20))
    moved = axes(laboratory)
    assert moved.x_low == pytest.approx(closer.x_low - 40 / closer.x_scale)
    laboratory.wheel(view, QPointF(middle.x(), view.height() - 5), 2)
    wider = axes(laboratory)
    assert (wider.y_low, wider.y_high) == (moved.y_low, moved.y_high)
    assert wider.x_high - wider.x_low < moved.x_high - moved.x_low
    laboratory.double_click(view, middle)
    again = axes(laboratory)
    assert (again.x_low, again.x_high, again.y_low, again.y_high) == (
        whole.x_low,
        whole.x_high,
        whole.y_low,
        whole.y_high,
    )
    assert laboratory.session.cursor == cursor or laboratory.session.cursor <= 60


def test_the_clock_counts_iterations_passes_or_seconds(laboratory: Laboratory) -> None:
    bar = laboratory.window.transport
    laboratory.press(Qt.Key.Key_Right, times=6)
    laboratory.wait_for_iteration(6)
    laboratory.choose(bar.clock, "passes")
    assert laboratory.frame.clock == "passes"
    passes = [trace.floats("passes") for trace in laboratory.traces]
    assert laboratory.session.cursor == max(column[6] for column in passes)
    before = laboratory.session.cursor
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_until(lambda: laboratory.session.cursor > before)
    every = {*passes_of(laboratory, 0), *passes_of(laboratory, 1)}
    assert laboratory.session.cursor == min(each for each in every if each > before)
    assert not bar.half.isEnabled()
    laboratory.choose(bar.clock, "cpu")
    assert "CPU" in likelihood_module.CLOCK_LABELS[laboratory.frame.clock]
    for lane in laboratory.lanes:
        assert lane.cpu_seconds <= laboratory.session.cursor
    laboratory.play_to_the_end()
    ends = [trace.floats("cpu_seconds")[-1] for trace in laboratory.traces]
    assert laboratory.session.cursor == max(ends)
    laboratory.choose(bar.clock, "iteration")
    assert laboratory.session.cursor == 60
    # How it is shown is no change of the experiment.
    assert not laboratory.session.has_unsaved_work


def passes_of(laboratory: Laboratory, lane: int) -> list[float]:
    return [float(each) for each in laboratory.traces[lane].floats("passes")]


def test_the_gap_is_to_the_best_value_seen_and_then_to_the_polished_maximum(laboratory: Laboratory) -> None:
    laboratory.choose(laboratory.window.transport.vertical, "gap")
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    assert laboratory.frame.vertical == "gap"
    assert not laboratory.frame.best_is_polished
    costs = None
    laboratory.play_to_the_end()
    costs = [trace.last.passes for trace in laboratory.traces]
    laboratory.wait_until(lambda: laboratory.frame.best_is_polished, what="the polished maximum")
    seen = max(float(np.max(lane.curve.log_likelihood)) for lane in laboratory.lanes)
    assert laboratory.frame.best_known >= seen
    # EM is within 1 of the maximum after 60 steps; what polishes it is charged to nobody.
    assert laboratory.frame.best_known - seen < 1
    assert [trace.last.passes for trace in laboratory.traces] == costs
    assert axes(laboratory).log_y


# The timeline


def test_the_timeline_is_scrubbed_by_the_mouse(laboratory: Laboratory) -> None:
    laboratory.play_to_the_end()
    timeline = laboratory.window.timeline
    middle = timeline.height() / 3
    here, there = (QPointF(timeline.x_of(at), middle) for at in (50, 20))
    shown: list[float] = []
    laboratory.session.frame_changed.connect(lambda frame: shown.append(frame.cursor))
    laboratory.drag(timeline, here, *(QPointF(timeline.x_of(at), middle) for at in (45, 40, 30)), there)
    assert shown[0] == 50
    assert shown[-1] == laboratory.session.cursor == 20
    assert set(shown) >= {50, 45, 40, 30, 20}
    laboratory.click(timeline, QPointF(timeline.width() - 1, middle))
    assert laboratory.session.cursor == 60
    laboratory.click(timeline, QPointF(0, middle))
    assert laboratory.session.cursor == 0


def test_the_timeline_says_what_happened_where(laboratory: Laboratory) -> None:
    laboratory.play_to_the_end()
    timeline = laboratory.window.timeline
    fell = int(np.flatnonzero(laboratory.lanes[1].curve.decreased)[0])
    assert f"gradient-ascent at {fell}: the log-likelihood fell by" in timeline.words_at(timeline.x_of(fell))
    assert timeline.words_at(timeline.x_of(3)) == ""


def test_scrubbing_while_both_run_plays_on_from_there(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Space)
    laboratory.wait_for_iteration(4)
    laboratory.wait_until(lambda: laboratory.race.ended)
    timeline = laboratory.window.timeline
    laboratory.click(timeline, QPointF(timeline.x_of(40), 10))
    assert laboratory.session.playing
    assert laboratory.session.cursor >= 39
    laboratory.wait_for_iteration(42)


# Zoom and pan of the data


def test_zoom_and_pan_are_linked_between_the_canvases(laboratory: Laboratory) -> None:
    one, other = laboratory.window.canvases
    viewport = laboratory.window.viewport
    whole, picture = np.array(viewport.limits), laboratory.picture(other)
    at = QPointF(one.width() * 0.6, one.height() * 0.5)
    laboratory.wheel(one, at, 2)
    assert np.all(np.ptp(viewport.limits, axis=1) < np.ptp(whole, axis=1))
    assert laboratory.picture(other) != picture
    closer, before = np.array(viewport.limits), laboratory.experiment
    free = QPointF(one.width() - 30, one.height() * 0.25)
    laboratory.drag(other, free, free - QPointF(10, 5), free - QPointF(30, 15))
    assert np.all(viewport.limits != closer)
    assert np.allclose(np.ptp(viewport.limits, axis=1), np.ptp(closer, axis=1))
    assert laboratory.experiment == before
    # What is seen stays while the start and the cursor move.
    limits = np.array(viewport.limits)
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)
    assert np.array_equal(viewport.limits, limits)
    laboratory.double_click(one, free)
    assert viewport.is_whole
    laboratory.wheel(one, at, 2)
    laboratory.press(Qt.Key.Key_0)
    assert viewport.is_whole


def test_the_truth_is_drawn_on_demand(laboratory: Laboratory) -> None:
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    canvas = laboratory.window.canvases[0]
    without = laboratory.picture(canvas)
    box = laboratory.window.transport.truth
    laboratory.click(box, QPointF(8, box.height() / 2))
    assert laboratory.frame.show_truth
    assert laboratory.picture(canvas) != without
    laboratory.click(box, QPointF(8, box.height() / 2))
    assert laboratory.picture(canvas) == without


def test_data_without_a_truth_say_so(laboratory: Laboratory) -> None:
    laboratory.load(EXPERIMENTS.parent / "data/faithful.csv")
    box = laboratory.window.transport.truth
    assert not box.isEnabled()
    assert "not known" in box.toolTip()


# Dimensions


def test_one_dimension_is_a_histogram_with_densities(laboratory: Laboratory) -> None:
    laboratory.open(experiment("two-bumps"))
    frame = laboratory.frame
    assert frame.scene.projection.dimension == 1
    assert not laboratory.window.transport.first_column.isVisible()
    before = laboratory.picture(laboratory.window.canvases[0])
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    assert laboratory.picture(laboratory.window.canvases[0]) != before
    seen = laboratory.colours(laboratory.window.canvases[0])
    assert laboratory.window.style_now.components[0] in seen
    assert laboratory.window.style_now.components[1] in seen


def test_ten_dimensions_show_two_columns_or_two_principal_directions(laboratory: Laboratory) -> None:
    laboratory.open(experiment("ten-dimensions", 5))
    bar, scene = laboratory.window.transport, laboratory.frame.scene
    columns = scene.dataset.columns
    assert len(columns) == 10
    assert bar.first_column.isVisible()
    first = scene.projection.labels
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    traces, cursor = laboratory.traces, laboratory.session.cursor
    laboratory.choose(bar.first_column, 6)
    assert laboratory.frame.scene.projection.labels[0] == columns[6]
    laboratory.choose(bar.second_column, 2)
    assert laboratory.frame.scene.projection.labels == (columns[6], columns[2])
    values = laboratory.frame.scene.dataset.values
    assert np.array_equal(laboratory.frame.scene.points, values[:, [6, 2]])
    laboratory.choose(bar.first_column, -1)
    assert laboratory.frame.scene.projection.labels[0].endswith("principal direction")
    assert first != (columns[6], columns[2])
    # Only the picture has changed.
    assert laboratory.traces == traces
    assert laboratory.session.cursor == cursor
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(3)


def test_counts_are_fitted_by_a_poisson_mixture_in_the_same_window(laboratory: Laboratory) -> None:
    laboratory.choose(laboratory.window.panel.data.box, "poisson-counts")
    assert laboratory.experiment.model.name == "poisson-mixture"
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    assert all(np.isfinite(lane.log_likelihood) for lane in laboratory.lanes)
    laboratory.choose(laboratory.window.panel.data.box, "three-clusters")
    assert laboratory.experiment.model.name == "gaussian-mixture"


@pytest.mark.parametrize(
    ("story", "model"),
    [
        ("linkage", "genetic-linkage"),
        ("linkage-crosses", "genetic-linkage"),
        ("two-coins", "coins"),
        ("coin-tosses", "coins"),
        ("role-conflict", "bernoulli-mixture"),
        ("latent-classes", "bernoulli-mixture"),
        ("binomial-counts", "binomial-mixture"),
        ("word-counts", "multinomial-mixture"),
        ("waiting-times", "gamma-mixture"),
        ("two-lines", "mixture-of-regressions"),
    ],
)
def test_every_story_opens_with_its_model_and_is_drawn(
    laboratory: Laboratory, story: str, model: str
) -> None:
    window = laboratory.window
    laboratory.choose(window.panel.data.box, story)
    assert laboratory.experiment.model.name == model
    laboratory.wait_until(lambda: laboratory.frame.scene.model.name == model, what="the data are there")
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    assert all(np.isfinite(lane.log_likelihood) for lane in laboratory.lanes)
    for view in (*window.canvases, window.simplex, window.weight_sum, window.likelihood):
        assert len(laboratory.colours(view)) >= 2
    laboratory.hover(window.canvases[0])
    laboratory.press(Qt.Key.Key_Left, times=3)
    # Back to Gaussians: what the new model cannot begin with is exchanged.
    laboratory.choose(window.panel.data.box, "three-clusters")
    assert laboratory.experiment.model.name == "gaussian-mixture"
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)


def test_sets_of_unequal_length_are_opened_from_a_file_chosen_as_coins_and_drawn(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    path = tmp_path / "sets.csv"
    path.write_text("heads,tosses\n5,10\n9,12\n8,8\n1,4\n7,30\n2,20\n11,12\n3,11\n", encoding="utf-8")
    laboratory.load(path)
    laboratory.unfold("model")
    laboratory.choose(laboratory.window.panel.model.box, "coins")
    laboratory.wait_until(lambda: laboratory.frame.scene.model.name == "coins")
    assert laboratory.told == []
    assert getattr(laboratory.experiment.model, "trials_column", None) == "tosses"
    components = laboratory.frame.components
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    for canvas in laboratory.window.canvases:
        colours = laboratory.colours(canvas)
        assert {style("light").component(k).name() for k in range(components)} <= colours
    # Half a step, the E step's table, the parameters and the trials of many starts have nothing to trip over.
    for key in (Qt.Key.Key_Period, Qt.Key.Key_E, Qt.Key.Key_E):
        laboratory.press(key)
        laboratory.settle()
    laboratory.hover(laboratory.window.canvases[0])
    assert laboratory.told == []


def test_a_file_of_unequal_sets_is_taken_by_the_coins_that_are_there(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    path = tmp_path / "sets.csv"
    path.write_text("heads,tosses\n5,10\n9,12\n8,8\n1,4\n7,30\n2,20\n11,12\n3,11\n", encoding="utf-8")
    laboratory.choose(laboratory.window.panel.data.box, "two-coins")
    laboratory.wait_until(lambda: laboratory.frame.scene.model.name == "coins")
    laboratory.load(path)
    assert laboratory.told == []
    assert laboratory.experiment.model.name == "coins"
    assert getattr(laboratory.experiment.model, "trials_column", None) == "tosses"


def test_the_start_of_a_gamma_mixture_is_dragged_by_its_means(laboratory: Laboratory) -> None:
    window = laboratory.window
    laboratory.choose(window.panel.data.box, "waiting-times")
    laboratory.wait_until(
        lambda: laboratory.frame.scene.model.name == "gamma-mixture", what="the data are there"
    )
    scene, canvas = laboratory.frame.scene, window.canvases[0]
    axes = canvas.axes(laboratory.frame, QRectF(canvas.rect()))
    place = QPointF(*ghost_means(axes, scene.start)[0].tolist()).toPoint()
    laboratory.drag(canvas, place, place + QPoint(20, 0), place + QPoint(60, 0))
    laboratory.wait_until(lambda: laboratory.frame.scene is not scene, what="the start moves")
    before, after = scene.start.means[:, 0], laboratory.frame.scene.start.means[:, 0]
    assert after[0] == pytest.approx(before[0] + 60 / axes.x_scale, abs=2 / axes.x_scale)
    assert after[1] == pytest.approx(before[1])


# Lanes


def test_a_lane_is_added_renamed_and_removed(laboratory: Laboratory) -> None:
    window = laboratory.window
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    em, gradient = laboratory.traces
    laboratory.click(window.panel.add_lane)
    assert [lane.title for lane in laboratory.lanes] == ["em", "gradient-ascent", "gradient-ascent 2"]
    assert laboratory.traces[:2] == [em, gradient]
    assert len(window.canvases) == len(window.strips) == 3
    assert all(canvas.isVisible() for canvas in window.canvases)
    laboratory.choose(window.panel.lanes[2].chooser.box, "adam")
    laboratory.retype(window.panel.lanes[2].name, "the third")
    assert laboratory.experiment.lanes[2].title == "the third"
    laboratory.click(window.canvases[2])
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2, lane=2)
    laboratory.click(window.panel.lanes[0].remove)
    assert [lane.title for lane in laboratory.lanes] == ["gradient-ascent", "the third"]
    assert laboratory.traces[0] is gradient
    laboratory.click(window.panel.lanes[0].remove)
    assert not window.panel.lanes[0].remove.isVisible()
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1)


def test_eight_lanes_fit_and_run(laboratory: Laboratory) -> None:
    window = laboratory.window
    for _ in range(6):
        laboratory.click(window.panel.add_lane)
    assert len(laboratory.lanes) == 8
    assert not window.panel.add_lane.isEnabled()
    assert (laboratory.shell.width(), laboratory.shell.height()) == (1366, 768)
    for canvas in window.canvases:
        assert canvas.width() > 150
        assert canvas.height() > 80
        assert laboratory.at(canvas)
    laboratory.press(Qt.Key.Key_Right)
    laboratory.wait_for_iteration(1, lane=7)
    assert len({lane.parameters.vector.tobytes() for lane in laboratory.lanes[1:]}) == 1
