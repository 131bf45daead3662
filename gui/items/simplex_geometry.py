"""Where weights stand in a picture of the simplex, and which weights stand where the mouse is. No Qt."""

import math

import numpy as np

from engine.parameters import Array, Simplex

TRIANGLE = np.array([[-0.5, -math.sqrt(3) / 6], [0.5, -math.sqrt(3) / 6], [0.0, math.sqrt(3) / 3]])
"""Corners (3, 2) of the triangle with sides of length 1 around the origin, y upwards."""

_BASE, _APEX = -math.sqrt(6) / 12, math.sqrt(6) / 4
TETRAHEDRON = np.array(
    [
        [-0.5, _BASE, math.sqrt(3) / 6],
        [0.5, _BASE, math.sqrt(3) / 6],
        [0.0, _BASE, -math.sqrt(3) / 3],
        [0.0, _APEX, 0.0],
    ]
)
"""Corners (4, 3) of the tetrahedron with edges of length 1 around the origin, the last one on top."""


def with_sum_one(weights: Array) -> Array:
    """Weights (..., K) divided by their sum, which keeps every sign.

    Where the sum is 0 or less they are moved onto the plane of sum 1 at a right angle instead.
    """
    totals = np.sum(weights, axis=-1, keepdims=True)
    usable = totals > 1e-6
    moved = weights - (totals - 1) / weights.shape[-1]
    return np.asarray(np.where(usable, weights / np.where(usable, totals, 1.0), moved))


def weights_at(place: Array, corners: Array) -> Array:
    """The weights (K,) of a point (K - 1,) among corners (K, K - 1), clamped to the simplex.

    Barycentric coordinates, then the nearest point of the simplex.
    """
    system = np.vstack((corners.T, np.ones(len(corners))))
    return nearest_weights(np.asarray(np.linalg.solve(system, np.append(place, 1.0))))


def nearest_weights(weights: Array) -> Array:
    """The nearest weights that are at least 0 and sum to 1."""
    projected = Simplex().project(weights)
    return np.asarray(projected / np.sum(projected))


def with_weight(weights: Array, component: int, value: float) -> Array:
    """Weights with one of them set (within 0 and 1) and the others rescaled in proportion."""
    value = min(max(value, 0.0), 1.0)
    others = np.maximum(weights, 0.0)
    others[component] = 0.0
    total = float(np.sum(others))
    if total <= 0:
        others = np.ones(len(weights))
        others[component] = 0.0
        total = float(len(weights) - 1) or 1.0
    found = others * ((1 - value) / total)
    found[component] = value if len(weights) > 1 else 1.0
    return np.asarray(found)


def rotation(yaw: float, pitch: float) -> Array:
    """Turns about the vertical axis and then about the horizontal one, angles in radians: (3, 3)."""
    c, s = math.cos(yaw), math.sin(yaw)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    c, s = math.cos(pitch), math.sin(pitch)
    return np.asarray(np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ turn)
