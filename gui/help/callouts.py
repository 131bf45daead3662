"""'What am I looking at?': names over the parts of the window, until a key is pressed or the mouse clicks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.contained import contained
from gui.style import Style, style

WIDEST, NARROWEST = 250.0, 165.0
SMALL = 130.0
"""Parts that are lower or narrower than this should not be covered by the names of others."""
BOX_OVER_BOX, FAR = 20.0, 4.0
"""What a pixel of a box over another box weighs, and a pixel of distance, to one over a small part."""
PADDING = 8.0
GAP = 10.0
VEIL = 0.62
HINT = "Any key or click goes on"
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

    @contained
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
        """Where everything lies now: each box in its part or near it, and over no other box where that can be."""
        parts = [(each, self._area_of(each.widget)) for each in self._callouts]
        small = [part for _, part in parts if part.height() < SMALL or part.width() < SMALL]
        boxes: list[QRectF] = []
        found = []
        for callout, part in sorted(parts, key=lambda each: each[1].width() * each[1].height()):
            others = [each for each in small if each is not part]
            box = min(
                self._candidates(callout, part),
                key=lambda box: (
                    BOX_OVER_BOX * _over(box, boxes) + _over(box, others) + FAR * _apart(box, part)
                ),
            )
            boxes.append(box)
            found.append(Placed(callout, part, box))
        return found

    def _area_of(self, widget: QWidget) -> QRectF:
        corner = widget.mapTo(self._owner, QPoint(0, 0))
        return QRectF(QPointF(corner), widget.size().toSizeF())

    def _size(self, callout: Callout, widest: float) -> QSizeF:
        title = QFontMetricsF(self._style.font(bold=True))
        words = QFontMetricsF(self._style.font(small=True))
        widest = max(widest - 2 * PADDING, title.horizontalAdvance(callout.title))
        wrap = Qt.TextFlag.TextWordWrap.value
        said = words.boundingRect(QRectF(0, 0, widest, 1000), wrap, callout.words)
        width = max(title.horizontalAdvance(callout.title), said.width()) + 2
        return QSizeF(width + 2 * PADDING, title.height() + said.height() + 2 * PADDING + 2)

    def _candidates(self, callout: Callout, part: QRectF) -> Iterator[QRectF]:
        """Boxes for a part that lie within the window, the better ones first: in its middle, else beside it."""
        limits = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        for widest in (WIDEST, NARROWEST):
            for within in (True, False):
                size = self._size(callout, min(widest, part.width() - 2 * GAP) if within else widest)
                width, height = size.width(), size.height()
                if within and (width + 2 * GAP > part.width() or height + 2 * GAP > part.height()):
                    continue
                shares = (0.5, 0.25, 0.75, 0.0, 1.0)
                lefts = [part.left() + share * (part.width() - width) for share in shares]
                tops = [part.top() + share * (part.height() - height) for share in shares]
                if within:
                    spots = [
                        (x, min(max(y, part.top() + GAP), part.bottom() - GAP - height))
                        for y in tops
                        for x in lefts[:1]
                    ]
                else:
                    spots = [(x, y) for x in lefts for y in (part.top() - GAP - height, part.bottom() + GAP)]
                    spots += [(x, y) for y in tops for x in (part.left() - GAP - width, part.right() + GAP)]
                yield from (box for x, y in spots if limits.contains(box := QRectF(x, y, width, height)))
        size = self._size(callout, WIDEST)
        yield QRectF(limits.center() - QPointF(size.width(), size.height()) / 2, size)

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
        metrics = painter.fontMetrics()
        width, height = metrics.horizontalAdvance(HINT) + 2 * PADDING, metrics.height() + PADDING
        box = QRectF(self.width() - width - 4, 2, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(chosen.colour("accent"))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(chosen.colour("accent_text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, HINT)


def _over(box: QRectF, others: Sequence[QRectF]) -> float:
    """The area of a box, with the room that it wants around it, that lies over others."""
    covered = (box.adjusted(-GAP, -GAP, GAP, GAP).intersected(other) for other in others)
    return sum(each.width() * each.height() for each in covered)


def _apart(box: QRectF, part: QRectF) -> float:
    """How far a box lies from the middle of its part."""
    between = box.center() - part.center()
    return abs(between.x()) + abs(between.y())


def _leader(box: QRectF, part: QRectF) -> tuple[QPointF, QPointF]:
    """The shortest line from a box to a part beside it."""
    at_part = _nearest(part, box.center())
    return _nearest(box, at_part), at_part


def _nearest(area: QRectF, point: QPointF) -> QPointF:
    x = min(max(point.x(), area.left()), area.right())
    y = min(max(point.y(), area.top()), area.bottom())
    return QPointF(x, y)
