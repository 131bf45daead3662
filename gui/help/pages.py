"""The pages of the help that come from the engine: its classes, their settings, outcomes, experiments. No Qt.

Nothing is written here a second time: a page is a docstring in its parts, `formula`, `try_it`, `source`, and the
fields' own label, range and explanation.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine import catalogue
from engine.algorithms.base import Algorithm, promise_of
from engine.experiment import Experiment, Lane, Show
from engine.settings import Setting, settings_of
from engine.shipped_experiments import shipped_experiments
from engine.stopping import Stop
from engine.trace import STATUS_MEANINGS
from gui.controls.words import number_text, plain, plain_title

GROUPS = {
    "algorithms": "Algorithms",
    "models": "Models",
    "coordinates": "Coordinates",
    "starts": "Starts",
    "datasets": "Data",
    "settings": "Settings of an experiment",
    "outcomes": "How a lane may end",
    "parts": "Parts of the window",
    "keys": "Keys",
    "experiments": "Experiments",
}
"""The groups of pages by the first part of their keys, in the order of the contents."""

COMMON: dict[str, type] = {"stop": Stop, "show": Show, "lane": Lane}
"""What has settings besides the catalogue's classes, by the name of its page."""

MANY_CHOICES = 9
RIGHT_WHERE = "The right one"
NEVER_SHOWN = frozenset(("content", "sha256", "points", "classes"))
"""Settings that a file has and no panel."""


@dataclass(frozen=True)
class Row:
    """One line of a page's list: a name, words beside it, and the key of the page that tells more ('': none)."""

    name: str
    words: str
    key: str = ""
    note: str = ""


@dataclass(frozen=True)
class Page:
    """One page of the help. `key` finds it ('algorithms/em'); what a page has nothing to say on is empty.

    `part_of` is the key of the page that it belongs to; such a page is not in the contents.
    """

    key: str
    title: str
    lead: str = ""
    formulas: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    right_where: str = ""
    requires: str = ""
    promise: str = ""
    try_it: str = ""
    rows_title: str = ""
    rows: tuple[Row, ...] = ()
    source: str = ""
    part_of: str = ""
    see_also: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The group of pages that it stands in, a key of `GROUPS`."""
        return self.key.partition("/")[0]


def engine_pages() -> Iterator[Page]:
    """Every page about something in the engine, each class followed by its settings."""
    for kind in catalogue.KINDS:
        for cls in catalogue.find(kind).values():
            yield class_page(kind, cls)
            yield from setting_pages(class_key(cls), cls)
    for name, cls in COMMON.items():
        key = f"settings/{name}"
        yield replace(_described(key, plain_title(name), cls), rows_title="Settings", rows=_rows(key, cls))
        yield from setting_pages(key, cls)
    for status, meaning in STATUS_MEANINGS.items():
        yield status_page(status, meaning)
    for name, experiment in shipped_experiments().items():
        yield experiment_page(name, experiment)


def class_key(cls: type) -> str:
    """The key of the page about a concrete class, or about Stop, Show or Lane."""
    for name, common in COMMON.items():
        if cls is common:
            return f"settings/{name}"
    return f"{cls.__module__.split('.')[1]}/{getattr(cls, 'name', '')}"


def setting_key(cls: type, name: str) -> str:
    """The key of the page about one setting of a class."""
    return f"{class_key(cls)}/{name}"


def class_page(kind: str, cls: Any) -> Page:
    """The page about a concrete class of the catalogue."""
    key = f"{kind}/{cls.name}"
    title = plain_title(cls.name)
    climbs = issubclass(cls, Algorithm)
    return replace(
        _described(key, title, cls),
        requires=f"{cls.requires[0].upper()}{cls.requires[1:]}." if climbs else "",
        promise=promise_of(cls) if climbs else "",
        source=getattr(cls, "source", ""),
        rows_title="Settings",
        rows=_rows(key, cls),
        see_also=(f"settings/{'lane' if kind == 'algorithms' else 'stop'}",) if kind != "coordinates" else (),
    )


def _described(key: str, title: str, cls: Any) -> Page:
    lead, paragraphs, right_where = parts_of(cls.__doc__ or "")
    return Page(
        key,
        title,
        lead,
        displays(getattr(cls, "formula", "")),
        paragraphs,
        right_where,
        try_it=getattr(cls, "try_it", ""),
    )


def parts_of(docstring: str) -> tuple[str, tuple[str, ...], str]:
    """A docstring's first paragraph, the others, and the one that says where it is the right one ('': none)."""
    paragraphs = [
        " ".join(paragraph.split())
        for paragraph in re.split(r"\n\s*\n", docstring.strip())
        if paragraph.strip()
    ]
    right_where = next((each for each in paragraphs[1:] if each.startswith(RIGHT_WHERE)), "")
    others = tuple(each for each in paragraphs[1:] if each != right_where)
    return (paragraphs[0] if paragraphs else ""), others, right_where


def displays(formula: str) -> tuple[str, ...]:
    """The displays of a `formula`, one a line."""
    return tuple(line.strip() for line in formula.splitlines() if line.strip())


def setting_pages(key: str, cls: type) -> Iterator[Page]:
    """A page for each setting of the class whose page has this key."""
    for setting in _shown(cls):
        yield setting_page(key, cls, setting)


def setting_page(key: str, cls: type, setting: Setting) -> Page:
    """The page about one setting of a class."""
    unit = f" ({setting.unit})" if setting.unit else ""
    facts = [Row("By default", _value_text(setting.default))]
    if setting.range_text and len(setting.choices) < MANY_CHOICES:
        facts.insert(0, Row("May be", f"{setting.range_text}{' ' + setting.unit if setting.unit else ''}"))
    if setting.adjustable:
        facts.append(
            Row(
                "In flight",
                "may be changed while a lane runs: it then takes effect at the cursor, and is written down in the lane",
            )
        )
    facts.append(Row("In a file", f"`{setting.name}`"))
    choices = [
        Row(plain(choice), _choice_words(setting, choice), _choice_key(setting, choice))
        for choice in setting.choices
        if _choice_words(setting, choice)
    ]
    return Page(
        f"{key}/{setting.name}",
        setting.label + unit,
        setting.help,
        rows_title="Values",
        rows=(*facts, *choices),
        part_of=key,
    )


def status_page(status: str, meaning: str) -> Page:
    """The page about one way in which a lane may end."""
    first, stop, rest = meaning.partition(". ")
    return Page(
        f"outcomes/{status}",
        plain_title(status),
        first + (stop.strip() if rest else ""),
        paragraphs=(rest,) if rest else (),
        see_also=("settings/stop", "settings/lane"),
    )


def experiment_page(name: str, experiment: Experiment) -> Page:
    """The page about a shipped experiment: what to watch, and what it claims."""
    lanes = tuple(class_key(type(lane.algorithm)) for lane in experiment.lanes)
    return Page(
        f"experiments/{name}",
        experiment.title or plain_title(name),
        experiment.caption,
        rows_title="What it claims, as main.py check compares it with a run" if experiment.claims else "",
        rows=tuple(Row(f"`{claim}`", "") for claim in experiment.claims),
        see_also=(
            *dict.fromkeys(lanes),
            class_key(type(experiment.data)),
            class_key(type(experiment.model)),
            class_key(type(experiment.start)),
        ),
    )


def _rows(key: str, cls: type) -> tuple[Row, ...]:
    rows = []
    for each in _shown(cls):
        unit = f" {each.unit}" if each.unit else ""
        note = f"{_value_text(each.default)}{unit}"
        if each.range_text and not each.choices:
            note += f"; {each.range_text}{unit}"
        rows.append(Row(each.label, each.help, f"{key}/{each.name}", note))
    return tuple(rows)


def _shown(cls: type) -> Sequence[Setting]:
    return [each for each in settings_of(cls) if each.name not in NEVER_SHOWN]


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return number_text(value)
    return "none" if value in (None, "", ()) else plain(value) if isinstance(value, str) else str(value)


def _choice_words(setting: Setting, choice: str) -> str:
    known = catalogue.find("coordinates")
    if setting.name.endswith("_coordinates") and choice in known:
        return catalogue.summary(known[choice])
    return ""


def _choice_key(setting: Setting, choice: str) -> str:
    return f"coordinates/{choice}" if _choice_words(setting, choice) else ""
