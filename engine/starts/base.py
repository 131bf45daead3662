"""What every start shares."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.errors import InputError
from engine.models.base import Model
from engine.models.centres import FromCentres
from engine.models.mixture import weighted_moments
from engine.parameters import Parameters
from engine.settings import setting


@dataclass(frozen=True)
class Start(ABC):
    """Where all lanes begin. `fits` is the kind of model that it is for."""

    name: ClassVar[str]
    formula: ClassVar[str] = ""
    """LaTeX, one display a line; '' where words are enough."""
    try_it: ClassVar[str] = ""
    """One sentence that says what to try in the window; '' where there is nothing special."""
    fits: ClassVar[type] = Model

    def refusal(self, model: Model) -> str | None:
        """Why this is no start for a model, as a sentence; None where it is one."""
        if isinstance(model, self.fits):
            return None
        return f"{self.name} is no start for {model.name}; choose {model.default_start} or parameters."

    def choose(self, model: Model, prepared: Any) -> Parameters:
        """The start's parameters. Raises InputError where this start does not fit the model or the data."""
        refusal = self.refusal(model)
        if refusal is not None:
            raise InputError(f"[start]: {refusal}")
        return self.begin(model, prepared)

    @abstractmethod
    def begin(self, model: Any, prepared: Any) -> Parameters:
        """The parameters for a model that `fits`; raises InputError where they do not fit the data."""


@dataclass(frozen=True)
class RandomStart(Start):
    """A start that draws; the same seed always draws the same."""

    seed: int = setting(
        0, label="Seed", help="Another seed draws another start.", minimum=0, maximum=2**31 - 1
    )

    def generator(self) -> np.random.Generator:
        """The counter-based generator (Philox) that this start's seed names."""
        return np.random.Generator(np.random.Philox(self.seed))


def all_alike(model: FromCentres, prepared: Any) -> Parameters:
    """Equal weights, every component with the data's mean and variances."""
    mean, deviation = weighted_moments(prepared.columns.T, prepared.row_weights)
    return model.from_centres(prepared, np.tile(mean, (model.components, 1)), np.square(deviation))
