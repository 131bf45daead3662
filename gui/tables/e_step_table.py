"""A table of what the E step at the cursor found, and what EM and a gradient make of the same numbers."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.analysis.e_step import EStepUse
from engine.parameters import Array
from gui.controls.words import rounded_text
from gui.frame import Frame

DIGITS = 4
ABOUT = (
    "Both methods use the very same E step. From its counts n\u2096 and moments EM takes the weighted averages as "
    "new parameters; the gradient asks how far the parameters are from them."
)
NO_WEIGHTS = "This model has no weights of components, so there are no counts to show."
NO_E_STEP = "No lane has made an E step here."
SYMBOLS = {
    "means": ("\u03bc\u2096", "\u03a3\u207b\u00b9b\u2096"),
    "covariances": ("\u03a3\u2096", "gradient in \u03a3\u2096"),
}


class _Table(QTableWidget):
    """A table whose chosen cells are copied as tab-separated text."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.chosen_text())
            event.accept()
            return
        super().keyPressEvent(event)

    def chosen_text(self) -> str:
        """The chosen cells, all of them where none is chosen, row by row."""
        chosen = {(index.row(), index.column()) for index in self.selectedIndexes()}
        if not chosen:
            chosen = {(row, column) for row in range(self.rowCount()) for column in range(self.columnCount())}
        lines = []
        for row in sorted({row for row, _ in chosen}):
            cells = [
                self.item(row, column) for _, column in sorted(each for each in chosen if each[0] == row)
            ]
            lines.append("\t".join(cell.text() if cell is not None else "" for cell in cells))
        return "\n".join(lines)


class EStepTable(QDialog):
    """What the E step at the cursor found, beside the window, and what EM and a gradient make of it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle("What the E step found")
        self.resize(860, 320)
        self.about = QLabel(ABOUT)
        self.about.setWordWrap(True)
        self.table = _Table()
        self.table.setAccessibleName("What the E step found")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        column = QVBoxLayout(self)
        column.addWidget(self.about)
        column.addWidget(self.table, 1)

    def show_frame(self, frame: Frame) -> None:
        """Fills the table for every lane at the cursor; nothing is done while it is hidden."""
        if not self.isVisible():
            return
        found = [(lane.title, lane.iteration, lane.e_step()) for lane in frame.lanes]
        uses = [use for _, _, use in found if use is not None]
        missing = NO_E_STEP if "weights" in frame.scene.start_parameters else NO_WEIGHTS
        self.about.setText(ABOUT if uses else missing)
        headers = _headers(uses[0]) if uses else []
        self.table.setColumnCount(len(headers))
        self.table.setHorizontalHeaderLabels(headers)
        rows: list[tuple[str, list[str]]] = []
        for title, iteration, use in found:
            if use is not None:
                rows += [
                    (f"{title} at {iteration}, component {k + 1}", cells)
                    for k, cells in enumerate(_cells(use))
                ]
        self.table.setRowCount(len(rows))
        self.table.setVerticalHeaderLabels([label for label, _ in rows])
        for row, (_, cells) in enumerate(rows):
            for column, text in enumerate(cells):
                item = self.table.item(row, column)
                if item is None:
                    item = QTableWidgetItem()
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    self.table.setItem(row, column, item)
                item.setText(text)
                item.setToolTip(text)
        self.table.resizeColumnsToContents()


def _headers(use: EStepUse) -> list[str]:
    headers = ["n\u2096 found", "\u03c0\u2096", "EM: n\u2096/n", "gradient: n\u2096 \u2212 n\u03c0\u2096"]
    for block in use.blocks:
        symbol, gradient = SYMBOLS.get(block.name, (block.name, f"gradient in {block.name}"))
        headers += [
            symbol,
            f"EM: {symbol}",
            f"gradient: {gradient}" if symbol == "\u03bc\u2096" else gradient,
        ]
    return headers


def _cells(use: EStepUse) -> list[list[str]]:
    """One row for each component; a block that all components share is repeated."""
    rows = []
    for k in range(len(use.counts)):
        cells = [
            _text(values[k]) for values in (use.counts, use.weights, use.em_weights, use.weight_gradient)
        ]
        for block in use.blocks:
            for values in (block.now, block.em, block.gradient):
                shared = values.shape[:1] != use.counts.shape
                cells.append(_text(values if shared else values[k]))
        rows.append(cells)
    return rows


def _text(values: Array | float) -> str:
    array = np.asarray(values, dtype=float)
    if array.ndim == 0:
        return rounded_text(float(array), DIGITS)
    return "(" + ", ".join(_text(each) for each in array) + ")"
