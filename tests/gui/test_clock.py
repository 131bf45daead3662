"""Clocks count the entries of a trace."""

import numpy as np

from gui.clock import iterations


def test_iterations_are_counted_from_nought() -> None:
    for count in (0, 1, 1500, 10, 5000):
        np.testing.assert_array_equal(iterations(count), np.arange(float(count)))
