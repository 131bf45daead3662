"""What every latent-variable model shares: its frame, what one E step found, and the interface."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.models.exact_sums import Pair
from engine.models.posterior import EXACT, Posterior
from engine.models.workspace import Workspace
from engine.parameters import Array, Layout, Parameters

Units = npt.NDArray[np.intp] | None
"""Indices of the units (rows) that take part; None means all of them."""
Blocks = tuple[str, ...] | None
"""Names of the parameter blocks that may move; None means all that are not held fixed."""


class UndefinedLikelihood(Exception):
    """The log-likelihood has no value at these parameters.

    `kind` is 'collapsed' (the likelihood is unbounded there), 'left-constraints' or 'not-finite'; `detail`
    says it in words; `parameters` are those that did it.
    """

    def __init__(self, kind: str, detail: str, parameters: Parameters) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.parameters = parameters


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What one E step over some units found; additive over units (Dempster, Laird & Rubin 1977, section 2).

    `statistics` are the expected complete-data sufficient statistics, flat, in the model's frame and never
    centred at the parameters: first all sums, then as many numbers that hold what rounding took from them
    (0 where nothing needs it). Any linear combination of such vectors is one. `ratios` (K,) are the sums over
    rows of w_i f_k(x_i)/f(x_i): the gradient of the log-likelihood in the weights, finite where a weight is 0; where
    several blocks of probabilities choose among the same K, they are (m, K), one row for each of theirs.
    `edges` are slopes towards the inside for numbers that are exactly at the edge of their support, where the
    statistics do not tell them (see `engine.models.edge_slopes`): as many as the parameters have numbers, 0 elsewhere.
    Under another posterior than the exact one `log_likelihood` is the objective that it serves (see
    `engine.models.posterior`) and there are no ratios.
    The entropy of the posterior is not stored: it is `log_likelihood - Q(statistics, parameters)`, see
    `engine.analysis.bound`.
    """

    log_likelihood: float
    statistics: Array
    ratios: Array | None = None
    edges: Array | None = None

    def __add__(self, other: "Expectation") -> "Expectation":
        ratios = None if self.ratios is None or other.ratios is None else self.ratios + other.ratios
        edges = None if self.edges is None or other.edges is None else self.edges + other.edges
        one, two = self.statistics.reshape(2, -1), other.statistics.reshape(2, -1)
        total = Pair(one[0], one[1]) + Pair(two[0], two[1])
        return _frozen(self.log_likelihood + other.log_likelihood, total, ratios, edges)

    def scaled(self, factor: float) -> "Expectation":
        """The same units counted `factor` times."""
        ratios = None if self.ratios is None else factor * self.ratios
        edges = None if self.edges is None else factor * self.edges
        sums = self.statistics.reshape(2, -1)
        return _frozen(factor * self.log_likelihood, Pair(sums[0], sums[1]).times(factor), ratios, edges)


def _frozen(log_likelihood: float, sums: Pair, ratios: Array | None, edges: Array | None) -> Expectation:
    statistics = np.concatenate((sums.high, sums.low))
    for array in (statistics, ratios, edges):
        if array is not None:
            array.setflags(write=False)
    return Expectation(log_likelihood, statistics, ratios, edges)


@dataclass(frozen=True, eq=False)
class Frame:
    """The model's units: z = (x - centre) / scale, column by column; both (d,)."""

    centre: Array
    scale: Array

    def to_frame(self, values: Array) -> Array:
        """Rows (n, d) of data in frame units."""
        return np.asarray((values - self.centre) / self.scale)

    def from_frame(self, values: Array) -> Array:
        """Rows (n, d) in frame units as data."""
        return np.asarray(values * self.scale + self.centre)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A dataset made ready for one model; immutable and shared by all lanes.

    `units` is how many units an E step can be split into; `total_weight` is n, the sum of the row weights;
    `log_jacobian` is what a log-likelihood in frame units lacks to that of the data.
    """

    dataset: Dataset
    frame: Frame
    units: int
    total_weight: float
    log_jacobian: float

    @property
    def cancelling(self) -> float:
        """The size of what cancels in a log-likelihood, summed over the rows (see `engine.roundoff`); mostly nothing."""
        return 0.0


@dataclass(frozen=True)
class Model(ABC):
    """A latent-variable model: densities, E step, M step and gradient, as functions of their arguments."""

    name: ClassVar[str]
    source: ClassVar[str]
    formula: ClassVar[str] = ""
    """LaTeX, one display a line; '' where words are enough."""
    try_it: ClassVar[str] = ""
    """One sentence that says what to try in the window; '' where there is nothing special."""
    blocks: ClassVar[tuple[str, ...]]
    rows_that_sum_to_one: ClassVar[tuple[str, ...]] = ()
    """Blocks beside the weights whose rows are simplexes."""
    holds_counts: ClassVar[bool] = False
    """Whether the data are whole numbers, whose rows stand on a lattice."""
    drawn_whole: ClassVar[bool] = False
    """Whether the picture of the model is its whole likelihood, where that depends on one or two probabilities."""
    likelihood_blocks: ClassVar[tuple[str, ...]] = ()
    """Blocks of positive numbers for which the bound is a poor guide: ECME maximises the log-likelihood over them."""
    default_start: ClassVar[str] = "k-means++"
    """Name of the start that is taken where none is asked for."""
    latents_take_few_values: ClassVar[bool] = True
    """Whether each value of the latent variables has a probability, so that there is a most probable one."""
    needs_rows: ClassVar[bool] = True
    """Whether a covariance matrix of the columns is not enough."""

    @property
    def own_blocks(self) -> tuple[str, ...]:
        """Names of the blocks that there are with these settings; `blocks` has those of all settings."""
        return self.blocks

    @abstractmethod
    def check(self, dataset: Dataset) -> None:
        """Raises InputError, in one sentence, where this model cannot be fitted to the dataset."""

    def suited_to(self, dataset: Dataset) -> Self:
        """This model with what the data themselves tell of settings that are still as they come."""
        return self

    @abstractmethod
    def prepare(self, dataset: Dataset) -> Any:
        """The dataset in the form that the E step wants; call `check` first."""

    @abstractmethod
    def layout(self, prepared: Any) -> Layout:
        """Blocks with supports, the held ones marked."""

    @abstractmethod
    def expect(
        self,
        prepared: Any,
        parameters: Parameters,
        workspace: Workspace,
        units: Units = None,
        posterior: Posterior = EXACT,
    ) -> Expectation:
        """The E step. Raises UndefinedLikelihood where the posterior's objective has no value."""

    @abstractmethod
    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        """Gradient of the log-likelihood in the natural blocks (flat), by Fisher's identity.

        Held blocks have a gradient of 0. A matrix block's gradient G is symmetric with dl = tr(G dX).
        """

    @abstractmethod
    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        """The maximiser of Q(statistics, .) over the blocks in `free`, the others staying as in `parameters`.

        None means every block that is not held fixed; one that is stays, whatever `free` says. A component
        without a count keeps its parameters, but its weight becomes 0; without any count nothing moves.
        """

    @abstractmethod
    def expected_log_likelihood(self, prepared: Any, statistics: Array, parameters: Parameters) -> float:
        """Q: the expected complete-data log-likelihood, a function of the statistics alone."""

    @abstractmethod
    def describe(self, parameters: Parameters) -> dict[str, Array]:
        """Natural parameters by name in the data's units, in the shapes that files and JSON use."""

    def axis_names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """What a component's numbers belong to, for its blocks of several numbers: the columns of the data."""
        return columns

    def report(self, prepared: Any, parameters: Parameters) -> dict[str, Any]:
        """What the field tells beyond the parameters, by name: numbers, and arrays in the data's units; may be empty."""
        return {}

    @abstractmethod
    def accept(self, prepared: Any, values: Mapping[str, Any], approximate: bool = False) -> Parameters:
        """The reverse of `describe`; raises InputError for wrong names, shapes or impossible values.

        With `approximate`, values of a richer model are taken as near as this one can represent them.
        """

    @abstractmethod
    def free_dimension(self, prepared: Any) -> int:
        """How many parameters are free: the number that AIC and BIC charge for."""
