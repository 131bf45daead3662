"""Weights by their log-ratios to the last one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.coordinates.base import Coordinates
from engine.coordinates.closure import closure, closure_pull_back, refusal_of_zeros
from engine.parameters import Array, Simplex, Support


@dataclass(frozen=True)
class LogRatio(Coordinates):
    """Weights as logarithms of their ratio to the last weight: K-1 numbers, always inside the simplex.

    x_k = log(pi_k / pi_K), the additive log-ratios, or the logits of a baseline category; with two weights
    the logit of the first. Aitchison (1982), J. Roy. Statist. Soc. B 44, 139-177, section 5.

    The right one where every number should be free and none superfluous. The last weight is treated apart:
    another order of the components gives another path, unlike softmax.
    """

    name: ClassVar[str] = "log-ratio"
    formula: ClassVar[str] = r"""
        x_k = \log\frac{\pi_k}{\pi_K} \;\; (k < K)
    """
    try_it: ClassVar[str] = (
        "Compare it with softmax at the same learning rate: the path bends, because the last weight is "
        "treated apart."
    )
    supports: ClassVar[tuple[type[Support], ...]] = (Simplex,)
    keeps_support: ClassVar[bool] = True
    reaches_boundary: ClassVar[bool] = False

    def refusal(self, block: Array) -> str | None:
        return refusal_of_zeros(self.name, block)

    def write(self, block: Array) -> Array:
        logs = np.log(block)
        return np.asarray(logs[..., :-1] - logs[..., -1:])

    def read(self, x: Array) -> Array:
        return closure(np.concatenate((x, np.zeros((*x.shape[:-1], 1))), axis=-1))

    def pull_back(self, x: Array, gradient: Array) -> Array:
        return closure_pull_back(self.read(x), gradient)[..., :-1]
