"""How far something has come that takes a while, with a button to give it up."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget


class LoadingBar(QWidget):
    """Shown only while it lasts; `words` say what it is."""

    cancelled = Signal()

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setFixedWidth(160)
        self._bar.setFixedHeight(14)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(words)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel(words))
        row.addWidget(self._bar)
        row.addWidget(cancel)
        self.hide()

    def show_progress(self, fraction: float) -> None:
        """A fraction from 0 to 1; below 0 the bar goes away."""
        self.setVisible(fraction >= 0)
        # A story that tells no progress shows a bar that is busy.
        self._bar.setRange(0, 1000 if fraction > 0 else 0)
        self._bar.setValue(round(1000 * max(fraction, 0.0)))
