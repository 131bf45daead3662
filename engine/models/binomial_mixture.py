"""The binomial mixture for counts out of a known number of trials."""

from dataclasses import dataclass
from typing import ClassVar

from engine.models.binomial_components import GivenTrials
from engine.settings import setting


@dataclass(frozen=True)
class BinomialMixture(GivenTrials):
    """Successes out of a known number of trials, in one or more columns that are independent within a component.

    Latent is the component of each row. E step: responsibilities; expected counts n_k, successes and failures. M
    step: n_k / n, and in each component the share of successes among its trials. The gradient needs the same
    sums: successes / p - failures / (1 - p). Blischke (1964), J. Amer. Statist. Assoc. 59, 510-528: at least
    2K - 1 trials are needed to tell K components apart.

    The more trials a row has, the more it tells about its component: on 600 rows with probabilities of .3 and .6 EM
    takes some 990 steps at 5 trials, 155 at 10, 17 at 40 and 2 at 200, where L-BFGS takes a dozen every time. Where
    rows differ in their trials a column says how many each has (`trials_column`), for all of its cells.
    """

    name: ClassVar[str] = "binomial-mixture"
    source: ClassVar[str] = "Blischke (1964), J. Amer. Statist. Assoc. 59, 510-528"
    formula: ClassVar[str] = r"""
        f(x_i) = \sum_{k=1}^{K} \pi_k \prod_j {m_i \choose x_{ij}} p_{kj}^{x_{ij}} (1 - p_{kj})^{m_i - x_{ij}}
        \pi_k = \frac{n_k}{n}, \qquad p_{kj} = \frac{\sum_i r_{ik}\, x_{ij}}{\sum_i r_{ik}\, m_i}
        \ell'(p_{kj}) = \frac{\sum_i r_{ik}\, x_{ij}}{p_{kj}} - \frac{\sum_i r_{ik} (m_i - x_{ij})}{1 - p_{kj}}
    """
    blocks: ClassVar[tuple[str, ...]] = ("weights", "probabilities")
    second_block: ClassVar[str] = "probabilities"
    trials_setting: ClassVar[str] = "trials"
    mean_blocks: ClassVar[tuple[str, ...]] = ("probabilities",)

    trials: int = setting(
        10,
        label="Trials",
        help="Out of how many trials each cell counts the successes.",
        minimum=1,
        maximum=1_000_000,
        logarithmic=True,
    )

    @property
    def too_many_successes(self) -> str:
        return f"is more than the {self.trials} trials; set trials to how many there were."

    def probabilities_shape(self, columns: int) -> tuple[int, ...]:
        return (self.components, columns)
