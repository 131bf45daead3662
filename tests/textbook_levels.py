"""A level that moves, as one Gaussian vector: no filter, no recursion, all covariances written out.

With states alpha_t = T^t delta + sum of T^(t-1-s) eta_s and T = [[1, 1], [0, 1]] or 1, the rows that are seen are
F delta + u with u ~ N(0, V); delta has a flat prior (Durbin & Koopman 2012, sections 4.13 and 5.7).
"""

import math
from dataclasses import dataclass

import numpy as np

from engine.parameters import Array


@dataclass(frozen=True)
class Whole:
    """What is known of one sequence: `levels` (n,) and their `variances` (n,), and expected squares (1 + m,)."""

    log_likelihood: float
    levels: Array
    variances: Array
    squares: Array


def whole(values: Array, noise: float, disturbances: tuple[float, ...]) -> Whole:
    """One sequence (n,), NaN where missing."""
    rows, m = len(values), len(disturbances)
    seen = np.flatnonzero(~np.isnan(values))
    lead = np.triu(np.ones((m, m)))
    powers = [np.linalg.matrix_power(lead, t) for t in range(rows)]
    first = np.array([power[0] for power in powers])
    # (n, n - 1) for each kind of disturbance: what it does to the levels.
    effects = [
        np.array([[powers[t - 1 - s][0, i] if s < t else 0.0 for s in range(rows - 1)] for t in range(rows)])
        for i in range(m)
    ]
    moving = np.sum([q * each @ each.T for q, each in zip(disturbances, effects, strict=True)], axis=0)
    covariance = (moving + noise * np.eye(rows))[np.ix_(seen, seen)]
    inverse, start = np.linalg.inv(covariance), first[seen]
    information = start.T @ inverse @ start
    guess = np.linalg.solve(information, start.T @ inverse @ values[seen])
    rest = values[seen] - start @ guess
    log_likelihood = -0.5 * (
        len(seen) * math.log(2 * math.pi) + np.linalg.slogdet(covariance)[1] + rest @ inverse @ rest
    ) - 0.5 * (np.linalg.slogdet(information)[1] - m * math.log(2 * math.pi))
    inner = inverse - inverse @ start @ np.linalg.inv(information) @ start.T @ inverse
    squares = [np.sum((noise * inverse @ rest) ** 2) + np.trace(noise * np.eye(len(seen)) - noise**2 * inner)]
    for q, effect in zip(disturbances, effects, strict=True):
        mean = q * effect[seen].T @ inverse @ rest
        spread = q * np.eye(rows - 1) - q**2 * effect[seen].T @ inner @ effect[seen]
        squares.append(mean @ mean + np.trace(spread))
    across = moving[:, seen]
    turned = first - across @ inverse @ start
    variances = np.diag(moving - across @ inverse @ across.T) + np.einsum(
        "ij,jk,ik->i", turned, np.linalg.inv(information), turned
    )
    levels = first @ guess + across @ inverse @ rest
    return Whole(float(log_likelihood), levels, np.array(variances), np.array(squares))
