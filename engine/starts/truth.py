"""A start at the truth."""

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.errors import InputError
from engine.models.base import Model
from engine.parameters import Parameters
from engine.starts.base import Start


@dataclass(frozen=True)
class FromTruth(Start):
    """The parameters from which the data were drawn, where they are known."""

    name: ClassVar[str] = "truth"
    try_it: ClassVar[str] = "See how far the maximum lies from the truth, because the data are but a sample."

    def begin(self, model: Model, prepared: Any) -> Parameters:
        truth = prepared.dataset.truth
        if truth is None or truth.model != model.name:
            raise InputError(
                f"[start]: the truth behind {prepared.dataset.name} is not known as a {model.name}; choose another start."
            )
        for block, noun in (("weights", "components"), ("initial", "states")):
            known = len(truth.parameters[block]) if block in truth.parameters else None
            if known is not None and known != getattr(model, noun, known):
                raise InputError(
                    f"[start]: {prepared.dataset.name} has {known} true {noun}; set {noun} to {known} "
                    "or choose another start."
                )
        return model.accept(prepared, truth.parameters, approximate=True)
