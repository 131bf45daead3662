"""Factor models in the window: a matrix without rows opens and runs, is drawn, and is told to be one in the panel."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from engine.datasets.file import File
from engine.models.factor_analysis import FactorAnalysis
from engine.shipped_experiments import shipped_experiments
from gui.controls.fields import BooleanField
from gui.controls.typed_fields import TypedField
from gui.lecture import PICTURES
from tests.gui.laboratory import Laboratory
from tests.gui.window.conftest import FIRST

pytestmark = pytest.mark.usefixtures("unpainted")

MATRIX = Path(__file__).resolve().parents[2] / "reference/data/ability_cov.csv"
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize("name", ["factors-of-ability", "no-noise-left"])
def test_a_matrix_opens_runs_and_is_drawn(laboratory: Laboratory, name: str) -> None:
    laboratory.open(shipped_experiments()[name])
    laboratory.press(Qt.Key.Key_Right, times=2)
    laboratory.wait_for_iteration(2)
    assert laboratory.told == []
    window, lanes = laboratory.window, laboratory.lanes
    assert lanes[0].iteration == 2
    assert lanes[0].log_likelihood > lanes[0].curve.log_likelihood[0]
    for canvas in window.canvases:
        # The warm and the cold colour of loadings, noise and what is left over.
        assert len(laboratory.colours(canvas)) > 10
    laboratory.press(Qt.Key.Key_P, CONTROL)
    laboratory.settle()
    table = window.companions.parameters.table
    model = table.model()
    headings = [model.headerData(place, Qt.Orientation.Horizontal) for place in range(table.columnCount())]
    first = laboratory.frame.scene.dataset.columns[0]
    assert f"loading {first} factor 1" in headings
    assert f"uniqueness {first}" in headings
    laboratory.press(Qt.Key.Key_Period)
    laboratory.press(Qt.Key.Key_E)
    laboratory.settle()
    assert laboratory.told == []


def test_a_file_is_told_to_be_a_matrix_in_the_panel(laboratory: Laboratory) -> None:
    """First of how many observations, which changes nothing yet; then that it is one, and the model follows."""
    laboratory.load(MATRIX)
    assert laboratory.frame.scene.dataset.rows == 6
    laboratory.unfold("data")
    form = laboratory.window.panel.data.form
    assert form is not None
    if form.more.isVisible() and not form.more.isChecked():
        laboratory.click(form.more)
    field = form.fields["observations"]
    assert isinstance(field, TypedField)
    laboratory.retype(field.entry, "112")
    assert laboratory.told == []
    form = laboratory.window.panel.data.form
    assert form is not None
    told = form.fields["matrix"]
    assert isinstance(told, BooleanField)
    box = told.box
    # A box is clicked where it stands, for beside its words it is deaf.
    laboratory.click(box, QPoint(8, box.height() // 2))
    laboratory.settle()
    assert laboratory.told == []
    experiment, data = laboratory.experiment, laboratory.experiment.data
    assert isinstance(data, File)
    assert (data.matrix, data.observations) == (True, 112)
    assert isinstance(experiment.model, FactorAnalysis)
    assert experiment.start.name == "squared-multiple-correlations"
    covariance = laboratory.frame.scene.dataset.covariance
    assert covariance is not None
    assert np.shape(covariance) == (6, 6)
    laboratory.press(Qt.Key.Key_Z, CONTROL)
    assert laboratory.frame.scene.dataset.rows == 6


def test_pictures_that_the_model_has_nothing_for_give_their_room_away(laboratory: Laboratory) -> None:
    laboratory.open(shipped_experiments()["factors-of-ability"])
    laboratory.settle()
    window = laboratory.window
    assert not window.simplex.isVisible()
    assert not window.weight_sum.isVisible()
    alone = window.likelihood.width()
    # What was chosen alone stays, with a sentence.
    window.arrangement.show_only(frozenset({"simplex"}))
    assert window.simplex.isVisible()
    window.arrangement.show_only(frozenset(PICTURES))
    laboratory.open(FIRST)
    laboratory.settle()
    assert window.simplex.isVisible()
    assert window.weight_sum.isVisible()
    assert window.likelihood.width() < alone
