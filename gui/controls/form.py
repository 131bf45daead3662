"""A form made from the settings of a class."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine import catalogue
from engine.settings import Setting, settings_of
from gui.contained import contained
from gui.controls.fields import BooleanField, ChoiceField, Field, PickedNameField, kind_of
from gui.controls.inputs import Link
from gui.controls.names_field import NamesField, PossibleNames
from gui.controls.typed_fields import ListField, NumberField, TextField

Unavailable = Mapping[tuple[str, ...], str]
"""Why a setting, (setting,), or one of its choices, (setting, choice), cannot be had here."""

LABEL_COLUMN_LETTERS = 15


class SettingsForm(QWidget):
    """Shows the settings of an instance of `cls` and tells what the user wants of them.

    `first` names the settings that are always in view, in that order; the others wait behind a toggle. With
    None all are in view. `picked` names settings of text that hold one of the data's names.
    """

    changed = Signal(str, object, bool)
    """Setting, value, and False while a slider still moves."""

    def __init__(
        self,
        cls: type,
        first: Sequence[str] | None = None,
        picked: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.cls = cls
        self.fields: dict[str, Field] = {}
        self._hidden: frozenset[str] = frozenset()
        self._instance: Any = None
        described = {each.name: each for each in settings_of(cls)}
        names = list(described) if first is None else [name for name in first if name in described]
        self._first = names
        self._rest = [name for name in described if name not in names]
        for name in (*self._first, *self._rest):
            self.fields[name] = self._made_field(described[name], name in picked)
        self.more = Link()
        self.more.setCheckable(True)
        self.more.toggled.connect(self._arrange)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        for name in self._first:
            self._column.addWidget(self.fields[name])
        self._column.addWidget(self.more)
        for name in self._rest:
            self._column.addWidget(self.fields[name])
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._arrange()

    def _made_field(self, setting: Setting, picked: bool) -> Field:
        field = field_for(self.cls, setting, picked)
        field.edited.connect(lambda value, final: self.changed.emit(setting.name, value, final))
        return field

    def show_values(
        self,
        instance: Any,
        unavailable: Unavailable,
        names: Mapping[str, PossibleNames] | None = None,
        hidden: Sequence[str] = (),
    ) -> None:
        """Fills the form and tells nobody. `names` are those that lists of names may hold; `hidden` settings
        have no meaning here and are left out."""
        self._instance = instance
        self._hidden = frozenset(hidden)
        for name, field in self.fields.items():
            possible = (names or {}).get(name)
            if possible is not None and isinstance(field, NamesField):
                field.show_names(possible)
            elif possible is not None and isinstance(field, PickedNameField):
                field.show_names(possible.names)
            if name not in self._hidden:
                field.show_value(getattr(instance, name))
            choices = {key[1]: why for key, why in unavailable.items() if len(key) == 2 and key[0] == name}
            field.refuse(unavailable.get((name,)), choices)
        self._arrange()

    def offers(self, name: str) -> bool:
        """Whether a setting has a meaning here, so that it is in view or waits behind the toggle."""
        return name not in self._hidden

    def reveal(self, name: str) -> None:
        """Brings a setting into view that waits behind the toggle."""
        if self.fields[name].isHidden() and self.offers(name):
            self.more.setChecked(True)

    def _arrange(self) -> None:
        """What is in view: the first settings, and the rest where it is wanted or too little to hide."""
        rest = [name for name in self._rest if name not in self._hidden]
        foldable = len(rest) > 1
        opened = self.more.isChecked() or not foldable
        for name, field in self.fields.items():
            field.setVisible(name not in self._hidden and (name in self._first or opened))
        self.more.setVisible(foldable)
        changed = sum(self._differs(name) for name in rest)
        note = f", {changed} changed" if changed else ""
        self.more.setText("Fewer settings" if self.more.isChecked() else f"{len(rest)} more settings{note}")

    def _differs(self, name: str) -> bool:
        field = self.fields[name]
        return self._instance is not None and getattr(self._instance, name) != field.setting.default

    def align_labels(self) -> None:
        """One column for all labels that fit into it; longer ones stand above their editor."""
        most = LABEL_COLUMN_LETTERS * self.fontMetrics().averageCharWidth()
        widths = [field.label_width() for name, field in self.fields.items() if name not in self._hidden]
        column = max((width for width in widths if width <= most), default=0)
        for field in self.fields.values():
            field.place_label(column)

    @contained
    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Polish, QEvent.Type.FontChange, QEvent.Type.StyleChange):
            for field in self.fields.values():
                field.label.ensurePolished()
            self.align_labels()
        return super().event(event)


def field_for(cls: type, setting: Setting, picked: bool = False) -> Field:
    """The field that suits a setting's type."""
    kind, _ = kind_of(setting)
    if kind is bool:
        return BooleanField(setting)
    if kind is str and setting.choices:
        return ChoiceField(setting, _choice_hints(setting))
    if kind is int or kind is float:
        return NumberField(setting)
    if kind == tuple[str, ...]:
        return NamesField(setting)
    if kind is str:
        return PickedNameField(setting) if picked else TextField(setting)
    return ListField(cls, setting)


def _choice_hints(setting: Setting) -> dict[str, str]:
    """What the choices mean, where they are names of the catalogue's coordinates."""
    if not setting.name.endswith("_coordinates"):
        return {}
    known = catalogue.find("coordinates")
    return {choice: catalogue.summary(known[choice]) for choice in setting.choices if choice in known}
