"""A section opens and closes by mouse and keys."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from gui.controls.section import Section
from tests.gui.controls.events import click, heard, on_screen, press, settle

pytestmark = pytest.mark.usefixtures("application")


def test_its_body_is_there_while_it_is_open() -> None:
    section, inside = Section("Data"), QLabel("inside")
    section.contents.addWidget(inside)
    with on_screen(section):
        assert inside.isVisible()
        click(section.header)
        assert not inside.isVisible()
        press(section.header, Qt.Key.Key_Return)
        assert inside.isVisible()
        press(section.header, Qt.Key.Key_Space)
        assert not inside.isVisible()


def test_it_tells_when_it_is_opened() -> None:
    section = Section("Data", opened=False)
    with on_screen(section):
        said = heard(section.toggled)
        section.open()
        section.open()
        section.open(False)
        assert said == [(True,), (False,)]


def test_a_closed_section_takes_the_room_of_its_header() -> None:
    section = Section("Data")
    section.contents.addWidget(QLabel("\n".join("inside")))
    with on_screen(section):
        tall = section.sizeHint().height()
        click(section.header)
        settle()
        assert section.sizeHint().height() < tall / 2
        assert section.header.accessibleName() == "Data"
