"""A table of numbers that is sorted by a click on a heading, copied and saved at full precision."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QTableWidget, QTableWidgetItem


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: a number or words, and how it is written."""

    value: float | str
    text: str


class _Item(QTableWidgetItem):
    """A cell that is sorted by its number where it has one, unknown ones last."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(cell.text)
        self.value = cell.value
        if not isinstance(cell.value, str):
            self.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        assert isinstance(other, _Item)
        if isinstance(self.value, str) or isinstance(other.value, str):
            return str(self.value) < str(other.value)
        return _rank(self.value) < _rank(other.value)


def _rank(value: float) -> float:
    return math.inf if math.isnan(value) else value


class NumberTable(QTableWidget):
    """A table of numbers under headings: a click on one sorts, Copy takes the chosen rows, all where none is."""

    def __init__(self, name: str, headings: Sequence[str]) -> None:
        super().__init__()
        self._headings: list[str] = []
        self.show_headings(headings)
        self.setAccessibleName(name)
        self.verticalHeader().hide()
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    def show_headings(self, headings: Sequence[str]) -> None:
        """Other columns, where they are not the same; `show_rows` fills them."""
        written = [heading.replace("\n", " ") for heading in headings]
        if written == self._headings:
            return
        self._headings = written
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setColumnCount(len(headings))
        self.setHorizontalHeaderLabels(list(headings))

    def show_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Fills the table, sorted as it was last."""
        self.setSortingEnabled(False)
        self.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                self.setItem(row, place, _Item(cell))
        self.setSortingEnabled(True)
        self.resizeColumnsToContents()

    def as_csv(self, separator: str = ",", rows: Iterable[int] | None = None) -> str:
        """Some rows (None: all) in their present order, numbers at full precision; not finite ones are empty."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, lineterminator="\n")
        writer.writerow(self._headings)
        for row in range(self.rowCount()) if rows is None else rows:
            writer.writerow([_written(self.item(row, place)) for place in range(self.columnCount())])
        return text.getvalue()

    def height_of_all(self) -> int:
        """How high it must be to show every row, a scroll bar below them included."""
        rows = sum(self.rowHeight(row) for row in range(self.rowCount()))
        bar = self.horizontalScrollBar().sizeHint().height()
        return self.horizontalHeader().sizeHint().height() + rows + bar + 2 * self.frameWidth()

    def copy(self) -> None:
        """Puts the chosen rows, all where none is chosen, on the clipboard as a spreadsheet takes them."""
        chosen = sorted({index.row() for index in self.selectedIndexes()})
        QGuiApplication.clipboard().setText(self.as_csv("\t", chosen or None))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            event.accept()
            return
        super().keyPressEvent(event)


def _written(cell: QTableWidgetItem | None) -> str:
    if not isinstance(cell, _Item):
        return ""
    if isinstance(cell.value, str):
        return cell.value
    return repr(cell.value) if math.isfinite(cell.value) else ""
