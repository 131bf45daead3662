"""States that give counts: Poisson, independent from column to column."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.accepting import accepted_array
from engine.models.base import Frame, UndefinedLikelihood
from engine.models.counts import (
    LOG_OF_ZERO,
    log_factorial,
    log_with_zero,
    refuse_what_is_no_count,
    without_faint,
)
from engine.models.emission import Emission
from engine.models.mixture import weighted_moments
from engine.parameters import Array, Block, Parameters, Positive, frozen

IMPOSSIBLE = 0.5 * LOG_OF_ZERO
LOWEST_RATE = 0.5
"""A start that is chosen by the program keeps its rates above this: from a rate of 0 nothing leads away."""


class PoissonEmission(Emission):
    """f_k(x) = prod_j lambda_kj^x_j exp(-lambda_kj) / x_j!; rates are in standard deviations of the counts."""

    blocks: ClassVar[tuple[str, ...]] = ("rates",)

    def check(self, dataset: Dataset) -> None:
        refuse_what_is_no_count(dataset, "a Poisson emission")
        for column, name in enumerate(dataset.columns):
            if np.max(dataset.values[:, column]) == 0:
                raise InputError(f"{dataset.name}: column {name!r} holds nothing but zeros; leave it out.")

    def frame(self, dataset: Dataset) -> Frame:
        # The columns stay counts, because the density needs log x!; the rates' block has the scale.
        return Frame(frozen(np.zeros(dataset.dimension)), frozen(np.ones(dataset.dimension)))

    def layout(self, states: int, dataset: Dataset, frame: Frame) -> tuple[Block, ...]:
        mean, deviation = weighted_moments(dataset.values, None)
        scale = np.where(deviation > 0, deviation, np.maximum(mean, 1.0))
        return (Block("rates", (states, dataset.dimension), Positive(), False, np.zeros(()), scale),)

    def features(self, columns: Array) -> Array:
        base = -np.sum(log_factorial(columns), axis=0)
        return np.concatenate((np.ones((1, columns.shape[1])), columns, base[None]))

    def _rates(self, parameters: Parameters) -> Array:
        """(K, d) in counts."""
        block = parameters.layout.by_name["rates"]
        rates = block.unit * parameters["rates"]
        if not np.min(rates) >= 0:
            kind = "left-constraints" if np.all(np.isfinite(rates)) else "not-finite"
            detail = block.support.violation(rates) or "a rate is not finite"
            raise UndefinedLikelihood(kind, detail, parameters)
        return rates

    def _table(self, parameters: Parameters) -> Array:
        """(K, F), whose product with the features is the log density."""
        rates = self._rates(parameters)
        ones = np.ones((len(rates), 1))
        return np.concatenate((-np.sum(rates, axis=1, keepdims=True), log_with_zero(rates), ones), axis=1)

    def log_densities(self, parameters: Parameters, features: Array) -> Array:
        found = np.asarray(self._table(parameters) @ features)
        # A count that a rate of 0 cannot give is impossible, and not only improbable.
        found[found <= IMPOSSIBLE] = -np.inf
        return found

    def gradient(self, sums: Array, parameters: Parameters) -> dict[str, Array]:
        rates, unit = self._rates(parameters), parameters.layout.by_name["rates"].unit
        counts = sums[0, :, :1]
        totals = without_faint(sums[0, :, 1:-1], counts)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(totals > 0, totals / rates, 0.0) - counts
        return {"rates": slope * unit}

    def m_step(self, sums: Array, parameters: Parameters, names: tuple[str, ...]) -> dict[str, Array]:
        if "rates" not in names:
            return {}
        counts, unit = sums[0, :, :1], parameters.layout.by_name["rates"].unit
        empty = counts <= 0
        rates = without_faint(sums[0, :, 1:-1], counts) / np.where(empty, 1.0, counts)
        return {"rates": np.where(empty, parameters["rates"], rates / unit)}

    def expected_log_density(self, sums: Array, parameters: Parameters) -> float:
        return float(np.vdot(self._table(parameters), sums[0]))

    def mean_sums(self, counts: Array, parameters: Parameters) -> Array:
        rates = self._rates(parameters)
        sums = np.zeros((2, len(rates), rates.shape[1] + 2))
        sums[0, :, 0] = counts
        sums[0, :, 1:-1] = counts[:, None] * rates
        return sums

    def solve_information(
        self, sums: Array, parameters: Parameters, gradient: Mapping[str, Array]
    ) -> dict[str, Array]:
        """lambda_k g / n_k, in the units of the block."""
        counts, unit = sums[0, :, :1], parameters.layout.by_name["rates"].unit
        share = np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0)
        return {"rates": share * parameters["rates"] * gradient["rates"] / unit}

    def from_centres(self, blocks: tuple[Block, ...], centres: Array, spread: Array) -> dict[str, Array]:
        return {"rates": blocks[0].in_the_frame(np.maximum(centres, LOWEST_RATE))}

    def accept(
        self, model: str, names: tuple[str, ...], blocks: tuple[Block, ...], values: Mapping[str, Any]
    ) -> dict[str, Array]:
        rates = accepted_array(model, names, values, "rates", blocks[0].shape)
        if np.any(rates < 0):
            raise InputError("[start]: rates must be at least 0.")
        return {"rates": rates}

    def free_dimension(self, name: str, block: Block) -> int:
        return block.size
