"""Pages about the parts of the window, from the docstrings of their classes, and which page a widget belongs to."""

import html
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QDialog, QWidget

import gui.views
from engine.experiment import Lane, Show
from gui.controls.chooser import Chooser
from gui.controls.drawing import DrawingTools
from gui.controls.fields import Field
from gui.controls.form import SettingsForm
from gui.controls.interventions import InterventionList
from gui.controls.lane_panel import LanePanel
from gui.controls.panel import ControlPanel
from gui.controls.section import Section
from gui.controls.status_strip import StatusStrip
from gui.controls.transport import Transport
from gui.help.pages import Page, class_key, displays, parts_of, setting_key
from gui.tables.e_step_table import EStepTable
from gui.tables.many_starts_report import ManyStartsReport
from gui.tables.parameter_table import ParameterTable
from gui.tables.pin_list import PinList
from gui.tables.results_table import ResultsTable
from gui.views.base import View

CONTROLS: tuple[type[QWidget], ...] = (
    Transport,
    ControlPanel,
    LanePanel,
    StatusStrip,
    DrawingTools,
    InterventionList,
    ResultsTable,
    ManyStartsReport,
    ParameterTable,
    EStepTable,
    PinList,
)
"""Parts of the window that are no views, each with a page of its own."""


def part_pages() -> Iterator[Page]:
    """A page for each view and for each of `CONTROLS`."""
    for cls in (*view_classes(), *CONTROLS):
        lead, paragraphs, right_where = parts_of(cls.__doc__ or "")
        yield Page(
            part_key(cls),
            part_title(cls),
            lead,
            displays(getattr(cls, "formula", "")),
            paragraphs,
            right_where,
            try_it=getattr(cls, "try_it", ""),
        )


def view_classes() -> list[type[View]]:
    """The concrete views, in the order of their files."""
    found = []
    for info in sorted(pkgutil.iter_modules(gui.views.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"gui.views.{info.name}")
        found += [
            item
            for item in vars(module).values()
            if isinstance(item, type) and issubclass(item, View) and item.__module__ == module.__name__
        ]
    return [cls for cls in found if cls is not View]


def part_key(cls: type[QWidget]) -> str:
    """The key of the page about a part of the window."""
    return f"parts/{part_title(cls).lower().replace(' ', '-')}"


def part_title(cls: type[QWidget]) -> str:
    """A view's own title, else the words of the class's name: 'Status strip'."""
    if issubclass(cls, View):
        return cls.title
    first, *others = re.findall(r"[A-Z][a-z]*", cls.__name__)
    return " ".join([first, *(word.lower() for word in others)])


def page_about(widget: QWidget, page_of: Callable[[str], Page | None]) -> Page | None:
    """The page about a widget: its own, else one made from its name and hint, else that of its part.

    `page_of` finds a page by its key.
    """
    part: QWidget | None = widget
    while part is not None:
        for cls, key_of in FINDERS:
            if isinstance(part, cls):
                page = page_of(key_of(part, widget))
                if page is not None:
                    return page
        if isinstance(part, (View, *CONTROLS)):
            break
        part = part.parentWidget()
    around = None if part is None else page_of(part_key(type(part)))
    return _control_page(widget, around) or around


def _control_page(widget: QWidget, part: Page | None) -> Page | None:
    """A page about a control that has none: its name and its hint, and the part that it stands in."""
    if not widget.whatsThis() and not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return None
    title = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
    if not title or isinstance(widget, (QDialog, View, *CONTROLS)):
        return None
    said = [widget.whatsThis(), _plain(widget.toolTip()), widget.accessibleDescription()]
    words = tuple(dict.fromkeys(each for each in said if each and each != title))
    return Page(
        f"controls/{title}",
        title,
        words[0] if words else "",
        paragraphs=words[1:],
        part_of="" if part is None else part.key,
    )


def _plain(tooltip: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", tooltip))


# Keys of the page about `asked`, a widget that is `place` or stands inside it; '' where `place` knows none.


def _of_field(place: Field, asked: QWidget) -> str:
    form = place.parentWidget()
    while form is not None and not isinstance(form, (SettingsForm, LanePanel)):
        form = form.parentWidget()
    if isinstance(form, SettingsForm):
        return setting_key(form.cls, place.setting.name)
    return setting_key(Lane, place.setting.name) if form is not None else ""


def _of_form(place: SettingsForm, asked: QWidget) -> str:
    return class_key(place.cls)


def _of_chooser(place: Chooser, asked: QWidget) -> str:
    return class_key(place.form.cls) if place.form is not None and asked in (place, place.box) else ""


def _of_section(place: Section, asked: QWidget) -> str:
    """Of a section and its header: what is chosen in it."""
    if isinstance(place, LanePanel) or asked not in (place, place.header, place.body):
        return ""
    form = place.findChild(SettingsForm)
    return class_key(form.cls) if form is not None else ""


def _of_transport(place: Transport, asked: QWidget) -> str:
    """What the bar sets are settings of what is shown; its buttons are no settings."""
    settings: dict[str, tuple[QWidget, ...]] = {
        "speed": (place.speed, place.speed_label, place.speed_caption),
        "clock": (place.clock, place.clock_caption),
        "vertical": (place.vertical, place.vertical_caption),
        "truth": (place.truth,),
        "columns": (place.first_column, place.second_column, place.columns_caption),
    }
    return next((setting_key(Show, name) for name, those in settings.items() if asked in those), "")


def _of_strip(place: StatusStrip, asked: QWidget) -> str:
    """Of the sentence: the outcome that it tells."""
    return f"outcomes/{place.status}" if asked is place.sentence else ""


Finder = tuple[type[QWidget], Callable[[Any, QWidget], str]]
FINDERS: tuple[Finder, ...] = (
    (Field, _of_field),
    (SettingsForm, _of_form),
    (Chooser, _of_chooser),
    (Section, _of_section),
    (Transport, _of_transport),
    (StatusStrip, _of_strip),
    (View, lambda place, asked: part_key(type(place))),
)
