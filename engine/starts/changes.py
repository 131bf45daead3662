"""A start from how much a series changes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.models.state_space import START_SHARES, SeriesPrepared, StateSpace
from engine.parameters import Parameters
from engine.starts.base import Start


@dataclass(frozen=True)
class Changes(Start):
    """Variances as shares of how much a series changes from row to row: half noise, a tenth of it steps.

    A change from a row to the next has twice the noise's variance and once that of the level's steps; a hundredth is
    left to the slope, where there is one.
    """

    name: ClassVar[str] = "changes"
    fits: ClassVar[type] = StateSpace

    def begin(self, model: StateSpace, prepared: SeriesPrepared) -> Parameters:
        layout = model.layout(prepared)
        shares = zip(layout.blocks, START_SHARES, strict=False)
        return layout.pack({block.name: np.asarray(share * prepared.spread) for block, share in shares})
