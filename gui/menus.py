"""The menus: every action with its name, its key and its place."""

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from engine.shipped_experiments import FOLDER as EXPERIMENTS
from engine.shipped_experiments import shipped_experiments
from gui.companion import GIVES_KEYS
from gui.contained import contained
from gui.file_menu import FileMenu
from gui.lane_menu import LaneMenu
from gui.lecture import PICTURES

if TYPE_CHECKING:
    from gui.window import Window

PICTURE_NAMES = ("the data", "the log-likelihood", "the simplex", "the sum of the weights")
KEYS_HELD = ("Ctrl", "Alt", "Ctrl+Alt", "Ctrl+Shift", "Alt+Shift", "Ctrl+Alt+Shift")
"""With a digit they open experiments: nine with each."""
REPEATED_KEYS = (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Period)
"""Keys of the transport that act again and again while they are held down."""


class Menus(QObject):
    """Builds the menu bar and keeps its entries true; carries the keys of the transport."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._window = window
        self._transport_keys: dict[int, Callable[[], None]] = {}
        self._shipped: list[Path] = []
        session = window.session
        bar = window.shell.menuBar()
        self.file = FileMenu(window, bar.addMenu("&File"), self._add)
        edit = bar.addMenu("&Edit")
        self._undo = self._add(edit, "&Undo", session.undo, QKeySequence("Ctrl+Z"))
        self._redo = self._add(edit, "&Redo", session.redo, QKeySequence("Ctrl+Shift+Z"))
        edit.addSeparator()
        self._add(
            edit, "Restore this panel's defaults", window.restore_panel_defaults, QKeySequence("Ctrl+Alt+D")
        )
        self._add(edit, "Restore all defaults", window.restore_all_defaults, QKeySequence("Ctrl+Shift+D"))
        self._add(edit, "Copy as command", window.exports.copy_command, QKeySequence("Ctrl+Shift+C"))
        edit.addSeparator()
        self._add(edit, "Draw points", window.panel.drawing.toggle, QKeySequence("B"))
        self.experiments = bar.addMenu("E&xperiments")
        self._fill_experiments()
        self._fill_run(bar.addMenu("&Run"))
        self.lanes = LaneMenu(window, bar.addMenu("&Lanes"), self._add)
        self._fill_view(bar.addMenu("&View"))
        self._fill_help(bar.addMenu("&Help"))
        window.transport.set_experiments_menu(self.experiments)
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def _add(
        self, menu: QMenu, text: str, act: Callable[[], object], key: QKeySequence | None = None
    ) -> QAction:
        action = menu.addAction(text)
        if key is not None:
            action.setShortcut(key)
        action.triggered.connect(lambda checked=False: act())
        # What it does is said by what does it: the help reads it here.
        done = act.func if isinstance(act, partial) else act
        action.setWhatsThis((done.__doc__ or "").partition("\n")[0] if inspect.ismethod(done) else "")
        # The shortcuts of a hidden menu bar are dead; the window itself carries them in a lecture.
        self._window.shell.addAction(action)
        return action

    def _fill_experiments(self) -> None:
        self._add(
            self.experiments,
            "&All experiments, as cards",
            self._window.companions.show_gallery,
            QKeySequence("X"),
        )
        self.experiments.addSeparator()
        keys = (f"{held}+{digit}" for held in KEYS_HELD for digit in range(1, 10))
        for name, experiment in shipped_experiments().items():
            path, title = EXPERIMENTS / f"{name}.toml", experiment.title or name
            self._shipped.append(path)
            action = self._add(
                self.experiments,
                title.replace("&", "&&"),
                partial(self.open_shipped, path),
                QKeySequence(next(keys, "")),
            )
            action.setProperty("page", f"experiments/{name}")
        self.experiments.addSeparator()
        self._add(self.experiments, "Next experiment", partial(self._turn, 1), QKeySequence("PgDown"))
        self._add(self.experiments, "Previous experiment", partial(self._turn, -1), QKeySequence("PgUp"))

    def open_shipped(self, path: Path) -> bool:
        """Opens a shipped experiment unless work that is not saved is to stay; whether it was opened."""
        if not self._window.dialogs.may_leave():
            return False
        self._window.open_path(path)
        return True

    def _turn(self, pages: int) -> None:
        """The next or previous shipped experiment, as a presenter turns pages: an edit that can be undone."""
        path = self._window.session.path
        here = self._shipped.index(path) if path in self._shipped else -1 if pages > 0 else 0
        self._window.session.present_path(self._shipped[(here + pages) % len(self._shipped)])

    def _fill_run(self, menu: QMenu) -> None:
        session, window = self._window.session, self._window
        entries: tuple[tuple[str, Qt.Key, Callable[[], None]], ...] = (
            ("Run or pause", Qt.Key.Key_Space, session.toggle_play),
            ("Step", Qt.Key.Key_Right, session.step),
            ("Half a step", Qt.Key.Key_Period, session.half_step),
            ("Step back", Qt.Key.Key_Left, session.step_back),
            ("Reset to the same start", Qt.Key.Key_R, session.reset),
            ("New data seed", Qt.Key.Key_D, window.reseed_data),
            ("New start seed", Qt.Key.Key_S, window.reseed_start),
        )
        for text, key, act in entries:
            # The key is only written here: `eventFilter` carries it, whichever widget was last touched.
            self._add(menu, f"{text}\t{QKeySequence(key).toString()}", act)
            self._transport_keys[key.value] = act

        menu.addSeparator()
        self._add(menu, "Try many starts", session.try_many_starts, QKeySequence("T"))
        self._add(
            menu, "What came out of many starts", window.companions.show_many_starts, QKeySequence("Shift+T")
        )
        self._add(menu, "Pin this run", session.pin, QKeySequence("P"))
        self._add(menu, "Pinned runs", window.companions.show_pins, QKeySequence("Shift+P"))
        menu.addSeparator()
        self._add(menu, "Measure the largest stable rate", session.measure_stable_rates, QKeySequence("M"))

    def _fill_view(self, menu: QMenu) -> None:
        group = QActionGroup(self)
        self._themes = {}
        for theme, written in (("light", "Ctrl+L"), ("dark", "Ctrl+Shift+L")):
            choose = partial(self._window.choose_theme, theme)
            action = self._add(menu, theme.capitalize(), choose, QKeySequence(written))
            action.setCheckable(True)
            group.addAction(action)
            self._themes[theme] = action
        menu.addSeparator()
        lecture = self._window.lecture
        self._lecture = self._add(menu, "Lecture mode", lecture.toggle, QKeySequence("F5"))
        self._lecture.setCheckable(True)
        self._pictures = {}
        for key, (picture, text) in enumerate(zip(PICTURES, PICTURE_NAMES, strict=True), start=1):
            action = self._add(
                menu, f"In a lecture: {text}", partial(lecture.choose, picture), QKeySequence(str(key))
            )
            action.setCheckable(True)
            self._pictures[picture] = action
        self._add(menu, "Leave lecture or full screen", lecture.escape, QKeySequence("Esc"))
        self._full = self._add(menu, "Full screen", self._toggle_full_screen, QKeySequence("F11"))
        self._add(menu, "Show all the data", self._window.viewport.reset, QKeySequence("0"))
        self._add(menu, "Results of the race", self._window.companions.show_results, QKeySequence("Ctrl+R"))
        self._add(menu, "Parameters", self._window.companions.show_parameters, QKeySequence("Ctrl+P"))
        self._add(menu, "What the E step found", self._window.companions.show_e_step, QKeySequence("E"))
        self._add(menu, "Steps a second and frame time", self._window.show_meter, QKeySequence("Shift+M"))

    def _fill_help(self, menu: QMenu) -> None:
        desk = self._window.help
        self._add(menu, "&Help on this", desk.help, QKeySequence("F1"))
        self._add(menu, "&Point and ask", desk.point_and_ask, QKeySequence("Shift+F1"))
        self._add(menu, "&What am I looking at?", desk.name_the_parts, QKeySequence("F2"))
        self._add(menu, "&Find anything…", desk.find_anything, QKeySequence("Ctrl+Shift+P"))
        self._add(menu, "&Contents", desk.show_contents, QKeySequence("Ctrl+F1"))
        self._add(menu, "All &keys\tF1 F1", desk.show_keys)
        menu.addSeparator()
        self._add(menu, "&About Jensen", self._window.dialogs.about, QKeySequence("Ctrl+Shift+A"))
        for each in self._window.shell.menuBar().findChildren(QMenu):
            desk.watch_menu(each)

    def _toggle_full_screen(self) -> None:
        """Over the whole screen, or back into a window."""
        shell = self._window.shell
        shell.setWindowState(shell.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_state(self) -> None:
        """Names what undo and redo would do, and ticks what is on."""
        session = self._window.session
        for action, verb, name in (
            (self._undo, "Undo", session.undo_name),
            (self._redo, "Redo", session.redo_name),
        ):
            action.setEnabled(name is not None)
            action.setText(f"&{verb} {name}" if name else f"&{verb}")
        self._themes[self._window.theme].setChecked(True)
        lecture = self._window.lecture
        self._lecture.setChecked(lecture.on)
        for picture, action in self._pictures.items():
            action.setEnabled(lecture.on)
            action.setChecked(picture in lecture.chosen)

    @contained
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys of the transport work whichever widget was last touched, text fields excepted."""
        # Every event of the application comes by: what is no key must cost next to nothing.
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            act = self._transport_keys.get(event.key())
            if act is not None and self._is_ours(watched, event):
                held = event.isAutoRepeat() and event.key() not in REPEATED_KEYS
                if event.type() == QEvent.Type.KeyPress and not held:
                    act()
                event.accept()
                return True
        return bool(super().eventFilter(watched, event))

    def _is_ours(self, watched: QObject, event: QKeyEvent) -> bool:
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        if not plain or not isinstance(watched, QWidget):
            return False
        owner = watched.window()
        if owner is not self._window.shell and not owner.property(GIVES_KEYS):
            return False
        if QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None:
            return False
        if isinstance(watched, QTextEdit) and watched.isReadOnly():
            return True
        return not isinstance(watched, (QLineEdit, QAbstractSpinBox, QTextEdit, QPlainTextEdit))
