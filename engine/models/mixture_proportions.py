"""The proportions of known components: nothing but the weights is fitted."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.accepting import accepted_array, normalised, refuse_unknown_blocks
from engine.models.base import Blocks, Expectation, Frame, Model, Prepared, UndefinedLikelihood, Units
from engine.models.data_checks import refuse_missing_cells
from engine.models.exponential_family import CompleteExponentialFamily, solve_weights
from engine.models.mixture import block_edges, summed, weights_with_signs
from engine.models.posterior import EXACT, Posterior
from engine.models.weight_curvature import weight_curvature
from engine.models.workspace import Workspace
from engine.parameters import Array, Block, Layout, Parameters, Simplex, frozen
from engine.wording import number_text


@dataclass(frozen=True, eq=False)
class ProportionsPrepared(Prepared):
    """The likelihoods, each row divided by its largest, and the fixed partition of the rows into blocks.

    `columns` is (K, n): L transposed and divided; `log_scales` (n,) are the logarithms of what each row was
    divided by; `logs` (K, n) are the divided L times log of the undivided one, with 0 log 0 = 0.
    `row_weights` is (n,) or None, `edges` the first row of each block and n.
    """

    columns: Array
    logs: Array
    log_scales: Array
    row_weights: Array | None
    edges: tuple[int, ...]

    @cached_property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        return tuple(itertools.pairwise(self.edges))


@dataclass(frozen=True)
class MixtureProportions(Model, CompleteExponentialFamily):
    """How much of each known component is in the data: weights only, from a table of likelihoods.

    Latent is the component of each row. Column k of row i is L_ik = f_k(x_i), the density of observation i under
    component k; each row may be multiplied by a constant of its own. f(x_i) = sum_k pi_k L_ik, so the log-likelihood
    is concave in the weights, and every maximum is a global one. E step: r_ik = pi_k L_ik / f(x_i), statistics
    n_k = sum_i w_i r_ik and the one number sum_ik w_i r_ik log L_ik. M step: n_k / n. Gradient: sum_i w_i L_ik / f(x_i),
    which at the maximum is n where a weight is above 0 and at most n where it is 0 (Karush, Kuhn and Tucker).

    Kim, Carbonetto, Stephens & Anitescu (2020), J. Comput. Graph. Statist. 29, 261-273; as a mixing
    distribution on a grid: Kiefer & Wolfowitz (1956), Koenker & Mizera (2014).

    The right one where the components are known and only their shares are asked for: many components, most of
    them with a weight of exactly 0 at the maximum, so that EM crawls and constraints matter. With twenty components of
    which sixteen are to be 0, EM is 0.09 below the maximum after 1500 steps, and a quadratic program is there in 8.
    """

    name: ClassVar[str] = "mixture-proportions"
    source: ClassVar[str] = (
        "Kim, Carbonetto, Stephens & Anitescu (2020), J. Comput. Graph. Statist. 29, 261-273"
    )
    formula: ClassVar[str] = r"""
        \ell(\pi) = \sum_{i} w_i \log \sum_{k=1}^{K} \pi_k L_{ik}, \qquad \pi_k \ge 0, \quad \sum_k \pi_k = 1
        \pi_k^{\mathrm{new}} = \frac{\pi_k}{n} \sum_i \frac{w_i L_{ik}}{\sum_j \pi_j L_{ij}}
        \frac{\partial\ell}{\partial\pi_k} \le n, \qquad \pi_k > 0 \;\Rightarrow\; \frac{\partial\ell}{\partial\pi_k} = n
    """
    blocks: ClassVar[tuple[str, ...]] = ("weights",)
    default_start: ClassVar[str] = "uniform"

    def check(self, dataset: Dataset) -> None:
        name, values = dataset.name, dataset.values
        if dataset.rows == 0 or dataset.dimension < 2:
            raise InputError(
                f"{name} has {dataset.rows} rows and {dataset.dimension} columns of numbers; {self.name} needs "
                "one column of likelihoods for each of at least two components."
            )
        refuse_missing_cells(dataset, self.name)
        wrong = np.argwhere(~((values >= 0) & (values < np.inf)))
        if wrong.size:
            row, column = wrong[0]
            value = number_text(float(values[row, column]), 6)
            raise InputError(
                f"{name}: {value} in row {row + 1} of column {dataset.columns[column]!r} is no likelihood; {self.name} "
                "needs finite numbers of at least 0, one column for each component "
                "(likelihoods themselves, not their logarithms)."
            )
        empty = np.flatnonzero(~np.any(values > 0, axis=1))
        if empty.size:
            raise InputError(
                f"{name}: row {empty[0] + 1} is 0 in every column, so no component can have produced it; leave the "
                "row out or add a component that can."
            )

    def prepare(self, dataset: Dataset) -> ProportionsPrepared:
        largest = np.max(dataset.values, axis=1)
        columns = np.array((dataset.values / largest[:, None]).T, order="C")
        log_scales = np.log(largest)
        logs = columns * (np.log(np.where(columns > 0, columns, 1.0)) + log_scales)
        for array in (columns, logs, log_scales):
            array.setflags(write=False)
        return ProportionsPrepared(
            dataset,
            Frame(frozen(np.zeros(dataset.dimension)), frozen(np.ones(dataset.dimension))),
            dataset.rows,
            dataset.total_weight,
            0.0,
            columns,
            logs,
            log_scales,
            dataset.row_weights,
            block_edges(dataset.rows, 2 * dataset.dimension, 1),
        )

    def layout(self, prepared: ProportionsPrepared) -> Layout:
        return Layout((Block("weights", (len(prepared.columns),), Simplex()),))

    def expect(
        self,
        prepared: ProportionsPrepared,
        parameters: Parameters,
        workspace: Workspace,
        units: Units = None,
        posterior: Posterior = EXACT,
    ) -> Expectation:
        columns, logs, scales = prepared.columns, prepared.logs, prepared.log_scales
        counts, blocks = prepared.row_weights, prepared.blocks
        if units is not None:
            columns, logs, scales = columns[:, units], logs[:, units], scales[units]
            counts = None if counts is None else counts[units]
            blocks = tuple(itertools.pairwise(block_edges(len(units), 2 * len(columns), 1)))
        weights, exact = parameters["weights"], posterior == EXACT
        if not exact and np.min(weights) < 0:
            raise self._undefined(prepared, parameters)

        def work(index: int) -> tuple[float, Array]:
            first, last = blocks[index]
            part = None if counts is None else counts[first:last]
            if exact:
                return _exact_sums(
                    weights, columns[:, first:last], logs[:, first:last], scales[first:last], part
                )
            return _sums_under(posterior, weights, columns[:, first:last], scales[first:last], part, index)

        results = workspace.over_blocks(work, len(blocks), columns.shape[1])
        log_likelihood = math.fsum(each[0] for each in results)
        if not math.isfinite(log_likelihood):
            raise self._undefined(prepared, parameters)
        sums = summed([each[1] for each in results])
        if not exact:
            sums.setflags(write=False)
            return Expectation(log_likelihood, sums.reshape(-1))
        ratios = sums[0, : len(weights)]
        statistics = np.zeros((2, len(weights) + 1))
        statistics[0, :-1] = weights * ratios
        statistics[0, -1] = np.dot(weights, sums[0, len(weights) :])
        statistics.setflags(write=False)
        ratios.setflags(write=False)
        return Expectation(log_likelihood, statistics.reshape(-1), ratios)

    def _undefined(self, prepared: ProportionsPrepared, parameters: Parameters) -> UndefinedLikelihood:
        weights = parameters["weights"]
        if not np.all(np.isfinite(weights)):
            return UndefinedLikelihood("not-finite", "a weight is not finite", parameters)
        density = weights @ prepared.columns
        row, lowest = int(np.argmin(density)), int(np.argmin(weights))
        if weights[lowest] < 0:
            value = number_text(float(weights[lowest]))
            detail = f"weight {lowest + 1} is {value} and the mixture's density is negative at some points"
            return UndefinedLikelihood("left-constraints", detail, parameters)
        detail = f"row {row + 1} has a density of 0 under every component that has a weight"
        return UndefinedLikelihood("not-finite", detail, parameters)

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        assert expectation.ratios is not None
        return np.array(expectation.ratios)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        counts = statistics.reshape(2, -1)[0, :-1]
        total = float(np.sum(counts))
        if total <= 0 or (free is not None and "weights" not in free):
            return parameters
        return parameters.replaced({"weights": counts / total})

    def mean_statistics(self, prepared: ProportionsPrepared, parameters: Parameters) -> Array:
        """n pi_k; with the sum of r log L no parameter goes."""
        table = np.zeros((2, len(prepared.columns) + 1))
        table[0, :-1] = prepared.total_weight * parameters["weights"]
        return table.reshape(-1)

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """(diag pi - pi pi') / n times the gradient."""
        counts = statistics.reshape(2, -1)[0, :-1]
        return solve_weights(parameters["weights"], gradient, float(np.sum(counts)))

    def complete_gradient(self, statistics: Array, parameters: Parameters) -> Array:
        """n_k / pi_k, and 0 for a weight of 0."""
        weights = parameters["weights"]
        counts = statistics.reshape(2, -1)[0, :-1]
        return np.divide(counts, weights, out=np.zeros_like(weights), where=weights != 0)

    def missing_information(
        self, prepared: ProportionsPrepared, parameters: Parameters, workspace: Workspace
    ) -> Array:
        """Of each row diag(m / pi) - mm' with m_k = L_k / f: the score of component k is 1 / pi_k."""
        curvature, weights = weight_curvature(self, prepared, parameters, workspace), parameters["weights"]
        # sum_l pi_l m_l = 1, so the rows' sums of m are the curvature's product with the weights.
        ratios = curvature @ weights
        own = np.divide(ratios, weights, out=np.zeros_like(weights), where=weights > 0)
        return np.asarray(np.diag(own) - curvature)

    def expected_log_likelihood(
        self, prepared: ProportionsPrepared, statistics: Array, parameters: Parameters
    ) -> float:
        sums = statistics.reshape(2, -1)[0]
        counts, log_weights = sums[:-1], weights_with_signs(parameters["weights"])[0]
        present = counts != 0
        return float(np.dot(counts[present], log_weights[present]) + sums[-1])

    def responsibilities(self, parameters: Parameters, columns: Array) -> Array:
        """Posterior probabilities (K, m) of the components at columns (K, m) of likelihoods."""
        return parameters["weights"][:, None] * self.density_ratios(parameters, columns)

    def density_ratios(self, parameters: Parameters, columns: Array) -> Array:
        """f_k(x)/f(x), (K, m), at columns (K, m) of likelihoods: finite where a weight is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(columns / (parameters["weights"] @ columns))

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return parameters.in_data_units()

    def accept(
        self, prepared: ProportionsPrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        refuse_unknown_blocks(self.name, self.blocks, values)
        shape = (len(prepared.columns),)
        weights = normalised(accepted_array(self.name, self.blocks, values, "weights", shape))
        return self.layout(prepared).pack({"weights": weights})

    def drawn_parameters(self, prepared: ProportionsPrepared, generator: np.random.Generator) -> Parameters:
        """Weights drawn evenly from the whole simplex."""
        layout = self.layout(prepared)
        return layout.pack({"weights": generator.dirichlet(np.ones(layout.size))})

    def free_dimension(self, prepared: ProportionsPrepared) -> int:
        return len(prepared.columns) - 1


def _exact_sums(
    weights: Array, columns: Array, logs: Array, scales: Array, counts: Array | None
) -> tuple[float, Array]:
    """Log-likelihood of a block of rows, and sums (2, 2K) over it of w/f times L and L log L, with no rest."""
    density = weights @ columns
    if counts is not None:
        # A row that counts for nothing may be impossible.
        density[counts == 0] = 1.0
    sums = np.zeros((2, 2 * len(weights)))
    # Where there is no density the caller finds out by the sum of its logarithms.
    with np.errstate(divide="ignore", invalid="ignore"):
        log_density = np.log(density) + scales
        log_likelihood = float(np.sum(log_density) if counts is None else np.dot(counts, log_density))
        shares = (1.0 if counts is None else counts) / density
        sums[0, : len(weights)] = columns @ shares
        sums[0, len(weights) :] = logs @ shares
    return log_likelihood, sums


def _sums_under(
    posterior: Posterior, weights: Array, columns: Array, scales: Array, counts: Array | None, part: int
) -> tuple[float, Array]:
    """The objective of a posterior for a block of rows, and its statistics (2, K + 1)."""
    with np.errstate(divide="ignore"):
        densities = np.log(columns) + scales
        joint = np.log(weights)[:, None] + densities
    if counts is not None:
        joint[:, counts == 0] = 0.0
    objective, shares = posterior.assign(joint, counts, part)
    statistics = np.zeros((2, len(weights) + 1))
    statistics[0, :-1] = np.sum(shares, axis=1)
    statistics[0, -1] = np.vdot(np.where(shares > 0, densities, 0.0), shares)
    return objective, statistics
