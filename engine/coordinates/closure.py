"""Weights from logarithms: exponentials divided by their sum, which compositional data call the closure."""

import numpy as np

from engine.parameters import Array


def closure(logs: Array) -> Array:
    """exp(logs) divided by its sum along the last axis: (.., K) on the simplex."""
    if logs.ndim == 1:
        powers = np.exp(logs - max(logs.tolist()))
        return np.asarray(powers / np.add.reduce(powers))
    powers = np.exp(logs - np.max(logs, axis=-1, keepdims=True))
    return np.asarray(powers / np.sum(powers, axis=-1, keepdims=True))


def closure_pull_back(weights: Array, gradient: Array) -> Array:
    """The gradient (.., K) in the logarithms from that in the weights: pi_k (g_k - sum_j pi_j g_j)."""
    scaled = weights * gradient
    if scaled.ndim == 1:
        return np.asarray(scaled - weights * np.add.reduce(scaled))
    return np.asarray(scaled - weights * np.sum(scaled, axis=-1, keepdims=True))


def refusal_of_zeros(name: str, block: Array) -> str | None:
    """Why weights (.., K) with a 0 among them have no logarithms, as the end of a sentence; None without."""
    if np.min(block) > 0:
        return None
    return (
        f"{name} cannot write weight {int(np.argmin(block)) % block.shape[-1] + 1}, which is 0; "
        "start inside the simplex or choose other weight coordinates."
    )
