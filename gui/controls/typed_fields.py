"""Fields into which something is typed: numbers, texts, lists. What is impossible stays, red, with a sentence."""

import json
import math
from typing import Any, ClassVar

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from engine.errors import InputError
from engine.settings import Setting, configure
from gui.controls.fields import FLUSH_RIGHT, Field, kind_of, mark_invalid
from gui.controls.inputs import Button, Entry, Slider
from gui.controls.scale import neighbour, scale_for
from gui.controls.words import MINUS, number_text, tooltip

FEW_POSITIONS = 50


class Impossible(ValueError):
    """What was typed cannot be; the message is the sentence for the user."""


class TypedField(Field):
    """A field with an entry: it keeps what was typed until that is possible or taken back."""

    entry_type: ClassVar[type[Entry]] = Entry

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.entry = self.entry_type()
        self.entry.committed.connect(self._committed)
        self.entry.textEdited.connect(lambda text: self._mark(None))

    def text_of(self, value: Any) -> str:
        """A value as it is typed."""
        return str(value)

    def value_of(self, text: str) -> Any:
        """What a typed text means; raises Impossible."""
        return text

    @property
    def invalid(self) -> bool:
        """Whether what stands in the entry is impossible."""
        return bool(self.entry.property("invalid"))

    def show_value(self, value: Any) -> None:
        same = value == self.value
        self.value = value
        if same and (self.invalid or self.entry.being_typed):
            return
        self._mark(None)
        self.entry.show_text(self.text_of(value))

    def _committed(self, text: str) -> None:
        try:
            value = self.value_of(text)
        except Impossible as problem:
            self._mark(str(problem))
            return
        self._mark(None)
        changed = value != self.value
        self.value = value
        self.entry.show_text(self.text_of(value))
        if changed:
            self.edited.emit(value, True)

    def _mark(self, sentence: str | None) -> None:
        mark_invalid(self.entry, sentence is not None)
        self.complain(sentence)


class NumberEntry(Entry):
    """An entry as wide as a number wants."""

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("0.000e-00") + 10, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("0.0000") + 8, super().minimumSizeHint().height())


class NumberField(TypedField):
    """A number: a slider where the range gives it a meaning, and always an entry that takes it exactly."""

    entry_type: ClassVar[type[Entry]] = NumberEntry

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        kind, self.optional = kind_of(setting)
        self.whole = kind is int
        self.scale = scale_for(setting, self.whole)
        self.label_beside = self.scale is None or self.scale.positions <= FEW_POSITIONS
        self.entry.stepped.connect(self._step)
        self.entry.setAlignment(FLUSH_RIGHT)
        if self.optional:
            self.entry.setPlaceholderText("none")
        editor = QWidget()
        row = QHBoxLayout(editor)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.slider: Slider | None = None
        self._slid_to: float | int | None = None
        if self.scale is not None:
            self.entry.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            self.slider = self._made_slider(self.scale.positions)
            row.addWidget(self.slider, 1)
        row.addWidget(self.entry, 0 if self.slider else 1)
        if self.slider is None and self.whole:
            row.setSpacing(2)
            for text, steps, verb in ((MINUS, -1, "Lower"), ("+", 1, "Raise")):
                button = Button(text)
                button.setProperty("role", "stepper")
                button.setAccessibleName(f"{verb} {setting.label.lower()}")
                button.clicked.connect(lambda checked=False, steps=steps: self._step(steps))
                row.addWidget(button)
        self._use_editor(editor, self.entry)

    def _made_slider(self, positions: int) -> Slider:
        slider = Slider()
        slider.setRange(0, positions)
        slider.setPageStep(max(1, positions // 20))
        slider.setAccessibleName(f"{self.setting.label}, slider")
        slider.valueChanged.connect(self._slid)
        slider.sliderReleased.connect(self._released)
        return slider

    def text_of(self, value: Any) -> str:
        return number_text(value)

    def value_of(self, text: str) -> Any:
        typed = text.strip().replace(MINUS, "-")
        if "." not in typed and typed.count(",") == 1:
            typed = typed.replace(",", ".")
        wanted = self.setting.range_text or ("a whole number" if self.whole else "a number")
        if not typed:
            if self.optional:
                return None
            raise Impossible(f"A number is needed here; give {wanted}.")
        try:
            value: float | int = int(typed) if self.whole and typed.lstrip("+-").isdigit() else float(typed)
        except ValueError:
            raise Impossible(f"“{_short(typed)}” is not a number; give {wanted}.") from None
        if not math.isfinite(value):
            raise Impossible(f"“{_short(typed)}” is not a finite number; give {wanted}.")
        if self.whole and value != int(value):
            raise Impossible(f"{_short(typed)} is not a whole number; give {wanted}.")
        if not self._within(value):
            raise Impossible(f"{_short(typed)} is out of range; give {wanted}.")
        return int(value) if self.whole else float(value)

    def _within(self, value: float) -> bool:
        low, high, above = self.setting.minimum, self.setting.maximum, self.setting.above
        return not (
            (low is not None and value < low)
            or (high is not None and value > high)
            or (above is not None and value <= above)
        )

    def show_value(self, value: Any) -> None:
        super().show_value(value)
        if self.slider is not None and self.scale is not None and not self.slider.isSliderDown():
            self._put_slider(value)

    def mark(self, value: float | None, words: str = "") -> None:
        """Marks a value on the slider (None: none), with words for the tooltip; outside it, its nearer end."""
        if self.slider is None or self.scale is None:
            return
        self.slider.mark(None if value is None else self.scale.position(value))
        self.slider.setToolTip(tooltip(words) if words else "")

    def _put_slider(self, value: Any) -> None:
        assert self.slider is not None
        assert self.scale is not None
        self.slider.blockSignals(True)
        self.slider.setValue(self.scale.position(value))
        self.slider.blockSignals(False)

    def _committed(self, text: str) -> None:
        super()._committed(text)
        if not self.invalid and self.slider is not None:
            self._put_slider(self.value)

    def _slid(self, position: int) -> None:
        assert self.slider is not None
        assert self.scale is not None
        value = self.scale.value(position)
        dragged = self.slider.isSliderDown()
        if value == self.value and not self.invalid:
            return
        self._mark(None)
        self.value = value
        self.entry.show_text(self.text_of(value))
        self._slid_to = value if dragged else None
        self.edited.emit(value, not dragged)

    def _released(self) -> None:
        if self._slid_to is not None:
            value, self._slid_to = self._slid_to, None
            self.edited.emit(value, True)

    def _step(self, steps: int) -> None:
        try:
            present = self.value_of(self.entry.text())
        except Impossible:
            present = self.value
        if present is None:
            return
        moved = neighbour(self.setting, self.scale, self.whole, present, steps)
        if moved != self.value or self.invalid:
            self._mark(None)
            self.value = moved
            self.entry.show_text(self.text_of(moved))
            if self.slider is not None:
                self._put_slider(moved)
            self.edited.emit(moved, True)


class TextField(TypedField):
    """Free text."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self._use_editor(self.entry, self.entry)


class ListField(TypedField):
    """Lists of numbers, written as in a file: [[0, 1], [2, 3]]."""

    label_beside = False

    def __init__(self, cls: type, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self._cls = cls
        self.entry.setPlaceholderText("none")
        self._use_editor(self.entry, self.entry)

    def text_of(self, value: Any) -> str:
        return "" if value is None else _written(value)

    def value_of(self, text: str) -> Any:
        if not text.strip():
            return None
        try:
            given = json.loads(text.replace(MINUS, "-"))
            checked: Any = configure(self._cls, {self.setting.name: given}, self.setting.label)
            return _as_tuples(getattr(checked, self.setting.name))
        except json.JSONDecodeError:
            raise Impossible("Write numbers in square brackets, as in [0.2, 0.8].") from None
        except InputError:
            raise Impossible(f"These are not {self.setting.label.lower()}: {self.setting.help}") from None


def _written(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return number_text(value) if isinstance(value, (int, float)) else json.dumps(value)


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(item) for item in value) if isinstance(value, (list, tuple)) else value


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"
