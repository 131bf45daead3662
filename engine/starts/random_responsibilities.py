"""A start that knows nothing of the clusters."""

from dataclasses import dataclass
from typing import ClassVar

from engine.models.mixture import Mixture, MixturePrepared
from engine.parameters import Parameters
from engine.starts.base import RandomStart, all_alike


@dataclass(frozen=True)
class RandomResponsibilities(RandomStart):
    """Each row shared at random among the components, then one M step: all start near the middle."""

    name: ClassVar[str] = "random-responsibilities"
    try_it: ClassVar[str] = (
        "Watch the first steps: all components sit in the middle, and both methods need a while to "
        "tell them apart."
    )
    fits: ClassVar[type] = Mixture

    def begin(self, model: Mixture, prepared: MixturePrepared) -> Parameters:
        shares = self.generator().dirichlet([1.0] * model.components, size=prepared.units).T
        return model.m_step(model.statistics_of(prepared, shares), all_alike(model, prepared))
