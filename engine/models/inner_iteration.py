"""What a model offers whose M step has no closed form, and iterates within."""

from typing import Protocol, runtime_checkable

from engine.models.base import Blocks
from engine.parameters import Array, Parameters


@runtime_checkable
class InnerIteration(Protocol):
    """A model whose M step repeats an inner step until Q does not rise any more."""

    def partial_m_step(
        self, statistics: Array, parameters: Parameters, free: Blocks, steps: int
    ) -> Parameters:
        """The M step after at most so many inner steps, which begin at the parameters and never lower Q."""
