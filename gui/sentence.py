"""The line at the foot that says what just happened, and before an audience the subtitle in its place."""

import time

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QSizePolicy

from gui.controls.words import for_the_window
from gui.frame import Frame
from gui.lecture import Subtitle
from gui.session import Session
from gui.style import Style

NOTICE_SECONDS = 12.0


class Sentence(QLabel):
    """Says what a frame says; what is told besides stays for a while in its place."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.subtitle = Subtitle()
        self._session = session
        self._notice_until = 0.0
        self.setAccessibleName("What just happened")
        self.setWhatsThis("What a lane just did, the experiment's caption, or what could not be done.")
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def use_style(self, chosen: Style) -> None:
        """Room for two lines in the font of this style."""
        self.setFixedHeight(2 * QFontMetrics(chosen.font()).lineSpacing())

    def tell(self, sentence: str) -> None:
        """One sentence for the user that warns, for a while."""
        self._notice_until = time.monotonic() + NOTICE_SECONDS
        self._say(for_the_window(sentence), warning=True)

    def note(self, sentence: str) -> None:
        """One sentence that is no warning, for a while."""
        self._notice_until = time.monotonic() + NOTICE_SECONDS
        self._say(sentence)

    def forget_notice(self) -> None:
        """What was told besides gives way to what the next frame says."""
        self._notice_until = 0.0

    def show_frame(self, frame: Frame) -> None:
        """Says what just happened, else the experiment's caption, unless something told is still to be read."""
        if time.monotonic() > self._notice_until:
            self._say(frame.sentence or frame.experiment.caption)

    def _say(self, sentence: str, warning: bool = False) -> None:
        experiment = self._session.experiment
        caption = experiment.caption if experiment is not None else ""
        self.subtitle.show_words(
            experiment.title if experiment is not None else "", sentence if warning else caption
        )
        if self.text() != sentence:
            self.setText(sentence)
            self.setToolTip(sentence)
        if self.property("warning") != warning:
            self.setProperty("warning", warning)
            self.style().polish(self)
