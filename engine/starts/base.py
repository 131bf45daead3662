"""What every start shares."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.models.base import Model
from engine.models.mixture import Mixture, MixturePrepared, weighted_moments
from engine.parameters import Parameters
from engine.settings import setting


@dataclass(frozen=True)
class Start(ABC):
    """Where all lanes begin."""

    name: ClassVar[str]

    @abstractmethod
    def choose(self, model: Model, prepared: Any) -> Parameters:
        """The start's parameters. Raises InputError where this start does not fit the model or the data."""


@dataclass(frozen=True)
class RandomStart(Start):
    """A start that draws; the same seed always draws the same."""

    seed: int = setting(
        0, label="Seed", help="Another seed draws another start.", minimum=0, maximum=2**31 - 1
    )

    def generator(self) -> np.random.Generator:
        """The counter-based generator (Philox) that this start's seed names."""
        return np.random.Generator(np.random.Philox(self.seed))


def all_alike(model: Mixture, prepared: MixturePrepared) -> Parameters:
    """Equal weights, every component with the data's mean and variances."""
    mean, deviation = weighted_moments(prepared.columns.T, prepared.row_weights)
    return model.from_centres(prepared, np.tile(mean, (model.components, 1)), np.square(deviation))
