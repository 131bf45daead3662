"""Points as they are drawn: none is lost or made up, at any number of them."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from gui.items.axes import Axes
from gui.items.cloud import MOST_ROWS, cloud_of
from gui.items.point_image import counts_of_pixels, density_opacity, stamped_opacity
from gui.items.points import Points
from gui.scene import Scene
from gui.style import style
from tests.gui.frames import FIRST_EXPERIMENT, Recorded, recorded

AXES = Axes(QRectF(10, 20, 400, 300), -8.0, 8.0, -6.0, 8.0)


def clusters(size: int, **data: object) -> Recorded:
    return recorded(
        FIRST_EXPERIMENT
        | {
            "data": {"name": "three-clusters", "size": size, **data},
            "stop": {"tolerance": 0.0, "max_iterations": 1},
        }
    )


def counted(size: int, dimension: int) -> Scene:
    return recorded(
        {
            "data": {"name": "poisson-counts", "size": size, "dimension": dimension},
            "model": {"name": "poisson-mixture", "components": 2},
            "lanes": [{"algorithm": "em"}],
            "stop": {"tolerance": 0.0, "max_iterations": 1},
        }
    ).scene


def picture(points: Points, scene: Scene) -> QImage:
    image = QImage(420, 340, QImage.Format.Format_RGB32)
    image.fill(style("light").colour("canvas"))
    painter = QPainter(image)
    points.draw(painter, AXES, scene, scene.start_parameters, style("light"))
    painter.end()
    return image


def test_pixels_count_every_row_once_with_its_weight() -> None:
    scene = clusters(5000).scene
    counts = counts_of_pixels(AXES, scene.points, None, 400, 300, 1.0)
    x, y = scene.points.T
    inside = (x >= -8) & (x < 8) & (y > -6) & (y <= 8)
    assert counts.sum() == np.count_nonzero(inside)
    weights = np.arange(5000.0)
    weighted = counts_of_pixels(AXES, scene.points, weights, 400, 300, 1.0)
    assert weighted.sum() == pytest.approx(weights[inside].sum())


@pytest.mark.parametrize("opacity", [lambda counts: stamped_opacity(counts, 1.5), density_opacity])
def test_more_points_are_never_paler_and_no_points_are_nothing(opacity: object) -> None:
    assert callable(opacity)
    counts = np.zeros((9, 30))
    counts[4, 4], counts[4, 14], counts[4, 24] = 1, 5, 50
    found = opacity(counts)
    assert 0 < found[4, 4] < found[4, 14] <= found[4, 24] <= 1
    assert np.all(found[:, 9] == 0)
    assert np.all(opacity(np.zeros((9, 30))) == 0)


def test_counts_become_distinct_rows_with_their_multiplicity() -> None:
    scene = counted(3000, 2)
    cloud = cloud_of(scene)
    assert cloud.weights is not None
    assert cloud.weights.sum() == 3000
    assert len(np.unique(cloud.positions, axis=0)) == len(cloud) < 300
    there = np.all(scene.points == cloud.positions[7], axis=1)
    assert cloud.weights[7] == np.count_nonzero(there)


def test_counts_that_only_other_columns_tell_apart_stand_beside_each_other_always_alike() -> None:
    scene = counted(800, 3)
    cloud, again = cloud_of(scene), cloud_of(scene)
    assert np.max(np.abs(cloud.positions - scene.points[cloud.rows])) <= 0.3
    assert len(np.unique(cloud.positions, axis=0)) == len(cloud)
    np.testing.assert_array_equal(cloud.positions, again.positions)


def test_above_a_million_rows_an_even_sample_is_drawn() -> None:
    cloud = cloud_of(clusters(MOST_ROWS + 500_000).scene)
    assert len(cloud) == len(np.unique(cloud.rows)) == MOST_ROWS
    assert np.all(np.diff(cloud.rows) <= 3)
    assert cloud.total == MOST_ROWS + 500_000


@pytest.mark.parametrize(
    ("size", "legend"),
    [(600, ""), (30_000, ""), (200_000, ""), (200_001, "density of 200\u00a0001 points")],
)
def test_points_cover_their_clusters_at_any_number(application: QApplication, size: int, legend: str) -> None:
    scene = clusters(size).scene
    points = Points()
    image = picture(points, scene)
    assert points.legend(scene) == legend
    canvas = style("light").colour("canvas").rgb()
    covered = [
        sum(image.pixel(x + dx, y + dy) != canvas for dx in range(-8, 9) for dy in range(-8, 9))
        for x, y in ((135, 213), (285, 213), (390, 300))
    ]
    assert covered[0] > 40
    assert covered[1] > 40
    assert covered[2] == 0


def test_a_picture_depends_on_the_scene_alone_and_not_on_what_was_drawn_before(
    application: QApplication,
) -> None:
    small, large = clusters(600).scene, clusters(20_000).scene
    used = Points()
    before = picture(used, small)
    picture(used, large)
    assert picture(used, small) == before == picture(Points(), small)


def test_many_rows_in_many_columns_are_coloured_for_a_sample(application: QApplication) -> None:
    scene = recorded(
        {
            "data": {"name": "ten-dimensions", "size": 20_000},
            "model": {"name": "gaussian-mixture", "components": 5},
            "lanes": [{"algorithm": "em"}],
            "stop": {"tolerance": 0.0, "max_iterations": 1},
        }
    ).scene
    points = Points()
    picture(points, scene)
    assert points.legend(scene) == "20\u00a0000 points, 3\u00a0200 of them coloured"
