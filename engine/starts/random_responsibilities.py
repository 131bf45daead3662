"""A start that knows nothing of the clusters."""

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.models.base import Model
from engine.models.mixture import Mixture
from engine.parameters import Parameters
from engine.starts.base import RandomStart, all_alike


@dataclass(frozen=True)
class RandomResponsibilities(RandomStart):
    """Each row shared at random among the components, then one M step: all start near the middle."""

    name: ClassVar[str] = "random-responsibilities"

    def choose(self, model: Model, prepared: Any) -> Parameters:
        assert isinstance(model, Mixture)
        shares = self.generator().dirichlet([1.0] * model.components, size=prepared.units).T
        return model.m_step(model.statistics_of(prepared, shares), all_alike(model, prepared))
