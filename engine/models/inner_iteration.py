"""What a model offers whose M step has no closed form, and iterates within."""

from typing import Protocol, runtime_checkable

from engine.models.base import Blocks, Model
from engine.parameters import Array, Parameters


@runtime_checkable
class InnerIteration(Protocol):
    """A model whose M step repeats an inner step until Q does not rise any more."""

    @property
    def m_step_iterates(self) -> bool:
        """Whether it does so with these settings, or has a closed form with them."""

    def partial_m_step(
        self, statistics: Array, parameters: Parameters, free: Blocks, steps: int
    ) -> Parameters:
        """The M step after at most so many inner steps, which begin at the parameters and never lower Q."""


def inner_iteration_of(model: Model) -> InnerIteration | None:
    """The model as one whose M step iterates; None where it has a closed form."""
    return model if isinstance(model, InnerIteration) and model.m_step_iterates else None
