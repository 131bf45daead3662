"""Choosing a class and editing its settings."""

import pytest
from PySide6.QtCore import Qt

from engine import catalogue
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.poisson_mixture import PoissonMixture
from gui.controls.chooser import Chooser
from tests.gui.controls.events import choose, heard, on_screen, press

pytestmark = pytest.mark.usefixtures("application")


def test_it_lists_the_catalogue_plainly_with_summaries() -> None:
    chooser = Chooser("models", "Model")
    names = {chooser.box.itemData(index): chooser.box.itemText(index) for index in range(chooser.box.count())}
    assert list(names) == list(catalogue.find("models"))
    assert names["gaussian-mixture"] == "Gaussian mixture"
    place = list(names).index("gaussian-mixture")
    hint = chooser.box.itemData(place, Qt.ItemDataRole.ToolTipRole)
    assert catalogue.summary(GaussianMixture) in hint


def test_it_shows_the_form_of_the_chosen_class() -> None:
    chooser = Chooser("models", "Model")
    with on_screen(chooser):
        chooser.show_instance(GaussianMixture(components=5), {}, {})
        assert chooser.form is not None
        assert "covariance" in chooser.form.fields
        chooser.show_instance(PoissonMixture(), {}, {})
        assert chooser.form.cls is PoissonMixture
        assert chooser.box.currentText() == "Poisson mixture"


def test_the_form_survives_as_long_as_the_class_does() -> None:
    chooser = Chooser("models", "Model")
    with on_screen(chooser):
        chooser.show_instance(GaussianMixture(), {}, {})
        form = chooser.form
        chooser.show_instance(GaussianMixture(components=2), {}, {})
        assert chooser.form is form


def test_choosing_tells_the_name_and_nothing_else() -> None:
    chooser = Chooser("models", "Model")
    with on_screen(chooser):
        chooser.show_instance(GaussianMixture(), {}, {})
        chosen, changed = heard(chooser.chosen), heard(chooser.changed)
        choose(chooser.box, "poisson-mixture")
        assert chosen == [("poisson-mixture",)]
        assert changed == []


def test_choosing_what_is_there_tells_nothing() -> None:
    chooser = Chooser("models", "Model")
    with on_screen(chooser):
        chooser.show_instance(GaussianMixture(), {}, {})
        chosen = heard(chooser.chosen)
        choose(chooser.box, "gaussian-mixture")
        assert chosen == []


OTHERS = tuple(name for name in catalogue.find("models") if name != "gaussian-mixture")


def test_a_class_that_cannot_be_had_is_grey_with_its_reason() -> None:
    chooser = Chooser("models", "Model")
    with on_screen(chooser):
        chooser.show_instance(GaussianMixture(), dict.fromkeys(OTHERS, "These are no counts."), {})
        chosen = heard(chooser.chosen)
        assert "no counts" in (chooser.box.reason_against("poisson-mixture") or "")
        press(chooser.box, Qt.Key.Key_Down)
        assert chosen == []
