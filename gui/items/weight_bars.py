"""One weight, or five and more: bars with a zero line, and the sum on a scale of its own."""

import math
from collections.abc import Hashable

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.parameters import Array
from gui.frame import Frame
from gui.items.axes import Axes, draw_axes
from gui.items.curve import doublings
from gui.items.growing_paths import GrowingPaths
from gui.items.layer import Layer
from gui.items.simplex_chart import Chart, Iterations, draw_arrow, hatch_brush
from gui.items.simplex_geometry import with_weight
from gui.style import Style

SMALLEST_TOP = 0.125


class WeightBars(Chart):
    """A group of bars for each component, one bar for each lane."""

    def __init__(self, area: QRectF, frame: Frame, style: Style, start: Array) -> None:
        super().__init__(area)
        self.count = len(start)
        self.lanes = len(frame.lanes)
        highest, lowest, sums = float(np.max(start)), 0.0, [1.0]
        for lane in frame.lanes:
            for weights in (lane.weights_path, lane.components.weights[None, :]):
                finite = weights[np.all(np.isfinite(weights), axis=1)]
                if len(finite):
                    highest, lowest = max(highest, float(np.max(finite))), min(lowest, float(np.min(finite)))
            if np.isfinite(lane.weight_sum):
                sums.append(lane.weight_sum)
        top = SMALLEST_TOP * 2.0 ** doublings(highest, SMALLEST_TOP)
        bottom = -(top / 8) * 2.0 ** doublings(-lowest, top / 8) if lowest < 0 else 0.0
        metrics = QFontMetricsF(style.font(small=True))
        below = metrics.height() + 6
        left = metrics.horizontalAdvance("\u22120.000") + 8
        sum_width = max(30.0, metrics.horizontalAdvance("\u03a3") + 8 * self.lanes)
        width = max(20.0, area.width() - left - sum_width - 16)
        height = max(20.0, area.height() - 8 - below)
        self.axes = Axes(QRectF(area.left() + left, 8, width, height), 0, self.count, bottom, top)
        self.sums = QRectF(area.right() - sum_width - 4, 8, sum_width, height)
        reach = max(abs(each) for each in sums)
        self.sum_top = 1.25 * 2.0 ** doublings(reach, 1.25)
        self.sum_bottom = -self.sum_top if min(sums) < 0 else 0.0

    @property
    def key(self) -> Hashable:
        return (
            "bars",
            self.count,
            self.lanes,
            self.axes.y_low,
            self.axes.y_high,
            self.sum_top,
            self.sum_bottom,
        )

    def draw_ground(self, painter: QPainter, style: Style) -> None:
        axes, area, sums = self.axes, self.axes.area, self.sums
        # Ticks stand only where the axis grows, so a reversed one has none.
        draw_axes(painter, Axes(area, 1.0, 0.0, axes.y_low, axes.y_high), style)
        zero = axes.y(0.0)
        if axes.y_low < 0:
            painter.fillRect(
                QRectF(area.left(), zero, area.width(), area.bottom() - zero), hatch_brush(style)
            )
        if axes.y_high > 1:
            rect = QRectF(area.left(), area.top(), area.width(), axes.y(1.0) - area.top())
            painter.fillRect(rect, hatch_brush(style))
        step = area.width() / self.count
        metrics = QFontMetricsF(style.font(small=True, bold=True))
        every = max(1, math.ceil((metrics.horizontalAdvance(str(self.count)) + 4) / step))
        painter.setFont(style.font(small=True, bold=True))
        for component in range(self.count):
            left = area.left() + component * step
            strip = QRectF(left + 0.12 * step, area.bottom() + 2, 0.76 * step, 3)
            painter.fillRect(strip, style.component(component))
            if component % every:
                continue
            painter.setPen(style.pen("text"))
            box = QRectF(left + 0.5 * step - 20, area.bottom() + 5, 40, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(component + 1))
        painter.setPen(style.pen("text", style.axis_width))
        painter.drawLine(QPointF(area.left(), zero), QPointF(area.right(), zero))
        painter.drawText(
            QRectF(sums.left(), area.bottom() + 5, sums.width(), metrics.height()),
            Qt.AlignmentFlag.AlignCenter,
            "\u03a3",
        )
        painter.setPen(style.pen("line", style.axis_width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(sums)
        painter.setPen(style.pen("text", style.axis_width))
        painter.drawLine(QPointF(sums.left(), self._sum_y(0.0)), QPointF(sums.right(), self._sum_y(0.0)))
        painter.setPen(style.pen("good", style.axis_width + 0.5))
        painter.drawLine(
            QPointF(sums.left() - 3, self._sum_y(1.0)), QPointF(sums.right() + 3, self._sum_y(1.0))
        )

    def _sum_y(self, total: float) -> float:
        share = (total - self.sum_bottom) / (self.sum_top - self.sum_bottom)
        return self.sums.bottom() - share * self.sums.height()

    def pixels(self, weights: Array, iterations: Iterations) -> tuple[Array, Array]:
        raise NotImplementedError("bars have no paths")

    def draw(
        self, painter: QPainter, frame: Frame, style: Style, start: Array, ground: Layer, paths: GrowingPaths
    ) -> None:
        size = self.area.size()
        key = (style, self.key, self.area.getRect())
        ground.draw(painter, size, key, lambda canvas: self.draw_ground(canvas, style))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for place, lane in enumerate(frame.lanes):
            weights = lane.components.weights
            for component in range(self.count):
                if np.isfinite(weights[component]):
                    bar = self._bar(component, place, float(weights[component]))
                    painter.fillRect(bar, style.lane(lane.index, 0.85))
            if np.isfinite(lane.weight_sum):
                width = (self.sums.width() - 6) / self.lanes
                left = self.sums.left() + 3 + place * width
                zero, top = self._sum_y(0.0), self._sum_y(lane.weight_sum)
                bar = QRectF(left, min(zero, top), max(1.0, width - 1), max(1.0, abs(zero - top)))
                painter.fillRect(bar, style.lane(lane.index, 0.85))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for place, lane in enumerate(frame.lanes):
            following = lane.next_components
            if following is None:
                continue
            for component in range(self.count):
                here, there = lane.components.weights[component], following.weights[component]
                if np.isfinite(here + there):
                    x = self._bar(component, place, 0.0).center().x()
                    start_point, end = QPointF(x, self.axes.y(here)), QPointF(x, self.axes.y(there))
                    draw_arrow(painter, start_point, end, style.colour("text"), 1.4)
        self._draw_ghost(painter, style, start)
        painter.restore()

    def _bar(self, component: int, place: int, weight: float) -> QRectF:
        step = self.axes.area.width() / self.count
        width = 0.76 * step / max(1, self.lanes)
        left = self.axes.area.left() + (component + 0.12) * step + place * width
        zero, top = self.axes.y(0.0), self.axes.y(weight)
        return QRectF(left, min(zero, top), max(1.0, width - 1), max(1.0, abs(zero - top)))

    def _draw_ghost(self, painter: QPainter, style: Style, start: Array) -> None:
        step = self.axes.area.width() / self.count
        lines = [
            QLineF(left + 0.04 * step, self.axes.y(weight), left + 0.96 * step, self.axes.y(weight))
            for left, weight in (
                (self.axes.area.left() + component * step, float(start[component]))
                for component in range(self.count)
            )
        ]
        painter.setPen(style.pen("canvas", style.axis_width + 3))
        painter.drawLines(lines)
        pen = QPen(style.colour("ghost"), style.axis_width + 1, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([2.0, 1.0])
        painter.setPen(pen)
        painter.drawLines(lines)

    def ghost_at(self, at: QPointF, start: Array, reach: float) -> int | None:
        area = self.axes.area
        component = int((at.x() - area.left()) // (area.width() / self.count))
        if self.count < 2 or not 0 <= component < self.count:
            return None
        return component if abs(at.y() - self.axes.y(float(start[component]))) <= 0.7 * reach else None

    def dragged(self, at: QPointF, start: Array, grabbed: int) -> Array:
        return with_weight(start, grabbed, self.axes.value_y(at.y()))
