"""What was changed in a lane while it ran, each with a button that takes it back."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.run import Intervention
from engine.settings import Setting
from gui.controls.icons import icon
from gui.controls.inputs import Button, Link
from gui.controls.words import number_text, plain
from gui.style import Style, style

NEWEST_SHOWN = 3


class InterventionList(QWidget):
    """One line for each intervention; of many, the newest until the others are asked for."""

    removed = Signal(int)
    """The intervention's number, counted from 0 as in the lane."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = style("light")
        self._shown: tuple[Intervention, ...] = ()
        self._labels: dict[str, str] = {}
        self._all = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_interventions(self, interventions: Sequence[Intervention], settings: Sequence[Setting]) -> None:
        """Shows a lane's interventions; `settings` are those of its algorithm."""
        labels = {each.name: each.label.lower() for each in settings}
        if tuple(interventions) == self._shown and labels == self._labels:
            return
        self._shown, self._labels = tuple(interventions), labels
        self._rebuild()

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        self._rebuild()

    def _rebuild(self) -> None:
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                # The click that removed it may still be on the stack.
                widget.deleteLater()
        hidden = 0 if self._all else max(0, len(self._shown) - NEWEST_SHOWN)
        if hidden:
            earlier = Link(f"{hidden} earlier changes")
            earlier.clicked.connect(self._show_all)
            self._column.addWidget(earlier)
        for number, each in enumerate(self._shown):
            if number >= hidden:
                self._column.addWidget(self._row(number, each))
        self.setVisible(bool(self._shown))

    def _row(self, number: int, intervention: Intervention) -> QWidget:
        setting = self._labels.get(intervention.setting, plain(intervention.setting.replace("_", "-")))
        value = intervention.value
        number_like = isinstance(value, (int, float)) and not isinstance(value, bool)
        words = f"from {intervention.iteration}: {setting} {number_text(value) if number_like else value}"
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        label = QLabel(words)
        label.setProperty("role", "note")
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        label.setToolTip(
            f"Changed in flight: it holds for every step after iteration {intervention.iteration}."
        )
        remove = Button()
        remove.setProperty("role", "flat")
        remove.setIcon(icon("remove", self._style, "muted"))
        remove.setToolTip("Take this change back")
        remove.setAccessibleName(f"Take back: {words}")
        remove.clicked.connect(lambda checked=False, number=number: self.removed.emit(number))
        line.addWidget(label, 1)
        line.addWidget(remove)
        return row

    def _show_all(self) -> None:
        self._all = True
        self._rebuild()
