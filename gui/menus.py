"""The menus: every action with its name, its key and its place."""

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

from engine.errors import InputError
from engine.experiment import read_experiment
from gui.lecture import PICTURES

if TYPE_CHECKING:
    from gui.window import Window

PICTURE_NAMES = ("the data", "the log-likelihood", "the simplex", "the sum of the weights")
EXPERIMENTS = Path(__file__).resolve().parent.parent / "assets" / "experiments"


class Menus(QObject):
    """Builds the menu bar and keeps its entries true; carries the keys of the transport."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._window = window
        self._transport_keys: dict[int, Callable[[], None]] = {}
        self._shipped: list[Path] = []
        session, dialogs = window.session, window.dialogs
        bar = window.shell.menuBar()
        file = bar.addMenu("&File")
        self._add(file, "&Open…", dialogs.open_file, QKeySequence(QKeySequence.StandardKey.Open))
        self._add(file, "&Save", dialogs.save, QKeySequence(QKeySequence.StandardKey.Save))
        self._add(file, "Save &as…", dialogs.save_as, QKeySequence("Ctrl+Shift+S"))
        file.addSeparator()
        self._add(file, "&Quit", window.shell.close, QKeySequence("Ctrl+Q"))
        edit = bar.addMenu("&Edit")
        self._undo = self._add(edit, "&Undo", session.undo, QKeySequence("Ctrl+Z"))
        self._redo = self._add(edit, "&Redo", session.redo, QKeySequence("Ctrl+Shift+Z"))
        edit.addSeparator()
        self._add(edit, "Draw points", window.panel.drawing.toggle, QKeySequence("B"))
        self.experiments = bar.addMenu("E&xperiments")
        self._fill_experiments()
        self._fill_run(bar.addMenu("&Run"))
        self._fill_view(bar.addMenu("&View"))
        help_menu = bar.addMenu("&Help")
        self._add(help_menu, "&About Jensen", dialogs.about)
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
        # The shortcuts of a hidden menu bar are dead; the window itself carries them in a lecture.
        self._window.shell.addAction(action)
        return action

    def _fill_experiments(self) -> None:
        for path in sorted(EXPERIMENTS.glob("*.toml")):
            try:
                title = read_experiment(path).title or path.stem
            except InputError:
                continue
            self._shipped.append(path)
            self._add(self.experiments, title.replace("&", "&&"), partial(self._open_shipped, path))
        self.experiments.addSeparator()
        self._add(self.experiments, "Next experiment", partial(self._turn, 1), QKeySequence("PgDown"))
        self._add(self.experiments, "Previous experiment", partial(self._turn, -1), QKeySequence("PgUp"))

    def _open_shipped(self, path: Path) -> None:
        if self._window.dialogs.may_leave():
            self._window.open_path(path)

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
        self._add(menu, "Pin this run", session.pin, QKeySequence("P"))
        self._add(menu, "Pinned runs", window.show_pins, QKeySequence("Shift+P"))
        menu.addSeparator()
        self._add(menu, "Measure the largest stable rate", session.measure_stable_rates, QKeySequence("M"))

    def _fill_view(self, menu: QMenu) -> None:
        group = QActionGroup(self)
        self._themes = {}
        for theme in ("light", "dark"):
            action = self._add(menu, theme.capitalize(), partial(self._window.use_style, theme))
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
        self._add(menu, "Results of the race", self._window.show_results, QKeySequence("Ctrl+R"))
        self._add(menu, "Parameters", self._window.show_parameters, QKeySequence("Ctrl+P"))
        self._add(menu, "What the E step found", self._window.show_e_step, QKeySequence("E"))

    def _toggle_full_screen(self) -> None:
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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys of the transport work whichever widget was last touched, text fields excepted."""
        if event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride) and isinstance(
            event, QKeyEvent
        ):
            act = self._transport_keys.get(event.key())
            if act is not None and self._is_ours(watched, event):
                if event.type() == QEvent.Type.KeyPress:
                    act()
                event.accept()
                return True
        return bool(super().eventFilter(watched, event))

    def _is_ours(self, watched: QObject, event: QKeyEvent) -> bool:
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        if not plain or not isinstance(watched, QWidget) or watched.window() is not self._window.shell:
            return False
        if QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None:
            return False
        return not isinstance(watched, (QLineEdit, QAbstractSpinBox, QTextEdit, QPlainTextEdit))
