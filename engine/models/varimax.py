"""Varimax: loadings turned so that each factor loads high on few columns of the data."""

import itertools
import math

import numpy as np

from engine.parameters import Array

MOST_SWEEPS = 1000
SMALLEST_TURN = 1e-12
"""In radians: below this two factors count as turned already."""


def varimax(loadings: Array) -> Array:
    """Loadings (p, q) times the rotation that maximises the variance of their squares, column by column.

    Rows are brought to length 1 for it, and pairs of factors are turned in their plane by the angle that is best there,
    until none turns any more (Kaiser 1958, Psychometrika 23, 187-200). Columns are then ordered by their sums of
    squares, and each points to where its sum is above 0, so that equal models give equal tables.
    """
    lengths = np.sqrt(np.sum(np.square(loadings), axis=1))
    rows = loadings / np.where(lengths > 0, lengths, 1.0)[:, None]
    for _ in range(MOST_SWEEPS):
        turns = [_turn(rows, *pair) for pair in itertools.combinations(range(rows.shape[1]), 2)]
        if max(turns, default=0.0) < SMALLEST_TURN:
            break
    turned = rows * lengths[:, None]
    order = np.argsort(-np.sum(np.square(turned), axis=0), kind="stable")
    signs = np.where(np.sum(turned, axis=0) < 0, -1.0, 1.0)
    return np.asarray((turned * signs)[:, order])


def _turn(rows: Array, first: int, second: int) -> float:
    """Turns two columns in place, and tells by what angle."""
    x, y = np.array(rows[:, first]), np.array(rows[:, second])
    u, v, p = x * x - y * y, 2.0 * x * y, len(rows)
    across = 2.0 * float(np.dot(u, v) - np.sum(u) * np.sum(v) / p)
    along = float(np.sum(u * u - v * v) - (np.sum(u) ** 2 - np.sum(v) ** 2) / p)
    angle = 0.25 * math.atan2(across, along)
    rows[:, first] = math.cos(angle) * x + math.sin(angle) * y
    rows[:, second] = math.cos(angle) * y - math.sin(angle) * x
    return abs(angle)
