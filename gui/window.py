"""Layout and wiring of the window, nothing else."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.experiment import read_experiment
from gui import edits
from gui.arrangement import Arrangement
from gui.autosave import Autosave
from gui.companions import Companions
from gui.contained import contained
from gui.controls.combinations import reasons
from gui.controls.panel import ControlPanel, PanelContext
from gui.controls.transport import Transport
from gui.defaults import changed_parts, with_all_defaults
from gui.dialogs import Dialogs, is_shipped
from gui.exports import Exports
from gui.frame import Frame
from gui.help.desk import HelpDesk
from gui.items.viewport import Viewport
from gui.lecture import Lecture
from gui.loading_bar import LoadingBar
from gui.menus import Menus
from gui.meter import Meter
from gui.panel_edits import connect_panel
from gui.preferences import Preferences
from gui.sentence import Sentence
from gui.session import Session
from gui.shell import Shell
from gui.style import Style, style
from gui.stylesheet import stylesheet
from gui.tables.many_starts_report import summary
from gui.ticker import Ticker
from gui.views.base import View
from gui.views.likelihood import LikelihoodView
from gui.views.simplex import SimplexView
from gui.views.timeline import Timeline
from gui.views.weight_sum import WeightSumView

WORDS_EVERY_SECONDS = 0.1
PANEL_WIDTH = 250
TIMELINE_HEIGHT = 46


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
        self.arrangement = Arrangement(self.viewport, self.likelihood, self.simplex, self.weight_sum, self)
        self.canvases, self.strips = self.arrangement.canvases, self.arrangement.strips
        self.timeline = Timeline()
        self.sentence = Sentence(self.session)
        self.subtitle = self.sentence.subtitle
        self.meter = Meter()
        self.desk = QWidget()
        self.loading = LoadingBar("Loading data")
        self.starting = LoadingBar("Trying starts")
        self.dialogs = Dialogs(self)
        self.exports = Exports(self)
        self.help = HelpDesk(self)
        self.companions = Companions(self)
        self._words_due = 0.0
        self._words_played = False
        self._lay_out()
        self.menus = Menus(self)
        self._wire()
        self.use_style(theme)
        self.ticker = Ticker(self.session, shell, self.meter, self)

    # Layout

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(6)
        middle.addWidget(self.panel)
        middle.addLayout(self.arrangement.layout, 1)
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

    @property
    def views(self) -> list[View]:
        return [*self.arrangement.views, self.timeline]

    @property
    def style_now(self) -> Style:
        return style(self.theme, self.lecture.on)

    def show_controls(self, shown: bool) -> None:
        """Whether menus, transport, panel and timeline are there; without them a subtitle is."""
        for widget in (self.shell.menuBar(), self.transport, self.panel, self.timeline, self.sentence):
            widget.setVisible(shown)
        self.subtitle.setVisible(not shown)

    def use_style(self, theme: str) -> None:
        """Light or dark; larger before an audience."""
        self.theme = theme
        chosen = self.style_now
        self.shell.setStyleSheet(stylesheet(chosen))
        self.arrangement.use_style(chosen)
        self.timeline.use_style(chosen)
        self.transport.use_style(chosen)
        self.panel.use_style(chosen)
        self.help.use_style(chosen)
        self.companions.use_style(chosen)
        self.sentence.use_style(chosen)
        self.panel.setFixedWidth(chosen.enlarged(PANEL_WIDTH))
        self.timeline.setFixedHeight(chosen.enlarged(TIMELINE_HEIGHT))
        self.menus.show_state()

    # Wiring

    def _wire(self) -> None:
        session, transport = self.session, self.transport
        session.frame_changed.connect(self._show_frame)
        session.experiment_changed.connect(self._show_experiment)
        session.failed.connect(self.sentence.tell)
        session.file_used.connect(self._remember_file)
        session.missing_cells.connect(self.dialogs.offer_to_drop_rows)
        session.loading.connect(self.loading.show_progress)
        session.stable_rates_found.connect(self.panel.mark_stable_rates)
        self.loading.cancelled.connect(session.cancel_loading)
        session.starting.connect(self.starting.show_progress)
        self.starting.cancelled.connect(session.cancel_many_starts)
        session.starts_tried.connect(self._tell_of_starts)
        self.arrangement.requested.connect(session.handle)
        self.arrangement.continue_requested.connect(self._continue_outside)
        for view in (self.likelihood, self.simplex, self.weight_sum, self.timeline):
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
        connect_panel(self.panel, session)
        self.panel.brush_changed.connect(self.arrangement.use_brush)
        self.panel.many_starts_requested.connect(session.try_many_starts)
        self.panel.open_file_requested.connect(self.dialogs.open_file)

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
            self.sentence.note("Give a panel the focus first: by a click, by Tab, or a lane by L.")

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
        autosave.told.connect(self.sentence.note)

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
        self.arrangement.lay_out_lanes(len(experiment.running))
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
            self._words_due = 0.0
        self.arrangement.show_frame(frame)
        self.timeline.show_frame(frame)
        now = time.monotonic()
        # Nobody reads a number that changes at every frame; what is drawn is drawn at every frame.
        if not (frame.playing and self._words_played) or now >= self._words_due:
            self._words_due, self._words_played = now + WORDS_EVERY_SECONDS, frame.playing
            self._show_words(frame)
        self.sentence.show_frame(frame)

    def _show_words(self, frame: Frame) -> None:
        """Numbers, tables and the state of the controls."""
        for strip, lane in zip(self.strips, frame.lanes, strict=True):
            strip.show_lane(lane)
        self.transport.show_state(frame)
        self.companions.show_frame(frame)
        self.panel.show_in_flight(self.session.settings_in_flight(), _iterations(frame))

    def _tell_of_starts(self) -> None:
        found = self.session.ends
        if found is not None:
            self.sentence.note(
                f"{summary(found)} Shift+T shows how often each lane reached the best, and at what cost."
            )

    def show_meter(self) -> None:
        """Steps a second of each lane and the time of a frame, in the line at the foot; again: hides them."""
        self.meter.setVisible(not self.meter.isVisible())

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
                    self.sentence.tell("Drop one file at a time: a CSV or an experiment.")
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
        self.companions.close()
        self.ticker.stop()
        self.exports.close()
        self.session.close()
        self.shell.removeEventFilter(self)
        self.shell.close()


def _iterations(frame: Frame) -> tuple[int, ...]:
    return tuple(lane.iteration for lane in frame.lanes)
