"""The panel of one lane: its name and line, its algorithm, what was changed in flight."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QWidget

from engine.errors import InputError
from engine.experiment import MOST_LANES, Experiment, Lane, checked_lane_name
from engine.models.base import Model
from engine.settings import settings_of
from gui.controls.chooser import Chooser
from gui.controls.combinations import can_leave, hidden_settings
from gui.controls.fields import ChoiceField, kind_of, mark_invalid
from gui.controls.form import Unavailable
from gui.controls.icons import icon
from gui.controls.inputs import Button, Entry
from gui.controls.interventions import InterventionList
from gui.controls.names_field import PossibleNames
from gui.controls.section import Section
from gui.controls.typed_fields import NumberField
from gui.controls.words import plain_title, small_text
from gui.style import Style, style


class LineSample(QWidget):
    """A piece of a lane's line, in its colour and dashes."""

    def __init__(self, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self._style = style("light")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(2.6 * self._style.small_font_size), 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._style.lane_pen(self._index, 0.2 * self._style.small_font_size))
        middle = QRectF(self.rect()).center().y()
        painter.drawLine(0, round(middle), self.width(), round(middle))
        painter.end()


class LanePanel(Section):
    """One engine of the race: its name and line, its algorithm with its settings, and what was changed in flight.

    All lanes climb the same log-likelihood from the same start. Settings that may change in flight take effect
    at the cursor; what had been computed beyond it is computed anew, and the change is written down below,
    where it can be taken back. A name that cannot be stays in its entry, red, with a sentence.
    """

    algorithm_chosen = Signal(str)
    changed = Signal(str, object, bool)
    renamed = Signal(str)
    removed = Signal()
    duplicated = Signal()
    moved = Signal(int)
    switched = Signal(bool)
    intervention_removed = Signal(int)

    def __init__(self, index: int, parent: QWidget | None = None) -> None:
        super().__init__("", opened=True, name=f"Lane {index + 1}", parent=parent)
        self._lane: Lane | None = None
        self.sample = LineSample(index)
        self.name = Entry()
        self.name.setProperty("role", "title")
        self.name.setAccessibleName(f"Name of lane {index + 1}")
        self.name.setToolTip(
            "The lane's name: letters, digits, hyphens and spaces; empty for its algorithm's."
        )
        self.name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.name.committed.connect(self._rename)
        self.name.textEdited.connect(lambda text: self._complain(None))
        self.remove = Button()
        self.remove.setProperty("role", "flat")
        self.remove.setToolTip("Remove this lane")
        self.remove.setAccessibleName(f"Remove lane {index + 1}")
        self.remove.clicked.connect(lambda checked=False: self.removed.emit())
        self.more = Button("\u22ee")
        self.more.setProperty("role", "flat")
        self.more.setToolTip("Switch on or off, duplicate, move, restore")
        self.more.setAccessibleName(f"More for lane {index + 1}")
        self.more.setPopupMode(Button.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        self.on = menu.addAction("Takes part in the race")
        self.on.setCheckable(True)
        self.on.triggered.connect(self.switched)
        self.duplicate = menu.addAction("Duplicate")
        self.duplicate.triggered.connect(lambda checked=False: self.duplicated.emit())
        self.up, self.down = menu.addAction("Move up"), menu.addAction("Move down")
        self.up.triggered.connect(lambda checked=False: self.moved.emit(-1))
        self.down.triggered.connect(lambda checked=False: self.moved.emit(1))
        menu.addSeparator()
        self.restore = menu.addAction("Restore the defaults")
        self.restore.triggered.connect(lambda checked=False: self.defaults_wanted.emit())
        self.more.setMenu(menu)
        self.add_to_header(self.sample)
        self.add_to_header(self.name, 1)
        self.add_to_header(self.more)
        self.add_to_header(self.remove)
        self.complaint = QLabel()
        self.complaint.setProperty("role", "complaint")
        self.complaint.setWordWrap(True)
        self.complaint.hide()
        self.chooser = Chooser("algorithms", f"Algorithm of lane {index + 1}", first_settings)
        self.chooser.chosen.connect(self.algorithm_chosen)
        self.chooser.changed.connect(self.changed)
        described = next(each for each in settings_of(Lane) if each.name == "after_leaving")
        self.after_leaving = ChoiceField(described)
        self.after_leaving.edited.connect(
            lambda value, final: self.changed.emit("after_leaving", value, final)
        )
        self.interventions = InterventionList()
        self.interventions.removed.connect(self.intervention_removed)
        for widget in (self.complaint, self.chooser, self.after_leaving, self.interventions):
            self.contents.addWidget(widget)

    def show_lane(
        self,
        lane: Lane,
        model: Model,
        in_flight: Mapping[str, Any],
        unavailable_names: Mapping[str, str],
        unavailable_settings: Unavailable,
        removable: bool,
    ) -> None:
        """Shows a lane with its adjustable settings as they are at the cursor (`in_flight`)."""
        renamed = self._lane is None or self._lane.name != lane.name
        if renamed or not (self.name.property("invalid") or self.name.being_typed):
            self.name.show_text(lane.name)
            self._complain(None)
        self._lane = lane
        self.name.setPlaceholderText(plain_title(lane.algorithm.name))
        self.remove.setVisible(removable)
        described = settings_of(type(lane.algorithm))
        known = {
            name: value for name, value in in_flight.items() if any(each.name == name for each in described)
        }
        now = dataclasses.replace(lane.algorithm, **known) if known else lane.algorithm
        hidden = hidden_settings(type(lane.algorithm), model)
        blocks = {"order": PossibleNames(model.own_blocks)}
        self.chooser.show_instance(now, unavailable_names, unavailable_settings, blocks, hidden)
        self.after_leaving.show_value(lane.after_leaving)
        self.after_leaving.setVisible(can_leave(now, model) or lane.after_leaving != "stop")
        self.interventions.show_interventions(lane.interventions, described)

    def show_place(self, index: int, experiment: Experiment) -> None:
        """Whether the lane is on, and what can be done with it among the others."""
        lane = experiment.lanes[index]
        self.on.setChecked(lane.on)
        self.on.setEnabled(not lane.on or len(experiment.running) > 1)
        self.up.setEnabled(index > 0)
        self.down.setEnabled(index < len(experiment.lanes) - 1)
        self.duplicate.setEnabled(len(experiment.lanes) < MOST_LANES)
        self.chooser.setEnabled(lane.on)
        self.sample.setEnabled(lane.on)
        self.set_summary("" if lane.on else "off")

    def offer_defaults(self, offered: bool) -> None:
        self.restore.setEnabled(offered)

    def mark_stable_rate(self, rate: float | None) -> None:
        """A tick on the learning rate's slider at the largest stable rate at the cursor; None takes it away."""
        field = self.chooser.form.fields.get("learning_rate") if self.chooser.form is not None else None
        if isinstance(field, NumberField):
            words = (
                ""
                if rate is None
                else f"The tick: {small_text(rate)} is the largest stable rate here, 2/\u03bbmax of the negative "
                "Hessian in this lane's coordinates. Above it the steps overshoot."
            )
            field.mark(rate, words)

    def use_style(self, chosen: Style) -> None:
        super().use_style(chosen)
        self.sample.use_style(chosen)
        self.remove.setIcon(icon("remove", chosen, "muted"))
        self.interventions.use_style(chosen)

    def _rename(self, text: str) -> None:
        try:
            name = checked_lane_name(text.strip(), "The lane")
        except InputError as error:
            self._complain(str(error))
            self.open()
            return
        self._complain(None)
        self.name.show_text(name)
        if self._lane is None or name != self._lane.name:
            self.renamed.emit(name)

    def _complain(self, sentence: str | None) -> None:
        mark_invalid(self.name, sentence is not None)
        self.complaint.setText(sentence or "")
        self.complaint.setVisible(bool(sentence))


def first_settings(cls: type) -> Sequence[str]:
    """What is always in view of an algorithm: the numbers that may change in flight, and how weights are written."""
    numbers = [each.name for each in settings_of(cls) if each.adjustable and kind_of(each)[0] in (int, float)]
    return [*numbers, "weight_coordinates"]
