"""A start in the middle of an interval."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.models.genetic_linkage import GeneticLinkage, LinkagePrepared
from engine.parameters import Parameters
from engine.starts.base import Start


@dataclass(frozen=True)
class Middle(Start):
    """The probability that is asked for at one half, where the literature starts."""

    name: ClassVar[str] = "middle"
    fits: ClassVar[type] = GeneticLinkage

    def begin(self, model: GeneticLinkage, prepared: LinkagePrepared) -> Parameters:
        return model.layout(prepared).pack({"theta": np.array(0.5)})
