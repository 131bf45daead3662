"""Hidden Markov chains as a textbook has them: plain recursions over time, in logarithms and extended precision.

Rabiner (1989), Proc. IEEE 77, section III, with no scaling, no blocks and no matrix products.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from tests.textbook import Extended, extended


def log_sum(terms: Extended, axis: int) -> Extended:
    """log sum exp along an axis."""
    highest = np.max(terms, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(highest), highest, 0)
    return extended(np.log(np.sum(np.exp(terms - shift), axis=axis)) + np.squeeze(shift, axis))


@dataclass(frozen=True)
class Chain:
    """What is known of one sequence; `moved` (K, K) are the expected transitions, arrays over rows (T, K)."""

    log_likelihood: float
    smoothed: Extended
    filtered: Extended
    moved: Extended
    path: list[int]
    path_value: float


def chain(initial: Any, transitions: Any, log_densities: Any) -> Chain:
    """One sequence with initial (K,) and transition (K, K) probabilities and log densities (T, K)."""
    with np.errstate(divide="ignore"):
        start, move = np.log(extended(initial)), np.log(extended(transitions))
    seen = extended(log_densities)
    rows, states = seen.shape
    with np.errstate(divide="ignore", invalid="ignore"):
        forward = [start + seen[0]]
        for row in seen[1:]:
            forward.append(log_sum(forward[-1][:, None] + move, 0) + row)
        backward = [extended(np.zeros(states))]
        for row in seen[:0:-1]:
            backward.insert(0, log_sum(move + (row + backward[0])[None], 1))
        total = log_sum(forward[-1], 0)
        smoothed = np.exp(np.array(forward) + np.array(backward) - total)
        filtered = np.exp(np.array(forward) - log_sum(np.array(forward), 1)[:, None])
        moved = extended(np.zeros((states, states)))
        for t in range(1, rows):
            moved += np.exp(forward[t - 1][:, None] + move + (seen[t] + backward[t])[None] - total)
        best, origins = start + seen[0], []
        for row in seen[1:]:
            origins.append(np.argmax(best[:, None] + move, axis=0))
            best = np.max(best[:, None] + move, axis=0) + row
    path = [int(np.argmax(best))]
    for origin in reversed(origins):
        path.insert(0, int(origin[path[0]]))
    return Chain(float(total), extended(smoothed), extended(filtered), moved, path, float(np.max(best)))


def stationary(transitions: Any) -> Any:
    """The left eigenvector (K,) of transitions (K, K) for the eigenvalue 1, made to sum to 1."""
    values, vectors = np.linalg.eig(np.asarray(transitions, dtype=float).T)
    law = np.real(vectors[:, np.argmin(np.abs(values - 1.0))])
    return law / np.sum(law)


def best_stationary_transitions(transitions: Any, begun: Any, moved: Any) -> Any:
    """Transitions (K, K) that maximise sum g log delta + sum x log Gamma: scipy's BFGS in log-ratios, from those given.

    `begun` (K,) are g and `moved` (K, K) x, all above 0. Good to about eight digits, for want of a gradient.
    """
    begun, moved = np.asarray(begun, dtype=float), np.asarray(moved, dtype=float)
    states = len(begun)

    def table(ratios: Any) -> Any:
        grown = np.exp(np.column_stack((ratios.reshape(states, states - 1), np.zeros(states))))
        return grown / np.sum(grown, axis=1, keepdims=True)

    def loss(ratios: Any) -> float:
        here = table(ratios)
        return -float(begun @ np.log(stationary(here)) + np.sum(moved * np.log(here)))

    def slope(ratios: Any) -> Any:
        step = 1e-4 * np.eye(len(ratios))
        near = np.array([loss(ratios + each) - loss(ratios - each) for each in step])
        far = np.array([loss(ratios + 2 * each) - loss(ratios - 2 * each) for each in step])
        return (8 * near - far) / 12e-4

    first = np.log(transitions)
    start = (first - first[:, -1:])[:, :-1].ravel()
    return table(minimize(loss, start, jac=slope, method="BFGS", options={"gtol": 1e-9}).x)
