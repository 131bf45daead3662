"""The list of pinned runs with their results: show, rename, restore, remove."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.session import Session

COLUMNS = ("Pin", "Model", "Results")
EMPTY = "Nothing is pinned yet. P keeps the present run, faint and named, while you change settings."


class PinList(QDialog):
    """The list of pinned runs, beside the window, with their results.

    A pinned run stays in the plots, faint and named, while settings change. A tick shows or hides it; its name
    can be typed over; restoring one brings back its whole experiment.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self._session = session
        self.setWindowTitle("Pinned runs")
        self.resize(720, 240)
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Pinned runs")
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.itemChanged.connect(self._changed)
        self.table.itemSelectionChanged.connect(self._enable)
        self.empty = QLabel(EMPTY)
        self.empty.setWordWrap(True)
        self.add = QPushButton("Pin the present run")
        self.restore = QPushButton("Restore its experiment")
        self.remove = QPushButton("Remove")
        self.add.clicked.connect(lambda checked=False: session.pin())
        self.restore.clicked.connect(lambda checked=False: session.restore_pin(self._place()))
        self.remove.clicked.connect(lambda checked=False: session.exchange_pin(self._place(), None))
        buttons = QHBoxLayout()
        for button in (self.add, self.restore, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.addWidget(self.empty)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        session.pins_changed.connect(self._fill)
        self._fill()

    def _place(self) -> int:
        return self.table.currentRow()

    def _fill(self) -> None:
        pins, place = self._session.pins, self._place()
        self.table.blockSignals(True)
        self.table.setRowCount(len(pins))
        for row, pin in enumerate(pins):
            name = QTableWidgetItem(pin.name)
            name.setFlags(name.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            name.setCheckState(Qt.CheckState.Checked if pin.shown else Qt.CheckState.Unchecked)
            self.table.setItem(row, 0, name)
            for column, text in enumerate((pin.experiment.model.name, pin.result), start=1):
                item = QTableWidgetItem(text)
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                item.setToolTip(text)
                self.table.setItem(row, column, item)
        self.table.resizeColumnToContents(0)
        self.table.resizeColumnToContents(1)
        if pins:
            self.table.selectRow(min(max(place, 0), len(pins) - 1))
        self.table.blockSignals(False)
        self.empty.setVisible(not pins)
        self._enable()

    def _enable(self) -> None:
        chosen = 0 <= self._place() < len(self._session.pins)
        self.restore.setEnabled(chosen)
        self.remove.setEnabled(chosen)

    def _changed(self, item: QTableWidgetItem) -> None:
        pin = self._session.pins[item.row()]
        shown = item.checkState() == Qt.CheckState.Checked
        self._session.exchange_pin(
            item.row(), replace(pin, name=item.text().strip() or pin.name, shown=shown)
        )
