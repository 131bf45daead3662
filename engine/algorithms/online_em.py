"""Online EM: a few rows at a time, in steps that shrink."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.stepwise import StepwiseEM
from engine.parameters import Parameters
from engine.settings import setting

RECENT = 3.0
"""Newest parameters number t have a weight of about t^3 in the average of the recent ones."""


@dataclass(frozen=True)
class OnlineEM(StepwiseEM):
    """Looks at a few rows at a time and moves at once, in steps that shrink as more rows were seen.

    With s the running statistics, s_t those of mini-batch t = 1, 2, ... at the newest parameters:
    s <- s + t^-exponent (s_t - s), theta <- the M step from s (Cappé & Moulines 2009; by mini-batches:
    Liang & Klein 2009). An exponent above 1/2 lets the noise die out, a small one forgets the start sooner. The
    parameters that are reported are an average, which has less noise than the newest ones: of all of them
    (Polyak & Juditsky 1992), or with weights growing as t^3, so that the start fades from it (Shamir & Zhang
    2013, ICML 28, 71-79). One iteration is `updates` mini-batches; it does not stop by itself.

    The right one where the data are many or never end: it comes near the maximum long before EM has finished
    the first passes, but its last digits cost more passes than EM's.
    """

    name: ClassVar[str] = "online-em"
    source: ClassVar[str] = (
        "Cappé & Moulines (2009), J. Roy. Statist. Soc. B 71, 593-613; Liang & Klein (2009), NAACL, 611-619"
    )
    formula: ClassVar[str] = r"""
        s \leftarrow s + t^{-\kappa} \left(s_t - s\right), \qquad \theta_t = \arg\max_\theta Q(s, \theta)
        \bar\theta_t = \bar\theta_{t-1} + \frac{c + 1}{t + c} \left(\theta_t - \bar\theta_{t-1}\right)
    """
    try_it: ClassVar[str] = "Count by passes, with EM beside it, on a hundred thousand rows or more."

    exponent: float = setting(
        0.6,
        label="Step exponent",
        help="The step is the number of the update to the power of minus this; above 0.5 the noise dies out, "
        "at 0 every mini-batch replaces all that was known.",
        minimum=0.0,
        maximum=1.0,
    )
    averaging: str = setting(
        "recent",
        label="Averaging",
        help="Which parameters are averaged to those that are reported: the recent ones, all, or none.",
        choices=("recent", "all", "none"),
    )

    def share(self, update: int) -> float:
        return float((update + 1.0) ** -self.exponent)

    def reported(self, average: Parameters, newest: Parameters, update: int) -> Parameters:
        if self.averaging == "none":
            return newest
        growth = RECENT if self.averaging == "recent" else 0.0
        weight = (growth + 1.0) / (update + 1.0 + growth)
        vector = average.vector + weight * (newest.vector - average.vector)
        vector.setflags(write=False)
        return Parameters(newest.layout, vector)
