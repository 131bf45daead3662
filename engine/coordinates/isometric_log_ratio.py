"""Weights by orthonormal contrasts of their logarithms."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.coordinates.closure import closure, closure_pull_back, refusal_of_zeros
from engine.parameters import Array, Simplex, Support


@cache
def _contrasts(count: int) -> Array:
    """Orthonormal columns (K, K-1) that sum to 0: the geometric mean of the first j against the next one."""
    basis = np.zeros((count, count - 1))
    for j in range(1, count):
        basis[:j, j - 1] = 1.0 / j
        basis[j, j - 1] = -1.0
        basis[:, j - 1] *= np.sqrt(j / (j + 1.0))
    basis.setflags(write=False)
    return basis


@dataclass(frozen=True)
class IsometricLogRatio(Coordinates):
    """Weights as K-1 orthonormal contrasts of their logarithms: softmax without its superfluous number.

    x_j = sqrt(j/(j+1)) log(geometric mean of pi_1..pi_j / pi_{j+1}), which keep the distances of the centred
    logarithms. Egozcue, Pawlowsky-Glahn, Mateu-Figueras & Barceló-Vidal (2003), Mathematical Geology 35,
    279-300.

    A method that does not care for rotations (a gradient, conjugate gradients, L-BFGS) takes the same path
    as in softmax. The right one where rotations do matter (a rate for each number, as in Adam) or where the
    Hessian must not be singular.
    """

    name: ClassVar[str] = "isometric-log-ratio"
    formula: ClassVar[str] = r"""
        x_j = \sqrt{\frac{j}{j+1}}\; \log\frac{(\pi_1 \cdots \pi_j)^{1/j}}{\pi_{j+1}} \;\; (j < K)
    """
    supports: ClassVar[tuple[type[Support], ...]] = (Simplex,)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    def refusal(self, block: Array) -> str | None:
        return refusal_of_zeros(self.name, block)

    def write(self, block: Array) -> Array:
        return np.asarray(np.log(block) @ _contrasts(block.shape[-1]))

    def read(self, x: Array) -> Array:
        return closure(x @ _contrasts(x.shape[-1] + 1).T)

    def pull_back(self, x: Array, gradient: Array) -> Array:
        return np.asarray(closure_pull_back(self.read(x), gradient) @ _contrasts(x.shape[-1] + 1))
