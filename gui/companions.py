"""The windows beside the main one: tables, reports and the gallery, each shown and hidden by its key."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from gui.dialogs import is_shipped
from gui.frame import Frame
from gui.style import Style
from gui.tables.e_step_table import EStepTable
from gui.tables.many_starts_report import ManyStartsReport
from gui.tables.parameter_table import ParameterTable
from gui.tables.pin_list import PinList
from gui.tables.results_table import ResultsTable

if TYPE_CHECKING:
    from gui.gallery import Gallery
    from gui.window import Window


class Companions:
    """Makes them, wires them to the window's session and keeps those up to date that show a frame."""

    def __init__(self, window: "Window") -> None:
        session, shell = window.session, window.shell
        self._window = window
        self.e_step = EStepTable(shell)
        self.results = ResultsTable(shell)
        self.many_starts = ManyStartsReport(shell)
        self.parameters = ParameterTable(session, shell)
        self.pin_list = PinList(session, shell)
        self._of_frames = (self.e_step, self.parameters, self.results, self.many_starts)
        tried = self.many_starts
        tried.tried.connect(session.try_many_starts)
        tried.cancelled.connect(session.cancel_many_starts)
        session.starting.connect(tried.show_progress)
        tried.export_requested.connect(
            lambda: window.exports.table("Save what came out of many starts", "starts", tried.table)
        )
        self.results.export_requested.connect(
            lambda: window.exports.table("Save the results of the race", "results", self.results.table)
        )
        for view in tried.views:
            view.requested.connect(session.handle)

    @cached_property
    def gallery(self) -> "Gallery":
        """The page of cards, which is imported when it is first opened."""
        from gui.gallery import Gallery

        window = self._window
        made = Gallery(window.session.turns, window.menus.open_shipped, window.shell)
        made.use_style(window.style_now)
        return made

    def show_frame(self, frame: Frame) -> None:
        """Fills what is open."""
        for each in self._of_frames:
            each.show_frame(frame)

    def use_style(self, chosen: Style) -> None:
        """Draws the pictures in them in this style from now on."""
        self.many_starts.use_style(chosen)
        if "gallery" in vars(self):
            self.gallery.use_style(chosen)

    def close(self) -> None:
        """Ends what is at work for them."""
        if "gallery" in vars(self):
            self.gallery.miniatures.pause()

    def show_e_step(self) -> None:
        """The table of what the E step at the cursor found, beside the window."""
        self._show_or_hide(self.e_step)

    def show_results(self) -> None:
        """The table of the lanes' results and costs, beside the window."""
        self._show_or_hide(self.results)

    def show_many_starts(self) -> None:
        """The table and pictures of what came out of many starts, beside the window."""
        self._show_or_hide(self.many_starts)

    def show_parameters(self) -> None:
        """The table of parameters, beside the window."""
        self._show_or_hide(self.parameters)

    def show_pins(self) -> None:
        """The list of pinned runs, beside the window."""
        self._show_or_hide(self.pin_list)

    def show_gallery(self) -> None:
        """Every prepared experiment as a card with its picture, beside the window."""
        path = self._window.session.path
        self.gallery.show_cards(path.stem if path is not None and is_shipped(path) else "")

    def _show_or_hide(self, companion: QWidget) -> None:
        companion.setVisible(not companion.isVisible())
        if self._window.session.frame is not None:
            self.show_frame(self._window.session.frame)
