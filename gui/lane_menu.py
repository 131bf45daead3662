"""The Lanes menu: everything that the buttons of a lane's panel do, by key."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QWidget

if TYPE_CHECKING:
    from gui.window import Window

Add = Callable[[QMenu, str, Callable[[], object], QKeySequence | None], QAction]
"""Adds an action to a menu and to the window: menu, text, what it does, its key."""


class LaneMenu(QObject):
    """Fills the menu. 'This lane' is the one whose panel had the focus last, the first one before any had it."""

    def __init__(self, window: "Window", menu: QMenu, add: Add) -> None:
        super().__init__(window)
        self._window = window
        self._place = 0
        add(menu, "&Add a lane", self.add, QKeySequence("Ctrl+N"))
        add(menu, "Go to the &next lane", self.go_on, QKeySequence("L"))
        menu.addSeparator()
        add(menu, "&Duplicate this lane", self.duplicate, QKeySequence("Ctrl+D"))
        add(menu, "Move this lane &up", partial(self.move, -1), QKeySequence("Ctrl+Up"))
        add(menu, "Move this lane d&own", partial(self.move, 1), QKeySequence("Ctrl+Down"))
        add(menu, "&Switch this lane on or off", self.switch, QKeySequence("Ctrl+K"))
        add(menu, "&Remove this lane", self.remove, QKeySequence("Ctrl+Del"))
        menu.addSeparator()
        add(menu, "&Go on outside the constraints", self.go_outside, QKeySequence("Ctrl+G"))
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)

    @property
    def place(self) -> int:
        """Which lane 'this lane' is, counted from 0."""
        return min(self._place, len(self._window.panel.lanes) - 1)

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        if now is not None:
            for place, panel in enumerate(self._window.panel.lanes):
                if panel.isAncestorOf(now):
                    self._place = place

    def add(self) -> None:
        """One lane more, a copy of the last one."""
        self._window.panel.lane_added.emit()

    def go_on(self) -> None:
        """Gives the focus to the next lane's panel, behind the last to the first."""
        panel = self._window.panel
        focus = QApplication.focusWidget()
        inside = focus is not None and panel.lanes[self.place].isAncestorOf(focus)
        self._place = (self.place + 1) % len(panel.lanes) if inside else self.place
        lane = panel.lanes[self._place]
        lane.header.setFocus(Qt.FocusReason.TabFocusReason)
        panel.area.ensureWidgetVisible(lane)

    def duplicate(self) -> None:
        """A copy of this lane, behind it."""
        self._window.panel.lane_duplicated.emit(self.place)

    def move(self, places: int) -> None:
        """This lane one place up or down."""
        there = self.place + places
        if 0 <= there < len(self._window.panel.lanes):
            self._window.panel.lane_moved.emit(self.place, places)
            self._place = there

    def switch(self) -> None:
        """Whether this lane takes part in the race."""
        experiment = self._window.session.experiment
        if experiment is not None:
            self._window.panel.lane_switched.emit(self.place, not experiment.lanes[self.place].on)

    def remove(self) -> None:
        """Takes this lane away; undo brings it back."""
        self._window.panel.lane_removed.emit(self.place)

    def go_outside(self) -> None:
        """Lets this lane go on where it has left the constraints, as the button under its canvas does."""
        session = self._window.session
        shown = session.frame.lanes if session.frame is not None else ()
        if any(lane.index == self.place and lane.status == "left-constraints" for lane in shown):
            session.adjust_lane(self.place, "after_leaving", "continue", True)
        else:
            self._window.sentence.note(
                "This lane has not left the constraints, so there is nothing to go on from."
            )
