"""Every page is made from what it is about, every link leads somewhere, every formula can be typeset."""

import subprocess
import sys
from functools import cache

import pytest
from PySide6.QtGui import QColor, QImage

from engine import catalogue
from engine.algorithms.base import Algorithm, promise_of
from engine.experiment import Lane, Show
from engine.settings import settings_of
from engine.shipped_experiments import shipped_experiments
from engine.stopping import Stop
from engine.trace import STATUSES
from gui.help.book import CONTENTS, Book
from gui.help.keys import KEYS
from gui.help.markup import rich_text
from gui.help.pages import NEVER_SHOWN, Page, class_key, parts_of, setting_key
from gui.help.parts import CONTROLS, part_key, view_classes
from gui.help.typesetting import painted, typeset
from gui.style import style

WITH_A_FORMULA = {
    "algorithms": ("em", "gradient-ascent", "projected-gradient", "adam", "lbfgs"),
    "models": ("gaussian-mixture", "poisson-mixture", "mixture-proportions"),
    "coordinates": (
        "cholesky",
        "drop-last",
        "isometric-log-ratio",
        "log",
        "log-cholesky",
        "log-ratio",
        "matrix-logarithm",
        "raw",
        "softmax",
        "sphere",
        "stick-breaking",
    ),
}
"""Classes whose page must show a formula; others may."""


@cache
def book() -> Book:
    return Book(lambda: Page(KEYS, "Keys"))


def all_formulas() -> list[str]:
    return [formula for page in book().pages.values() for formula in page.formulas]


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_every_class_of_the_catalogue_has_a_page_made_from_it(kind: str) -> None:
    for name, cls in catalogue.find(kind).items():
        page = book().page(f"{kind}/{name}")
        assert page is not None, name
        assert page.lead == parts_of(cls.__doc__ or "")[0]
        # Nothing that the docstring says is lost.
        said = " ".join((page.lead, *page.paragraphs, page.right_where)).split()
        assert sorted(said) == sorted((cls.__doc__ or "").split()), name
        assert page.source == getattr(cls, "source", "")
        if issubclass(cls, Algorithm):
            assert page.requires.lower() == f"{cls.requires}.".lower()
            assert page.promise == promise_of(cls)
        assert [row.name for row in page.rows] == [
            each.label for each in settings_of(cls) if each.name not in NEVER_SHOWN
        ]


def test_every_setting_has_a_page_that_says_what_it_may_be() -> None:
    classes = [cls for kind in catalogue.KINDS for cls in catalogue.find(kind).values()]
    for cls in (*classes, Stop, Show, Lane):
        for each in settings_of(cls):
            if each.name in NEVER_SHOWN:
                continue
            page = book().page(setting_key(cls, each.name))
            assert page is not None, (cls, each.name)
            assert page.lead == each.help
            assert page.part_of == class_key(cls)
            assert any(each.name in row.words for row in page.rows)
    rate = book().page("algorithms/gradient-ascent/learning_rate")
    assert rate is not None
    words = " ".join(row.words for row in rate.rows)
    assert "above 0 and at most 1000" in words
    assert "while a lane runs" in words
    weights = book().page("algorithms/gradient-ascent/weight_coordinates")
    assert weights is not None
    assert "coordinates/softmax" in {row.key for row in weights.rows}


def test_outcomes_experiments_and_parts_of_the_window_have_pages() -> None:
    for status in STATUSES:
        assert book().page(f"outcomes/{status}") is not None
    for name, experiment in shipped_experiments().items():
        page = book().page(f"experiments/{name}")
        assert page is not None
        assert page.title == experiment.title
        assert page.lead == experiment.caption
        assert len(page.rows) == len(experiment.claims)
    for cls in (*view_classes(), *CONTROLS):
        page = book().page(part_key(cls))
        assert page is not None
        assert page.lead
    assert {cls.name for cls in view_classes()} == {
        "data",
        "likelihood",
        "performance-profile",
        "simplex",
        "start-costs",
        "timeline",
        "weight-sum",
    }


def test_every_link_leads_to_a_page() -> None:
    keys_of_rows = {row.key for page in book().pages.values() for row in page.rows if row.key}
    others = {key for page in book().pages.values() for key in (*page.see_also, page.part_of) if key}
    contents = book().page(CONTENTS)
    assert contents is not None
    for key in keys_of_rows | others | {row.key for row in contents.rows}:
        assert book().page(key) is not None, key


@pytest.mark.parametrize("kind", WITH_A_FORMULA)
def test_what_is_done_is_said_in_a_formula(kind: str) -> None:
    lacking = [name for name in WITH_A_FORMULA[kind] if not catalogue.find(kind)[name].formula.strip()]
    assert lacking == []


def test_every_formula_can_be_typeset_and_is_seen() -> None:
    formulas = all_formulas()
    assert len(formulas) > 20
    for formula in formulas:
        image = painted(typeset(formula), QColor("#123456"), 16.0, 400.0, 2.0)
        assert 10 < image.width() <= 800, formula
        # A large sum between \left( and \right) makes ziamath's brackets endless; \Bigl( and \Bigr) do not grow.
        assert image.height() <= 8 * 16 * 2, formula
        ink = image.convertToFormat(QImage.Format.Format_Alpha8)
        alpha = bytes(ink.constBits())
        assert alpha.count(0) < 0.98 * len(alpha), formula


def test_a_formula_takes_the_colour_and_no_more_room_than_there_is() -> None:
    image = painted(typeset(r"a + b + c + d + e + f + g"), QColor("#ff0000"), 20.0, 100.0, 1.0)
    assert 90 < image.width() <= 100
    inked = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    assert any(colour.alpha() > 128 for colour in inked)
    assert all(colour.red() > 200 and colour.blue() < 60 for colour in inked if colour.alpha() > 128)


def test_what_is_no_formula_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be typeset"):
        typeset(r"\frac{a")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_is_written_in_the_theme_and_escapes_what_it_says(theme: str) -> None:
    page = Page("x", "a < b & c", "Say `x < 1`.", ("x",), try_it="Try it.")
    text = rich_text(page, style(theme), lambda key: "")
    assert "a &lt; b &amp; c" in text
    assert "<code>x &lt; 1</code>" in text
    assert style(theme).text in text
    assert 'src="formula:0"' in text


def test_parts_of_a_docstring() -> None:
    lead, others, right = parts_of(
        "First\n    line.\n\n    Then\n    more.\n\n    The right one where it fits."
    )
    assert (lead, others, right) == ("First line.", ("Then more.",), "The right one where it fits.")


def test_nothing_of_the_help_is_imported_before_it_is_asked_for() -> None:
    late = [
        "ziamath",
        "gui.help.pages",
        "gui.help.window",
        "gui.help.palette",
        "gui.gallery",
        "gui.miniatures",
    ]
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, gui.window; print([m for m in {late} if m in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"
