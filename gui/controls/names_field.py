"""A field of several names: a button for each, pressed while the name is in."""

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.settings import Setting
from gui.controls.fields import Field
from gui.controls.inputs import Button

GAP = 4


@dataclass(frozen=True)
class PossibleNames:
    """The names that a setting may hold. With `empty_is_all`, none named means every one of them."""

    names: tuple[str, ...] = ()
    empty_is_all: bool = False


class Chips(QWidget):
    """Buttons side by side, in as many rows as the width asks for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[Button] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def hold(self, buttons: list[Button]) -> None:
        """Shows these buttons in the place of those before."""
        for each in self._buttons:
            each.hide()
            each.deleteLater()
        self._buttons = buttons
        for each in buttons:
            each.setParent(self)
            each.show()
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(100, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._arrange()

    def _arrange(self) -> None:
        x = y = row = 0
        for each in self._buttons:
            hint = each.sizeHint()
            width = min(hint.width(), max(self.width(), 40))
            if x and x + width > self.width():
                x, y, row = 0, y + row + GAP, 0
            each.setGeometry(x, y, width, hint.height())
            x, row = x + width + GAP, max(row, hint.height())
        if self.height() != y + row:
            self.setFixedHeight(y + row)


class NamesField(Field):
    """Several names out of those there are, in the order in which they are given."""

    label_beside = False

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.value = setting.default or ()
        self.chips = Chips()
        self.buttons: dict[str, Button] = {}
        self._possible = PossibleNames(setting.choices)
        self._use_editor(self.chips, self.chips)
        self._make_buttons(setting.choices)

    def show_names(self, possible: PossibleNames) -> None:
        """The names there are; names that are in but unknown are shown behind them."""
        self._possible = possible
        self._refresh()

    def show_value(self, value: Any) -> None:
        self.value = tuple(value or ())
        self.complain(None)
        self._refresh()

    def refuse(self, reason: str | None, choices: Any) -> None:
        super().refuse(reason, choices)
        for name, button in self.buttons.items():
            button.setEnabled(reason is None and (name not in choices or button.isChecked()))
            button.setToolTip(choices.get(name, ""))

    def _refresh(self) -> None:
        known = self._possible.names
        names = (*known, *(name for name in self.value if name not in known))
        if tuple(self.buttons) != names:
            self._make_buttons(names)
        everything = self._possible.empty_is_all and not self.value
        for name, button in self.buttons.items():
            button.setChecked(everything or name in self.value)

    def _make_buttons(self, names: tuple[str, ...]) -> None:
        self.buttons = {}
        for name in names:
            # A column's name stands as its file has it; a parameter's is read like any word.
            words = name.replace("_", " ") if name in self.setting.choices else name
            button = Button(words)
            button.setCheckable(True)
            button.setProperty("role", "chip")
            button.setAccessibleName(f"{self.setting.label}: {words}")
            button.clicked.connect(lambda checked=False, name=name: self._toggle(name, checked))
            self.buttons[name] = button
        self.chips.hold(list(self.buttons.values()))

    def _toggle(self, name: str, checked: bool) -> None:
        all_names = self._possible.names
        present = self.value if self.value or not self._possible.empty_is_all else all_names
        chosen = (*present, name) if checked else tuple(each for each in present if each != name)
        if self._possible.empty_is_all:
            if not chosen:
                self.complain("At least one must stay in.")
                self._refresh()
                return
            if chosen == all_names:
                chosen = ()
        self.complain(None)
        self.value = chosen
        self.edited.emit(chosen, True)
