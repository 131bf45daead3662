"""What a model offers when its complete data form an exponential family, beyond its E and M steps.

With the latent variables z known, log p(x, z | theta) = s(x, z)'eta(theta) - A(eta(theta)) + const, where s are
the statistics that an E step takes the expectation of. The M step maps their mean to parameters, so the mean
parameters are a second way to write the model: `mean_statistics` writes, `m_step` reads. In either, a gradient
may be multiplied by the inverse of the complete data's Fisher information, which is what EM does.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from engine.models.workspace import Workspace
from engine.parameters import Array, Parameters


class CompleteExponentialFamily(ABC):
    """A model whose complete data form an exponential family; inherited beside `Model`."""

    @property
    def em_is_an_information_step(self) -> bool:
        """Whether an EM step is the inverse information times the gradient, but for `em_remainder`.

        So it is where the natural blocks are mean parameters; where they are not, the two agree only for short steps.
        """
        return True

    @abstractmethod
    def mean_statistics(self, prepared: Any, parameters: Parameters) -> Array:
        """n E[s(x, z)] at the parameters: flat, in the frame, as an E step's statistics over all units.

        A sum that no parameter goes with (of log x!, say) has no part in the family and is 0 here.
        """

    @abstractmethod
    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """The inverse Fisher information of complete data times a gradient; both flat, in natural blocks.

        The information is taken at the parameters, for as many complete observations of each kind as
        `statistics` counts: those of an E step (Xu & Jordan 1996), or the mean statistics (the Fisher
        information proper). Weights move along their simplex; of a component without a count nothing moves.
        """

    @abstractmethod
    def complete_gradient(self, statistics: Array, parameters: Parameters) -> Array:
        """The gradient of Q(statistics, .) in the natural blocks (flat): the complete data's score.

        Held blocks have a gradient of 0, and so has a weight of 0.
        """

    def missing_information(
        self, prepared: Any, parameters: Parameters, workspace: Workspace
    ) -> Array | None:
        """The sum over units of w_i times the posterior's covariance of the complete data's score: one pass.

        Square, in the natural blocks (flat). It is what complete information exceeds observed information by (Louis
        1982). None where the model does not offer it, or not at these parameters.
        """
        return None

    def em_remainder(self, statistics: Array, parameters: Parameters, move: Array) -> Array:
        """What an EM step does beyond `move`, the inverse information times the gradient; flat natural blocks.

        0 unless some block of the M step is centred at another one's new value.
        """
        return np.zeros_like(move)


def solve_weights(weights: Array, gradient: Array, total: float) -> Array:
    """(diag pi - pi pi') / n times a gradient in the weights (K,), with n observations in all."""
    return np.asarray(weights * (gradient - np.dot(weights, gradient)) / total)
