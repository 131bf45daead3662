"""A start given by natural parameters."""

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.models.base import Model
from engine.parameters import Parameters
from engine.settings import setting, settings_of
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
    rates: Rows = setting(None, label="Rates", help="Poisson and gamma: one row of rates for each component.")
    shapes: Rows = setting(None, label="Shapes", help="Gamma: one row of shapes for each component.")
    coefficients: Rows = setting(
        None, label="Coefficients", help="Regressions: for each component its intercept, then its slopes."
    )
    variances: Numbers = setting(
        None, label="Variances", help="Regressions: the residual variance of each component."
    )
    scales: Any = setting(
        None,
        label="Scales",
        help="Student t: one symmetric scale matrix for each component, in the data's units.",
    )
    degrees_of_freedom: Numbers = setting(
        None, label="Degrees of freedom", help="Student t: one number above 0 for each component."
    )
    probabilities: Rows = setting(
        None, label="Probabilities", help="Of answers, successes or columns: one row for each component."
    )
    initial: Numbers = setting(
        None, label="Initial", help="Hidden Markov: the probability of each state at the start of a sequence."
    )
    transitions: Rows = setting(
        None,
        label="Transitions",
        help="Hidden Markov: for each state one row of probabilities, where it leads to.",
    )
    observation_variance: float | None = setting(
        None, label="Observation variance", help="State space: the variance of the noise.", above=0.0
    )
    level_variance: float | None = setting(
        None, label="Level variance", help="State space: the variance of the level's steps.", above=0.0
    )
    slope_variance: float | None = setting(
        None, label="Slope variance", help="State space: the variance of the slope's steps.", above=0.0
    )
    heads: Numbers = setting(None, label="Heads", help="Coins: the probability of heads for each coin.")
    mean: Numbers = setting(
        None, label="Mean", help="Factors: one number a column; the data's own where it is left out."
    )
    loadings: Any = setting(
        None,
        label="Loadings",
        help="Factors: for each column one number a factor, in the data's units; of a mixture one table a component.",
    )
    uniquenesses: Any = setting(
        None,
        label="Uniquenesses",
        help="Factor analysis: the variance of each column's own noise; of a mixture one row a component.",
    )
    variance: float | None = setting(
        None, label="Variance", help="Probabilistic PCA: the variance of the noise.", minimum=0.0
    )
    theta: float | None = setting(
        None, label="Theta", help="Genetic linkage: the probability that is asked for, from 0 to 1."
    )

    def __post_init__(self) -> None:
        # Lists would make a start that was read from a file differ from the equal one that was written into it.
        for name in ("covariances", "scales", "loadings", "uniquenesses"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))

    def begin(self, model: Model, prepared: Any) -> Parameters:
        names = [each.name for each in settings_of(type(self))]
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return model.accept(prepared, given)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(each) for each in value) if isinstance(value, (list, tuple)) else value
