"""The best step within a radius, where a function is taken for the parabola of its gradient and curvature."""

import math

import numpy as np

from engine.parameters import Array

NO_SHARE = 1e-12
CLOSE_ENOUGH = 1e-6
MOST_ROUNDS = 100


def newton_step(curvature: Array, gradient: Array) -> Array:
    """The step (m,) to where the parabola g's - s'As/2 has no slope: a top, a saddle or a bottom."""
    values, vectors = np.linalg.eigh(curvature)
    return np.asarray(vectors @ ((vectors.T @ gradient) / values))


def highest_step(curvature: Array, gradient: Array, radius: float) -> Array:
    """The step (m,) no longer than the radius on which the parabola g's - s'As/2 is highest.

    Moré & Sorensen (1983), SIAM J. Sci. Statist. Comput. 4, 553-572: s = (A + shift I)^-1 g with the least shift >= 0
    that makes A + shift I semidefinite and |s| <= radius. Where A curves upwards and g has no share in that direction
    (the hard case, as on a saddle), the step goes along it up to the radius. The shift is found by Newton's method on
    1/|s| - 1/radius, from the eigenvalues, until |s| is right to a millionth.
    """
    values, vectors = np.linalg.eigh(curvature)
    slopes = vectors.T @ gradient
    if values[0] > 0.0:
        step = slopes / values
        if np.linalg.norm(step) <= radius:
            return np.asarray(vectors @ step)
    least = max(0.0, -float(values[0]))
    shifted = values + least
    lowest = shifted <= NO_SHARE * float(np.max(np.abs(values)))
    if np.any(lowest) and np.linalg.norm(slopes[lowest]) <= NO_SHARE * np.linalg.norm(slopes):
        step = np.where(lowest, 0.0, slopes / np.where(lowest, 1.0, shifted))
        length = float(np.linalg.norm(step))
        if length < radius:
            step[0] = math.copysign(math.sqrt(radius**2 - length**2), slopes[0])
            return np.asarray(vectors @ step)
    return np.asarray(vectors @ _onto_radius(values, slopes, least, radius))


def _onto_radius(values: Array, slopes: Array, least: float, radius: float) -> Array:
    """slopes / (values + shift) with the shift above `least` that gives it the radius for its length."""
    low, high = least, least + float(np.linalg.norm(slopes)) / radius
    shift = high
    for _ in range(MOST_ROUNDS):
        step = slopes / (values + shift)
        length = float(np.linalg.norm(step))
        if abs(length - radius) <= CLOSE_ENOUGH * radius:
            break
        if length > radius:
            low = shift
        else:
            high = shift
        fall = float(np.sum(step * step / (values + shift))) / length
        shift += (length - radius) / radius * length / fall
        if not low < shift < high:
            shift = 0.5 * (low + high)
    return step
