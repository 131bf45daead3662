"""One application without a display for all tests of the window."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication


@pytest.fixture(scope="session")
def application() -> QApplication:
    """The one QApplication of the test session."""
    running = QApplication.instance()
    return running if isinstance(running, QApplication) else QApplication([])
