"""Histograms as densities: their area is 1, and a bar of counts is the share of its rows."""

import numpy as np
import pytest

from gui.items.cloud import Cloud, cloud_of
from gui.items.histogram import MOST_BARS, height_shown, histogram
from gui.scene import Components
from tests.gui.frames import recorded


def cloud(values: list[float], weights: list[float] | None = None) -> Cloud:
    positions = np.array(values)[:, None]
    counted = None if weights is None else np.array(weights)
    return Cloud(positions, np.arange(len(values)), counted, len(values), True, False)


@pytest.mark.parametrize("weights", [None, [1.0, 0.0, 3.0, 2.0, 1.0, 1.0]])
def test_the_area_under_the_bars_is_one(weights: list[float] | None) -> None:
    bars = histogram(cloud([1.0, 2.0, 2.5, 4.0, 4.1, 9.0], weights), counts=False)
    assert np.sum(bars.heights * np.diff(bars.edges, axis=1)[:, 0]) == pytest.approx(1.0)


def test_bars_of_counts_are_shares_of_the_weighted_rows() -> None:
    story = {"data": {"name": "deaths"}, "model": {"name": "poisson-mixture", "components": 2}}
    scene = recorded(
        {**story, "lanes": [{"algorithm": "em"}], "stop": {"tolerance": 0.0, "max_iterations": 1}}
    ).scene
    bars = histogram(cloud_of(scene), counts=True)
    assert scene.dataset.row_weights is not None
    np.testing.assert_array_equal(bars.centres, np.arange(10))
    np.testing.assert_allclose(bars.heights, scene.dataset.row_weights / scene.dataset.total_weight)


def test_equal_values_and_far_outliers_still_have_bars() -> None:
    assert histogram(cloud([3.0] * 5), counts=False).highest > 0
    far = histogram(cloud([*np.linspace(0, 1, 1000).tolist(), 1e9]), counts=False)
    assert len(far.heights) <= MOST_BARS


def test_the_axis_stands_still_until_a_peak_needs_twice_its_height() -> None:
    bars = histogram(cloud(np.linspace(-3, 3, 200).tolist()), counts=False)

    def top(deviation: float) -> float:
        one = Components(np.ones(1), np.zeros((1, 1)), np.array([[[deviation**2]]]))
        return height_shown(bars, [one])

    assert top(3.0) == top(2.5)
    ratio = top(0.9) / top(3.0)
    assert ratio == pytest.approx(2.0 ** round(np.log2(ratio)))
    assert top(1e-9) <= 8 * top(3.0)
    assert top(float("nan")) == top(3.0)
