"""Rows that lack a coordinate: which get a ring, where it stands, and what is said of it."""

import dataclasses
import warnings
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from engine.parameters import Array
from gui.items.axes import Axes
from gui.items.cloud import cloud_of
from gui.items.colour_table import colour_table
from gui.items.missing_rows import (
    MOST_PATTERNS,
    MOST_RINGS,
    ROUNDED_TO,
    MissingRows,
    draw_bars_of_rings,
    draw_rings,
    lacking,
    words_at,
)
from gui.items.points import Points
from gui.lane_frame import LaneFrame
from gui.style import style
from tests.gui.frames import Recorded, recorded

AXES = Axes(QRectF(10, 20, 400, 300), -8.0, 8.0, -6.0, 8.0)
LIGHT = style("light")


def values_of(rows: int, columns: int, share: float, seed: int = 1) -> Array:
    """Two clusters in some columns that vary together, with a share of the cells missing."""
    generator = np.random.Generator(np.random.Philox(seed))
    cluster = 2.0 * generator.integers(2, size=(rows, 1)) - 1.0
    values = 2.0 * cluster + generator.normal(size=(rows, columns)) + generator.normal(size=(rows, 1))
    values[generator.random(values.shape) < share] = np.nan
    return np.asarray(values)


def csv(values: Array) -> str:
    names = "abcdefghijkl"[: values.shape[1]]
    lines = [",".join("NA" if np.isnan(cell) else f"{cell:.4f}" for cell in row) for row in values.tolist()]
    return "\n".join([",".join(names), *lines]) + "\n"


def fitted(
    values: Array, components: int = 2, shown: tuple[int, int] | None = None, **model: Any
) -> Recorded:
    return recorded(
        {
            "data": {"name": "file", "content": csv(values)},
            "model": {"name": "gaussian-mixture", "components": components, **model},
            "lanes": [{"algorithm": "em"}, {"algorithm": "gradient-ascent", "learning_rate": 0.05}],
            "start": {"name": "random-points", "seed": 2},
            "stop": {"tolerance": 0.0, "max_iterations": 8},
        },
        shown,
    )


def lane_at(made: Recorded, iteration: float, lane: int = 0) -> LaneFrame:
    return made.frame(iteration).lanes[lane]


def pixel(values: Array) -> Array:
    """Where values (m, 2) stand on AXES."""
    return np.stack([[AXES.x(x), AXES.y(y)] for x, y in values.tolist()])


def test_one_missing_cell_does_not_lose_the_other_coordinate_nor_its_range() -> None:
    values = values_of(60, 3, 0.0)
    values[7], values[9] = (np.nan, 40.0, 1.0), (-50.0, np.nan, 1.0)
    values[11, 2] = np.nan
    scene = fitted(values, shown=(1, 0)).scene
    np.testing.assert_array_equal(scene.points[[7, 9]], [[40.0, np.nan], [np.nan, -50.0]])
    assert np.all(np.isfinite(scene.points[11])), "what is not shown is not missed"
    whole = [np.nanmin(values[:, 1]), 40.0], [-50.0, np.nanmax(values[:, 0])]
    assert np.all(scene.limits[:, 0] < [each[0] for each in whole])
    assert np.all(scene.limits[:, 1] > [each[1] for each in whole])
    assert lacking(scene).rows.tolist() == [7, 9]
    assert 11 in cloud_of(scene).rows
    assert cloud_of(scene).total == 58


def test_principal_directions_hold_where_no_row_is_complete() -> None:
    values = values_of(90, 4, 0.0)
    values[np.arange(90), np.arange(90) % 4] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scene = fitted(values).scene
        limits = scene.limits
    assert np.all(np.isnan(scene.points))
    assert np.all(np.isfinite(limits))
    rings = MissingRows().rings(AXES, scene, lane_at(fitted(values), 8.0), LIGHT)
    assert len(rings.rows) == MOST_RINGS
    assert np.all(np.count_nonzero(rings.bars.any(axis=2), axis=1) == 1), (
        "each lacks one cell, which slants its bar"
    )


def test_rings_stand_where_one_gaussian_expects_them_with_a_bar_of_one_deviation() -> None:
    values = values_of(80, 2, 0.3, seed=4)
    made = fitted(values, components=1)
    lane, scene = lane_at(made, 8.0), made.scene
    described = scene.model.describe(lane.parameters)
    mean, covariance = described["means"][0], described["covariances"][0]
    rings = MissingRows().rings(AXES, scene, lane, LIGHT)
    expected, reach = [], []
    for row in scene.dataset.values[rings.rows]:
        there = ~np.isnan(row)
        found, deviations = row.copy(), np.zeros(2)
        if there.any():
            (known,), (other,) = np.flatnonzero(there), np.flatnonzero(~there)
            slope = covariance[0, 1] / covariance[known, known]
            found[other] = mean[other] + slope * (row[known] - mean[known])
            deviations[other] = np.sqrt(covariance[other, other] - slope * covariance[0, 1])
        else:
            found, deviations = mean, np.sqrt(np.diagonal(covariance))
        expected.append(found)
        reach.append(deviations)
    np.testing.assert_allclose(rings.centres, pixel(np.array(expected)), atol=ROUNDED_TO)
    lengths = np.array(reach) * [AXES.x_scale, AXES.y_scale]
    np.testing.assert_allclose(np.abs(rings.bars[:, [0, 1], [0, 1]]), lengths, atol=ROUNDED_TO)
    assert not rings.bars[:, 0, 1].any()
    assert not rings.bars[:, 1, 0].any()


def test_rows_without_any_cell_are_one_ring() -> None:
    values = values_of(50, 2, 0.0)
    values[[3, 20, 21]] = np.nan
    values[30, 0] = np.nan
    scene = fitted(values).scene
    found = lacking(scene)
    assert found.rows.tolist() == [3, 30]
    assert found.empty.tolist() == [True, False]
    assert found.every
    assert MissingRows().words(scene)[0].startswith("4 rows with a missing coordinate")
    lane = lane_at(fitted(values), 3.0)
    rings = MissingRows().rings(AXES, scene, lane, LIGHT)
    assert words_at(scene, lane, rings, 0).startswith("rows without any value: expected a ")


def test_in_one_dimension_one_ring_stands_on_the_foot_for_all() -> None:
    values = values_of(15_000, 1, 0.4)
    made = fitted(values)
    lane, scene = lane_at(made, 5.0), made.scene
    described = scene.model.describe(lane.parameters)
    mean = float(described["weights"] @ described["means"][:, 0])
    second = float(described["weights"] @ (described["covariances"][:, 0, 0] + described["means"][:, 0] ** 2))
    rings = MissingRows().rings(AXES, scene, lane, LIGHT)
    assert rings.centres[0, 0] == pytest.approx(AXES.x(mean), abs=ROUNDED_TO)
    assert AXES.area.top() < rings.centres[0, 1] < AXES.area.bottom()
    reach = np.sqrt(second - mean**2) * AXES.x_scale
    assert rings.bars[0].ravel().tolist() == pytest.approx([reach, 0.0], abs=ROUNDED_TO)
    count = f"{np.count_nonzero(np.isnan(values)):,}".replace(",", "\u00a0")
    assert MissingRows().words(scene)[0] == f"{count} rows with a missing value: expected value \u00b1 1 sd"


def test_each_lane_has_its_own_expectation_and_it_moves_and_comes_back() -> None:
    made = fitted(values_of(60, 2, 0.3))
    drawn = MissingRows()
    seen = [drawn.rings(AXES, made.scene, lane_at(made, at), LIGHT).key for at in (0.0, 1.0, 2.0, 1.0)]
    assert len(set(seen)) == 3
    assert seen[1] == seen[3]
    other = drawn.rings(AXES, made.scene, lane_at(made, 1.0, lane=1), LIGHT)
    assert other.key != seen[1]
    half = made.frame(1.5).lanes[0]
    again = drawn.rings(AXES, made.scene, half, LIGHT)
    whole = drawn.rings(AXES, made.scene, lane_at(made, 1.0), LIGHT)
    np.testing.assert_array_equal(again.centres, whole.centres, "in the E half only colours change")
    assert np.any(again.codes != whole.codes)
    shares = made.scene.responsibilities(half.colour_parameters, again.rows)
    table = colour_table(LIGHT.components, LIGHT.ghost)
    np.testing.assert_array_equal(again.codes, table.codes(shares))


def test_many_incomplete_rows_get_few_rings_spread_over_the_file_and_it_says_so() -> None:
    values = values_of(3000, 2, 0.4)
    scene = fitted(values).scene
    found = lacking(scene)
    lacks = np.flatnonzero(np.isnan(values).any(axis=1))
    assert len(found.rows) == MOST_RINGS
    assert set(found.rows.tolist()) <= set(lacks.tolist())
    assert np.all(np.bincount(found.rows * 6 // 3000, minlength=6) >= 5)
    words = MissingRows().words(scene)
    assert words[0].startswith(f"{MOST_RINGS} of {len(lacks):,} rows".replace(",", "\u00a0"))
    assert all("\u00b1 1 sd" in each for each in words[:-1])
    assert [len(each) for each in words] == sorted((len(each) for each in words), reverse=True)


def test_many_sets_of_missing_cells_are_bounded_too(application: QApplication) -> None:
    values = values_of(600, 8, 0.4)
    scene = fitted(values, shown=(2, 5)).scene
    found = lacking(scene)
    kinds = {tuple(row) for row in np.isnan(values[found.rows]).tolist()}
    assert 1 < len(kinds) <= MOST_PATTERNS
    assert np.all(np.isnan(values[found.rows][:, [2, 5]]).any(axis=1))
    points = Points()
    assert "of them coloured" in points.legend(scene)
    image = QImage(420, 340, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    points.draw(painter, AXES, scene, scene.start_parameters, LIGHT)
    painter.end()
    assert 0 < len(points._shown) < len(cloud_of(scene))


def test_complete_data_and_parameters_without_a_likelihood_have_no_rings() -> None:
    complete = fitted(values_of(40, 2, 0.0))
    rings = MissingRows().rings(AXES, complete.scene, lane_at(complete, 1.0), LIGHT)
    assert len(rings.rows) == 0
    assert rings.at(QPointF(100, 100)) is None
    assert MissingRows().words(complete.scene) == ()
    made = fitted(values_of(40, 2, 0.3))
    lane = lane_at(made, 1.0)
    broken = lane.parameters.replaced({"covariances": -lane.parameters["covariances"]})
    none = MissingRows().rings(AXES, made.scene, dataclasses.replace(lane, parameters=broken), LIGHT)
    assert len(none.rows) == 0


def test_a_ring_is_hollow_in_its_rows_colour_and_its_bar_leads_both_ways(application: QApplication) -> None:
    values = values_of(60, 2, 0.0)
    values[5] = (6.0, np.nan)
    made = fitted(values)
    lane, scene = lane_at(made, 8.0), made.scene
    rings = MissingRows().rings(AXES, scene, lane, LIGHT)
    assert len(rings.rows) == 1
    image = QImage(420, 340, QImage.Format.Format_RGB32)
    image.fill(LIGHT.colour("canvas"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_bars_of_rings(painter, rings, LIGHT)
    draw_rings(painter, rings, LIGHT)
    painter.end()
    x, y = rings.centres[0].tolist()
    reach = float(np.abs(rings.bars[0, 1, 1]))

    def at(down: float, across: float = 0.0) -> QColor:
        return QColor(image.pixel(int(x + across), int(y + down)))

    canvas = LIGHT.colour("canvas").name()
    assert at(0.0).name() == canvas, "it is hollow"
    owner = int(np.argmax(scene.responsibilities(lane.colour_parameters, rings.rows)[:, 0]))
    bar = at(0.7 * reach)
    assert bar.name() != canvas
    assert at(-0.7 * reach).name() != canvas
    assert at(1.3 * reach).name() == canvas
    assert abs(bar.hslHue() - LIGHT.component(owner).hslHue()) < 12
    rim = float(rings.radii[0])
    assert max(abs(at(0, rim).hslHue() - LIGHT.component(owner).hslHue()), 0) < 12


def test_the_mouse_is_told_the_row_and_what_is_expected_of_what_it_lacks() -> None:
    values = values_of(60, 2, 0.0)
    values[16] = (np.nan, 2.0)
    made = fitted(values)
    lane, scene = lane_at(made, 8.0), made.scene
    rings = MissingRows().rings(AXES, scene, lane, LIGHT)
    ring = rings.at(QPointF(*(rings.centres[0] + 2.0).tolist()))
    assert ring == 0
    assert rings.at(QPointF(*(rings.centres[0] + 30.0).tolist())) is None
    said = words_at(scene, lane, rings, ring)
    value, deviation = (float(each) for each in said.removeprefix("row 17: expected a ").split(" \u00b1 "))
    assert AXES.x(value) == pytest.approx(rings.centres[0, 0], abs=1.0)
    assert deviation * AXES.x_scale == pytest.approx(abs(rings.bars[0, 0, 0]), rel=0.06)


def test_rings_are_as_wide_as_their_rows_count(application: QApplication) -> None:
    text = "a,b,n\n" + "".join(f"{a:.3f},{b:.3f},1\n" for a, b in values_of(50, 2, 0.0).tolist())
    made = recorded(
        {
            "data": {"name": "file", "content": text + "1.0,NA,4\n-1.0,NA,1\n", "weights_column": "n"},
            "model": {"name": "gaussian-mixture", "components": 2},
            "lanes": [{"algorithm": "em"}],
            "start": {"name": "random-points", "seed": 2},
            "stop": {"tolerance": 0.0, "max_iterations": 3},
        }
    )
    rings = MissingRows().rings(AXES, made.scene, lane_at(made, 2.0), LIGHT)
    assert rings.radii[0] == pytest.approx(2.0 * rings.radii[1])


def test_what_is_chosen_stays_while_only_the_start_changes() -> None:
    made = fitted(values_of(60, 2, 0.3))
    drawn, scene = MissingRows(), made.scene
    first = drawn.lacking(scene)
    moved = dataclasses.replace(scene, start_parameters=lane_at(made, 3.0).parameters)
    assert drawn.lacking(moved) is first
    assert drawn.lacking(fitted(values_of(60, 2, 0.2)).scene) is not first
