"""One setting on the screen: its label, its editor, and what is wrong with what was typed."""

import types
import typing
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from engine.settings import Setting
from gui.controls.inputs import CheckBox, ChoiceBox
from gui.controls.words import plain, tooltip


def kind_of(setting: Setting) -> tuple[Any, bool]:
    """The type of a setting's values without None, and whether None is one of them."""
    if typing.get_origin(setting.kind) in (typing.Union, types.UnionType):
        parts = [each for each in typing.get_args(setting.kind) if each is not type(None)]
        return (parts[0] if len(parts) == 1 else Any), True
    return setting.kind, False


class Field(QWidget):
    """What every field shares.

    `edited(value, final)` tells what the user wants; `show_value` fills the editor and tells nobody. The
    label stands at the left where it fits into the form's column, else above.
    """

    edited = Signal(object, bool)
    label_beside = True
    """Whether the editor leaves room for a label at its left."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        unit = f" ({setting.unit})" if setting.unit else ""
        self.label = QLabel(setting.label + unit)
        self.label.setProperty("role", "label")
        self.complaint = QLabel()
        self.complaint.setProperty("role", "complaint")
        self.complaint.setWordWrap(True)
        self.complaint.hide()
        self.value: Any = setting.default
        self._editor: QWidget | None = None
        self._refusal: str | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _use_editor(self, editor: QWidget, named: QWidget) -> None:
        """Puts the editor in; `named` is the part of it that the label is for."""
        self._editor = editor
        self.label.setBuddy(named)
        named.setAccessibleName(self.setting.label)
        named.setAccessibleDescription(f"{self.setting.help} {self.setting.range_text}".strip())
        self.place_label(0)
        self._show_tooltip()

    def label_width(self) -> int:
        """How wide a column the label wants at its left; 0 where it does not stand there."""
        return self.label.sizeHint().width() if self.label_beside else 0

    def place_label(self, column: int) -> None:
        """The label into a column of this width at the left, where it fits; else above the editor."""
        assert self._editor is not None
        beside = 0 < self.label_width() <= column
        self._grid.removeWidget(self._editor)
        self._grid.removeWidget(self.label)
        self._grid.removeWidget(self.complaint)
        self._grid.addWidget(self.label, 0, 0, 1, 1 if beside else 2)
        self._grid.addWidget(self._editor, *((0, 1, 1, 1) if beside else (1, 0, 1, 2)))
        self._grid.addWidget(self.complaint, 2, 0, 1, 2)
        self._grid.setColumnMinimumWidth(0, column if beside else 0)

    def show_value(self, value: Any) -> None:
        """Fills the editor; tells nobody."""
        raise NotImplementedError

    def refuse(self, reason: str | None, choices: Mapping[str, str]) -> None:
        """Greys out the field (or some of its choices) with the reason; None and {} set it free."""
        self._refusal = reason
        assert self._editor is not None
        self._editor.setEnabled(reason is None)
        self.label.setEnabled(reason is None)
        self._show_tooltip()

    def complain(self, sentence: str | None) -> None:
        """One sentence under the field that says what is wrong; None takes it away."""
        self.complaint.setText(sentence or "")
        self.complaint.setVisible(bool(sentence))

    def _show_tooltip(self) -> None:
        words = self.setting.range_text if not self.setting.choices else ""
        allowed = f"{words[:1].upper()}{words[1:]}{' ' + self.setting.unit if self.setting.unit else ''}."
        text = tooltip(self._refusal or self.setting.help, "" if self._refusal or not words else allowed)
        self.label.setToolTip(text)
        if self._editor is not None:
            self._editor.setToolTip(text)


class BooleanField(Field):
    """Yes or no: a check box that is its own label."""

    label_beside = False

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.box = CheckBox(setting.label)
        self.box.clicked.connect(self._clicked)
        self._use_editor(self.box, self.box)

    def place_label(self, column: int) -> None:
        self.label.hide()
        self._grid.addWidget(self.box, 0, 0, 1, 2)
        self._grid.addWidget(self.complaint, 2, 0, 1, 2)

    def show_value(self, value: Any) -> None:
        self.value = value
        self.box.setChecked(bool(value))

    def _clicked(self, checked: bool) -> None:
        self.value = checked
        self.edited.emit(checked, True)


class ChoiceField(Field):
    """One word of a few."""

    def __init__(
        self, setting: Setting, hints: Mapping[str, str] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(setting, parent)
        self.box = ChoiceBox()
        for choice in setting.choices:
            self.box.add_choice(plain(choice), choice, tooltip((hints or {}).get(choice, "")))
        self.box.picked.connect(self._picked)
        self._use_editor(self.box, self.box)

    def show_value(self, value: Any) -> None:
        self.value = value
        self.box.show_choice(value)

    def refuse(self, reason: str | None, choices: Mapping[str, str]) -> None:
        super().refuse(reason, choices)
        self.box.refuse_choices({choice: tooltip(why) for choice, why in choices.items()})
        # What stands in the file may be impossible: then it is shown, and said.
        self.complain(choices.get(self.value) if reason is None else None)

    def _picked(self, value: object) -> None:
        if value != self.value:
            self.value = value
            self.edited.emit(value, True)


class PickedNameField(Field):
    """One of the names that the data offer, or none: the name of a column with a role."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.box = ChoiceBox()
        self.box.picked.connect(self._picked)
        self._use_editor(self.box, self.box)
        self.show_names(())

    def show_names(self, names: tuple[str, ...]) -> None:
        """The names there are; '' stands for none."""
        wanted = ["", *names]
        if self.value and self.value not in wanted:
            wanted.append(self.value)
        if wanted == [self.box.itemData(index) for index in range(self.box.count())]:
            return
        self.box.clear()
        for name in wanted:
            self.box.add_choice(name or "none", name)
        self.box.show_choice(self.value)

    def show_value(self, value: Any) -> None:
        self.value = value
        if self.box.findData(value) < 0:
            self.box.add_choice(str(value), value)
        self.box.show_choice(value)

    def _picked(self, value: object) -> None:
        if value != self.value:
            self.value = value
            self.edited.emit(value, True)


def mark_invalid(widget: QWidget, invalid: bool) -> None:
    """Sets the property by which the style sheet draws a red frame."""
    if bool(widget.property("invalid")) != invalid:
        widget.setProperty("invalid", invalid)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


FLUSH_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
