"""One window for all tests of this package; each test finds it on the first experiment, at its start."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from engine.experiment import read_experiment
from engine.stopping import Stop
from gui.app import FIRST_EXPERIMENT
from tests.gui.laboratory import Laboratory

FIRST = read_experiment(FIRST_EXPERIMENT).replace(stop=Stop(max_iterations=60))
"""The first experiment, with fewer iterations."""


@pytest.fixture(scope="package")
def shared() -> Iterator[Laboratory]:
    with Laboratory() as opened:
        yield opened


@pytest.fixture
def laboratory(shared: Laboratory) -> Laboratory:
    """The window on the first experiment, at its start, with nothing to undo."""
    # Nothing stays of the test before: no text field that keeps the keys, no sentence that is still shown.
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()
    shared.shell.activateWindow()
    shared.window.desk.setFocus()
    shared.window.sentence.forget_notice()
    # Where nothing but lanes differs, the traces that are there already would be kept.
    shared.race.close()
    shared.session.stage.race = None
    shared.open(FIRST)
    shared.window.viewport.reset()
    # Sections that a test before opened by hand would stay open.
    shared.window.panel._arranged_by_hand = False
    shared.window.panel._open_what_fits()
    shared.settle()
    shared.told.clear()
    return shared


@pytest.fixture
def unpainted(laboratory: Laboratory) -> Iterator[None]:
    """Nothing is painted that nobody looks at: most of the time of a test goes into that."""
    laboratory.shell.setUpdatesEnabled(False)
    yield
    laboratory.shell.setUpdatesEnabled(True)
