"""Sequences in the window: hidden states and moving levels run, are drawn, and are typed over."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from engine.datasets.hidden_chain import HiddenChain
from engine.models.hidden_markov import HiddenMarkov
from engine.shipped_experiments import shipped_experiments
from engine.starts.k_means_plus_plus import KMeansPlusPlus
from gui.controls.fields import PickedNameField
from gui.edits import with_model_setting
from gui.style import style
from tests.gui.laboratory import Laboratory

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize("name", ["quiet-and-busy-decades", "level-of-the-nile", "hidden-chains"])
def test_a_sequence_opens_runs_and_is_drawn(laboratory: Laboratory, name: str) -> None:
    laboratory.open(shipped_experiments()[name])
    before = [laboratory.picture(canvas) for canvas in laboratory.window.canvases]
    laboratory.press(Qt.Key.Key_Right, times=3)
    laboratory.wait_for_iteration(3)
    assert laboratory.told == []
    assert laboratory.lanes[0].log_likelihood > laboratory.lanes[0].curve.log_likelihood[0]
    after = [laboratory.picture(canvas) for canvas in laboratory.window.canvases]
    for lane, (one, other) in enumerate(zip(before, after, strict=True)):
        assert one != other, f"lane {lane} is drawn as it was at the start"
    canvas = laboratory.window.canvases[0]
    # States have the components' colours, a level its lane's.
    usual = style("light")
    wanted = usual.lane(0) if name == "level-of-the-nile" else usual.component(0)
    assert wanted.name() in laboratory.colours(canvas)
    # Half a step, a pinned run and what the E step found have nothing to trip over.
    for key in (Qt.Key.Key_Period, Qt.Key.Key_P, Qt.Key.Key_E, Qt.Key.Key_E):
        laboratory.press(key)
        laboratory.settle()
    assert laboratory.told == []


def test_every_number_of_states_has_its_picture_of_transitions(laboratory: Laboratory) -> None:
    experiment = shipped_experiments()["hidden-chains"]
    for states in (1, 2, 3, 4, 5, 8, 12):
        changed = experiment.replace(
            data=HiddenChain(size=200, sequences=4, states=min(max(2, states), 8)),
            model=HiddenMarkov(states=states),
            start=KMeansPlusPlus(),
            claims=(),
        )
        laboratory.open(changed)
        laboratory.press(Qt.Key.Key_Right)
        laboratory.wait_for_iteration(1)
        assert laboratory.told == []
        colours = laboratory.colours(laboratory.window.simplex)
        assert (style("light").lane(0).name() in colours) is (states > 1)


def test_a_transition_that_is_typed_makes_room_in_its_row(laboratory: Laboratory) -> None:
    laboratory.open(shipped_experiments()["quiet-and-busy-decades"])
    laboratory.press(Qt.Key.Key_P, CONTROL)
    laboratory.settle()
    table = laboratory.window.companions.parameters.table
    model = table.model()
    headings = [model.headerData(place, Qt.Orientation.Horizontal) for place in range(table.columnCount())]
    assert headings == ["initial", "transition to 1", "transition to 2", "rate count"]
    assert [model.headerData(place, Qt.Orientation.Vertical) for place in range(2)] == ["state 1", "state 2"]
    item = table.item(0, headings.index("transition to 2"))
    assert item is not None
    item.setText("0.3")
    laboratory.settle()
    assert laboratory.told == []
    start = laboratory.experiment.start
    assert getattr(start, "transitions", None) == ((0.7, 0.3), (0.1, 0.9))


def test_under_a_stationary_law_transitions_may_be_typed_and_what_follows_from_them_not(
    laboratory: Laboratory,
) -> None:
    experiment = shipped_experiments()["quiet-and-busy-decades"]
    assert isinstance(experiment.model, HiddenMarkov)
    laboratory.open(experiment.replace(model=dataclasses.replace(experiment.model, initial_law="stationary")))
    laboratory.press(Qt.Key.Key_P, CONTROL)
    laboratory.settle()
    table = laboratory.window.companions.parameters.table
    told, item = table.item(0, 0), table.item(0, 2)
    assert told is not None
    assert item is not None
    assert told.text() == "0.5"
    assert not told.flags() & Qt.ItemFlag.ItemIsEditable
    assert item.flags() & Qt.ItemFlag.ItemIsEditable
    item.setText("0.3")
    laboratory.settle()
    assert laboratory.told == []
    start = laboratory.experiment.start
    assert getattr(start, "transitions", None) == ((0.7, 0.3), (0.1, 0.9))
    assert getattr(start, "initial", ()) is None
    assert told.text() == "0.25"


def test_a_start_by_parameters_is_given_up_where_another_initial_law_is_chosen() -> None:
    experiment = shipped_experiments()["quiet-and-busy-decades"]
    edited = with_model_setting(experiment, "initial_law", "stationary")
    assert edited.start == KMeansPlusPlus()
    assert with_model_setting(edited, "states", 3).start == KMeansPlusPlus()
    back = with_model_setting(experiment, "initial_law", "free")
    assert back.model == experiment.model


def test_the_sequence_and_the_time_of_a_file_are_chosen_in_the_panel(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    path = tmp_path / "visits.csv"
    random = np.random.Generator(np.random.Philox(1))
    rows = [f"{who},{day},{random.normal():.3f}\n" for who in ("ann", "bob", "eve") for day in range(20)]
    path.write_text("who,day,x\n" + "".join(rows), encoding="utf-8")
    laboratory.load(path)
    laboratory.unfold("data")
    form = laboratory.window.panel.data.form
    assert form is not None
    for name, column in (("time_column", "day"), ("sequence_column", "who")):
        form.reveal(name)
        laboratory.settle()
        field = form.fields[name]
        assert isinstance(field, PickedNameField)
        laboratory.choose(field.box, column)
        laboratory.wait_until(lambda: not laboratory.session.is_loading)
    assert laboratory.told == []
    data = laboratory.frame.scene.dataset
    assert data.columns == ("x",)
    assert data.sequence_names == ("ann", "bob", "eve")
    assert data.time_name == "day"
