"""The experiments as a page of cards, each with a small picture of a real run."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.experiment import Experiment
from engine.shipped_experiments import FOLDER, shipped_experiments
from gui.companion import Companion
from gui.controls.inputs import ENTER_KEYS
from gui.miniatures import SIZE as PICTURE
from gui.miniatures import Miniatures, Wanted
from gui.style import Style, style
from gui.worker import Turns

SPACING = 10
PADDING = 10
TITLE_LINES, CAPTION_LINES = 2, 3
WINDOW = (1000, 660)
HINT = "Enter or a click opens an experiment. Space runs what is loaded, here as well."
MOVES = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
)
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


class Card(QAbstractButton):
    """One experiment: its picture, its title, and the first sentence of its caption.

    `moved(key)` for a key that leads from card to card.
    """

    moved = Signal(Qt.Key)

    def __init__(self, name: str, experiment: Experiment, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = name
        self.sentence = first_sentence(experiment.caption)
        self.image: QImage | None = None
        self._style = style("light")
        self.setText(experiment.title or name)
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(experiment.caption)
        self.setToolTip(f"<qt>{experiment.caption}</qt>")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_image(self, image: QImage | None) -> None:
        """Shows a picture; None while there is none."""
        self.image = image
        self.update()

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        title, small = 1.25 * self._style.font_size, 1.25 * self._style.small_font_size
        words = round(TITLE_LINES * title + CAPTION_LINES * small)
        return QSize(PICTURE[0] + 2 * PADDING, PICTURE[1] + words + 2 * PADDING + 8)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER_KEYS:
            self.click()
        elif event.key() in MOVES:
            # Not left to the button, nor to the area around it, which would scroll and leave the focus behind.
            self.moved.emit(Qt.Key(event.key()))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        chosen, focused = self._style, self.hasFocus()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setBrush(chosen.colour("panel"))
        painter.setPen(chosen.pen("accent", 3.0) if focused else chosen.pen("line", 1.0))
        painter.drawRoundedRect(frame, 6, 6)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(chosen.colour("accent", 0.10))
            painter.drawRoundedRect(frame, 6, 6)
        place = QRectF((self.width() - PICTURE[0]) / 2, PADDING, *PICTURE)
        if self.image is not None:
            painter.drawImage(place, self.image)
        else:
            painter.fillRect(place, chosen.colour("grid"))
            painter.setFont(chosen.font(small=True))
            painter.setPen(chosen.colour("muted"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "is being run…")
        self._draw_words(painter, place)
        painter.end()

    def _draw_words(self, painter: QPainter, picture: QRectF) -> None:
        chosen = self._style
        area = QRectF(PADDING, picture.bottom() + 6, self.width() - 2 * PADDING, self.height())
        painter.setFont(chosen.font(bold=True))
        painter.setPen(chosen.colour("text"))
        used = _draw_lines(painter, area, self.text(), TITLE_LINES)
        painter.setFont(chosen.font(small=True))
        painter.setPen(chosen.colour("muted"))
        _draw_lines(painter, area.adjusted(0, used + 2, 0, 0), self.sentence, CAPTION_LINES)


class Gallery(Companion):
    """The page of cards, beside the window. `choose` opens an experiment's file; whether it was opened."""

    own_keys: ClassVar[tuple[Qt.Key, ...]] = (Qt.Key.Key_Escape, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)

    def __init__(self, turns: Turns, choose: Callable[[Path], bool], parent: QWidget) -> None:
        super().__init__(parent)
        self._choose = choose
        self._style = style("light")
        self.setWindowTitle("Experiments")
        self.resize(*WINDOW)
        self.miniatures = Miniatures(turns, self.devicePixelRatioF(), self)
        self.miniatures.made.connect(self._show_image)
        self.hint = QLabel(HINT)
        self.hint.setProperty("role", "note")
        self.page = QWidget()
        self.page.setObjectName("desk")
        self.cards = [Card(name, each, self.page) for name, each in shipped_experiments().items()]
        for card in self.cards:
            card.clicked.connect(lambda checked=False, card=card: self._open(card))
            card.moved.connect(partial(self._move, card))
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.page)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING, 6, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.hint)
        column.addWidget(self.area, 1)
        self._columns = 1

    def show_cards(self, loaded: str = "") -> None:
        """Shows the cards; the one of the experiment that is loaded has the focus, else the first one."""
        self.show_beside()
        found = next((card for card in self.cards if card.name == loaded), self.cards[0])
        found.setFocus(Qt.FocusReason.TabFocusReason)
        self.area.ensureWidgetVisible(found)

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        for card in self.cards:
            card.use_style(chosen)
        self._arrange()
        if self.isVisible():
            self._want_images()

    def _want_images(self) -> None:
        known = shipped_experiments()
        self.miniatures.want(
            [Wanted(card.name, FOLDER / f"{card.name}.toml", known[card.name]) for card in self.cards],
            self._style.name,
        )
        for card in self.cards:
            card.show_image(self.miniatures.images.get(card.name))

    def _show_image(self, name: str) -> None:
        card = next(card for card in self.cards if card.name == name)
        card.show_image(self.miniatures.images[name])

    def _open(self, card: Card) -> None:
        if self._choose(FOLDER / f"{card.name}.toml"):
            self.hide()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._arrange()
        self._want_images()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.miniatures.pause()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The cards in as many columns as there is room for."""
        width = self.area.viewport().width() - SPACING
        card = self.cards[0].sizeHint()
        self._columns = max(1, (width + SPACING) // (card.width() + SPACING))
        across = (width - (self._columns - 1) * SPACING) // self._columns
        for place, each in enumerate(self.cards):
            row, column = divmod(place, self._columns)
            each.setGeometry(
                column * (across + SPACING), row * (card.height() + SPACING), across, card.height()
            )
        rows = -(-len(self.cards) // self._columns)
        self.page.resize(width + SPACING, rows * (card.height() + SPACING))

    def _move(self, card: Card, key: Qt.Key) -> None:
        """From a card to the one above, below, or a page further."""
        page = max(1, self.area.viewport().height() // (card.height() + SPACING))
        steps = {
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
            Qt.Key.Key_PageUp: -page * self._columns,
            Qt.Key.Key_PageDown: page * self._columns,
            Qt.Key.Key_Home: -len(self.cards),
            Qt.Key.Key_End: len(self.cards),
        }
        place = self.cards.index(card) + steps[key]
        found = self.cards[min(max(place, 0), len(self.cards) - 1)]
        found.setFocus(Qt.FocusReason.TabFocusReason)
        self.area.ensureWidgetVisible(found)


def first_sentence(text: str) -> str:
    """The first sentence of a caption."""
    return SENTENCE.split(text.strip(), maxsplit=1)[0]


def _draw_lines(painter: QPainter, area: QRectF, text: str, most: int) -> float:
    """Draws words on at most so many lines, the last one elided; the height that they took."""
    metrics = painter.fontMetrics()
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.horizontalAdvance(longer) <= area.width():
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        rest = " ".join(lines[most - 1 :])
        lines = [*lines[: most - 1], metrics.elidedText(rest, Qt.TextElideMode.ElideRight, int(area.width()))]
    for number, line in enumerate(lines):
        row = QRectF(
            area.left(), area.top() + number * metrics.lineSpacing(), area.width(), metrics.lineSpacing()
        )
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, line)
    return float(len(lines) * metrics.lineSpacing())
