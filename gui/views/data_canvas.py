"""One lane's picture of the data: points, components, their way, and the start that can be dragged."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui.frame import Frame
from gui.items.axes import Axes, draw_axes, nice_ticks, tick_text
from gui.items.brush import Brush, canvas_point, draw_brush, reach, sprayed
from gui.items.canvas_notes import (
    HEADER_GAP,
    Legend,
    draw_hatched_edge,
    draw_header,
    draw_hint,
    draw_outside,
    header_height,
)
from gui.items.cloud import CloudKeeper, holds_counts
from gui.items.component_marks import (
    draw_arrows,
    draw_components,
    draw_crosses,
    draw_trails,
    draw_truth,
    label_radii,
    radius_words,
    shapes_of,
    trails,
)
from gui.items.factor_tables import draw_factor_tables
from gui.items.histogram import Histogram, draw_bars, draw_densities, height_shown, histogram
from gui.items.layer import Layer
from gui.items.likelihood_whole import draw_likelihood_whole, heights_of_the_whole
from gui.items.line_marks import draw_line_arrows, draw_line_means, draw_line_truth
from gui.items.missing_rows import (
    MissingRows,
    Rings,
    draw_bars_of_rings,
    draw_ring_on_bars,
    draw_rings,
    words_at,
)
from gui.items.pinned_runs import draw_pinned_ellipses, pins_in_sight
from gui.items.points import Points
from gui.items.profiles import draw_profiles, height_of_profiles
from gui.items.proportions import draw_proportions
from gui.items.regression_lines import draw_regression_lines
from gui.items.sentence import draw_sentence
from gui.items.series import draw_series, limits_in_time
from gui.items.start_ghost import HIT_RADIUS, Grip, dragged, draw_ghost, ghost_handles, ghost_means, grip_at
from gui.items.viewport import Viewport
from gui.lane_frame import LaneFrame
from gui.requests import DrawPoints, ErasePoints, MoveStartMean, ReshapeStart
from gui.scene import Components, Scene
from gui.series import Rows, in_time, is_drawn_in_time, rows_shown
from gui.style import Style
from gui.views.base import View

CLICK_PIXELS = 3.0
ZOOM_OF_A_NOTCH = 0.82
SETTLE_MILLISECONDS = 1500
BRUSH_MILLISECONDS = 60
NOT_DRAWN_INTO = "no points can be drawn into this picture"
"""Told beside a brush over a model that is not seen among points."""


@dataclass
class _Drag:
    """A pressed button: what it holds (None: the canvas itself) and where; a click until it `moved`."""

    grip: Grip | None
    pressed: QPointF
    last: QPointF
    offset: QPointF
    moved: bool = False


@dataclass
class _Stroke:
    """A pressed button that draws or erases points; a click until it `moved`. `points` wait to be asked for."""

    erases: bool
    pressed: QPointF
    moved: bool = False
    points: list[tuple[float, ...]] = field(default_factory=list)


class DataCanvas(View):
    """One lane's picture of the data: points, components, the way they came, and the start.

    Each point is mixed from the colours of the components that are responsible for it. A cross with a number
    is a component's mean; its ellipses hold 39 % and 86 % of it in two dimensions. A line behind the cross is
    the way that it came. In one dimension there are bars under the density, in more than two the columns, or
    the principal directions, that are chosen above.

    Dashed ellipses are the start of every lane. Drag a centre to move it and a handle to reshape it: all lanes
    begin there again. Zoom (wheel), pan (drag) and reset (double click) are shared by all canvases. While
    points are drawn, a click adds one, dragging sprays, and Shift erases.

    Where components are no places among the points there are other pictures: lines for regressions; profiles over
    the columns for latent classes and topics, with a square where a probability is exactly 0 or 1; and for one or two
    probabilities the whole log-likelihood, as a curve or as contours, with the lane's way across it. Points that a
    model takes for outliers are faint.

    A hollow ring is a row with a missing cell. It stands where the lane expects it, with a bar of one standard deviation
    to both sides in each direction that is missing, and says under the mouse which row it is. Where very many rows lack a
    cell, some of them, spread over the file, stand for all.

    Hatching says that the lane is outside the constraints: what it climbs there is no likelihood.
    """

    name: ClassVar[str] = "data"
    title: ClassVar[str] = "Data"
    try_it: ClassVar[str] = "Drag the centre of a dashed ellipse onto another one while both lanes run."

    def __init__(self, lane_index: int, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lane_index = lane_index
        self.viewport = viewport
        viewport.changed.connect(self.update)
        self._points = Points()
        self._missing = MissingRows()
        self._ring: int | None = None
        self._bars_of = CloudKeeper()
        self._bars: tuple[object, Histogram] | None = None
        self._shown: tuple[object, Rows] | None = None
        self._axes_layer, self._points_layer = Layer(), Layer()
        self._bars_layer, self._rings_layer = Layer(), Layer()
        self._ghost_layer, self._ellipses_layer = Layer(), Layer()
        self._trails_layer, self._crosses_layer = Layer(), Layer()
        self._axes: tuple[object, Axes] | None = None
        self._drag: _Drag | None = None
        self._hovered: Grip | None = None
        self._brush: Brush | None = None
        self._stroke: _Stroke | None = None
        self._brushing = QTimer(self)
        self._brushing.setSingleShot(True)
        self._brushing.setInterval(BRUSH_MILLISECONDS)
        self._brushing.timeout.connect(self._leave_points)
        self._spray = np.random.Generator(np.random.Philox(lane_index))
        self._mouse = QPointF()
        self._moved_start: Components | None = None
        self._moved_in: Scene | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MILLISECONDS)
        self._settle.timeout.connect(self._let_go)

    def use_brush(self, brush: Brush | None) -> None:
        """Draws points with this brush instead of dragging the start or the canvas; None: no longer."""
        self._brush = brush
        self._drag = None
        self.setCursor(Qt.CursorShape.ArrowCursor if brush is None else Qt.CursorShape.CrossCursor)
        self.update()

    # Frames

    def show_frame(self, frame: Frame) -> None:
        if self._drag is None and self._moved_in is not None and frame.scene is not self._moved_in:
            self._let_go()
        self.viewport.show_scene(frame.scene)
        if self.lane_index < len(frame.lanes):
            name = f"{self.title}, {frame.lanes[self.lane_index].title}"
            if name != self.accessibleName():
                self.setAccessibleName(name)
        super().show_frame(frame)

    def start_shown(self, frame: Frame) -> Components:
        """The start as it is drawn: while it is dragged where the mouse has it, else the scene's."""
        moved = self._moved_start
        if moved is None or moved.means.shape != frame.scene.start.means.shape:
            return frame.scene.start
        return moved

    def _let_go(self) -> None:
        self._settle.stop()
        self._moved_start, self._moved_in = None, None
        self.update()

    # Drawing

    def axes(self, frame: Frame, area: QRectF) -> Axes:
        """Where values stand in pixels when the view fills `area`."""
        style, limits = self.style_in_use, self.viewport.limits.tolist()
        if len(limits) == 1:
            lanes = [lane.components for lane in frame.lanes]
            limits.append([0.0, height_shown(self._histogram(frame.scene), lanes)])
        key = (style, limits, area.getRect())
        if self._axes is None or self._axes[0] != key:
            (x_low, x_high), (y_low, y_high) = limits
            self._axes = (key, _axes(style, x_low, x_high, y_low, y_high, area))
        return self._axes[1]

    def draw(self, painter: QPainter, frame: Frame, area: QRectF) -> None:
        if (
            self.lane_index >= len(frame.lanes)
            or len(self.viewport.limits) != frame.scene.projection.dimension
        ):
            return
        lane, scene = frame.lanes[self.lane_index], frame.scene
        style = self.style_in_use.recoloured(lane.colours)
        painter.translate(area.topLeft())
        whole = QRectF(QPointF(0, 0), area.size())
        if not scene.holds_points:
            head = header_height(style)
            self._draw_instead(painter, frame, lane, whole, head)
            draw_header(painter, QRectF(8, 0, whole.width() - 16, head), lane, Legend(), style)
            if self._brush is not None and self.underMouse():
                draw_hint(painter, whole, self._mouse, NOT_DRAWN_INTO, style)
            return
        axes = self.axes(frame, whole)
        flat = scene.projection.dimension == 1
        place = (axes.area.getRect(), axes.x_low, axes.x_high, axes.y_low, axes.y_high, style)
        rings = self._missing.rings(axes, scene, lane, style)
        self._draw_layers(painter, frame, lane, axes, rings, place, whole.size())
        painter.save()
        painter.setClipRect(axes.area)
        if not lane.is_likelihood:
            draw_hatched_edge(painter, axes.area, style)
        gripped = self._drag.grip if self._drag is not None else self._hovered
        start = self.start_shown(frame)
        if gripped is None and scene.places:
            # Beneath the components, whose numbers it would hide.
            self._ghost_layer.draw(
                painter,
                whole.size(),
                (place, start, scene.model),
                lambda canvas: draw_ghost(canvas, axes, scene, start, None, style),
            )
        if flat:
            self._draw_line(painter, frame, lane, axes)
        elif scene.holds_lines:
            draw_regression_lines(painter, frame, lane, axes, style)
        else:
            self._draw_plane(painter, frame, lane, axes, place, whole.size())
        if not lane.is_likelihood:
            draw_outside(painter, axes.area, lane, style)
        if gripped is not None:
            draw_ghost(painter, axes, scene, start, gripped, style)
            draw_hint(
                painter, axes.area, self._hint_place(frame, axes, gripped), _hint(frame, gripped), style
            )
        elif self._ring is not None and self._ring in rings.rows:
            ring = rings.rows.tolist().index(self._ring)
            at = QPointF(*rings.centres[ring].tolist())
            draw_hint(painter, axes.area, at, words_at(scene, lane, rings, ring), style)
        if self._brush is not None and axes.area.contains(self._mouse) and self.underMouse():
            erases = self._stroke is not None and self._stroke.erases
            draw_brush(painter, self._mouse, self._brush, erases, style)
        painter.restore()

    def _draw_instead(
        self, painter: QPainter, frame: Frame, lane: LaneFrame, area: QRectF, head: float
    ) -> None:
        """The picture of a model whose components have no place among the points."""
        scene, style = frame.scene, self.style_in_use.recoloured(lane.colours)
        named = not _is_small(area, style)
        if scene.whole is not None:
            low, high = heights_of_the_whole(scene.whole, lane)
            axes = _axes(style, 0.0, 1.0, low, high, area)
            draw_likelihood_whole(painter, scene.whole, lane, axes, style, named)
        elif is_drawn_in_time(scene.model):
            self._draw_in_time(painter, scene, lane, area, style)
        elif "loadings" in lane.parameters:
            draw_factor_tables(painter, frame, lane, area.adjusted(0, head, 0, 0), style)
        elif "probabilities" in lane.parameters:
            last = lane.parameters["probabilities"].shape[1] - 0.5
            axes = _axes(style, -0.5, last, 0.0, height_of_profiles(frame, lane), area)
            draw_profiles(painter, frame, lane, axes, style, named)
        elif "weights" in lane.parameters:
            draw_proportions(painter, frame, lane, area.adjusted(0, head, 0, 0), style)
        else:
            draw_sentence(
                painter, area, "This model has no picture here; its numbers stand in the table.", style
            )

    def _draw_in_time(
        self, painter: QPainter, scene: Scene, lane: LaneFrame, area: QRectF, style: Style
    ) -> None:
        """The rows as a series, and what the lane sees behind them; made anew when its parameters change."""
        if self._shown is None or self._shown[0] is not scene.prepared:
            self._shown = (scene.prepared, rows_shown(scene.model, scene.prepared))
        shown = self._shown[1]
        x_low, x_high, y_low, y_high = limits_in_time(shown)
        axes = _axes(style, x_low, x_high, y_low, y_high, area)
        named = not _is_small(area, style)

        def content(canvas: QPainter) -> None:
            seen = in_time(scene.model, lane.parameters, shown)
            draw_series(canvas, shown, seen, lane, axes, style, named)
            if not lane.is_likelihood:
                draw_hatched_edge(canvas, axes.area, style)
                draw_outside(canvas, axes.area, lane, style)

        key = (scene.dataset, scene.model, style, lane.parameters.vector.tobytes(), lane.is_likelihood)
        self._points_layer.draw(painter, area.size(), key, content)

    def _draw_layers(
        self,
        painter: QPainter,
        frame: Frame,
        lane: LaneFrame,
        axes: Axes,
        rings: Rings,
        place: Hashable,
        size: QSizeF,
    ) -> None:
        """What stays while the parameters stay: header and axes, and upon them the points or bars.

        The bars of what is missing lie beneath the points, the rings upon them.
        """
        scene, style = frame.scene, self.style_in_use.recoloured(lane.colours)
        flat = scene.projection.dimension == 1
        labels = scene.projection.labels
        small = _is_small(QRectF(QPointF(0, 0), size), style)
        x_label = "" if small else labels[0]
        y_label = "" if small else labels[1] if not flat else "share" if holds_counts(scene) else "density"
        legend = self._legend(scene)
        told = (lane.index, lane.title, lane.algorithm, lane.settings, legend)

        def ground(canvas: QPainter) -> None:
            draw_axes(canvas, axes, style, x_label, y_label)
            head = QRectF(axes.area.left(), 0, axes.area.width(), header_height(style))
            draw_header(canvas, head, lane, legend, style)

        self._axes_layer.draw(painter, size, (place, x_label, y_label, told), ground)
        key = (place, scene.dataset, scene.model, lane.colour_parameters.vector.tobytes())
        moved = (place, rings.key)

        def clipped(content: Callable[[QPainter], None]) -> Callable[[QPainter], None]:
            def within(canvas: QPainter) -> None:
                canvas.save()
                canvas.setClipRect(axes.area)
                content(canvas)
                canvas.restore()

            return within

        def content(canvas: QPainter) -> None:
            if flat:
                draw_bars(canvas, axes, self._histogram(scene), scene, lane.colour_parameters, style)
            else:
                self._points.draw(canvas, axes, scene, lane.colour_parameters, style)

        if len(rings.rows) and not flat:
            self._bars_layer.draw(
                painter, size, moved, clipped(lambda canvas: draw_bars_of_rings(canvas, rings, style))
            )
        self._points_layer.draw(painter, size, key, clipped(content))
        if len(rings.rows):
            draw = draw_ring_on_bars if flat else draw_rings
            self._rings_layer.draw(painter, size, moved, clipped(lambda canvas: draw(canvas, rings, style)))

    def _legend(self, scene: Scene) -> Legend:
        of_points = "" if scene.projection.dimension == 1 else self._points.legend(scene)
        of_rings = self._missing.words(scene)
        wordings = tuple(", ".join(filter(None, (each, of_points))) for each in of_rings or ("",))
        return Legend(tuple(filter(None, wordings)), bool(of_rings))

    def _draw_plane(
        self, painter: QPainter, frame: Frame, lane: LaneFrame, axes: Axes, place: Hashable, size: QSizeF
    ) -> None:
        """Components and their ways, drawn anew when one has moved as far as can be seen."""
        scene, style = frame.scene, self.style_in_use.recoloured(lane.colours)
        shapes, ways = shapes_of(axes, lane.components, style), trails(axes, lane.means_path)
        following = lane.next_components if lane.half else None
        truth = scene.truth if frame.show_truth else None

        def ellipses(canvas: QPainter) -> None:
            draw_pinned_ellipses(canvas, frame, lane.index, axes, style)
            draw_components(canvas, shapes, style)

        def crosses(canvas: QPainter) -> None:
            if truth is not None:
                draw_truth(canvas, axes, truth, style)
            label_radii(canvas, axes, shapes, style, radius_words(not holds_counts(scene)))
            draw_crosses(canvas, shapes, style, axes.area)
            if following is not None:
                draw_arrows(canvas, axes, lane.components, following, style)

        self._ellipses_layer.draw(painter, size, (place, shapes, pins_in_sight(frame)), ellipses)
        moved = (place, tuple(way.tobytes() for way in ways))
        self._trails_layer.draw(painter, size, moved, lambda canvas: draw_trails(canvas, ways, style))
        key = (place, shapes, following, truth, holds_counts(scene))
        self._crosses_layer.draw(painter, size, key, crosses)

    def _draw_line(self, painter: QPainter, frame: Frame, lane: LaneFrame, axes: Axes) -> None:
        scene, style = frame.scene, self.style_in_use.recoloured(lane.colours)
        draw_densities(painter, axes, scene, lane.parameters, lane.components, style)
        if frame.show_truth and scene.truth is not None:
            draw_line_truth(painter, axes, scene.truth, style)
        draw_line_means(painter, axes, lane.components, lane.means_path, style)
        if lane.half and lane.next_components is not None:
            draw_line_arrows(painter, axes, lane.components, lane.next_components, style)

    def _histogram(self, scene: Scene) -> Histogram:
        cloud = self._bars_of.cloud(scene)
        if self._bars is None or self._bars[0] is not cloud:
            self._bars = (cloud, histogram(cloud, holds_counts(scene)))
        return self._bars[1]

    def _hint_place(self, frame: Frame, axes: Axes, grip: Grip) -> QPointF:
        start = self.start_shown(frame)
        means = ghost_means(axes, start)
        if grip.is_mean:
            return QPointF(*means[grip.component].tolist())
        ends = ghost_handles(axes, start, grip.component)
        return QPointF(*ends[grip.handle].tolist()) if grip.handle < len(ends) else self._mouse

    # The mouse

    def _axes_now(self) -> Axes | None:
        frame = self.frame
        if frame is None or not frame.scene.holds_points:
            return None
        if len(self.viewport.limits) != frame.scene.projection.dimension:
            return None
        return self.axes(frame, QRectF(self.rect()))

    def _grip_at(self, at: QPointF) -> Grip | None:
        axes, frame = self._axes_now(), self.frame
        if axes is None or frame is None or not frame.scene.places or not axes.area.contains(at):
            return None
        radius = HIT_RADIUS * (1.3 if self.style_in_use.lecture else 1.0)
        return grip_at(axes, frame.scene, self.start_shown(frame), at, radius)

    def _ring_at(self, at: QPointF) -> int | None:
        """The row whose ring is there, if any."""
        axes, frame = self._axes_now(), self.frame
        if axes is None or frame is None or self.lane_index >= len(frame.lanes) or not axes.area.contains(at):
            return None
        lane = frame.lanes[self.lane_index]
        rings = self._missing.rings(axes, frame.scene, lane, self.style_in_use.recoloured(lane.colours))
        ring = rings.at(at)
        return None if ring is None else int(rings.rows[ring])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        axes, frame = self._axes_now(), self.frame
        at = event.position()
        if (
            event.button() != Qt.MouseButton.LeftButton
            or axes is None
            or frame is None
            or not axes.area.contains(at)
        ):
            event.ignore()
            return
        if self._brush is not None:
            erases = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._stroke = _Stroke(erases, at)
            self._draw_stroke(at, final=False)
            return
        grip = self._grip_at(at)
        offset = QPointF() if grip is None else self._hint_place(frame, axes, grip) - at
        self._drag = _Drag(grip, at, at, offset)
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = at = event.position()
        if self._brush is not None:
            if self._stroke is not None and (at - self._stroke.pressed).manhattanLength() >= CLICK_PIXELS:
                self._stroke.moved = True
                self._draw_stroke(at, final=False)
            self.update()
            return
        drag = self._drag
        if drag is None:
            grip = self._grip_at(at)
            self._hover(grip, None if grip is not None else self._ring_at(at))
            return
        if not drag.moved and (at - drag.pressed).manhattanLength() < CLICK_PIXELS:
            return
        drag.moved = True
        if drag.grip is None:
            self._pan(at - drag.last)
        else:
            self._move_start(drag, at, final=False)
        drag.last = at

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._stroke is not None and event.button() == Qt.MouseButton.LeftButton:
            self._draw_stroke(event.position(), final=True)
            self._stroke = None
            return
        drag = self._drag
        if drag is None or event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._drag = None
        if drag.moved and drag.grip is not None:
            self._settle.start()
            self._move_start(drag, event.position(), final=True)
        self._hovered = None
        self._hover(self._grip_at(event.position()))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        axes = self._axes_now()
        inside = axes is not None and axes.area.contains(event.position())
        if event.button() == Qt.MouseButton.LeftButton and inside and self._grip_at(event.position()) is None:
            self.viewport.reset()
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self._drag is None:
            self._hover(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        axes = self._axes_now()
        turned = event.angleDelta().y() / 120.0
        if axes is None or turned == 0 or not axes.area.contains(event.position()):
            event.ignore()
            return
        at = np.array([axes.value_x(event.position().x()), axes.value_y(event.position().y())])
        self.viewport.zoom(at[: len(self.viewport.limits)], ZOOM_OF_A_NOTCH**turned)
        event.accept()

    def _draw_stroke(self, at: QPointF, final: bool) -> None:
        """What the brush does here: one point for a click, a spray for a drag, or erasing.

        The session is asked at intervals only, so that a fast mouse does not restart the lanes at each event.
        """
        axes, frame, brush, stroke = self._axes_now(), self.frame, self._brush, self._stroke
        if axes is None or frame is None or brush is None or stroke is None:
            return
        dimension = frame.scene.projection.dimension
        if stroke.erases:
            if final or not self._brushing.isActive():
                here = canvas_point(axes, at, dimension)
                self.requested.emit(ErasePoints(here, reach(axes, brush, dimension), final))
                self._brushing.start()
            return
        if not stroke.moved and not final:
            stroke.points.append(canvas_point(axes, at, dimension))
        elif not final:
            stroke.points += sprayed(axes, at, brush, dimension, self._spray)
        if final:
            self._leave_points(final=True)
        elif not self._brushing.isActive():
            self._brushing.start()

    def _leave_points(self, final: bool = False) -> None:
        """Asks for the points that the stroke has gathered."""
        brush, stroke = self._brush, self._stroke
        if brush is not None and stroke is not None and (stroke.points or final) and not stroke.erases:
            self.requested.emit(DrawPoints(tuple(stroke.points), brush.label, final))
            stroke.points = []

    def _hover(self, grip: Grip | None, ring: int | None = None) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if grip is not None:
            shape = Qt.CursorShape.OpenHandCursor if grip.is_mean else Qt.CursorShape.SizeAllCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)
        if (grip, ring) != (self._hovered, self._ring):
            self._hovered, self._ring = grip, ring
            self.update()

    def _pan(self, by: QPointF) -> None:
        axes = self._axes_now()
        if axes is not None:
            moved = np.array([-by.x() / axes.x_scale, by.y() / axes.y_scale])
            self.viewport.pan(moved[: len(self.viewport.limits)])

    def _move_start(self, drag: _Drag, at: QPointF, final: bool) -> None:
        """Draws the start where the mouse has it, at once, and asks the session for it."""
        axes, frame, grip = self._axes_now(), self.frame, drag.grip
        if axes is None or frame is None or grip is None:
            return
        start = dragged(axes, frame.scene, self.start_shown(frame), grip, at + drag.offset)
        self._moved_start, self._moved_in = start, frame.scene
        self.update()
        k = grip.component
        if grip.is_mean:
            self.requested.emit(MoveStartMean(k, tuple(start.means[k].tolist()), final))
        else:
            covariance = tuple(tuple(row) for row in start.covariances[k].tolist())
            self.requested.emit(ReshapeStart(k, covariance, final))


def _axes(style: Style, x_low: float, x_high: float, y_low: float, y_high: float, area: QRectF) -> Axes:
    metrics = QFontMetricsF(style.font(small=True))
    small = _is_small(area, style)
    line = metrics.height()
    bottom = line + 5 if small else 2 * line + 6
    top = header_height(style) + HEADER_GAP
    height = max(10.0, area.height() - top - bottom)
    ticks = nice_ticks(y_low, y_high, max(2, int(height / (line * 2))))
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    widest = max((metrics.horizontalAdvance(tick_text(tick, step)) for tick in ticks), default=0.0)
    # Steps of 8 pixels, so that the area does not tremble while one pans over numbers of other lengths.
    left = 8 * np.ceil((max(widest, metrics.horizontalAdvance("-00")) + 6) / 8)
    left += 0 if small else round(line * 1.05)
    width = max(10.0, area.width() - left - 10)
    inner = QRectF(round(area.left() + left), round(area.top() + top), round(width), round(height))
    return Axes(inner, x_low, x_high, y_low, y_high)


def _is_small(area: QRectF, style: Style) -> bool:
    """Whether there is no room for the axes' names."""
    return area.height() < 14 * style.small_font_size or area.width() < 20 * style.small_font_size


def _hint(frame: Frame, grip: Grip) -> str:
    if not grip.is_mean:
        return "drag: how wide it starts"
    count = len(frame.lanes)
    lanes = "the lane starts" if count == 1 else "both lanes start" if count == 2 else "all lanes start"
    return f"drag: where {lanes}"
