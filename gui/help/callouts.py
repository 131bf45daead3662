"""'What am I looking at?': names over the parts of the window, until a key is pressed or the mouse clicks."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.style import Style, style

WIDEST = 250.0
PADDING = 8.0
GAP = 10.0
VEIL = 0.62
HINT = "Any key or click goes on. F1 on a part opens its page."
ENDING = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel)


@dataclass(frozen=True)
class Callout:
    """A part of the window with its name and what it is, in one sentence."""

    widget: QWidget
    title: str
    words: str


@dataclass(frozen=True)
class Placed:
    """A callout's box, and where the part that it names lies, both in the overlay's pixels."""

    callout: Callout
    part: QRectF
    box: QRectF


class Callouts(QWidget):
    """Lies over the whole window. `ended()` when it is gone."""

    ended = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._owner = parent
        self._style = style("light")
        self._callouts: Sequence[Callout] = ()
        self.setAccessibleName("What am I looking at?")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()

    def show_over(self, callouts: Sequence[Callout], chosen: Style) -> None:
        """Names these parts, those of them that are to be seen."""
        self._style = chosen
        self._callouts = [each for each in callouts if each.widget.isVisible()]
        self.setAccessibleDescription(" ".join(f"{each.title}: {each.words}" for each in self._callouts))
        self.setGeometry(self._owner.rect())
        self.show()
        self.raise_()
        self.setFocus()
        application = QApplication.instance()
        assert application is not None
        # The newest filter is asked first: before the one that gives Space to the transport.
        application.installEventFilter(self)
        self._owner.installEventFilter(self)

    def end(self) -> None:
        """Takes the names away."""
        application = QApplication.instance()
        assert application is not None
        application.removeEventFilter(self)
        self._owner.removeEventFilter(self)
        if not self.isHidden():
            self.hide()
            self.ended.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if watched is self._owner and kind == QEvent.Type.Resize:
            self.setGeometry(self._owner.rect())
        if kind not in ENDING or not isinstance(watched, QWidget) or watched.window() is not self.window():
            return bool(super().eventFilter(watched, event))
        if kind == QEvent.Type.ShortcutOverride:
            # Else a shortcut would act before the key is seen here.
            event.accept()
            return True
        if isinstance(event, (QKeyEvent, QMouseEvent)) or kind == QEvent.Type.Wheel:
            self.end()
        event.accept()
        return True

    # Drawing

    def placed(self) -> list[Placed]:
        """Where everything lies now: each box near its part, and over no other box where that can be."""
        parts = sorted(
            ((each, self._area_of(each.widget)) for each in self._callouts),
            key=lambda each: each[1].width() * each[1].height(),
        )
        boxes: list[QRectF] = []
        found = []
        for callout, part in parts:
            size = self._size(callout)
            box = min(
                _candidates(part, size.width(), size.height()),
                key=lambda box: self._cost(box, boxes),
            )
            box = self._inside(box)
            boxes.append(box)
            found.append(Placed(callout, part, box))
        return found

    def _area_of(self, widget: QWidget) -> QRectF:
        corner = widget.mapTo(self._owner, QPoint(0, 0))
        return QRectF(QPointF(corner), widget.size().toSizeF())

    def _size(self, callout: Callout) -> QRectF:
        title = QFontMetricsF(self._style.font(bold=True))
        words = QFontMetricsF(self._style.font(small=True))
        wrap = Qt.TextFlag.TextWordWrap.value
        said = words.boundingRect(QRectF(0, 0, WIDEST, 1000), wrap, callout.words)
        width = max(title.horizontalAdvance(callout.title), said.width()) + 1
        return QRectF(0, 0, width + 2 * PADDING, title.height() + said.height() + 2 * PADDING + 2)

    def _inside(self, box: QRectF) -> QRectF:
        limits = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        x = min(max(box.left(), limits.left()), limits.right() - box.width())
        y = min(max(box.top(), limits.top()), limits.bottom() - box.height())
        return QRectF(x, y, box.width(), box.height())

    def _cost(self, box: QRectF, taken: list[QRectF]) -> float:
        """Area over other boxes, and how far the box had to be moved to be inside the window."""
        inside = self._inside(box)
        moved = abs(inside.left() - box.left()) + abs(inside.top() - box.top())
        over = (inside.adjusted(-GAP, -GAP, GAP, GAP).intersected(other) for other in taken)
        return sum(each.width() * each.height() for each in over) + 20.0 * moved

    def paintEvent(self, event: QPaintEvent) -> None:
        chosen = self._style
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), chosen.colour("window", VEIL))
        placed = self.placed()
        for each in placed:
            painter.setPen(chosen.pen("accent", 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(each.part.adjusted(1.5, 1.5, -1.5, -1.5), 5, 5)
            if not each.part.intersects(each.box):
                painter.drawLine(*_leader(each.box, each.part))
        for each in placed:
            self._draw_box(painter, each)
        self._draw_hint(painter)
        painter.end()

    def _draw_box(self, painter: QPainter, placed: Placed) -> None:
        chosen, box = self._style, placed.box
        painter.setPen(chosen.pen("accent", 1.5))
        painter.setBrush(chosen.colour("panel"))
        painter.drawRoundedRect(box, 6, 6)
        inner = box.adjusted(PADDING, PADDING, -PADDING, -PADDING)
        painter.setFont(chosen.font(bold=True))
        painter.setPen(chosen.colour("text"))
        height = painter.fontMetrics().height()
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, placed.callout.title)
        painter.setFont(chosen.font(small=True))
        painter.setPen(chosen.colour("muted"))
        painter.drawText(
            inner.adjusted(0, height + 2, 1, 2), Qt.TextFlag.TextWordWrap.value, placed.callout.words
        )

    def _draw_hint(self, painter: QPainter) -> None:
        chosen = self._style
        painter.setFont(chosen.font(small=True, bold=True))
        painter.setPen(chosen.colour("text"))
        area = QRectF(self.rect()).adjusted(0, 6, -12, 0)
        painter.drawText(area, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, HINT)


def _candidates(part: QRectF, width: float, height: float) -> list[QRectF]:
    """Boxes for a part, the best first: in its middle where they fit, else beside it, else anywhere inside."""
    centre = part.center()
    found = []
    if width + 2 * GAP < part.width() and height + 2 * GAP < part.height():
        found += [
            QRectF(centre.x() - width / 2, y, width, height)
            for y in (centre.y() - height / 2, part.top() + GAP, part.bottom() - GAP - height)
        ]
    for x in (centre.x() - width / 2, part.left(), part.right() - width):
        found += [
            QRectF(x, part.bottom() + GAP, width, height),
            QRectF(x, part.top() - GAP - height, width, height),
        ]
    found += [
        QRectF(part.right() + GAP, centre.y() - height / 2, width, height),
        QRectF(part.left() - GAP - width, centre.y() - height / 2, width, height),
    ]
    return found


def _leader(box: QRectF, part: QRectF) -> tuple[QPointF, QPointF]:
    """The shortest line from a box to a part beside it."""
    ends = []
    for one, other in ((box, part), (part, box)):
        x = min(max(other.center().x(), one.left()), one.right())
        y = min(max(other.center().y(), one.top()), one.bottom())
        ends.append(QPointF(x, y))
    return ends[0], ends[1]
