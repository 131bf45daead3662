"""Second derivatives in a lane's coordinates: by differences of gradients, or by Louis' formula from one pass."""

import numpy as np

from engine.algorithms.gradient import GradientState, block_gradient
from engine.coordinates.base import Chart
from engine.models.base import UndefinedLikelihood
from engine.models.exponential_family import CompleteExponentialFamily
from engine.objective import Problem
from engine.parameters import Array, Block, PositiveDefinite, Simplex

STEP = 1e-5
UNCHANGING = 1e-10


def hessian_product(problem: Problem, chart: Chart, x: Array, direction: Array) -> Array:
    """The Hessian of the mean log-likelihood at x times a unit direction, by a central difference: two gradients."""
    # Only the coordinates that move tell how far: in the data's units others may be millions of times larger.
    step = STEP * max(1.0, float(np.max(np.abs(x * direction))))
    ahead = _gradient(problem, chart, x + step * direction)
    behind = _gradient(problem, chart, x - step * direction)
    return (ahead - behind) / (2 * step)


def _gradient(problem: Problem, chart: Chart, x: Array) -> Array:
    _, natural = block_gradient(problem, chart.read(x))
    return chart.pull_back(x, natural) / problem.total_weight


def directions_of(chart: Chart, x: Array) -> Array:
    """Orthonormal directions (size, r) in which a step from x changes the parameters, or may go.

    All axes, with two exceptions. Coordinates that are one more than the weights' dimension (softmax, sphere) have a
    direction along which no weight changes; along it there is neither slope nor curvature, but rounding has both.
    And where a covariance is written whole (raw), both triangles are coordinates that may move only together.
    """
    parts = []
    for name in chart.names:
        block, place = chart.layout.by_name[name], chart.place(name)
        size = place.stop - place.start
        if isinstance(block.support, Simplex) and size == block.size:
            parts.append((place, _changing_directions(chart, x, name)))
        elif isinstance(block.support, PositiveDefinite) and size == block.size:
            parts.append((place, _symmetric_directions(block)))
        else:
            parts.append((place, np.eye(size)))
    directions = np.zeros((chart.size, sum(part.shape[1] for _, part in parts)))
    first = 0
    for place, part in parts:
        directions[place, first : first + part.shape[1]] = part
        first += part.shape[1]
    return directions


def _changing_directions(chart: Chart, x: Array, name: str) -> Array:
    """Orthonormal directions (m, r) of a block's coordinates along which the block changes at all."""
    place, block = chart.place(name), chart.layout.places[name]
    pulled = []
    for entry in range(block.start, block.stop):
        unit = np.zeros(chart.layout.size)
        unit[entry] = 1.0
        pulled.append(chart.pull_back(x, unit)[place])
    _, sizes, directions = np.linalg.svd(np.array(pulled))
    return np.asarray(directions[sizes > UNCHANGING * sizes[0]].T)


def _symmetric_directions(block: Block) -> Array:
    """Orthonormal directions (m, r) of symmetric matrices written with both triangles."""
    places = np.arange(block.size).reshape(-1, block.shape[-1], block.shape[-1])
    rows, columns = np.tril_indices(block.shape[-1])
    lower, upper = places[:, rows, columns].ravel(), places[:, columns, rows].ravel()
    directions = np.zeros((block.size, lower.size))
    directions[lower, np.arange(lower.size)] = np.where(lower == upper, 1.0, np.sqrt(0.5))
    directions[upper, np.arange(lower.size)] = directions[lower, np.arange(lower.size)]
    return directions


def hessian_by_differences(problem: Problem, chart: Chart, x: Array, directions: Array) -> Array:
    """The Hessian (r, r) of the mean log-likelihood at x along r directions, from two gradients for each."""
    columns = []
    for direction in directions.T:
        problem.workspace.checkpoint()
        columns.append(directions.T @ hessian_product(problem, chart, x, direction))
    return _symmetric(np.array(columns))


def hessian_by_louis(problem: Problem, state: GradientState, directions: Array) -> Array | None:
    """The same Hessian (r, r) at a state; None where the model does not offer it.

    Observed information is complete information less missing information, and what is missing is the posterior's
    covariance of the complete data's score (Louis 1982, J. Roy. Statist. Soc. B 44, 226-233):

        -H = -d2 Q(E[s | x], theta) / d theta2 - cov(score | x),

    where only the covariance needs the data: one pass.
    """
    model, chart, position = problem.model, state.chart, state.position
    missing = problem.missing_information(position.parameters)
    if missing is None or not isinstance(model, CompleteExponentialFamily):
        return None
    pulled = np.array([chart.pull_back(state.x, row) for row in missing])
    both = np.array([chart.pull_back(state.x, column) for column in pulled.T])
    along = directions.T @ both @ directions / problem.total_weight
    statistics = position.expectation.statistics
    return _symmetric(along - complete_information(problem, model, chart, state.x, statistics, directions))


def complete_information(
    problem: Problem,
    model: CompleteExponentialFamily,
    chart: Chart,
    x: Array,
    statistics: Array,
    directions: Array,
) -> Array:
    """Minus the Hessian (r, r) of Q(statistics, .) / n along directions of the coordinates, at x.

    With the mean statistics of the parameters at x it is the Fisher information of a complete observation. By
    central differences of the gradient of Q, which needs no data: no pass.
    """

    def gradient(there: Array) -> Array:
        return chart.pull_back(there, model.complete_gradient(statistics, chart.read(there)))

    columns = []
    for direction in directions.T:
        step = STEP * max(1.0, abs(float(np.dot(direction, x))))
        fall = gradient(x - step * direction) - gradient(x + step * direction)
        columns.append(directions.T @ fall / (2 * step))
    return _symmetric(np.array(columns)) / problem.total_weight


def checked(matrix: Array, state: GradientState) -> Array:
    """The matrix; raises UndefinedLikelihood where it is not finite, because then it leads nowhere."""
    if not np.isfinite(matrix).all():
        raise UndefinedLikelihood("not-finite", "the curvature is not finite", state.position.parameters)
    return matrix


def _symmetric(matrix: Array) -> Array:
    return np.asarray(0.5 * (matrix + matrix.T))
