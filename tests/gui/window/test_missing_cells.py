"""A file with missing cells in the window: fitted whole, drawn where each lane expects it, or its rows dropped."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt

from gui.items.missing_rows import Rings
from gui.views.data_canvas import DataCanvas
from tests.gui.laboratory import Laboratory
from tests.gui.window.conftest import FIRST

pytestmark = pytest.mark.filterwarnings("error")

CONTROL = Qt.KeyboardModifier.ControlModifier
ROWS = 90


def text(columns: int = 2) -> str:
    """Three clusters along a line, every third row without a cell, and one without any."""
    generator = np.random.Generator(np.random.Philox(8))
    cluster = np.arange(ROWS) % 3
    values = 4.0 * cluster[:, None] + generator.normal(size=(ROWS, columns))
    values[np.arange(0, ROWS, 3), generator.integers(columns, size=ROWS // 3)] = np.nan
    values[50] = np.nan
    lines = [",".join("NA" if np.isnan(cell) else f"{cell:.4f}" for cell in row) for row in values.tolist()]
    return "\n".join([",".join("abcd"[:columns]), *lines]) + "\n"


def file(folder: Path, columns: int = 2) -> Path:
    path = folder / "holes.csv"
    path.write_text(text(columns), encoding="utf-8")
    return path


@pytest.fixture
def holes(laboratory: Laboratory, tmp_path: Path) -> Iterator[Laboratory]:
    """The window on such a file, at its start."""
    laboratory.load(file(tmp_path))
    laboratory.wait_until(lambda: laboratory.frame.scene.dataset.rows == ROWS)
    yield laboratory
    assert laboratory.faults == []


def canvas(laboratory: Laboratory, lane: int = 0) -> DataCanvas:
    return laboratory.window.canvases[lane]


def rings(laboratory: Laboratory, lane: int = 0) -> Rings:
    """The rings that a canvas shows now."""
    view = canvas(laboratory, lane)
    frame, style = laboratory.frame, view.style_in_use
    axes = view.axes(frame, QRectF(view.rect()))
    return view._missing.rings(axes, frame.scene, frame.lanes[lane], style)


def legend(laboratory: Laboratory) -> str:
    return canvas(laboratory)._legend(laboratory.frame.scene).wordings[0]


def test_a_file_with_missing_cells_loads_whole_and_says_how_many_there_are(holes: Laboratory) -> None:
    assert holes.told == []
    assert holes.frame.scene.dataset.missing == 32
    note = holes.window.panel.missing
    assert note.isVisible()
    assert note.text() == "32 missing cells in 31 of 90 rows"
    assert legend(holes) == "31 rows with a missing coordinate: expected value \u00b1 1 sd"
    assert len(rings(holes).rows) == 31
    holes.open(FIRST)
    assert not note.isVisible()


def test_rings_move_with_the_fit_and_back_with_the_cursor_in_each_lane_by_itself(holes: Laboratory) -> None:
    start, pictures = rings(holes), [holes.picture(canvas(holes))]
    holes.press(Qt.Key.Key_Right, times=3)
    holes.wait_for_iteration(3)
    holes.wait_for_iteration(3, lane=1)
    moved, other = rings(holes), rings(holes, lane=1)
    assert np.max(np.abs(moved.centres - start.centres)) > 2
    assert np.max(np.abs(moved.centres - other.centres)) > 2
    holes.press(Qt.Key.Key_Period)
    holes.settle()
    np.testing.assert_array_equal(rings(holes).centres, moved.centres)
    holes.press(Qt.Key.Key_R)
    holes.wait_until(lambda: holes.lanes[0].iteration == 0)
    holes.settle()
    assert rings(holes).key == start.key
    pictures.append(holes.picture(canvas(holes)))
    assert pictures[0] == pictures[1]
    holes.play_to_the_end()
    assert holes.told == []


def test_the_pointer_on_a_ring_is_told_its_row(holes: Laboratory) -> None:
    view, seen = canvas(holes), rings(holes)
    apart = [
        float(np.min(np.delete(np.hypot(*(seen.centres - each).T), place)))
        for place, each in enumerate(seen.centres)
    ]
    means = view.start_shown(holes.frame).means
    axes = view.axes(holes.frame, QRectF(view.rect()))
    from_means = [
        min(np.hypot(axes.x(x) - cx, axes.y(y) - cy) for x, y in means.tolist()) for cx, cy in seen.centres
    ]
    alone = int(np.argmax(np.minimum(apart, from_means)))
    at = QPointF(*seen.centres[alone].tolist())
    holes.hover(view, at + QPointF(0, 40))
    bare = holes.picture(view)
    holes.hover(view, at)
    assert view._ring == seen.rows[alone]
    assert holes.picture(view) != bare
    holes.hover(holes.window.transport.run)
    assert view._ring is None


def test_a_model_that_needs_every_cell_offers_to_drop_rows_and_undo_brings_them_back(tmp_path: Path) -> None:
    # A window of its own: once a section was opened by hand, the panel no longer arranges itself.
    with Laboratory(FIRST) as holes:
        holes.load(file(tmp_path))
        holes.wait_until(lambda: holes.frame.scene.dataset.rows == ROWS)
        refused_taken_and_undone(holes)


def refused_taken_and_undone(holes: Laboratory) -> None:
    box = holes.window.panel.model.box
    before = holes.experiment
    holes.unfold("model")
    with holes.answering("Cancel") as asked:
        holes.choose(box, "student-t-mixture")
    assert "32 missing cells in 31 of 90 rows, which student-t-mixture cannot use" in asked[0]
    assert holes.experiment == before
    assert box.currentData() == "gaussian-mixture"
    holes.press(Qt.Key.Key_Right)
    holes.wait_for_iteration(1)
    with holes.answering("Drop those rows"):
        holes.choose(box, "student-t-mixture")
    holes.wait_until(lambda: holes.frame.scene.model.name == "student-t-mixture")
    assert holes.experiment.model.name == "student-t-mixture"
    assert holes.frame.scene.dataset.rows == ROWS - 31
    assert box.currentData() == "student-t-mixture"
    assert not holes.window.panel.missing.isVisible()
    assert holes.session.undo_name == "choose model"
    holes.click(canvas(holes))
    holes.press(Qt.Key.Key_Z, CONTROL)
    holes.wait_until(lambda: holes.frame.scene.dataset.rows == ROWS)
    assert holes.experiment == before
    assert holes.told == []


def test_points_cannot_be_drawn_into_incomplete_rows_nor_erased_from_them(holes: Laboratory) -> None:
    before = holes.experiment
    view = canvas(holes)
    holes.press(Qt.Key.Key_B)
    holes.click(view, QPointF(view.rect().center()))
    assert holes.told[-1].startswith("holes has 32 missing cells in 31 of 90 rows, so points cannot be drawn")
    holes.press(Qt.Key.Key_B)
    assert holes.experiment == before


def test_the_start_is_dragged_zoomed_and_its_tables_opened_over_missing_cells(holes: Laboratory) -> None:
    view = canvas(holes)
    axes = view.axes(holes.frame, QRectF(view.rect()))
    mean = axes.point(*view.start_shown(holes.frame).means[0].tolist())
    before, scene = rings(holes), holes.frame.scene
    holes.drag(view, mean, mean + QPointF(40, 25))
    holes.wait_until(lambda: holes.frame.scene is not scene)
    assert np.max(np.abs(rings(holes).centres - before.centres)) > 2
    holes.wheel(view, QPointF(view.rect().center()), 2.0)
    holes.press(Qt.Key.Key_Right, times=2)
    holes.wait_for_iteration(2)
    holes.press(Qt.Key.Key_E)
    table = holes.window.companions.e_step.table
    assert table.rowCount() == 2 * len(holes.frame.scene.start.weights)
    assert "nan" not in table.chosen_text().lower()
    holes.press(Qt.Key.Key_E)
    holes.window.viewport.reset()
    assert holes.told == []


@pytest.mark.parametrize("columns", [1, 4])
def test_one_and_four_columns_are_drawn_too(laboratory: Laboratory, tmp_path: Path, columns: int) -> None:
    laboratory.load(file(tmp_path, columns))
    laboratory.wait_until(lambda: laboratory.frame.scene.dataset.dimension == columns)
    first = rings(laboratory)
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    assert np.max(np.abs(rings(laboratory).centres - first.centres)) > 1
    if columns == 4:
        laboratory.session.show_columns((2, 3))
        lacks = np.isnan(laboratory.frame.scene.dataset.values)[:, 2:].any(axis=1)
        assert rings(laboratory).rows.tolist() == np.flatnonzero(lacks).tolist()
        laboratory.session.show_columns(None)
        assert len(rings(laboratory).rows) == 31
    laboratory.play_to_the_end()
    assert laboratory.told == []
    assert laboratory.faults == []
