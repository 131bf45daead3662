"""A start from which nothing can choose."""

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.models.base import Model
from engine.models.mixture import Mixture
from engine.parameters import Parameters
from engine.starts.base import Start, all_alike


@dataclass(frozen=True)
class Symmetric(Start):
    """All components alike, at the data's mean: neither EM nor a gradient can tell them apart."""

    name: ClassVar[str] = "symmetric"

    def choose(self, model: Model, prepared: Any) -> Parameters:
        assert isinstance(model, Mixture)
        return all_alike(model, prepared)
