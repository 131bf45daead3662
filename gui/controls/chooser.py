"""Chooses one class of a catalogue kind and edits its settings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine import catalogue
from gui.controls.form import SettingsForm, Unavailable
from gui.controls.inputs import ChoiceBox
from gui.controls.names_field import PossibleNames
from gui.controls.words import plain_title, tooltip


class Chooser(QWidget):
    """A box with the classes of `engine.<kind>` and, below it, the form of the chosen one.

    `first` says, for a class, which settings are always in view (see `SettingsForm`); `picked` as there.
    """

    chosen = Signal(str)
    changed = Signal(str, object, bool)

    def __init__(
        self,
        kind: str,
        label: str,
        first: Callable[[type], Sequence[str] | None] = lambda cls: None,
        picked: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._first, self._picked = first, picked
        self._classes = catalogue.find(kind)
        self.box = ChoiceBox()
        self.box.setAccessibleName(label)
        for name, cls in self._classes.items():
            self.box.add_choice(plain_title(name), name, tooltip(catalogue.summary(cls)))
        self.box.picked.connect(self._pick)
        self.form: SettingsForm | None = None
        self._name = ""
        self._beside = QHBoxLayout()
        self._beside.setSpacing(4)
        self._beside.addWidget(self.box, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(5)
        self._column.addLayout(self._beside)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def add_beside(self, widget: QWidget) -> None:
        """Puts a button at the right of the box."""
        self._beside.addWidget(widget)

    def show_instance(
        self,
        instance: Any,
        unavailable_names: Mapping[str, str],
        unavailable_settings: Unavailable,
        names: Mapping[str, PossibleNames] | None = None,
        hidden: Sequence[str] = (),
    ) -> None:
        """Shows which class it is of and its settings; tells nobody."""
        self._name = type(instance).name
        self.box.show_choice(self._name)
        self.box.refuse_choices({name: tooltip(why) for name, why in unavailable_names.items()})
        self.box.setToolTip(tooltip(catalogue.summary(type(instance))))
        if self.form is None or self.form.cls is not type(instance):
            self._replace_form(type(instance))
        assert self.form is not None
        self.form.show_values(instance, unavailable_settings, names, hidden)

    def show_choice_again(self) -> None:
        """Takes back what was picked but will not come about."""
        self.box.show_choice(self._name)

    def _replace_form(self, cls: type) -> None:
        if self.form is not None:
            self._column.removeWidget(self.form)
            self.form.hide()
            # Its own signal may be on the stack, so it is not destroyed here.
            self.form.deleteLater()
        self.form = SettingsForm(cls, self._first(cls), self._picked)
        self.form.changed.connect(self.changed)
        self._column.addWidget(self.form)
        self.form.setVisible(bool(self.form.fields))

    def _pick(self, name: object) -> None:
        if name != self._name:
            self.chosen.emit(str(name))
