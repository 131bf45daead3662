"""What the canvases show: zoom, pan and reset, and when new data are fitted."""

import dataclasses

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from gui.items.viewport import Viewport
from tests.gui.frames import first_experiment


@pytest.fixture
def viewport(application: QApplication) -> Viewport:
    fitted = Viewport()
    fitted.show_scene(first_experiment(20).scene)
    return fitted


def test_a_scene_is_fitted_and_reset_fits_it_again(viewport: Viewport) -> None:
    limits = first_experiment(20).scene.limits
    np.testing.assert_array_equal(viewport.limits, limits)
    assert viewport.is_whole
    viewport.zoom(np.zeros(2), 0.5)
    assert not viewport.is_whole
    viewport.reset()
    np.testing.assert_array_equal(viewport.limits, limits)


def test_zoom_keeps_the_point_under_the_mouse_and_its_reverse_undoes_it(viewport: Viewport) -> None:
    about = np.array([1.0, 2.0])
    before = viewport.limits
    place = (about - before[:, 0]) / (before[:, 1] - before[:, 0])
    viewport.zoom(about, 0.3)
    after = viewport.limits
    np.testing.assert_allclose((about - after[:, 0]) / (after[:, 1] - after[:, 0]), place)
    viewport.zoom(about, 1 / 0.3)
    np.testing.assert_allclose(viewport.limits, before)


def test_zoom_has_an_end_both_ways(viewport: Viewport) -> None:
    whole = viewport.limits[:, 1] - viewport.limits[:, 0]
    for factor in (1e-30, 1e30):
        viewport.zoom(np.zeros(2), factor)
        size = viewport.limits[:, 1] - viewport.limits[:, 0]
        assert np.all(size >= 1e-7 * whole)
        assert np.all(size <= 1e4 * whole)


def test_pan_moves_and_tells(viewport: Viewport) -> None:
    told = []
    viewport.changed.connect(lambda: told.append(1))
    before = viewport.limits
    viewport.pan(np.array([0.5, -1.0]))
    np.testing.assert_allclose(viewport.limits - before, [[0.5, 0.5], [-1.0, -1.0]])
    viewport.pan(np.zeros(2))
    assert len(told) == 1


def test_another_start_leaves_the_view_and_other_data_fit_it(viewport: Viewport) -> None:
    scene = first_experiment(20).scene
    viewport.zoom(np.zeros(2), 0.5)
    zoomed = viewport.limits
    viewport.show_scene(dataclasses.replace(scene, generation=2, start=scene.start))
    np.testing.assert_array_equal(viewport.limits, zoomed)
    dataset = scene.dataset.selected(np.arange(100))
    fewer = dataclasses.replace(scene, dataset=dataset, points=scene.points[:100])
    viewport.show_scene(fewer)
    np.testing.assert_array_equal(viewport.limits, fewer.limits)
