"""A start anywhere among the parameters."""

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.models.drawn_parameters import DrawnParameters
from engine.parameters import Parameters
from engine.starts.base import RandomStart


@dataclass(frozen=True)
class RandomParameters(RandomStart):
    """The parameters themselves drawn at random: weights of a simplex, a probability, variances of any size."""

    name: ClassVar[str] = "random-parameters"
    fits: ClassVar[type] = DrawnParameters

    def begin(self, model: DrawnParameters, prepared: Any) -> Parameters:
        return model.drawn_parameters(prepared, self.generator())
