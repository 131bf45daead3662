"""A whole window in a process of its own, as `main.py` opens it, that is worked in and may be killed.

`drag`: opens FILE, pins the run, drags the slider of the separation and never lets it go; says "kept NUMBER" for
each value that has come into the file of the session. `edit`: the same in one step, then it ends by SIGTERM. `tell`:
says, as JSON, what it has opened on, and closes as a person does.
"""

import json
import os
import signal
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSlider

from engine.datasets.three_clusters import ThreeClusters
from gui.app import application, open_window
from gui.autosave import sessions_folder
from gui.controls.typed_fields import NumberField
from gui.shell import Shell
from gui.window import Window


def windows() -> list[Window]:
    """The windows that are open and furnished."""
    shells = [each for each in QApplication.topLevelWidgets() if isinstance(each, Shell) and each.isVisible()]
    found = [shell.findChild(Window) for shell in shells]
    return [each for each in found if isinstance(each, Window) and each.session.frame is not None]


def window() -> Window:
    """The window that `open_window` has made."""
    (found,) = windows()
    return found


def separation() -> float:
    """The separation of the experiment as it stands."""
    experiment = window().session.experiment
    assert experiment is not None
    assert isinstance(experiment.data, ThreeClusters)
    return experiment.data.separation


def slider() -> QSlider:
    """The slider of the separation."""
    form = window().panel.data.form
    assert form is not None
    field = form.fields["separation"]
    assert isinstance(field, NumberField)
    assert field.slider is not None
    return field.slider


def drag() -> None:
    """Pins the run, presses the slider, and moves the mouse to and fro with each round of events."""
    QTest.keyClick(window().shell.windowHandle(), Qt.Key.Key_P)
    handle, moved = slider(), [0]
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(40, 8))

    def move() -> None:
        moved[0] += 1
        QTest.mouseMove(handle, QPoint(40 + moved[0] % 30, 8))
        for file in sessions_folder().glob("*.toml"):
            kept = tomllib.loads(file.read_text(encoding="utf-8"))["experiment"]["data"]["separation"]
            if kept != said[-1]:
                said.append(kept)
                print("kept", kept, flush=True)

    said = [separation()]
    timer = QTimer(window())
    timer.timeout.connect(move)
    timer.start(10)


def edit() -> None:
    """One edit, and the system ends the process before a second is over."""
    QTest.mouseClick(slider(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(40, 8))
    print("edited", separation(), flush=True)
    signal.raise_signal(signal.SIGTERM)


def tell() -> None:
    """What is on the stage."""
    session = window().session
    print(
        json.dumps(
            {
                "separation": separation(),
                "path": str(session.path),
                "unsaved": session.has_unsaved_work,
                "sentence": window().sentence.text(),
                "pins": [pin.name for pin in session.pins],
            }
        ),
        flush=True,
    )
    window().preferences.theme = "dark"
    session.undo()
    window().close_now()


def begin(task: Callable[[], None]) -> None:
    """Does the task once the window is furnished: its first paint comes before."""
    waiting = QTimer(application())

    def look() -> None:
        if windows():
            waiting.stop()
            task()

    waiting.timeout.connect(look)
    waiting.start(0)


if __name__ == "__main__":
    # Whoever waits for a word of this process must not wait for ever.
    QTimer.singleShot(60_000, application(), lambda: os._exit(3))
    begin({"drag": drag, "edit": edit, "tell": tell}[sys.argv[1]])
    sys.exit(open_window(Path(sys.argv[2]) if len(sys.argv) > 2 else None))
