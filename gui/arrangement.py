"""Where the pictures stand: a canvas for each lane above, curves and simplex below; and which of them are seen."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout

from gui.controls.status_strip import StatusStrip
from gui.frame import Frame
from gui.items.brush import Brush
from gui.items.viewport import Viewport
from gui.lecture import PICTURES
from gui.style import Style
from gui.views.base import View
from gui.views.data_canvas import DataCanvas
from gui.views.likelihood import LikelihoodView
from gui.views.simplex import SimplexView
from gui.views.weight_sum import WeightSumView

SIMPLEX_WIDTH = 300
GAUGE_WIDTH = 110
MOST_ACROSS = 3
"""With more lanes the canvases stand in two rows."""
WIDEST = 16_777_215
"""Qt's own limit of a widget's width: none."""


class Arrangement(QObject):
    """Lays out the pictures and hands frames, style and brush on to them.

    `canvases` and `strips` have one entry for each lane that is shown. Signals: `requested(request)`, what was dragged
    or clicked in a canvas; `continue_requested(place)`, where the lane shown there is to go on.
    """

    requested = Signal(object)
    continue_requested = Signal(int)

    def __init__(
        self,
        viewport: Viewport,
        likelihood: LikelihoodView,
        simplex: SimplexView,
        weight_sum: WeightSumView,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.canvases: list[DataCanvas] = []
        self.strips: list[StatusStrip] = []
        self.layout = QVBoxLayout()
        self._viewport = viewport
        self._likelihood = likelihood
        self._simplex = simplex
        self._weight_sum = weight_sum
        self._chosen = self._shown = frozenset(PICTURES)
        self._undrawn: frozenset[str] = frozenset()
        self._brush: Brush | None = None
        self._style = likelihood.style_in_use
        self._lay_out()

    def _lay_out(self) -> None:
        self._canvas_grid = QGridLayout()
        self._canvas_grid.setSpacing(6)
        below = QHBoxLayout()
        below.setSpacing(6)
        below.addWidget(self._likelihood, 1)
        below.addWidget(self._simplex)
        below.addWidget(self._weight_sum)
        self.layout.setSpacing(6)
        self.layout.addLayout(self._canvas_grid, 3)
        self.layout.addLayout(below, 2)

    def lay_out_lanes(self, count: int) -> None:
        """As many canvases with their strips as there are lanes, in rows of up to four."""
        while len(self.canvases) > count:
            for widget in (self.canvases.pop(), self.strips.pop()):
                self._canvas_grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        while len(self.canvases) < count:
            index = len(self.canvases)
            canvas, strip = DataCanvas(index, self._viewport), StatusStrip()
            canvas.requested.connect(self.requested)
            strip.continue_requested.connect(lambda index=index: self.continue_requested.emit(index))
            canvas.use_style(self._style)
            canvas.use_brush(self._brush)
            strip.use_style(self._style)
            self.canvases.append(canvas)
            self.strips.append(strip)
        across = count if count <= MOST_ACROSS else -(-count // 2)
        for index in range(count):
            row, column = divmod(index, across)
            self._canvas_grid.addWidget(self.canvases[index], 2 * row, column)
            self._canvas_grid.addWidget(self.strips[index], 2 * row + 1, column)
            # Not before they have a parent: a widget without one would open as a window of its own.
            for widget in (self.canvases[index], self.strips[index]):
                widget.setVisible("data" in self._shown)
            self.strips[index].use_lines(2 if count <= MOST_ACROSS else 1)
        for column in range(8):
            self._canvas_grid.setColumnStretch(column, 1 if column < across else 0)
        for row in range(4):
            self._canvas_grid.setRowStretch(row, 1 if row % 2 == 0 and row < 2 * (-(-count // across)) else 0)
        self._share_heights()

    @property
    def views(self) -> list[View]:
        """Every picture."""
        return [*self.canvases, self._likelihood, self._simplex, self._weight_sum]

    def show_only(self, chosen: frozenset[str]) -> None:
        """Only these of `lecture.PICTURES`; what is alone in its row takes all of it.

        A picture of which the model has nothing gives its room away, unless it is all that was chosen.
        """
        self._chosen = chosen
        chosen = self._shown = chosen - self._undrawn or chosen
        for widget in (*self.canvases, *self.strips):
            widget.setVisible("data" in chosen)
        self._likelihood.setVisible("likelihood" in chosen)
        self._simplex.setVisible("simplex" in chosen)
        self._weight_sum.setVisible("sum" in chosen)
        self._fix_widths()
        self._share_heights()

    def show_frame(self, frame: Frame) -> None:
        """As many canvases as the frame has lanes, and every picture of it."""
        if len(frame.lanes) != len(self.canvases):
            self.lay_out_lanes(len(frame.lanes))
        for view in self.views:
            view.show_frame(frame)
        optional = {"simplex": self._simplex, "sum": self._weight_sum}
        undrawn = frozenset(name for name, view in optional.items() if not view.draws(frame))
        if undrawn != self._undrawn:
            self._undrawn = undrawn
            self.show_only(self._chosen)

    def use_style(self, chosen: Style) -> None:
        """Draws everything in this style from now on; before an audience what has a width of its own gets more."""
        self._style = chosen
        for view in self.views:
            view.use_style(chosen)
        for strip in self.strips:
            strip.use_style(chosen)
        self._fix_widths()

    def use_brush(self, radius: int, label: int) -> None:
        """The canvases draw points with this brush; none with a radius of 0."""
        self._brush = Brush(float(radius), label) if radius else None
        self._viewport.held = self._brush is not None
        for canvas in self.canvases:
            canvas.use_brush(self._brush)

    def _share_heights(self) -> None:
        """Canvases above, curves below: two rows of canvases get more than one row does."""
        data, below = "data" in self._shown, bool(self._shown - {"data"})
        canvases, curves = (3, 2) if len(self.canvases) <= MOST_ACROSS else (2, 1)
        self.layout.setStretch(0, canvases if data else 0)
        self.layout.setStretch(1, curves if below else 0)

    def _fix_widths(self) -> None:
        for view, width, before in (
            (self._simplex, SIMPLEX_WIDTH, {"likelihood"}),
            (self._weight_sum, GAUGE_WIDTH, {"likelihood", "simplex"}),
        ):
            if before & self._shown:
                view.setFixedWidth(self._style.enlarged(width))
            else:
                view.setMinimumWidth(0)
                view.setMaximumWidth(WIDEST)
