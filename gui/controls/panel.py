"""The column of controls at the left: data, model, start, a panel for each lane, stopping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from engine.csv_reader import describe_columns
from engine.datasets.base import DataStory, GeneratedStory
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import MOST_LANES, Experiment
from engine.settings import settings_of
from engine.stopping import Stop
from gui.controls.chooser import Chooser
from gui.controls.combinations import Reasons, hidden_settings, lane_section
from gui.controls.drawing import DrawingTools
from gui.controls.fields import kind_of
from gui.controls.form import SettingsForm, Unavailable
from gui.controls.icons import icon
from gui.controls.inputs import Button, Link
from gui.controls.lane_panel import LanePanel
from gui.controls.names_field import PossibleNames
from gui.controls.section import Section
from gui.controls.tab_order import order_tabs
from gui.controls.words import number_text, plain_title, tooltip
from gui.style import Style, style

ONE_COLUMN = ("weights_column", "sequence_column", "time_column")
"""Settings of a file that name one of its columns, which is then not fitted."""
NEVER_SHOWN = ("content", "sha256", "points", "classes")
MOST_LOOKS = 3
"""How often the panel looks once more whether everything fits, while forms are laid out."""


@dataclass(frozen=True)
class PanelContext:
    """What the panel shows besides the experiment.

    `reasons` as in `gui.controls.combinations`; `in_flight`, for each lane, its adjustable settings at the
    cursor; `columns`, the names of the dataset's columns; `missing`, how many of its cells are missing, in words;
    `iterations`, where each lane stands; `changed`, what differs from its defaults, see `gui.defaults.changed_parts`.
    """

    reasons: Reasons = field(default_factory=dict)
    in_flight: Sequence[Mapping[str, Any]] = ()
    columns: tuple[str, ...] = ()
    missing: str = ""
    iterations: tuple[int, ...] = ()
    changed: frozenset[str] = frozenset()


class ControlPanel(QWidget):
    """The column of controls: data, model, start, a panel for each lane, and when the lanes stop.

    A header opens and closes its section, and says in a few words what is inside while it is closed. What cannot
    be combined is grey, and its hint says why. A change of the data, the model or the start begins all lanes
    again from the same start; undo takes every change back.
    """

    data_chosen = Signal(str)
    data_changed = Signal(str, object, bool)
    model_chosen = Signal(str)
    model_changed = Signal(str, object, bool)
    start_chosen = Signal(str)
    start_changed = Signal(str, object, bool)
    stop_changed = Signal(str, object, bool)
    lane_algorithm_chosen = Signal(int, str)
    lane_changed = Signal(int, str, object, bool)
    lane_renamed = Signal(int, str)
    lane_added = Signal()
    lane_removed = Signal(int)
    lane_duplicated = Signal(int)
    lane_moved = Signal(int, int)
    lane_switched = Signal(int, bool)
    intervention_removed = Signal(int, int)
    open_file_requested = Signal()
    many_starts_requested = Signal()
    brush_changed = Signal(int, int)
    defaults_wanted = Signal(str)
    """A part as `gui.defaults` names it, or the place of a lane."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = style("light")
        self._experiment: Experiment | None = None
        self._context = PanelContext()
        self._columns_of: DataStory | None = None
        self._columns: tuple[str, ...] = ()
        self._words: tuple[str, ...] = ()
        self._arranged_by_hand = False
        self._arranging = False
        self._looks_left = 0
        self._tab_order: list[QWidget] = []
        # Widgets that were just made have no size yet; a moment later they have.
        self._fitting = QTimer(self)
        self._fitting.setSingleShot(True)
        self._fitting.setInterval(0)
        self._fitting.timeout.connect(self._open_what_fits)
        self.data = Chooser("datasets", "Data", first_of_data, picked=ONE_COLUMN)
        self.model = Chooser("models", "Model", first_of_model)
        self.start = Chooser("starts", "Start")
        self.stop = SettingsForm(Stop, ("rule", "tolerance", "max_iterations"))
        self.open_file = Button()
        self.open_file.setProperty("role", "flat")
        self.open_file.setToolTip("Open a CSV file (or drop it on the window)")
        self.open_file.setAccessibleName("Open a CSV file")
        self.open_file.clicked.connect(lambda checked=False: self.open_file_requested.emit())
        self.data.add_beside(self.open_file)
        self.sections = {
            "data": self._section("Data", self.data, True),
            "model": self._section("Model", self.model, False),
            "start": self._section("Start", self.start, False),
            "stop": self._section("Stop", self.stop, False),
        }
        self.try_starts = Link("Try 20 random starts")
        self.try_starts.setToolTip(
            tooltip(
                "Runs these lanes from 20 random starts and shows beside the curve where each ended; "
                "a click there opens that start. Shift+T says how often each lane reached the best, and at what cost."
            )
        )
        self.try_starts.clicked.connect(lambda checked=False: self.many_starts_requested.emit())
        self.sections["start"].contents.addWidget(self.try_starts)
        self.missing = QLabel()
        self.missing.setProperty("role", "note")
        self.missing.setWordWrap(True)
        self.missing.hide()
        self.sections["data"].contents.addWidget(self.missing)
        self.drawing = DrawingTools()
        self.drawing.changed.connect(self.brush_changed)
        self.sections["data"].contents.addWidget(self.drawing)
        self.lanes: list[LanePanel] = []
        self.add_lane = Link("Add a lane")
        self.add_lane.clicked.connect(lambda checked=False: self.lane_added.emit())
        self._lay_out()
        self._wire()
        self.use_style(self._style)

    def _section(self, title: str, contents: QWidget, opened: bool) -> Section:
        section = Section(title, opened)
        section.setProperty("role", "section")
        section.contents.addWidget(contents)
        section.toggled.connect(self._toggled)
        return section

    def _toggled(self) -> None:
        self._arranged_by_hand = self._arranged_by_hand or not self._arranging

    @property
    def is_arranged(self) -> bool:
        """Whether the sections that there is room for are open, and no more is to be looked at."""
        return not self._fitting.isActive()

    def _open_what_fits(self) -> None:
        """Opens, in this order, what else there is room for; never again once a section was opened by hand."""
        self._fitting.stop()
        if self._arranged_by_hand or self._experiment is None:
            return
        self._arranging = True
        foldable = [self.sections[name] for name in ("model", "start", "stop")]
        contents = self.area.widget()
        assert contents is not None
        height = contents.sizeHint().height()
        height -= sum(section.body.sizeHint().height() for section in foldable if section.is_open)
        for section in foldable:
            height += section.body.sizeHint().height()
            section.open(height <= self.height())
        self._arranging = False
        if self._looks_left:
            # A form knows its true height only once it has been laid out.
            self._looks_left -= 1
            self._fitting.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fitting.start()

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("controls")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._lane_column = QVBoxLayout()
        self._lane_column.setSpacing(4)
        for name in ("data", "model", "start"):
            column.addWidget(self.sections[name])
        column.addLayout(self._lane_column)
        column.addWidget(self.add_lane)
        column.addWidget(self.sections["stop"])
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.area)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _wire(self) -> None:
        self.data.chosen.connect(self._choose_data)
        self.data.changed.connect(self.data_changed)
        self.model.chosen.connect(self.model_chosen)
        self.model.changed.connect(self.model_changed)
        self.start.chosen.connect(self.start_chosen)
        self.start.changed.connect(self.start_changed)
        self.stop.changed.connect(self.stop_changed)
        for name, section in self.sections.items():
            section.defaults_wanted.connect(partial(self.defaults_wanted.emit, name))

    def _choose_data(self, name: str) -> None:
        if name != File.name:
            self.data_chosen.emit(name)
            return
        # Without a path there is no file yet: the one that is opened brings the story along.
        self.data.show_choice_again()
        self.open_file_requested.emit()

    def focused_part(self) -> str:
        """What has the focus, as `defaults_wanted` names it; '' where no part and no lane has it."""
        focus = QApplication.focusWidget()
        if focus is None:
            return ""
        panels = {**self.sections, **{str(place): lane for place, lane in enumerate(self.lanes)}}
        return next((name for name, section in panels.items() if section.isAncestorOf(focus)), "")

    def show_experiment(self, experiment: Experiment, context: PanelContext) -> None:
        """Fills all controls; tells nobody."""
        before = self._experiment
        other_form = before is None or type(before.data) is not type(experiment.data)
        self._experiment, self._context = experiment, context
        reasons = context.reasons
        self._show_data(experiment.data, context)
        self.missing.setText(context.missing)
        self.missing.setVisible(bool(context.missing))
        model_names = {"hold": PossibleNames(experiment.model.own_blocks)}
        self.model.show_instance(
            experiment.model, *_of_section(reasons, "model"), names=model_names, hidden=()
        )
        hidden = hidden_settings(type(experiment.start), experiment.model)
        self.start.show_instance(experiment.start, *_of_section(reasons, "start"), hidden=hidden)
        self.stop.show_values(experiment.stop, _of_section(reasons, "stop")[1])
        self._show_lanes(experiment, context)
        for name, section in self.sections.items():
            section.offer_defaults(name in context.changed)
        for index, panel in enumerate(self.lanes):
            panel.offer_defaults(str(index) in context.changed)
        self._summarise(experiment)
        self._tab_order = order_tabs(self, self._tab_order)
        if other_form:
            self._looks_left = MOST_LOOKS
            self._fitting.start()

    def show_in_flight(self, in_flight: Sequence[Mapping[str, Any]], iterations: tuple[int, ...]) -> None:
        """Only what the cursor changes: each lane's adjustable settings where it stands now."""
        known = self._context
        if self._experiment is None or (known.in_flight, known.iterations) == (in_flight, iterations):
            return
        changed = known.in_flight != in_flight
        self._context = replace(known, in_flight=in_flight, iterations=iterations)
        if changed:
            self._show_lanes(self._experiment, self._context)

    def mark_stable_rates(self, rates: Mapping[int, float]) -> None:
        """The largest stable learning rates at the cursor by the lanes' numbers, where there is one and known."""
        for number, panel in enumerate(self.lanes):
            panel.mark_stable_rate(rates.get(number))

    def use_style(self, chosen: Style) -> None:
        """Draws in this style from now on."""
        self._style = chosen
        self.drawing.use_style(chosen)
        for section in (*self.sections.values(), *self.lanes):
            section.use_style(chosen)
        self.open_file.setIcon(icon("open", chosen))
        self.add_lane.setIcon(icon("add", chosen, "accent"))

    def _show_data(self, story: DataStory, context: PanelContext) -> None:
        self._learn_columns(story, context.columns)
        apart = [getattr(story, each, "") for each in ONE_COLUMN]
        names = {
            "columns": PossibleNames(tuple(name for name in self._columns if name not in apart), True),
            **{each: PossibleNames(self._columns) for each in ONE_COLUMN},
            "sequence_column": PossibleNames((*self._columns, *self._words)),
        }
        described = {each.name for each in settings_of(type(story))}
        hidden = [name for name in NEVER_SHOWN if name in described]
        self.data.show_instance(story, *_of_section(context.reasons, "data"), names=names, hidden=hidden)

    def _learn_columns(self, story: DataStory, columns: tuple[str, ...]) -> None:
        """Columns that were left out are no longer in the dataset, but may be wanted back."""
        before = self._columns_of
        same = before is not None and _source(before) == _source(story)
        known = self._columns if same else ()
        asked = (*getattr(story, "columns", ()), *(getattr(story, each, "") for each in ONE_COLUMN))
        for name in (*columns, *asked):
            if name and name not in known:
                known = (*known, name)
        if not same:
            self._words = _columns_of_words(story)
        self._columns_of, self._columns = story, known

    def _show_lanes(self, experiment: Experiment, context: PanelContext) -> None:
        while len(self.lanes) > len(experiment.lanes):
            gone = self.lanes.pop()
            self._lane_column.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self.lanes) < len(experiment.lanes):
            self._make_lane(len(self.lanes))
        removable = len(experiment.lanes) > 1
        for index, (panel, lane) in enumerate(zip(self.lanes, experiment.lanes, strict=True)):
            in_flight = context.in_flight[index] if index < len(context.in_flight) else {}
            found = _of_section(context.reasons, lane_section(index))
            panel.show_lane(lane, experiment.model, in_flight, *found, removable)
            panel.show_place(index, experiment)
        full = len(experiment.lanes) >= MOST_LANES
        self.add_lane.setEnabled(not full)
        self.add_lane.setToolTip(
            f"There are {MOST_LANES} lanes already; remove one first."
            if full
            else "One lane more, a copy of the last one"
        )

    def _make_lane(self, index: int) -> None:
        panel = LanePanel(index)
        panel.setProperty("role", "section")
        panel.use_style(self._style)
        panel.algorithm_chosen.connect(lambda name: self.lane_algorithm_chosen.emit(index, name))
        panel.changed.connect(lambda name, value, final: self.lane_changed.emit(index, name, value, final))
        panel.renamed.connect(lambda name: self.lane_renamed.emit(index, name))
        panel.defaults_wanted.connect(lambda: self.defaults_wanted.emit(str(index)))
        panel.duplicated.connect(lambda: self.lane_duplicated.emit(index))
        panel.moved.connect(lambda places: self.lane_moved.emit(index, places))
        panel.switched.connect(lambda on: self.lane_switched.emit(index, on))
        panel.removed.connect(lambda: self.lane_removed.emit(index))
        panel.intervention_removed.connect(lambda number: self.intervention_removed.emit(index, number))
        self.lanes.append(panel)
        self._lane_column.addWidget(panel)

    def _summarise(self, experiment: Experiment) -> None:
        self.sections["data"].set_summary(plain_title(experiment.data.name))
        components = getattr(experiment.model, "components", None)
        of = f"K = {components}, " if components is not None else ""
        self.sections["model"].set_summary(f"{of}{plain_title(experiment.model.name)}")
        seed = getattr(experiment.start, "seed", None)
        with_seed = f", seed {seed}" if seed is not None else ""
        self.sections["start"].set_summary(f"{plain_title(experiment.start.name)}{with_seed}")
        stop = experiment.stop
        rule = f"{stop.rule} < {number_text(stop.tolerance)}" if stop.tolerance else "at the limit only"
        self.sections["stop"].set_summary(rule)


def _of_section(reasons: Reasons, section: str) -> tuple[dict[str, str], Unavailable]:
    """Reasons of one section: against classes by name, and against settings and their choices."""
    inside = {key[1:]: why for key, why in reasons.items() if key[0] == section}
    names = {key[1]: why for key, why in inside.items() if key[0] == "name" and len(key) == 2}
    return names, {key: why for key, why in inside.items() if key[0] != "name"}


def _columns_of_words(story: DataStory) -> tuple[str, ...]:
    """The columns of a file that hold no numbers, which can name sequences, as its beginning shows them."""
    if not isinstance(story, File) or not (story.path or story.content):
        return ()
    try:
        found = describe_columns(story.source())
    except InputError:
        return ()
    return tuple(column.name for column in found if column.kind == "text")


def _source(story: DataStory) -> tuple[object, ...]:
    """What the columns of a story come from, whatever else is set."""
    return type(story), *(getattr(story, name, "") for name in ("path", "content"))


def first_of_data(cls: type) -> Sequence[str]:
    """What is always in view of a data story: its own settings, then the size and the seed."""
    names = [each.name for each in settings_of(cls)]
    if not issubclass(cls, GeneratedStory):
        return [name for name in names if name in ("columns", "weights_column")]
    own = [name for name in names if name not in ("size", "seed")]
    return [*own[:3], "size", "seed"]


def first_of_model(cls: type) -> Sequence[str]:
    """What is always in view of a model: its counts and its choices."""
    kinds = {each.name: kind_of(each)[0] for each in settings_of(cls)}
    return [each.name for each in settings_of(cls) if kinds[each.name] in (int, str)]
