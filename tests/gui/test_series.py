"""What is drawn of sequences in time: which rows, and what the models say of them."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from engine.analysis.matching import matched_components
from engine.datasets.earthquakes import Earthquakes
from engine.datasets.hidden_chain import HiddenChain
from engine.datasets.moving_level import MovingLevel
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.hidden_markov import HiddenMarkov
from engine.models.state_space import StateSpace
from engine.starts.truth import FromTruth
from gui.series import MOST_ROWS, Levels, States, in_time, is_drawn_in_time, rows_shown


def test_one_series_stands_in_its_own_time() -> None:
    model = HiddenMarkov(emission="poisson")
    shown = rows_shown(model, model.prepare(Earthquakes().generate()))
    assert shown.times[0] == 1900
    assert shown.time_name == "year"
    assert shown.value_name == "count"
    assert shown.begins == (0,)
    assert len(shown.rows) == shown.all_rows == 107


def test_sequences_stand_one_after_the_other_and_the_first_rows_are_shown() -> None:
    data = HiddenChain(size=3000, sequences=30).generate()
    mixed = np.random.Generator(np.random.Philox(1)).permutation(3000)
    shown = rows_shown(HiddenMarkov(), HiddenMarkov().prepare(data.selected(mixed)))
    assert len(shown.rows) == MOST_ROWS
    assert shown.begins == (0, 100, 200, 300)
    assert shown.time_name == "row"
    codes = data.selected(mixed).sequences
    assert codes is not None
    assert len(np.unique(codes[shown.rows])) == 4


def test_states_of_the_rows_shown_are_the_models() -> None:
    data = HiddenChain(size=900, sequences=3, emission="poisson").generate()
    model = HiddenMarkov(emission="poisson", states=3)
    prepared = model.prepare(data)
    truth = FromTruth().choose(model, prepared)
    shown = rows_shown(model, prepared)
    seen = in_time(model, truth, shown)
    assert isinstance(seen, States)
    assert np.array_equal(seen.path, model.most_probable_path(prepared, truth)[:MOST_ROWS])
    assert np.sum(seen.smoothed, axis=0) == pytest.approx(1.0)
    assert seen.levels == pytest.approx(HiddenChain(emission="poisson")._levels)
    assert data.labels is not None
    assert np.mean(seen.path == data.labels[shown.rows]) > 0.85


def test_levels_of_missing_rows_are_told_with_a_wider_spread() -> None:
    data = MovingLevel(size=200, missing=0.3).generate()
    model = StateSpace()
    prepared = model.prepare(data)
    seen = in_time(model, FromTruth().choose(model, prepared), rows_shown(model, prepared))
    assert isinstance(seen, Levels)
    missing = np.isnan(data.values[:, 0])
    assert np.all(np.isfinite(seen.smoothed))
    assert np.mean(seen.deviations[missing]) > np.mean(seen.deviations[~missing])


def test_without_a_likelihood_nothing_is_told() -> None:
    model, data = StateSpace(), MovingLevel(size=50).generate()
    prepared = model.prepare(data)
    outside = model.layout(prepared).pack({"observation_variance": 1.0, "level_variance": -1.0})
    assert in_time(model, outside, rows_shown(model, prepared)) is None
    assert is_drawn_in_time(model)
    assert not is_drawn_in_time(GaussianMixture())


def test_states_in_another_order_keep_their_colours() -> None:
    model, data = HiddenMarkov(states=3), HiddenChain().generate()
    prepared = model.prepare(data)
    truth = FromTruth().choose(model, prepared)
    turned = {name: block[[2, 0, 1]] for name, block in model.describe(truth).items()}
    turned["transitions"] = turned["transitions"][:, [2, 0, 1]]
    other = model.accept(prepared, turned)
    assert matched_components(truth, [truth, other]) == ((0, 1, 2), (2, 0, 1))
    assert dataclasses.replace(model, states=2).components == 2


@pytest.mark.parametrize("model", [HiddenMarkov(states=3), StateSpace()], ids=lambda each: each.name)
def test_of_many_rows_the_beginning_is_enough(model: HiddenMarkov | StateSpace) -> None:
    story = HiddenChain(size=30_000) if isinstance(model, HiddenMarkov) else MovingLevel(size=30_000)
    prepared: Any = model.prepare(story.generate())
    truth = FromTruth().choose(model, prepared)
    shown = rows_shown(model, prepared)
    assert shown.is_part
    assert shown.all_rows == 30_000
    seen = in_time(model, truth, shown)
    if isinstance(model, HiddenMarkov):
        assert isinstance(seen, States)
        whole = model.smoothed(prepared, truth)
        np.testing.assert_allclose(seen.smoothed, whole[:, :MOST_ROWS], atol=1e-9)
    else:
        assert isinstance(seen, Levels)
        levels, _ = model.smoothed(prepared, truth)
        np.testing.assert_allclose(seen.smoothed, levels[:MOST_ROWS], rtol=1e-9)
