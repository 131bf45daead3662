"""The curvature of the log-likelihood in the weights alone, which is exact and needs no differences."""

import functools
from typing import Any, Protocol, runtime_checkable

import numpy as np

from engine.models.workspace import Workspace
from engine.parameters import Array, Parameters


@runtime_checkable
class DensityRatios(Protocol):
    """A model that can tell f_k(x)/f(x) of its components, also where a weight is 0."""

    def density_ratios(self, parameters: Parameters, columns: Array) -> Array:
        """f_k(x)/f(x), (K, m), at columns (d, m) of its prepared data."""


def weight_curvature(
    model: DensityRatios, prepared: Any, parameters: Parameters, workspace: Workspace
) -> Array:
    """Minus the Hessian (K, K) of the log-likelihood in the weights, other blocks held fixed.

    With r_ik = f_k(x_i)/f(x_i) it is sum_i w_i r_ik r_il: never indefinite, because the log-likelihood is
    concave in the weights (Lindsay 1983, Ann. Statist. 11, 86-94).
    """

    def work(index: int) -> Array:
        first, last = prepared.blocks[index]
        ratios = model.density_ratios(parameters, prepared.columns[:, first:last])
        if prepared.row_weights is None:
            return np.asarray(ratios @ ratios.T)
        counts = prepared.row_weights[first:last]
        # A row that counts for nothing may be impossible, and its ratios then are no numbers.
        return np.asarray((np.where(counts > 0, ratios, 0.0) * counts) @ np.where(counts > 0, ratios, 0.0).T)

    results = workspace.over_blocks(work, len(prepared.blocks), prepared.units)
    total = functools.reduce(np.add, results)
    return np.asarray(0.5 * (total + total.T))
