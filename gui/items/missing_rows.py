"""Rows that lack a coordinate, where a lane expects them: hollow rings, each with a bar as long as that is unsure.

They move as the fit moves, and nobody may take them for data. What a model expects takes as long as there are
different sets of missing cells, so both those and the rings are bounded.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from engine.models.missing_cells import Imputation
from engine.parameters import Array
from engine.wording import number_text
from gui.items.axes import Axes
from gui.items.cloud import evenly, grouped, in_few_patterns, lacking_a_coordinate, relative_sizes
from gui.items.colour_table import colour_table
from gui.items.ellipse import FURTHEST_PIXEL
from gui.items.viewport import same_projection
from gui.lane_frame import LaneFrame
from gui.scene import Scene
from gui.style import Style

MOST_RINGS = 60
"""More would cover each other and the points."""
MOST_PATTERNS = 6
"""So many sets of missing cells may be looked at for one picture: about 2 ms."""
ROWS_LOOKED_AT = 4_000
RING = 1.5
"""A ring's radius in those of a point."""
BAR_OPACITY = (0.4, 0.8)
"""Of many bars, which cover each other, and of a few."""
FEW_BARS = 25
ROUNDED_TO = 0.25
"""Pixels; a ring that moved by less has not moved."""
FOOT_SHARE = 0.09
"""Where rings stand in one dimension, from the foot of the area."""
HIT_RADIUS = 7.0
DIGITS = 3


@dataclass(frozen=True, eq=False)
class Lacking:
    """The rows (m,) of a dataset that get a ring, spread evenly over the `total` that lack a coordinate.

    Of those without any cell, `empty` (m,), one stands for them all; `every` is true where no other row is left out.
    """

    rows: npt.NDArray[np.intp]
    empty: npt.NDArray[np.bool_]
    total: int
    every: bool


def lacking(scene: Scene) -> Lacking:
    """Which rows of a scene get a ring; none where the model cannot tell what it expects."""
    rows = lacking_a_coordinate(scene)
    total = len(rows)
    if not total or not isinstance(scene.model, Imputation):
        return Lacking(rows[:0], np.zeros(0, dtype=bool), total, False)
    columns = scene.prepared.columns
    empty = np.isnan(columns[:, rows]).all(axis=0)
    for_all, others = rows[empty][:1], rows[~empty]
    looked_at = evenly(others, ROWS_LOOKED_AT)
    usual = looked_at[in_few_patterns(columns[:, looked_at], MOST_PATTERNS - len(for_all))]
    for_one = evenly(usual, MOST_RINGS - len(for_all))
    shown = np.sort(np.concatenate((for_all, for_one)))
    return Lacking(shown, np.isin(shown, for_all), total, len(for_one) == len(others))


@dataclass(frozen=True, eq=False)
class Rings:
    """What is drawn: `centres` (m, 2) and the `bars` that lead from there to both sides (m, d, 2), in pixels.

    Of the rows `rows` (m,), with the colours' `codes` (m,) and `radii` (m,).
    """

    rows: npt.NDArray[np.intp]
    empty: npt.NDArray[np.bool_]
    centres: Array
    bars: Array
    codes: npt.NDArray[np.intp]
    radii: Array

    @property
    def key(self) -> Hashable:
        """Equal for rings that look alike."""
        return tuple(each.tobytes() for each in (self.centres, self.bars, self.codes, self.radii))

    def at(self, place: QPointF) -> int | None:
        """Which ring is there, if any: the nearest one."""
        if not len(self.centres):
            return None
        distances = np.hypot(*(self.centres - (place.x(), place.y())).T)
        nearest = int(np.argmin(distances))
        return nearest if distances[nearest] <= max(HIT_RADIUS, float(self.radii[nearest]) + 2.0) else None


class MissingRows:
    """The rows of one canvas that lack a coordinate."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._lacking: Lacking | None = None
        self._rings: tuple[Hashable, Rings] | None = None

    def lacking(self, scene: Scene) -> Lacking:
        """Which rows get a ring; the same object as long as data, model and projection stay."""
        known = self._scene
        if (
            self._lacking is None
            or known is None
            or known.dataset is not scene.dataset
            or known.model != scene.model
            or not same_projection(scene.projection, known.projection)
        ):
            self._lacking = lacking(scene)
        self._scene = scene
        return self._lacking

    def words(self, scene: Scene) -> tuple[str, ...]:
        """What the rings are, from the longest to the shortest wording; () where there are none."""
        found = self.lacking(scene)
        if not len(found.rows):
            return ()
        count = grouped(found.total) if found.every else f"{len(found.rows)} of {grouped(found.total)}"
        what = "coordinate" if scene.projection.chosen is not None else "cell"
        if scene.projection.dimension == 1:
            what = "value"
        rows = "row" if count == "1" else "rows"
        return (
            f"{count} {rows} with a missing {what}: expected value \u00b1 1 sd",
            f"{count} {rows} with a missing {what}: expected \u00b1 1 sd",
            f"{count} incomplete {rows}: expected \u00b1 1 sd",
            f"{count} incomplete: expected \u00b1 1 sd",
            f"{count} expected \u00b1 1 sd",
            "expected \u00b1 1 sd",
            "missing",
        )

    def rings(self, axes: Axes, scene: Scene, lane: LaneFrame, style: Style) -> Rings:
        """The rings of a lane where its parameters expect them, in the colours of the posterior as of the points."""
        vectors = (lane.parameters.vector.tobytes(), lane.colour_parameters.vector.tobytes())
        key = (self.lacking(scene), axes, style, vectors)
        if self._rings is None or self._rings[0] != key:
            self._rings = (key, _rings(self.lacking(scene), axes, scene, lane, style))
        return self._rings[1]


def _rings(chosen: Lacking, axes: Axes, scene: Scene, lane: LaneFrame, style: Style) -> Rings:
    rows, empty = chosen.rows, chosen.empty
    if not len(rows):
        nowhere = np.zeros((0, 2))
        return Rings(rows, empty, nowhere, nowhere[:, None], rows, nowhere[:, 0])
    values, deviations = scene.imputed(lane.parameters, rows)
    places = scene.projection.points(values)
    # In one dimension rows stand nowhere on the vertical axis.
    flat = places.shape[1] == 1
    across = deviations[:, :, None] * scene.projection.matrix.T
    scale = np.array([axes.x_scale, 0.0 if flat else -axes.y_scale])
    corner = np.array([axes.area.left(), axes.area.bottom()])
    low = np.array([axes.x_low, axes.y_low])
    if flat:
        corner[1] -= FOOT_SHARE * axes.area.height()
        places, across = np.repeat(places, 2, axis=1), np.repeat(across, 2, axis=2)
    with np.errstate(all="ignore"):
        centres = corner + _rounded((places - low) * scale)
        bars = np.clip(_rounded(across * scale), -FURTHEST_PIXEL, FURTHEST_PIXEL)
    seen = np.all(np.abs(centres) < FURTHEST_PIXEL, axis=1) & np.all(np.isfinite(bars), axis=(1, 2))
    rows, empty, centres, bars = rows[seen], empty[seen], centres[seen], bars[seen]
    sizes = relative_sizes(scene.dataset.row_weights, rows)
    radii = RING * style.point_radius * (np.ones(len(rows)) if sizes is None else sizes)
    codes = colour_table(style.components, style.ghost).codes(
        scene.responsibilities(lane.colour_parameters, rows)
    )
    return Rings(rows, empty, centres, bars, codes, radii)


def _rounded(pixels: Array) -> Array:
    return np.asarray(ROUNDED_TO * np.round(pixels / ROUNDED_TO))


def draw_bars_of_rings(painter: QPainter, rings: Rings, style: Style) -> None:
    """How unsure each row's place is; the fainter, the more there are."""
    faintest, strongest = BAR_OPACITY
    opacity = min(strongest, max(faintest, strongest * FEW_BARS / max(1, len(rings.rows))))
    painter.save()
    for colour, places in _by_colour(rings, style):
        colour.setAlphaF(opacity)
        painter.setPen(QPen(colour, _bar_width(style)))
        for place in places:
            painter.drawLines(_bars(rings, place))
    painter.restore()


def draw_rings(painter: QPainter, rings: Rings, style: Style) -> None:
    """The rings, which are empty."""
    painter.save()
    painter.setBrush(style.colour("canvas"))
    for colour, places in _by_colour(rings, style):
        painter.setPen(QPen(colour, _ring_width(style)))
        for place in places:
            radius = float(rings.radii[place])
            painter.drawEllipse(QPointF(*rings.centres[place].tolist()), radius, radius)
    painter.restore()


def draw_ring_on_bars(painter: QPainter, rings: Rings, style: Style) -> None:
    """The ring of one dimension with its bar, told from the histogram behind it by an edge."""
    width = _bar_width(style) + _ring_width(style)
    painter.save()
    for place in range(len(rings.rows)):
        painter.setPen(style.pen("canvas", width + 2.4))
        painter.drawLines(_bars(rings, place))
        radius = float(rings.radii[place]) + 1.2
        painter.setBrush(style.colour("canvas"))
        painter.drawEllipse(QPointF(*rings.centres[place].tolist()), radius, radius)
        painter.setPen(style.pen("text", _bar_width(style)))
        painter.drawLines(_bars(rings, place))
    painter.restore()
    draw_rings(painter, rings, style)


def _by_colour(rings: Rings, style: Style) -> Iterator[tuple[QColor, list[int]]]:
    """Each colour with the places of its rings: pens are dear."""
    table = colour_table(style.components, style.ghost)
    for code in np.unique(rings.codes).tolist():
        colour = QColor(*np.rint(table.colours[code]).astype(int).tolist())
        yield colour, np.flatnonzero(rings.codes == code).tolist()


def _bars(rings: Rings, place: int) -> list[QLineF]:
    x, y = rings.centres[place].tolist()
    return [QLineF(x - dx, y - dy, x + dx, y + dy) for dx, dy in rings.bars[place].tolist() if dx or dy]


def _bar_width(style: Style) -> float:
    return 1.1 * style.axis_width


def _ring_width(style: Style) -> float:
    return 0.8 * style.curve_width


def draw_sample_ring(painter: QPainter, place: QRectF, style: Style) -> None:
    """A ring with its bar for the key, in the middle of a place."""
    radius = RING * style.point_radius
    centre = place.center()
    painter.save()
    painter.setPen(QPen(style.colour("muted"), _bar_width(style)))
    painter.drawLine(QLineF(place.left(), centre.y(), place.right(), centre.y()))
    painter.setBrush(style.colour("window"))
    painter.setPen(QPen(style.colour("muted"), _ring_width(style)))
    painter.drawEllipse(centre, radius, radius)
    painter.restore()


def words_at(scene: Scene, lane: LaneFrame, rings: Rings, ring: int) -> str:
    """What one ring says under the mouse: its row, and what is expected of each cell that it lacks."""
    row = rings.rows[[ring]]
    values, deviations = scene.imputed(lane.parameters, row)
    lacks = np.isnan(scene.dataset.values[row[0]])
    told = [
        f"{name} {number_text(value, DIGITS)} \u00b1 {number_text(deviation, 2)}"
        for name, value, deviation, is_missing in zip(
            scene.dataset.columns, values[0].tolist(), deviations[0].tolist(), lacks.tolist(), strict=True
        )
        if is_missing
    ]
    which = "rows without any value" if rings.empty[ring] else f"row {row[0] + 1}"
    return f"{which}: expected {', '.join(told)}"
