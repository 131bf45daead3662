"""One Gaussian of known covariance: in its mean the log-likelihood is a parabola, whose iterates are known.

The mean log-likelihood is (m - t)'C(m - t) / -2 below its top, with t the average of the rows and C the inverse of the
covariance, so its gradient at m is C(t - m).
"""

from collections.abc import Sequence

import numpy as np

from engine.dataset import Dataset
from engine.models.gaussian_mixture import GaussianMixture
from engine.parameters import Array
from engine.trace import Step
from tests.engine.algorithms.starts import Beginning

COVARIANCE = np.array([[2.0, 0.6], [0.6, 0.5]])
CURVATURE = np.linalg.inv(COVARIANCE)
START = np.array([4.0, -3.0])
ROWS = np.random.Generator(np.random.Philox(11)).normal([1.0, 2.0], [1.5, 0.7], (60, 2))
TOP = np.mean(ROWS, axis=0)


def bowl() -> Beginning:
    """The problem; only the mean is free, and it starts away from the top."""
    return Beginning(
        GaussianMixture(components=1, hold=("weights", "covariances")),
        Dataset("sixty rows", ("x", "y"), ROWS),
        weights=[1.0],
        means=[START],
        covariances=[COVARIANCE],
    )


def means(steps: Sequence[Step]) -> Array:
    """The mean (iterations, 2) that each step produced."""
    return np.array([step.parameters.in_data_units()["means"][0] for step in steps])


def gradient(mean: Array) -> Array:
    """That of the mean log-likelihood."""
    return np.asarray(CURVATURE @ (TOP - mean))


def gap(mean: Array) -> float:
    """How far the mean log-likelihood lies below its top."""
    return float(0.5 * (mean - TOP) @ CURVATURE @ (mean - TOP))
