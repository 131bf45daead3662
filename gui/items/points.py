"""The points of a data canvas, coloured by their responsibilities, fast at any number of them.

Up to 4 000 points are sprites (more would cover each other), up to 200 000 a picture of stamps, more a
density image. What stands while the viewport stands (pixels, opacities) is kept; a new posterior costs the
same at any number: in two dimensions it is a function of the place and computed on a grid, otherwise for a
fixed sample of rows.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from engine.models.base import UndefinedLikelihood
from engine.parameters import Array, Parameters
from gui.items.axes import Axes
from gui.items.cloud import Cloud, CloudKeeper, evenly, grouped, holds_counts, in_few_patterns, relative_sizes
from gui.items.colour_table import ColourTable, colour_table
from gui.items.layer import device_scale, is_vector
from gui.items.point_image import PointImage, image_of
from gui.items.sprites import OPACITY, OPACITY_PLACE, Sprites
from gui.scene import Scene
from gui.style import Style

MOST_SPRITES = 4_000
MOST_STAMPED = 200_000
MOST_DISCS = 1_200
WORK_OF_A_FRAME = 400_000
"""Responsibilities times columns that may be computed for one picture: about 3 ms."""
MOST_PATTERNS = 8
"""So many sets of missing cells may be looked at for one picture: about 1 ms."""
FINEST_CELL = 6.0
LARGEST_DISC = 16.0
PLAIN_OPACITY = 0.55
FAINTEST = 0.12
"""Opacity of a row that hardly counts in the M step."""


@dataclass(frozen=True, eq=False)
class _Grid:
    """Square cells of `cell` pixels over an area; `inputs` (2, rows * columns) are their centres in the model's frame."""

    axes: Axes
    scene: Scene
    inputs: Array
    rows: int
    columns: int
    cell: float


def _grid(axes: Axes, scene: Scene) -> _Grid:
    work = axes.area.width() * axes.area.height() * 2 * len(scene.start.weights)
    cell = max(FINEST_CELL, math.ceil(math.sqrt(work / WORK_OF_A_FRAME)))
    columns, rows = math.ceil(axes.area.width() / cell), math.ceil(axes.area.height() / cell)
    places = np.empty((2, rows, columns))
    places[0] = axes.x_low + (np.arange(columns) + 0.5) * cell / axes.x_scale
    places[1] = (axes.y_high - (np.arange(rows) + 0.5) * cell / axes.y_scale)[:, None]
    flat = places.reshape(2, -1)
    values = scene.projection.origin + np.linalg.solve(scene.projection.matrix, flat).T
    if holds_counts(scene):
        values = np.maximum(np.rint(values), 0.0)
    inputs = np.ascontiguousarray(scene.prepared.frame.to_frame(values).T)
    return _Grid(axes, scene, inputs, rows, columns, cell)


class Points:
    """Draws a scene's points into an area."""

    def __init__(self) -> None:
        self._keeper = CloudKeeper()
        self._key: object = None
        self._sprites: Sprites | None = None
        self._sprites_key: object = None
        self._image: PointImage | None = None
        self._grid: _Grid | None = None
        self._picture: QImage | None = None
        self._pixels: npt.NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._fragments: Array = np.zeros((0, 10))
        self._coloured_of: tuple[tuple[Cloud, int], npt.NDArray[np.intp]] | None = None
        self._chosen: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._shown: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)

    def legend(self, scene: Scene) -> str:
        """What must be said about the points, where they are not simply all there; else ''."""
        cloud = self._keeper.cloud(scene)
        said = []
        if self._as_density(scene, cloud):
            said.append(f"density of {grouped(cloud.total)} points")
        if self._is_sample(scene, cloud):
            if not said:
                said.append(f"{grouped(cloud.total)} points")
            said.append(f"{grouped(len(self._coloured(scene, cloud)))} of them coloured")
        elif cloud.distinct:
            said.append("size: number of rows")
        elif cloud.weights is not None and len(cloud) <= MOST_SPRITES:
            said.append("size: row weight")
        elif not said and scene.importance(scene.start_parameters, np.zeros(1, dtype=np.intp)) is not None:
            said.append("faint: counts for less")
        return ", ".join(said)

    def draw(self, painter: QPainter, axes: Axes, scene: Scene, parameters: Parameters, style: Style) -> None:
        """Draws the points of a two-dimensional scene in the colours of the posterior at some parameters."""
        cloud = self._keeper.cloud(scene)
        scale = device_scale(painter)
        table = colour_table(style.components, style.ghost)
        self._place(axes, scene, cloud, style, scale)
        if self._image is not None:
            if self._is_sample(scene, cloud):
                if self._picture is None:
                    self._picture = self._image.plain(style.colour("ghost", PLAIN_OPACITY))
                self._image.show(painter, self._picture)
            else:
                self._image.show(painter, self._field(axes, scene, parameters, table))
                return
        codes = table.codes(scene.responsibilities(parameters, self._shown))
        opacities = _opacities(scene, parameters, self._shown)
        if self._discs(axes, cloud) or is_vector(painter):
            self._draw_discs(painter, axes, cloud, codes, opacities, style, table)
        else:
            assert self._sprites is not None
            self._fragments[:, OPACITY_PLACE] = opacities
            self._sprites.draw(painter, self._fragments, codes)

    # Which way

    def _limit(self, scene: Scene) -> int:
        """How many rows may be asked for their posterior in one picture."""
        d = scene.dataset.dimension
        # Triangular solves make a row dearer by the square of the dimension.
        work = round(len(scene.start.weights) * d * max(1.0, d / 4))
        return min(MOST_SPRITES, max(500, WORK_OF_A_FRAME // work))

    def _as_density(self, scene: Scene, cloud: Cloud) -> bool:
        return len(cloud) > self._limit(scene) and cloud.total > MOST_STAMPED

    def _is_sample(self, scene: Scene, cloud: Cloud) -> bool:
        return scene.dataset.dimension != 2 and len(self._coloured(scene, cloud)) < len(cloud)

    def _coloured(self, scene: Scene, cloud: Cloud) -> npt.NDArray[np.intp]:
        """Places in the cloud of the rows that get a colour of their own, spread evenly."""
        key = (cloud, self._limit(scene))
        if self._coloured_of is None or self._coloured_of[0] != key:
            places = evenly(np.arange(len(cloud)), key[1])
            if scene.dataset.missing:
                # Rows that lack cells which are not shown: each set of those is a posterior of its own.
                columns = scene.prepared.columns[:, cloud.rows[places]]
                places = places[in_few_patterns(columns, MOST_PATTERNS)]
            self._coloured_of = (key, places)
        return self._coloured_of[1]

    @staticmethod
    def _discs(axes: Axes, cloud: Cloud) -> bool:
        """Whether rows of counts stand far enough apart for discs whose area counts them."""
        return cloud.distinct and len(cloud) <= MOST_DISCS and min(axes.x_scale, axes.y_scale) >= 8.0

    # What stands while the viewport stands

    def _place(self, axes: Axes, scene: Scene, cloud: Cloud, style: Style, scale: float) -> None:
        area = axes.area.getRect()
        edges = (axes.x_low, axes.x_high, axes.y_low, axes.y_high)
        key = (cloud, self._limit(scene), area, edges, style, scale)
        if key == self._key:
            return
        self._key = key
        self._image = self._picture = None
        if len(cloud) > self._limit(scene) or self._is_sample(scene, cloud):
            as_density = self._as_density(scene, cloud)
            self._image = PointImage(axes, cloud.positions, cloud.weights, scale, as_density)
            if not self._is_sample(scene, cloud):
                return
        if (style, scale) != self._sprites_key:
            self._sprites, self._sprites_key = Sprites(style, scale), (style, scale)
        chosen = self._coloured(scene, cloud)
        x = axes.area.left() + (cloud.positions[chosen, 0] - axes.x_low) * axes.x_scale
        y = axes.area.bottom() - (cloud.positions[chosen, 1] - axes.y_low) * axes.y_scale
        room = 4 * style.point_radius
        near = axes.area.adjusted(-room, -room, room, room)
        seen = (x > near.left()) & (x < near.right()) & (y > near.top()) & (y < near.bottom())
        if not np.all(seen):
            chosen, x, y = chosen[seen], x[seen], y[seen]
        self._chosen = chosen
        self._shown = cloud.rows[chosen]
        assert self._sprites is not None
        self._fragments = self._sprites.fragments(x, y, relative_sizes(cloud.weights, chosen))

    # What changes with the parameters

    def _field(self, axes: Axes, scene: Scene, parameters: Parameters, table: ColourTable) -> QImage:
        """All points at once, in the posterior's colours on a grid over the area."""
        assert self._image is not None
        grid = self._grid
        if grid is None or grid.axes != axes or grid.scene is not scene:
            grid = self._grid = _grid(axes, scene)
        pixels = table.pixels(table.codes(scene.posterior(parameters, grid.inputs)))
        # A lane that has nearly arrived moves, but no colour changes any more.
        if self._picture is None or not np.array_equal(pixels, self._pixels):
            self._pixels = pixels
            field = image_of(pixels.reshape(grid.rows, grid.columns))
            self._picture = self._image.coloured(field, grid.cell)
        return self._picture

    def _draw_discs(
        self,
        painter: QPainter,
        axes: Axes,
        cloud: Cloud,
        codes: npt.NDArray[np.intp],
        opacities: Array,
        style: Style,
        table: ColourTable,
    ) -> None:
        """The points one by one: rows of counts by their number, and all of them where paper is painted on."""
        if self._discs(axes, cloud) and cloud.weights is not None:
            largest = min(LARGEST_DISC, 0.47 * min(axes.x_scale, axes.y_scale))
            shares = cloud.weights[self._chosen] / np.max(cloud.weights)
            radii = np.maximum(largest * np.sqrt(shares), 1.3)
        else:
            sizes = relative_sizes(cloud.weights, self._chosen)
            radii = style.point_radius * (np.ones(len(self._chosen)) if sizes is None else sizes)
        painter.save()
        painter.setPen(style.pen("canvas", 1.0))
        # The largest first, so that none is hidden.
        for place in np.argsort(-radii, kind="stable").tolist():
            red, green, blue = np.rint(table.colours[codes[place]]).astype(int).tolist()
            colour = style.colour("text", OPACITY)
            colour.setRgb(red, green, blue, round(255 * OPACITY * float(opacities[place])))
            painter.setBrush(colour)
            x, y = self._fragments[place, :2].tolist()
            painter.drawEllipse(QPointF(x, y), float(radii[place]), float(radii[place]))
        painter.restore()


def _opacities(scene: Scene, parameters: Parameters, rows: npt.NDArray[np.intp]) -> Array:
    """1 for rows that count in full, less for those that a model takes for outliers, (m,)."""
    try:
        with np.errstate(all="ignore"):
            found = scene.importance(parameters, rows)
    except (UndefinedLikelihood, np.linalg.LinAlgError):
        found = None
    if found is None:
        return np.ones(len(rows))
    return np.clip(np.nan_to_num(found, nan=1.0), FAINTEST, 1.0)
