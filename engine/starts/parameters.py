"""A start given by natural parameters."""

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.models.base import Model
from engine.parameters import Parameters
from engine.settings import setting
from engine.starts.base import Start

Numbers = tuple[float, ...] | None
Rows = tuple[tuple[float, ...], ...] | None


@dataclass(frozen=True)
class GivenParameters(Start):
    """The very parameters that are written here, in the data's units."""

    name: ClassVar[str] = "parameters"

    weights: Numbers = setting(None, label="Weights", help="One for each component; they sum to 1.")
    means: Rows = setting(None, label="Means", help="One row for each component, in the data's units.")
    covariances: Any = setting(
        None, label="Covariances", help="One symmetric matrix for each component, in the data's units."
    )
    rates: Rows = setting(None, label="Rates", help="Poisson: one row of rates for each component.")

    def __post_init__(self) -> None:
        # Lists would make a start that was read from a file differ from the equal one that was written into it.
        object.__setattr__(self, "covariances", _frozen(self.covariances))

    def begin(self, model: Model, prepared: Any) -> Parameters:
        given = {
            name: getattr(self, name)
            for name in ("weights", "means", "covariances", "rates")
            if getattr(self, name) is not None
        }
        return model.accept(prepared, given)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(each) for each in value) if isinstance(value, (list, tuple)) else value
