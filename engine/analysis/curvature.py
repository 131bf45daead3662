"""Curvature of the log-likelihood around a point, by differences of gradients; never charged to a lane."""

from dataclasses import dataclass

import numpy as np

from engine.algorithms.hessian import directions_of
from engine.algorithms.hessian import hessian_product as hessian_product
from engine.coordinates.base import Chart
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Array

LANCZOS_STEPS = 14


@dataclass(frozen=True, eq=False)
class Extreme:
    """The largest eigenvalue that was found and its unit direction in the chart's coordinates."""

    value: float
    direction: Array


def largest_eigenvalue(problem: Problem, chart: Chart, x: Array, sign: float) -> Extreme | None:
    """The largest eigenvalue of `sign` times the Hessian of the mean log-likelihood in the coordinates.

    Lanczos with full orthogonalisation (Golub & Van Loan 2013, section 10.1), 28 gradients at the most.
    None where the log-likelihood has no value next to x.
    """
    generator = np.random.Generator(np.random.Philox(0))
    directions = directions_of(chart, x)
    vector = directions @ (directions.T @ generator.standard_normal(chart.size))
    basis = [vector / np.linalg.norm(vector)]
    diagonal: list[float] = []
    beside: list[float] = []
    try:
        for _ in range(min(LANCZOS_STEPS, chart.size)):
            product = sign * hessian_product(problem, chart, x, basis[-1])
            diagonal.append(float(np.dot(product, basis[-1])))
            for each in (*basis, *basis):
                product = product - np.dot(product, each) * each
            length = float(np.linalg.norm(product))
            if length < 1e-9:
                break
            beside.append(length)
            basis.append(product / length)
    except UndefinedLikelihood:
        return None
    size = len(diagonal)
    tridiagonal = np.diag(diagonal) + np.diag(beside[: size - 1], 1) + np.diag(beside[: size - 1], -1)
    values, vectors = np.linalg.eigh(tridiagonal)
    direction = np.asarray(vectors[:, -1] @ np.stack(basis[:size]))
    return Extreme(float(values[-1]), direction / np.linalg.norm(direction))


def largest_stable_rate(problem: Problem, chart: Chart, x: Array) -> float | None:
    """2 / lambda_max of the negative Hessian of the mean log-likelihood: above it gradient ascent oscillates.

    None where no direction curves downwards or there is no likelihood next to x (Nesterov 2018, section 2.1).
    """
    found = largest_eigenvalue(problem.uncharged(), chart, x, -1.0)
    return None if found is None or found.value <= 0 else 2.0 / found.value
