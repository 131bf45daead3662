"""What every view shares: it keeps the newest frame and draws it; a failing draw becomes a sentence."""

import sys
from typing import Any, ClassVar

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.contained import contain_events
from gui.frame import Frame
from gui.style import Style, style


class View(QWidget):
    """A picture of the newest frame. What is dragged in it leaves as a `requested` signal (gui.requests).

    A concrete view has a `name`, a `title` and `draw`; it keeps no state of the laboratory but the frame. What goes
    wrong in a method that answers an event of Qt is told as Python tells it, and never leaves that method.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    formula: ClassVar[str] = ""
    """LaTeX, one display a line, for the view's page of the help; '' for none."""
    try_it: ClassVar[str] = ""
    """One sentence for that page that says what to try."""
    requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.frame: Frame | None = None
        self.style_in_use: Style = style("light")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        # It fills all of itself, so nothing needs to be painted beneath it.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAccessibleName(self.title)

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        contain_events(cls)

    def show_frame(self, frame: Frame) -> None:
        """Draws this frame at the next paint."""
        self.frame = frame
        self.update()

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self.style_in_use = chosen
        self.update()

    def draws(self, frame: Frame) -> bool:
        """Whether there is anything in a frame that this view can draw; the window gives its room away where not."""
        return True

    def draw(self, painter: QPainter, frame: Frame, area: QRectF) -> None:
        """Draws a frame into an area; the same on screen, in a picture and on paper."""
        raise NotImplementedError

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 40)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint(painter, QRectF(self.rect()))
        painter.end()

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """The background and the frame. An exception in a paint event would end the process: it is shown."""
        painter.fillRect(area, self.style_in_use.colour("canvas"))
        if self.frame is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.save()
        try:
            self.draw(painter, self.frame, area)
        except Exception as error:
            painter.restore()
            painter.save()
            sys.excepthook(*sys.exc_info())
            painter.setClipping(False)
            painter.setPen(self.style_in_use.pen("danger"))
            painter.setFont(self.style_in_use.font(small=True))
            painter.drawText(
                area.adjusted(8, 8, -8, -8),
                Qt.TextFlag.TextWordWrap,
                f"{self.title} cannot be drawn: {error}",
            )
        finally:
            painter.restore()
