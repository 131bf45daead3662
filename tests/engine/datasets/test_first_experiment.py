"""The first experiment's seed, checked by an EM and a gradient ascent written down here independently."""

import numpy as np
import pytest

from engine.datasets.three_clusters import ThreeClusters
from engine.parameters import Array

STEPS = 60
LEARNING_RATE = 1.2


def cholesky(covariances: Array) -> Array:
    return np.asarray(np.linalg.cholesky(covariances), dtype=np.float64)


def e_step(x: Array, weights: Array, means: Array, factors: Array) -> tuple[float, Array, Array]:
    """Log-likelihood, responsibilities (n, K) and whitened residuals L⁻¹(x - μ) (K, d, n)."""
    residuals: Array = np.linalg.solve(factors, np.swapaxes(x - means[:, None, :], 1, 2)).astype(np.float64)
    logarithms = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    terms = np.log(weights) - logarithms - 0.5 * np.sum(residuals**2, axis=1).T
    terms -= 0.5 * x.shape[1] * np.log(2 * np.pi)
    rows = np.logaddexp.reduce(terms, axis=1)
    return float(rows.sum()), np.exp(terms - rows[:, None]), residuals


def start(story: ThreeClusters) -> tuple[Array, Array, Array]:
    section = story.setup()["start"]
    return np.array(section["weights"]), np.array(section["means"]), np.array(section["covariances"])


def em(story: ThreeClusters, steps: int) -> tuple[Array, Array]:
    """The log-likelihoods before each of the steps, and the means after the last."""
    x = story.generate().values
    weights, means, covariances = start(story)
    trace = []
    for _ in range(steps):
        value, r, _ = e_step(x, weights, means, cholesky(covariances))
        trace.append(value)
        counts = r.sum(axis=0)
        weights, means = counts / len(x), r.T @ x / counts[:, None]
        centred = x - means[:, None, :]
        covariances = np.swapaxes(centred * r.T[:, :, None], 1, 2) @ centred / counts[:, None, None]
    return np.array(trace), means


def gradient_ascent(story: ThreeClusters, steps: int) -> tuple[Array, float, float]:
    """The log-likelihoods 0 … steps of softmax weights and log-Cholesky covariances on standardised columns.

    Also the smallest weight and the smallest standardised Cholesky diagonal on the way.
    """
    x = story.generate().values
    centre, scale = x.mean(axis=0), x.std(axis=0)
    z, n = (x - centre) / scale, len(x)
    weights, means, covariances = start(story)
    logits, means = np.log(weights), (means - centre) / scale
    factors = cholesky(covariances / np.outer(scale, scale))
    diagonal = np.arange(2)
    trace, smallest_weight, smallest_diagonal = [], 1.0, np.inf
    for _ in range(steps + 1):
        weights = np.exp(logits - np.logaddexp.reduce(logits))
        value, r, residuals = e_step(z, weights, means, factors)
        trace.append(value - n * float(np.log(scale).sum()))
        smallest_weight = min(smallest_weight, float(weights.min()))
        smallest_diagonal = min(smallest_diagonal, float(factors[:, diagonal, diagonal].min()))
        counts = r.sum(axis=0)
        weighted = residuals * r.T[:, None, :]
        transposed = np.swapaxes(factors, 1, 2)
        slope_means = np.linalg.solve(transposed, weighted.sum(axis=2)[:, :, None])[:, :, 0] / n
        slopes = np.tril(np.linalg.solve(transposed, weighted @ np.swapaxes(residuals, 1, 2))) / n
        lengths = factors[:, diagonal, diagonal]
        slope_logs = slopes[:, diagonal, diagonal] * lengths - counts[:, None] / n
        logits = logits + LEARNING_RATE * (counts / n - weights)
        means = means + LEARNING_RATE * slope_means
        factors = np.tril(factors + LEARNING_RATE * slopes, -1)
        factors[:, diagonal, diagonal] = lengths * np.exp(LEARNING_RATE * slope_logs)
    return np.array(trace), smallest_weight, smallest_diagonal


@pytest.mark.parametrize(
    ("seed", "arrival", "first_decrease", "decreases"), [(ThreeClusters().seed, 27, 18, 19)]
)
def test_em_arrives_while_the_gradient_stumbles(
    seed: int, arrival: int, first_decrease: int, decreases: int
) -> None:
    story = ThreeClusters(seed=seed)
    climbed, _ = em(story, 200)
    assert np.all(np.diff(climbed) >= -1e-9 * abs(climbed[0]))
    assert int(np.argmax(climbed >= climbed[-1] - 1)) == arrival
    assert 13 <= arrival <= 42
    trace, smallest_weight, smallest_diagonal = gradient_ascent(story, STEPS)
    fell = np.flatnonzero(np.diff(trace) < -1e-9 * np.abs(trace[:-1])) + 1
    assert int(fell[0]) == first_decrease
    assert 11 <= first_decrease <= 21
    assert len(fell) == decreases
    assert 15 <= decreases <= 25
    # It neither diverges nor collapses: one sees it climb and stumble, not break.
    assert trace[0] == pytest.approx(climbed[0], rel=1e-12)
    assert trace.min() == trace[0]
    assert trace[-1] > trace[0] + 300
    assert smallest_weight > 0.05
    assert smallest_diagonal > 0.1


def test_em_ends_at_the_clusters_that_the_points_were_drawn_from() -> None:
    _, means = em(ThreeClusters(), 200)
    truth = np.asarray(ThreeClusters().mixture().means)
    nearest = [int(np.argmin(np.linalg.norm(truth - mean, axis=1))) for mean in means]
    assert sorted(nearest) == [0, 1, 2]
    assert np.linalg.norm(truth[nearest] - means, axis=1).max() < 0.5
