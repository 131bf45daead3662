"""Layout and wiring of the window, nothing else."""

import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QFontMetrics
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from engine.experiment import read_experiment
from gui import edits
from gui.autosave import Autosave
from gui.contained import contained
from gui.controls.combinations import reasons
from gui.controls.panel import ControlPanel, PanelContext
from gui.controls.status_strip import StatusStrip
from gui.controls.transport import Transport
from gui.defaults import changed_parts, with_all_defaults, with_panel_defaults
from gui.dialogs import Dialogs, is_shipped
from gui.e_step_table import EStepTable
from gui.exports import Exports
from gui.frame import Frame
from gui.help.desk import HelpDesk
from gui.items.brush import Brush
from gui.items.viewport import Viewport
from gui.lecture import PICTURES, Lecture, Subtitle
from gui.loading_bar import LoadingBar
from gui.many_starts_report import ManyStartsReport, summary
from gui.menus import Menus
from gui.meter import Meter
from gui.pacing import FLAT_OUT_SECONDS, PLAYED_SECONDS, Pacing
from gui.parameter_table import ParameterTable
from gui.pin_list import PinList
from gui.preferences import Preferences
from gui.results_table import ResultsTable
from gui.session import Session
from gui.shell import Shell
from gui.style import style
from gui.stylesheet import stylesheet
from gui.views.base import View
from gui.views.data_canvas import DataCanvas
from gui.views.likelihood import LikelihoodView
from gui.views.simplex import SimplexView
from gui.views.timeline import Timeline
from gui.views.weight_sum import WeightSumView

if TYPE_CHECKING:
    from gui.gallery import Gallery

WORDS_EVERY_SECONDS = 0.1
PANEL_WIDTH = 250
SIMPLEX_WIDTH = 300
GAUGE_WIDTH = 110
MOST_ACROSS = 3
"""With more lanes the canvases stand in two rows."""
WIDEST = 16_777_215
"""Qt's own limit of a widget's width: none."""


class Window(QObject):
    """Furnishes the shell: canvases, curves, controls, and what connects them to the session."""

    def __init__(self, shell: Shell, theme: str = "light", preferences: Preferences | None = None) -> None:
        super().__init__(shell)
        self.shell = shell
        self.preferences = preferences or Preferences()
        self.autosave: Autosave | None = None
        """Keeps the session while it lasts; None in a window that nobody works in."""
        self.session = Session(self)
        self.theme = theme
        self.lecture = Lecture(self)
        self.viewport = Viewport(self)
        self.transport = Transport()
        self.panel = ControlPanel()
        self.likelihood = LikelihoodView()
        self.simplex = SimplexView()
        self.weight_sum = WeightSumView()
        self.timeline = Timeline()
        self.sentence = QLabel()
        self.sentence.setAccessibleName("What just happened")
        self.sentence.setWhatsThis(
            "What a lane just did, the experiment's caption, or what could not be done."
        )
        self.sentence.setWordWrap(True)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.subtitle = Subtitle()
        self.meter = Meter()
        self.desk = QWidget()
        self.loading = LoadingBar("Loading data")
        self.starting = LoadingBar("Trying starts")
        self.canvases: list[DataCanvas] = []
        self.strips: list[StatusStrip] = []
        self.dialogs = Dialogs(self)
        self.exports = Exports(self)
        self.help = HelpDesk(self)
        self.e_step = EStepTable(shell)
        self.results = ResultsTable(shell)
        self.many_starts = ManyStartsReport(shell)
        self.parameters = ParameterTable(self.session, shell)
        self.pin_list = PinList(self.session, shell)
        self._chosen = self._shown = frozenset(PICTURES)
        self._undrawn: frozenset[str] = frozenset()
        self._brush: Brush | None = None
        self._pacing = Pacing()
        self._last_tick = time.monotonic()
        self._notice_until = 0.0
        self._words_due = 0.0
        self._words_played = False
        self._lay_out()
        self.menus = Menus(self)
        self._wire()
        self.use_style(theme)
        self._ticker = QTimer(self)
        self._ticker.setSingleShot(True)
        self._ticker.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticker.timeout.connect(self._tick)
        self._ticker.start(0)

    # Layout

    def _lay_out(self) -> None:
        self._canvas_grid = QGridLayout()
        self._canvas_grid.setSpacing(6)
        below = QHBoxLayout()
        below.setSpacing(6)
        below.addWidget(self.likelihood, 1)
        below.addWidget(self.simplex)
        below.addWidget(self.weight_sum)
        self._pictures = QVBoxLayout()
        self._pictures.setSpacing(6)
        self._pictures.addLayout(self._canvas_grid, 3)
        self._pictures.addLayout(below, 2)
        middle = QHBoxLayout()
        middle.setSpacing(6)
        middle.addWidget(self.panel)
        middle.addLayout(self._pictures, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.sentence, 1)
        foot.addWidget(self.subtitle, 1)
        foot.addWidget(self.meter)
        foot.addWidget(self.loading)
        foot.addWidget(self.starting)
        foot.addWidget(self.exports.bar)
        whole = QVBoxLayout()
        whole.setContentsMargins(6, 4, 6, 4)
        whole.setSpacing(4)
        whole.addWidget(self.transport)
        whole.addLayout(middle, 1)
        whole.addWidget(self.timeline)
        whole.addLayout(foot)
        self.desk.setLayout(whole)
        self.desk.setObjectName("desk")
        self.desk.setAccessibleName("The laboratory")
        self.desk.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.shell.setCentralWidget(self.desk)
        self.shell.setAcceptDrops(True)
        self.shell.installEventFilter(self)

    def _lay_out_lanes(self, count: int) -> None:
        """As many canvases with their strips as there are lanes, in rows of up to four."""
        while len(self.canvases) > count:
            for widget in (self.canvases.pop(), self.strips.pop()):
                self._canvas_grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        while len(self.canvases) < count:
            index = len(self.canvases)
            canvas, strip = DataCanvas(index, self.viewport), StatusStrip()
            canvas.requested.connect(self.session.handle)
            strip.continue_requested.connect(lambda index=index: self._continue_outside(index))
            canvas.use_style(self.style_now)
            canvas.use_brush(self._brush)
            strip.use_style(self.style_now)
            self.canvases.append(canvas)
            self.strips.append(strip)
        across = count if count <= MOST_ACROSS else -(-count // 2)
        for index in range(count):
            row, column = divmod(index, across)
            self._canvas_grid.addWidget(self.canvases[index], 2 * row, column)
            self._canvas_grid.addWidget(self.strips[index], 2 * row + 1, column)
            # Not before they have a parent: a widget without one would open as a window of its own.
            for widget in (self.canvases[index], self.strips[index]):
                widget.setVisible("data" in self._shown)
            self.strips[index].use_lines(2 if count <= MOST_ACROSS else 1)
        for column in range(8):
            self._canvas_grid.setColumnStretch(column, 1 if column < across else 0)
        for row in range(4):
            self._canvas_grid.setRowStretch(row, 1 if row % 2 == 0 and row < 2 * (-(-count // across)) else 0)
        self._share_heights()

    @property
    def views(self) -> list[View]:
        return [*self.canvases, self.likelihood, self.simplex, self.weight_sum, self.timeline]

    @property
    def style_now(self) -> Any:
        return style(self.theme, self.lecture.on)

    def show_controls(self, shown: bool) -> None:
        """Whether menus, transport, panel and timeline are there; without them a subtitle is."""
        for widget in (self.shell.menuBar(), self.transport, self.panel, self.timeline, self.sentence):
            widget.setVisible(shown)
        self.subtitle.setVisible(not shown)

    def show_pictures(self, chosen: frozenset[str]) -> None:
        """Only these of `lecture.PICTURES`; what is alone in its row takes all of it.

        A picture of which the model has nothing gives its room away, unless it is all that was chosen.
        """
        self._chosen = chosen
        chosen = self._shown = chosen - self._undrawn or chosen
        for widget in (*self.canvases, *self.strips):
            widget.setVisible("data" in chosen)
        self.likelihood.setVisible("likelihood" in chosen)
        self.simplex.setVisible("simplex" in chosen)
        self.weight_sum.setVisible("sum" in chosen)
        self._fix_widths()
        self._share_heights()

    def _share_heights(self) -> None:
        """Canvases above, curves below: two rows of canvases get more than one row does."""
        data, below = "data" in self._shown, bool(self._shown - {"data"})
        canvases, curves = (3, 2) if len(self.canvases) <= MOST_ACROSS else (2, 1)
        self._pictures.setStretch(0, canvases if data else 0)
        self._pictures.setStretch(1, curves if below else 0)

    def _fix_widths(self) -> None:
        larger = 1.4 if self.lecture.on else 1.0
        self.panel.setFixedWidth(round(PANEL_WIDTH * larger))
        for view, width, before in (
            (self.simplex, SIMPLEX_WIDTH, {"likelihood"}),
            (self.weight_sum, GAUGE_WIDTH, {"likelihood", "simplex"}),
        ):
            if before & self._shown:
                view.setFixedWidth(round(width * larger))
            else:
                view.setMinimumWidth(0)
                view.setMaximumWidth(WIDEST)
        self.timeline.setFixedHeight(round(46 * larger))

    def use_style(self, theme: str) -> None:
        """Light or dark; larger before an audience."""
        self.theme = theme
        chosen = self.style_now
        self.shell.setStyleSheet(stylesheet(chosen))
        for view in self.views:
            view.use_style(chosen)
        self.transport.use_style(chosen)
        self.panel.use_style(chosen)
        for strip in self.strips:
            strip.use_style(chosen)
        self.help.use_style(chosen)
        self.many_starts.use_style(chosen)
        if "gallery" in vars(self):
            self.gallery.use_style(chosen)
        self._fix_widths()
        self.sentence.setFixedHeight(2 * QFontMetrics(chosen.font()).lineSpacing())
        self.menus.show_state()

    # Wiring

    def _wire(self) -> None:
        session, transport = self.session, self.transport
        session.frame_changed.connect(self._show_frame)
        session.experiment_changed.connect(self._show_experiment)
        session.failed.connect(self.tell)
        session.file_used.connect(self._remember_file)
        session.missing_cells.connect(self.dialogs.offer_to_drop_rows)
        session.loading.connect(self.loading.show_progress)
        session.stable_rates_found.connect(self.panel.mark_stable_rates)
        self.loading.cancelled.connect(session.cancel_loading)
        session.starting.connect(self.starting.show_progress)
        self.starting.cancelled.connect(session.cancel_many_starts)
        session.starts_tried.connect(self._tell_of_starts)
        self._wire_tables()
        for view in (self.likelihood, self.simplex, self.weight_sum, self.timeline, *self.many_starts.views):
            view.requested.connect(session.handle)
        transport.run_toggled.connect(session.toggle_play)
        transport.stepped.connect(session.step)
        transport.half_stepped.connect(session.half_step)
        transport.stepped_back.connect(session.step_back)
        transport.reset.connect(session.reset)
        transport.data_reseeded.connect(self.reseed_data)
        transport.start_reseeded.connect(self.reseed_start)
        transport.speed_changed.connect(self._choose_speed)
        transport.clock_chosen.connect(lambda value: self._show_setting("clock", value))
        transport.vertical_chosen.connect(lambda value: self._show_setting("vertical", value))
        transport.truth_toggled.connect(lambda value: self._show_setting("truth", value))
        transport.columns_chosen.connect(session.show_columns)
        self._wire_panel()

    def _wire_tables(self) -> None:
        session, tried = self.session, self.many_starts
        tried.tried.connect(session.try_many_starts)
        tried.cancelled.connect(session.cancel_many_starts)
        session.starting.connect(tried.show_progress)
        tried.export_requested.connect(
            lambda: self.exports.table("Save what came out of many starts", "starts", tried.table)
        )
        self.results.export_requested.connect(
            lambda: self.exports.table("Save the results of the race", "results", self.results.table)
        )

    def _wire_panel(self) -> None:
        session, panel = self.session, self.panel
        panel.data_chosen.connect(
            lambda name: session.edit("choose data", lambda e: edits.with_story(e, name))
        )
        panel.data_changed.connect(
            lambda setting, value, final: session.edit(
                f"{words(setting)} of the data",
                lambda e: edits.with_data_setting(e, setting, value),
                final,
            )
        )
        panel.model_chosen.connect(
            lambda name: session.edit(
                "choose model", lambda e: edits.with_model(e, name, session.preparation)
            )
        )
        panel.model_changed.connect(
            lambda setting, value, final: session.edit(
                f"{words(setting)} of the model", lambda e: edits.with_model_setting(e, setting, value), final
            )
        )
        panel.start_chosen.connect(
            lambda name: session.edit(
                "choose start", lambda e: edits.with_start(e, name, session.present_start())
            )
        )
        panel.start_changed.connect(
            lambda setting, value, final: session.edit(
                f"{words(setting)} of the start",
                lambda e: e.replace(start=edits.changed(e.start, setting, value, "[start]")),
                final,
            )
        )
        panel.stop_changed.connect(
            lambda setting, value, final: session.edit(
                words(setting),
                lambda e: e.replace(stop=edits.changed(e.stop, setting, value, "[stop]")),
                final,
            )
        )
        panel.lane_algorithm_chosen.connect(
            lambda index, name: session.edit(
                "choose algorithm", lambda e: edits.with_lane_algorithm(e, index, name)
            )
        )
        panel.lane_changed.connect(session.adjust_lane)
        panel.lane_renamed.connect(
            lambda index, name: session.edit("rename lane", lambda e: edits.with_lane_name(e, index, name))
        )
        panel.lane_added.connect(lambda: session.edit("add lane", lambda e: edits.with_another_lane(e, -1)))
        panel.lane_removed.connect(
            lambda index: session.edit("remove lane", lambda e: edits.without_lane(e, index))
        )
        panel.lane_duplicated.connect(
            lambda index: session.edit("duplicate lane", lambda e: edits.with_another_lane(e, index))
        )
        panel.lane_moved.connect(
            lambda index, places: session.edit("move lane", lambda e: edits.with_lane_moved(e, index, places))
        )
        panel.lane_switched.connect(
            lambda index, on: session.edit(
                "switch lane on" if on else "switch lane off", lambda e: edits.with_lane_on(e, index, on)
            )
        )
        panel.intervention_removed.connect(
            lambda index, number: session.edit(
                "remove intervention", lambda e: edits.without_intervention(e, index, number)
            )
        )
        panel.defaults_wanted.connect(
            lambda panel: session.edit("restore defaults", lambda e: with_panel_defaults(e, panel))
        )
        panel.brush_changed.connect(self._use_brush)
        panel.many_starts_requested.connect(session.try_many_starts)
        panel.open_file_requested.connect(self.dialogs.open_file)

    def _use_brush(self, radius: int, label: int) -> None:
        """The canvases draw points with this brush; none with a radius of 0."""
        self._brush = Brush(float(radius), label) if radius else None
        self.viewport.held = self._brush is not None
        for canvas in self.canvases:
            canvas.use_brush(self._brush)

    def reseed_data(self) -> None:
        """The same data story with the next seed."""
        self.session.edit("new data seed", lambda e: edits.reseeded(e, "data"))

    def reseed_start(self) -> None:
        """The same kind of start with the next seed."""
        self.session.edit("new start seed", lambda e: edits.reseeded(e, "start"))

    def _continue_outside(self, place: int) -> None:
        """The lane that is shown at this place goes on outside the constraints."""
        if self.session.frame is not None:
            number = self.session.frame.lanes[place].index
            self.session.adjust_lane(number, "after_leaving", "continue", True)

    def restore_panel_defaults(self) -> None:
        """The settings of the panel that has the focus, at their defaults."""
        part = self.panel.focused_part()
        if part:
            self.panel.defaults_wanted.emit(part)
        else:
            self.note("Give a panel the focus first: by a click, by Tab, or a lane by L.")

    def restore_all_defaults(self) -> None:
        """Every panel's settings at their defaults."""
        self.session.edit("restore all defaults", with_all_defaults)

    def choose_theme(self, theme: str) -> None:
        """Light or dark, from now on and at the next start."""
        self.preferences.theme = theme
        self.use_style(theme)

    def _choose_speed(self, speed: float) -> None:
        self.preferences.speed = speed
        self._show_setting("speed", speed)

    def keep_safe(self, autosave: Autosave) -> None:
        """Has its session kept while it lasts."""
        self.autosave = autosave
        autosave.told.connect(self.note)

    def _remember_file(self, path: Path) -> None:
        if not is_shipped(path):
            self.preferences.remember(path)

    def _show_setting(self, setting: str, value: Any) -> None:
        self.session.edit(
            setting,
            lambda e: e.replace(show=edits.changed(e.show, setting, value, "[show]")),
            setting != "speed",
        )

    # Showing

    def _show_experiment(self) -> None:
        experiment, frame = self.session.experiment, self.session.frame
        if experiment is None:
            return
        self._lay_out_lanes(len(experiment.running))
        preparation = self.session.preparation
        dataset = preparation.dataset if preparation is not None else None
        self.panel.show_experiment(experiment, self._context(frame))
        name = self.session.path.name if self.session.path is not None else experiment.title or "untitled"
        self.shell.setWindowTitle(f"{name}[*]")
        self.shell.setWindowModified(self.session.dirty)
        if dataset is not None:
            shown = frame is not None and frame.scene.holds_points
            self.transport.show_columns(dataset.columns if shown else ())
        self.menus.show_state()

    def _context(self, frame: Frame | None) -> PanelContext:
        experiment, preparation = self.session.experiment, self.session.preparation
        assert experiment is not None
        dataset = preparation.dataset if preparation is not None else None
        return PanelContext(
            reasons=reasons(experiment, dataset),
            in_flight=self.session.settings_in_flight(),
            columns=dataset.columns if dataset is not None else (),
            missing=dataset.missing_in_words if dataset is not None else "",
            iterations=_iterations(frame) if frame is not None else (),
            changed=changed_parts(experiment),
        )

    def _show_frame(self, frame: Frame) -> None:
        if len(frame.lanes) != len(self.canvases):
            self._lay_out_lanes(len(frame.lanes))
            self._words_due = 0.0
        for view in self.views:
            view.show_frame(frame)
        optional = {"simplex": self.simplex, "sum": self.weight_sum}
        undrawn = frozenset(name for name, view in optional.items() if not view.draws(frame))
        if undrawn != self._undrawn:
            self._undrawn = undrawn
            self.show_pictures(self._chosen)
        now = time.monotonic()
        # Nobody reads a number that changes at every frame; what is drawn is drawn at every frame.
        if not (frame.playing and self._words_played) or now >= self._words_due:
            self._words_due, self._words_played = now + WORDS_EVERY_SECONDS, frame.playing
            self._show_words(frame)
        if now > self._notice_until:
            self._say(frame.sentence or frame.experiment.caption)

    def _show_words(self, frame: Frame) -> None:
        """Numbers, tables and the state of the controls."""
        for strip, lane in zip(self.strips, frame.lanes, strict=True):
            strip.show_lane(lane)
        self.transport.show_state(frame)
        self.e_step.show_frame(frame)
        self.parameters.show_frame(frame)
        self.results.show_frame(frame)
        self.many_starts.show_frame(frame)
        self.panel.show_in_flight(self.session.settings_in_flight(), _iterations(frame))

    def show_e_step(self) -> None:
        """The table of what the E step at the cursor found, beside the window."""
        self.e_step.setVisible(not self.e_step.isVisible())
        if self.session.frame is not None:
            self.e_step.show_frame(self.session.frame)

    def show_results(self) -> None:
        """The table of the lanes' results and costs, beside the window."""
        self.results.setVisible(not self.results.isVisible())
        if self.session.frame is not None:
            self.results.show_frame(self.session.frame)

    def show_many_starts(self) -> None:
        """The table and pictures of what came out of many starts, beside the window."""
        self.many_starts.setVisible(not self.many_starts.isVisible())
        if self.session.frame is not None:
            self.many_starts.show_frame(self.session.frame)

    def _tell_of_starts(self) -> None:
        found = self.session.ends
        if found is not None:
            self.note(
                f"{summary(found)} Shift+T shows how often each lane reached the best, and at what cost."
            )

    def show_parameters(self) -> None:
        """The table of parameters, beside the window."""
        self.parameters.setVisible(not self.parameters.isVisible())
        if self.session.frame is not None:
            self.parameters.show_frame(self.session.frame)

    def show_meter(self) -> None:
        """Steps a second of each lane and the time of a frame, in the line at the foot; again: hides them."""
        self.meter.setVisible(not self.meter.isVisible())

    def show_pins(self) -> None:
        """The list of pinned runs, beside the window."""
        self.pin_list.setVisible(not self.pin_list.isVisible())

    @cached_property
    def gallery(self) -> "Gallery":
        """The page of cards, which is imported when it is first opened."""
        from gui.gallery import Gallery

        made = Gallery(self.session.turns, self.menus.open_shipped, self.shell)
        made.use_style(self.style_now)
        return made

    def show_gallery(self) -> None:
        """Every prepared experiment as a card with its picture, beside the window."""
        path = self.session.path
        self.gallery.show_cards(path.stem if path is not None and is_shipped(path) else "")

    def tell(self, sentence: str) -> None:
        """One sentence for the user, in the line at the foot and for a while."""
        self._notice_until = time.monotonic() + 12.0
        self._say(sentence, warning=True)

    def note(self, sentence: str) -> None:
        """One sentence that is no warning, in the line at the foot and for a while."""
        self._notice_until = time.monotonic() + 12.0
        self._say(sentence)

    def _say(self, sentence: str, warning: bool = False) -> None:
        experiment = self.session.experiment
        caption = experiment.caption if experiment is not None else ""
        self.subtitle.show_words(
            experiment.title if experiment is not None else "", sentence if warning else caption
        )
        if self.sentence.text() != sentence:
            self.sentence.setText(sentence)
            self.sentence.setToolTip(sentence)
        if self.sentence.property("warning") != warning:
            self.sentence.setProperty("warning", warning)
            self.sentence.style().polish(self.sentence)

    def _tick(self) -> None:
        """Closes the gate, shows what is new, and opens the gate when that has been painted."""
        began = time.monotonic()
        self.session.turns.close_gate()
        before = self.session.frame
        try:
            self.session.tick(began - self._last_tick)
            self._last_tick = began
            if self.session.frame is not before:
                # Paint now, behind the closed gate, and not when the event loop gets round to it: everything
                # at once, because each `repaint` of a view would paint all the others that wait as well.
                QApplication.sendEvent(self.shell, QEvent(QEvent.Type.UpdateRequest))
            if self.meter.isVisible():
                self.meter.note(began, self.session.frame, self.session.frame is not before)
        finally:
            # A fault in one tick must not be the last tick.
            shortest = PLAYED_SECONDS if self.session.plays_at_a_speed else FLAT_OUT_SECONDS
            rest = self._pacing.rest_after(time.monotonic() - began, shortest)
            self._ticker.start(int(1000 * rest))
            # Last of all: the engines take the interpreter as soon as they may.
            self.session.turns.open_gate()

    # Opening and closing

    def open_path(self, path: Path) -> None:
        """Opens an experiment or a CSV, as when it is dropped on the window."""
        self.session.open_path(path)

    @contained
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.shell:
            if isinstance(event, QDragEnterEvent) and event.mimeData().hasUrls():
                event.acceptProposedAction()
                return True
            if isinstance(event, QDropEvent):
                local = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
                if len(local) == 1:
                    self.dialogs.open_dropped(local[0])
                else:
                    self.tell("Drop one file at a time: a CSV or an experiment.")
                event.acceptProposedAction()
                return True
            if isinstance(event, QCloseEvent) and not self.dialogs.may_leave():
                event.ignore()
                return True
        return bool(super().eventFilter(watched, event))

    def open_first(self, path: Path) -> None:
        """Opens the experiment that the program begins with, at the speed of play that was chosen last."""
        experiment, speed = read_experiment(path), self.preferences.speed
        if speed is not None:
            with suppress(InputError):
                show = edits.changed(experiment.show, "speed", speed, "[show]")
                experiment = experiment.replace(show=show)
        self.session.open_experiment(experiment, path)

    def close_now(self) -> None:
        """Ends every thread and closes the window, without a question."""
        if "gallery" in vars(self):
            self.gallery.miniatures.pause()
        self._ticker.stop()
        self.exports.close()
        self.session.close()
        self.shell.removeEventFilter(self)
        self.shell.close()


def _iterations(frame: Frame) -> tuple[int, ...]:
    return tuple(lane.iteration for lane in frame.lanes)


def words(setting: str) -> str:
    """A setting's name as it is read."""
    return setting.replace("_", " ")
