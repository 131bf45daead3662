"""A start from which nothing can choose."""

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.models.centres import FromCentres
from engine.parameters import Parameters
from engine.starts.base import Start, all_alike


@dataclass(frozen=True)
class Symmetric(Start):
    """All components alike, at the data's mean: neither EM nor a gradient can tell them apart."""

    name: ClassVar[str] = "symmetric"
    try_it: ClassVar[str] = "Move one mean by a little: what could not choose now leaves the middle at once."
    fits: ClassVar[type] = FromCentres

    def begin(self, model: FromCentres, prepared: Any) -> Parameters:
        return all_alike(model, prepared)
