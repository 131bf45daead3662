"""What a model offers whose M step can be taken in a larger model and reduced to its own."""

from typing import Protocol, runtime_checkable

from engine.parameters import Array, Parameters


@runtime_checkable
class Expanded(Protocol):
    """A model that is part of a larger one with the same observed data and more of the latent variables' law free."""

    def expanded_m_step(self, statistics: Array, parameters: Parameters) -> Parameters:
        """The maximiser of the larger model's Q, mapped to the parameters here that have the same density.

        The log-likelihood never falls by it (Liu, Rubin & Wu 1998, Biometrika 85, 755-770, theorem 1).
        """
