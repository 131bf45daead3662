"""Contour lines against surfaces whose lines are known."""

import numpy as np
import pytest

from gui.items.contours import contour


def test_a_cone_has_circles() -> None:
    x, y = np.meshgrid(np.arange(41.0), np.arange(41.0), indexing="ij")
    height = -np.hypot(x - 20.0, y - 18.0)
    segments = contour(height, -7.0)
    assert np.hypot(*(segments.reshape(-1, 2) - [20.0, 18.0]).T) == pytest.approx(7.0, abs=0.05)
    lengths = np.hypot(*(segments[:, 1] - segments[:, 0]).T)
    assert float(np.sum(lengths)) == pytest.approx(2 * np.pi * 7.0, rel=0.01)


def test_every_line_is_closed() -> None:
    """Each end of a segment within the grid is an end of exactly one other."""
    x, y = np.meshgrid(np.linspace(-2, 2, 31), np.linspace(-2, 2, 31), indexing="ij")
    segments = contour(np.cos(2 * x) * np.cos(1.7 * y) + 0.1 * x, 0.31)
    ends = np.round(segments.reshape(-1, 2), 9)
    inside = np.all((ends > 0) & (ends < 30), axis=1)
    _, counts = np.unique(ends[inside], axis=0, return_counts=True)
    assert np.all(counts == 2)


def test_a_level_above_everything_and_missing_heights_give_no_lines() -> None:
    flat = np.zeros((5, 5))
    assert contour(flat, 1.0).shape == (0, 2, 2)
    assert contour(np.full((5, 5), np.nan), 0.0).shape == (0, 2, 2)
