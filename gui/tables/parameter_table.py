"""Parameters as a table: those of the start, which can be typed over, and those of each lane at the cursor."""

import csv
import io
import json
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.parameters import Array
from engine.results import (
    ParameterPlace,
    component_rows,
    parameter_heading,
    parameter_places,
    parameter_rows,
)
from gui import edits
from gui.controls.inputs import ChoiceBox
from gui.controls.words import MINUS, number_text
from gui.frame import Frame
from gui.items.simplex_geometry import with_weight
from gui.session import Session

START = -1
WIDTH_OF_CHOICE = 220
HINT = "The start can be typed over: Enter applies a number, and every lane begins there."


class ParameterTable(QDialog):
    """Parameters as a table, beside the window: the start, which can be typed over, and each lane at the cursor."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self._session = session
        self._frame: Frame | None = None
        self._places: list[ParameterPlace] = []
        self._rows: list[tuple[int, ...]] = []
        self.setWindowTitle("Parameters")
        self.resize(640, 260)
        self.whose = ChoiceBox()
        self.whose.setAccessibleName("Whose parameters")
        self.whose.setMinimumWidth(WIDTH_OF_CHOICE)
        self.whose.picked.connect(lambda value: self._fill())
        self.table = QTableWidget()
        self.table.setAccessibleName("Parameters")
        self.table.itemChanged.connect(self._typed)
        self.hint = QLabel(HINT)
        self.hint.setWordWrap(True)
        self.copy_csv, self.copy_json = QPushButton("Copy as CSV"), QPushButton("Copy as JSON")
        self.copy_csv.clicked.connect(lambda checked=False: self._copy(self.as_csv()))
        self.copy_json.clicked.connect(lambda checked=False: self._copy(self.as_json()))
        top = QHBoxLayout()
        top.addWidget(self.whose)
        top.addStretch(1)
        top.addWidget(self.copy_csv)
        top.addWidget(self.copy_json)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.table, 1)
        column.addWidget(self.hint)

    def show_frame(self, frame: Frame) -> None:
        """Fills the table from a frame; nothing is done while it is hidden."""
        self._frame = frame
        if not self.isVisible():
            return
        titles = [
            ("The start", START),
            *((f"{lane.title} at the cursor", lane.index) for lane in frame.lanes),
        ]
        if titles != [(self.whose.itemText(i), self.whose.itemData(i)) for i in range(self.whose.count())]:
            chosen = self.whose.currentData()
            self.whose.clear()
            for title, index in titles:
                self.whose.add_choice(title, index)
            self.whose.show_choice(chosen if chosen in [index for _, index in titles] else START)
        self._fill()

    @property
    def parameters(self) -> dict[str, Array]:
        """The natural parameters that are shown, by name, in the data's units."""
        frame, index = self._frame, self.whose.currentData()
        if frame is None:
            return {}
        lanes = {lane.index: lane.parameters for lane in frame.lanes}
        return dict(frame.scene.model.describe(lanes.get(index, frame.scene.start_parameters)))

    def as_json(self) -> str:
        """The parameters as `fit --start FILE.json` reads them."""
        return json.dumps({name: np.asarray(block).tolist() for name, block in self.parameters.items()})

    def as_csv(self) -> str:
        """The table as CSV, with a header, at full precision."""
        stream = io.StringIO()
        rows = parameter_rows(self.parameters, self._columns) if self.parameters else ()
        csv.writer(stream, lineterminator="\n").writerows(rows)
        return stream.getvalue()

    @property
    def _columns(self) -> tuple[str, ...]:
        """What the numbers of a component belong to."""
        if self._frame is None:
            return ()
        scene = self._frame.scene
        return scene.model.axis_names(scene.dataset.columns)

    def _fill(self) -> None:
        values = self.parameters
        self._places = parameter_places(values)
        self._rows = component_rows(values) if values else []
        mine = self.whose.currentData() in (START, None)
        self.table.blockSignals(True)
        self.table.setRowCount(len(self._rows))
        self.table.setColumnCount(len(self._places))
        self.table.setHorizontalHeaderLabels(
            [parameter_heading(place, self._columns) for place in self._places]
        )
        noun = "state" if "initial" in values else "component"
        self.table.setVerticalHeaderLabels([f"{noun} {row[0] + 1}" if row else "" for row in self._rows])
        for row, component in enumerate(self._rows):
            for column, (name, where) in enumerate(self._places):
                item = self.table.item(row, column)
                if item is None:
                    item = QTableWidgetItem()
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    self.table.setItem(row, column, item)
                value = float(values[name][(*component, *where)])
                item.setText(number_text(float(f"{value:.6g}")))
                item.setToolTip(repr(value))
                editable = Qt.ItemFlag.ItemIsEditable
                may_be_typed = mine and self._is_parameter(name) and self._is_free(name, where)
                item.setFlags(item.flags() | editable if may_be_typed else item.flags() & ~editable)
        self.table.resizeColumnsToContents()
        self.table.blockSignals(False)
        self.hint.setVisible(mine)

    def _typed(self, item: QTableWidgetItem) -> None:
        name, where = self._places[item.column()]
        try:
            value = float(item.text().strip().replace(MINUS, "-").replace(",", "."))
        except ValueError:
            self._session.failed.emit(
                f"\u201c{item.text()}\u201d is not a number, so the start stays as it was."
            )
            self._fill()
            return
        values = {
            block: np.array(array, dtype=float)
            for block, array in self.parameters.items()
            if self._is_parameter(block)
        }
        _put(values, name, (*self._rows[item.row()], *where), value, self._covariance_type)
        self._session.edit("type the start", lambda e: edits.with_typed_start(e, values, self._prepared()))
        self._fill()

    def _is_parameter(self, name: str) -> bool:
        """Whether what is told moves by itself; a stationary law, say, follows from the transitions."""
        return self._frame is not None and name in self._frame.scene.start_parameters

    def _is_free(self, name: str, where: tuple[int, ...]) -> bool:
        """Whether a number may be other than 0: of diagonal and spherical covariances only a variance may."""
        beside = name == "covariances" and len(set(where)) > 1
        return not (beside and self._covariance_type in ("diagonal", "spherical"))

    @property
    def _covariance_type(self) -> str:
        return "full" if self._frame is None else getattr(self._frame.scene.model, "covariance", "full")

    def _prepared(self) -> Any:
        assert self._session.preparation is not None
        return self._session.preparation.prepared

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)


def _put(
    values: dict[str, Array], name: str, where: tuple[int, ...], value: float, covariance_type: str
) -> None:
    """Writes one number, and those that go with it.

    The others of its row make room for a probability, a matrix stays symmetric, a spherical covariance has one
    variance, and tied covariances are all the same.
    """
    if name in ("weights", "initial", "transitions"):
        *row, place = where
        together = values[name][tuple(row)]
        values[name][tuple(row)] = with_weight(together, place, min(max(value, 0.0), 1.0))
        return
    values[name][where] = value
    if len(where) == 3 and values[name].shape[-1] == values[name].shape[-2]:
        values[name][where[0], where[2], where[1]] = value
    if name == "covariances" and covariance_type == "spherical":
        values[name][where[0]] = value * np.eye(values[name].shape[-1])
    if name == "covariances" and covariance_type == "tied":
        values[name][:] = values[name][where[0]]
