"""Models whose parameters can be drawn at random without looking at places among the rows."""

from typing import Any, Protocol, runtime_checkable

import numpy as np

from engine.parameters import Parameters


@runtime_checkable
class DrawnParameters(Protocol):
    """A model of few numbers of known ranges."""

    def drawn_parameters(self, prepared: Any, generator: np.random.Generator) -> Parameters:
        """Parameters from all over their supports."""
