"""Genetic linkage: four kinds of offspring, of which the first is two kinds that look alike."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.errors import InputError, MissingCells
from engine.models.accepting import accepted_array, refuse_unknown_blocks
from engine.models.base import Blocks, Expectation, Frame, Model, Prepared, UndefinedLikelihood, Units
from engine.models.exponential_family import CompleteExponentialFamily
from engine.models.posterior import EXACT, Posterior
from engine.models.workspace import Workspace
from engine.parameters import Array, Block, Layout, Parameters, UnitInterval, frozen
from engine.wording import counted, number_text

CELLS = 4
LINKED, CROSSED = 1, 2
"""Places of what is expected to have theta / 4 and (1 - theta) / 4 for its probability, behind the one half."""


@dataclass(frozen=True, eq=False)
class LinkagePrepared(Prepared):
    """The cell of each row, `cells` (n,) counted from 0; `columns` (1, n) are the same as numbers."""

    columns: Array
    cells: npt.NDArray[np.intp]
    row_weights: Array | None


@dataclass(frozen=True)
class GeneticLinkage(Model, CompleteExponentialFamily):
    """Offspring in four cells, whose probabilities 1/2 + t/4, (1 - t)/4, (1 - t)/4 and t/4 hang on one number t.

    Two linked genes of two hybrid parents; t is the square of one minus the recombination fraction. Latent is which
    offspring of the first cell are of the part t/4 and which of the part 1/2 that tells nothing. E step: of its n_1
    offspring n_1 t / (2 + t) are expected in the part t/4. M step: t is the share of those and of the fourth cell
    among all but the part 1/2. Gradient: (those and the fourth) / t - (second and third) / (1 - t), from the same
    sums. Rao (1965), Linear Statistical Inference and Its Applications, section 5g; Dempster, Laird & Rubin
    (1977), section 1, who introduce EM by it.

    One column holds the cell, 1 to 4, of each row; how often it was seen is the row weight. The log-likelihood is the
    multinomial one, with its coefficient. EM gains a digit at every step, because 13 % of the information is missing;
    Newton's method and Fisher scoring double the digits, and are there in four steps.
    """

    name: ClassVar[str] = "genetic-linkage"
    source: ClassVar[str] = "Dempster, Laird & Rubin (1977), J. Roy. Statist. Soc. B 39, 1-38"
    formula: ClassVar[str] = r"""
        \left(\frac{1}{2} + \frac{\theta}{4},\; \frac{1-\theta}{4},\; \frac{1-\theta}{4},\; \frac{\theta}{4}\right)
        x = n_1 \frac{\theta}{2 + \theta}, \qquad \theta^{\mathrm{new}} = \frac{x + n_4}{x + n_2 + n_3 + n_4}
        \frac{\mathrm{d}\ell}{\mathrm{d}\theta} = \frac{x + n_4}{\theta} - \frac{n_2 + n_3}{1 - \theta}
    """
    try_it: ClassVar[str] = (
        "Compare EM with Newton's method undamped, both from one half: a digit at a step against twice as many."
    )
    blocks: ClassVar[tuple[str, ...]] = ("theta",)
    holds_counts: ClassVar[bool] = True
    drawn_whole: ClassVar[bool] = True
    default_start: ClassVar[str] = "middle"

    def check(self, dataset: Dataset) -> None:
        if dataset.rows == 0 or dataset.dimension != 1:
            raise InputError(
                f"{dataset.name} has {counted(dataset.dimension, 'column')} of numbers; {self.name} needs one, the cell "
                "of each row from 1 to 4, and how often it was seen as row weight (--columns, --weights-column)."
            )
        if dataset.missing:
            raise MissingCells(
                f"{dataset.name} has {counted(dataset.missing, 'missing cell')}, which {self.name} cannot use; drop "
                "those rows (--drop-missing)."
            )
        values = dataset.values[:, 0]
        wrong = np.flatnonzero(~np.isin(values, np.arange(1, CELLS + 1)))
        if wrong.size:
            value = number_text(float(values[wrong[0]]), 6)
            raise InputError(
                f"{dataset.name}: {value} in row {wrong[0] + 1} of column {dataset.columns[0]!r} is no cell; "
                f"{self.name} needs 1, 2, 3 or 4."
            )

    def prepare(self, dataset: Dataset) -> LinkagePrepared:
        columns = frozen(dataset.values.T)
        cells = columns[0].astype(np.intp) - 1
        cells.setflags(write=False)
        counts = _counted(cells, dataset.row_weights)
        coefficient = math.lgamma(dataset.total_weight + 1.0) - sum(
            math.lgamma(each + 1.0) for each in counts
        )
        return LinkagePrepared(
            dataset,
            Frame(frozen([0.0]), frozen([1.0])),
            dataset.rows,
            dataset.total_weight,
            coefficient,
            columns,
            cells,
            dataset.row_weights,
        )

    def layout(self, prepared: LinkagePrepared) -> Layout:
        return Layout((Block("theta", (), UnitInterval()),))

    def expect(
        self,
        prepared: LinkagePrepared,
        parameters: Parameters,
        workspace: Workspace,
        units: Units = None,
        posterior: Posterior = EXACT,
    ) -> Expectation:
        joint = self._joint(parameters)
        row_weights = prepared.row_weights
        if units is None:
            counts = _counted(prepared.cells, row_weights)
        else:
            counts = _counted(prepared.cells[units], None if row_weights is None else row_weights[units])
        # A cell that nobody fell into may be impossible.
        joint[:, counts == 0] = 0.0
        with np.errstate(invalid="ignore"):
            value, shares = posterior.assign(joint, counts, 0)
        total = float(np.sum(counts))
        log_likelihood = value + prepared.log_jacobian * (total / prepared.total_weight)
        if not math.isfinite(log_likelihood):
            raise UndefinedLikelihood(
                "not-finite", "some offspring are in a cell of probability 0", parameters
            )
        statistics = np.zeros((2, 3))
        statistics[0] = shares[0, 0], shares[1, 0] + shares[1, 3], shares[1, 1] + shares[1, 2]
        statistics.setflags(write=False)
        return Expectation(log_likelihood, statistics.reshape(-1))

    def _theta(self, parameters: Parameters) -> float:
        """Raises UndefinedLikelihood outside [0, 1]."""
        theta = float(parameters["theta"])
        if not 0.0 <= theta <= 1.0:
            kind = "left-constraints" if math.isfinite(theta) else "not-finite"
            detail = f"theta became {number_text(theta)}" if math.isfinite(theta) else "theta is not finite"
            raise UndefinedLikelihood(kind, detail, parameters)
        return theta

    def _joint(self, parameters: Parameters) -> Array:
        """Log probabilities (2, 4) of the cells' parts: the one half, then what depends on theta."""
        theta = self._theta(parameters)
        joint = np.full((2, CELLS), -np.inf)
        joint[0, 0] = math.log(0.5)
        with np.errstate(divide="ignore"):
            joint[1] = np.log(np.array([theta, 1.0 - theta, 1.0 - theta, theta]) / 4.0)
        return joint

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        return self.complete_gradient(expectation.statistics, parameters)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        linked, crossed = float(statistics[LINKED]), float(statistics[CROSSED])
        if linked + crossed <= 0 or (free is not None and "theta" not in free):
            return parameters
        return parameters.replaced({"theta": np.array(linked / (linked + crossed))})

    def expected_log_likelihood(
        self, prepared: LinkagePrepared, statistics: Array, parameters: Parameters
    ) -> float:
        theta = self._theta(parameters)
        half, linked, crossed = (float(each) for each in statistics[:3])
        share = (half + linked + crossed) / prepared.total_weight
        value = half * math.log(0.5) + share * prepared.log_jacobian
        for count, probability in ((linked, theta / 4.0), (crossed, (1.0 - theta) / 4.0)):
            if count > 0:
                value += count * math.log(probability) if probability > 0 else -math.inf
        return value

    def mean_statistics(self, prepared: LinkagePrepared, parameters: Parameters) -> Array:
        """n [1/2, t/2, (1 - t)/2]."""
        theta = self._theta(parameters)
        shares = np.array([0.5, theta / 2.0, (1.0 - theta) / 2.0, 0.0, 0.0, 0.0])
        return np.asarray(prepared.total_weight * shares)

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """t (1 - t) g / (offspring outside the part 1/2)."""
        theta, counts = self._theta(parameters), float(statistics[LINKED] + statistics[CROSSED])
        return np.asarray(theta * (1.0 - theta) / counts * gradient) if counts > 0 else np.zeros(1)

    def complete_gradient(self, statistics: Array, parameters: Parameters) -> Array:
        """linked / t - crossed / (1 - t); a count of 0 pulls nowhere."""
        theta = self._theta(parameters)
        linked, crossed = float(statistics[LINKED]), float(statistics[CROSSED])
        rise = linked / theta if linked > 0 else 0.0
        return np.array([rise - (crossed / (1.0 - theta) if crossed > 0 else 0.0)])

    def missing_information(
        self, prepared: LinkagePrepared, parameters: Parameters, workspace: Workspace
    ) -> Array:
        """n_1 q (1 - q) / t^2, with q the part of the first cell that the part t/4 is."""
        theta = self._theta(parameters)
        first = float(_counted(prepared.cells, prepared.row_weights)[0])
        # q / t, which has a value at t = 0 too.
        ratio = 1.0 / (2.0 + theta)
        return np.array([[first * ratio * (2.0 * ratio) / theta if theta > 0 else math.inf]])

    def expected_information(self, prepared: LinkagePrepared, parameters: Parameters) -> Array:
        """n (1 / (4 (2 + t)) + 1 / (2 (1 - t)) + 1 / (4 t)), (1, 1): see `engine.models.expected_information`."""
        theta = self._theta(parameters)
        with np.errstate(divide="ignore"):
            cells = np.array([0.25, 0.5, 0.25]) / np.array([2.0 + theta, 1.0 - theta, theta])
        return np.array([[prepared.total_weight * float(np.sum(cells))]])

    def responsibilities(self, parameters: Parameters, columns: Array) -> Array:
        """Posterior probabilities (2, m) of the one half and of what depends on theta, at columns (1, m) of cells."""
        joint = self._joint(parameters)[:, columns[0].astype(np.intp) - 1]
        return EXACT.assign(joint, None, 0)[1]

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return {"theta": np.array(parameters["theta"])}

    def accept(
        self, prepared: LinkagePrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        refuse_unknown_blocks(self.name, self.blocks, values)
        theta = accepted_array(self.name, self.blocks, values, "theta", ())
        if not 0.0 <= float(theta) <= 1.0:
            raise InputError("[start]: theta must lie between 0 and 1.")
        return self.layout(prepared).pack({"theta": theta})

    def drawn_parameters(self, prepared: LinkagePrepared, generator: np.random.Generator) -> Parameters:
        """theta drawn evenly from 0 to 1."""
        return self.layout(prepared).pack({"theta": generator.random()})

    def free_dimension(self, prepared: LinkagePrepared) -> int:
        return 1


def _counted(cells: npt.NDArray[np.intp], row_weights: Array | None) -> Array:
    """How many offspring are in each cell, (4,)."""
    return np.bincount(cells, row_weights, CELLS).astype(np.float64)
