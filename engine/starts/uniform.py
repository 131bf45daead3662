"""A start at equal weights."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.models.mixture_proportions import MixtureProportions, ProportionsPrepared
from engine.parameters import Parameters
from engine.starts.base import Start


@dataclass(frozen=True)
class Uniform(Start):
    """Equal weights for components that are known: every one of them may still win or vanish."""

    name: ClassVar[str] = "uniform"
    fits: ClassVar[type] = MixtureProportions

    def begin(self, model: MixtureProportions, prepared: ProportionsPrepared) -> Parameters:
        layout = model.layout(prepared)
        count = layout.by_name["weights"].size
        return layout.pack({"weights": np.full(count, 1.0 / count)})
