"""What mixtures of binomial components share: every cell counts the successes of a known number of trials.

A row's features are its successes and its failures, so that a component without a failure has failures of exactly
0 whatever the order of the sum, and its probability is exactly 1.
"""

import dataclasses
import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.base import Blocks, Expectation, Frame, UndefinedLikelihood, Units
from engine.models.counts import log_factorial, log_with_zero, refuse_what_is_no_count, without_faint
from engine.models.edge_slopes import Edge, edge_slopes
from engine.models.exponential_family import CompleteExponentialFamily, solve_weights
from engine.models.mixture import (
    Coefficients,
    Mixture,
    MixturePrepared,
    Places,
    weighted_moments,
    weights_with_signs,
)
from engine.models.posterior import EXACT, Posterior
from engine.models.workspace import Workspace
from engine.parameters import Array, Block, Layout, Parameters, Simplex, UnitInterval, frozen
from engine.wording import number_text

FARTHEST_START = 0.02
"""A start's probabilities keep this distance from 0 and 1, which EM never leaves."""

MOST_OUTCOMES = 4096
"""Of more different rows than this the information is not summed."""

BELOW_ONE = float(np.nextafter(1.0, 0.0))


@dataclass(frozen=True)
class BinomialComponents(Mixture, CompleteExponentialFamily):
    """Components of independent binomial columns; the block of their probabilities is the second one."""

    second_block: ClassVar[str]
    holds_counts: ClassVar[bool] = True

    @property
    @abstractmethod
    def trials_in_a_cell(self) -> int:
        """How many trials each cell counts the successes of."""

    @abstractmethod
    def probabilities_shape(self, columns: int) -> tuple[int, ...]:
        """The shape of the block of probabilities: K times the number of columns, in whatever arrangement."""

    def check(self, dataset: Dataset) -> None:
        super().check(dataset)
        refuse_what_is_no_count(dataset, self.name)
        if np.max(dataset.values) > self.trials_in_a_cell:
            row, column = np.argwhere(dataset.values > self.trials_in_a_cell)[0]
            value = number_text(float(dataset.values[row, column]), 6)
            raise InputError(
                f"{dataset.name}: {value} in row {row + 1} of column {dataset.columns[column]!r} "
                f"{self.too_many_successes}"
            )

    @property
    @abstractmethod
    def too_many_successes(self) -> str:
        """What is wrong with a cell of more successes than trials, as the end of a sentence."""

    def prepare(self, dataset: Dataset) -> MixturePrepared:
        # The columns stay counts, because probabilities are about counts.
        frame = Frame(frozen(np.zeros(dataset.dimension)), frozen(np.ones(dataset.dimension)))
        columns = np.array(dataset.values.T, order="C")
        features = 1 + 2 * dataset.dimension + (self.trials_in_a_cell > 1)
        return self.prepared_from(dataset, frame, columns, features, 0.0)

    def layout(self, prepared: MixturePrepared) -> Layout:
        shape = self.probabilities_shape(prepared.columns.shape[0])
        return Layout(
            (
                Block("weights", (self.components,), Simplex(), "weights" in self.hold),
                Block(self.second_block, shape, UnitInterval(), self.second_block in self.hold),
            )
        )

    def features(self, columns: Array) -> Array:
        """1, successes, failures and, with more than one trial a cell, the log of the binomial coefficients."""
        failures = self.trials_in_a_cell - columns
        parts = [np.ones((1, columns.shape[1])), columns, failures]
        if self.trials_in_a_cell > 1:
            parts.append(self._log_coefficients(columns)[None])
        return np.concatenate(parts)

    def _log_coefficients(self, columns: Array) -> Array:
        """log of the product over columns of the binomial coefficients, (m,)."""
        trials, failures = np.full((1, 1), float(self.trials_in_a_cell)), self.trials_in_a_cell - columns
        possible = failures >= 0
        logs = (
            log_factorial(trials) - log_factorial(columns) - log_factorial(np.where(possible, failures, 0.0))
        )
        return np.asarray(np.sum(np.where(possible, logs, -np.inf), axis=0))

    def _probabilities(self, parameters: Parameters) -> Array:
        """Probabilities (K, d); raises UndefinedLikelihood outside [0, 1]."""
        probabilities = parameters[self.second_block].reshape(self.components, -1)
        if not (np.min(probabilities) >= 0 and np.max(probabilities) <= 1):
            problem = parameters.layout.by_name[self.second_block].support.violation(probabilities)
            kind = "left-constraints" if np.all(np.isfinite(probabilities)) else "not-finite"
            raise UndefinedLikelihood(kind, problem or "a probability is not finite", parameters)
        return probabilities

    def coefficients(self, parameters: Parameters) -> Coefficients:
        log_weights, signs = weights_with_signs(parameters["weights"])
        probabilities = self._probabilities(parameters)
        parts = [log_weights[:, None], log_with_zero(probabilities), log_with_zero(1.0 - probabilities)]
        if self.trials_in_a_cell > 1:
            parts.append(np.ones((self.components, 1)))
        return Coefficients(np.concatenate(parts, axis=1), log_weights, signs, ())

    def log_densities(self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]) -> Array:
        probabilities = self._probabilities(parameters)[chosen]
        logs = log_with_zero(probabilities) @ columns
        logs += log_with_zero(1.0 - probabilities) @ (self.trials_in_a_cell - columns)
        return logs + self._log_coefficients(columns) if self.trials_in_a_cell > 1 else logs

    def _sums_of(self, statistics: Array) -> tuple[Array, Array, Array]:
        """Counts (K,), expected successes (K, d) and failures (K, d)."""
        sums = statistics.reshape(2, self.components, -1)[0]
        d = (sums.shape[1] - 1) // 2
        successes, failures = sums[:, 1 : 1 + d], sums[:, 1 + d : 1 + 2 * d]
        trials = successes + failures
        return sums[:, 0], without_faint(successes, trials), without_faint(failures, trials)

    def expect(
        self,
        prepared: MixturePrepared,
        parameters: Parameters,
        workspace: Workspace,
        units: Units = None,
        posterior: Posterior = EXACT,
    ) -> Expectation:
        found = super().expect(prepared, parameters, workspace, units, posterior)
        probabilities = parameters[self.second_block].reshape(self.components, -1)
        at_an_edge = (probabilities == 0.0) | (probabilities == 1.0)
        if found.ratios is None or self.second_block in self.hold or not np.any(at_an_edge):
            return found
        places, columns = parameters.layout.places[self.second_block], prepared.columns
        log_factor = self.trials_in_a_cell * math.log(0.5)
        edges, signs = [], []
        for k, j in np.argwhere(at_an_edge).tolist():
            is_zero = probabilities[k, j] == 0.0
            counted = columns[j] if is_zero else self.trials_in_a_cell - columns[j]
            place = places.start + k * probabilities.shape[1] + j
            edges.append(Edge(k, place, counted == 1.0, 0.5, log_factor))
            signs.append(1.0 if is_zero else -1.0)
        slopes = np.zeros(parameters.layout.size)
        slopes[[edge.place for edge in edges]] = np.array(signs) * edge_slopes(
            self, prepared, parameters, edges, units
        )
        slopes.setflags(write=False)
        return dataclasses.replace(found, edges=slopes)

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        probabilities = self._probabilities(parameters)
        _, successes, failures = self._sums_of(expectation.statistics)
        slope = _ratio(successes, probabilities) - _ratio(failures, 1.0 - probabilities)
        return self.gradient_of(expectation, parameters, {self.second_block: slope})

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        counts, successes, failures = self._sums_of(statistics)
        if counts.max() <= 0:
            return parameters
        updated: dict[str, Array] = {}
        if self.moves("weights", free):
            updated["weights"] = counts / np.sum(counts)
        if self.moves(self.second_block, free):
            trials = successes + failures
            old = parameters[self.second_block].reshape(trials.shape)
            found = np.divide(successes, trials, out=np.array(old), where=trials > 0)
            # Rounded to 1, a few failures that are expected all the same would be impossible.
            updated[self.second_block] = np.where(failures > 0, np.minimum(found, BELOW_ONE), found)
        return parameters.replaced(updated)

    def mean_statistics(self, prepared: MixturePrepared, parameters: Parameters) -> Array:
        """n pi_k [1, m p_k, m (1 - p_k)] for m trials a cell; with the binomial coefficients no parameter goes."""
        probabilities = self._probabilities(parameters)
        k, d = probabilities.shape
        table = np.zeros((2, k, prepared.feature_count))
        table[0, :, 0] = prepared.total_weight * parameters["weights"]
        trials = self.trials_in_a_cell * table[0, :, :1]
        table[0, :, 1 : 1 + d] = trials * probabilities
        table[0, :, 1 + d : 1 + 2 * d] = trials * (1.0 - probabilities)
        return table.reshape(-1)

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """p (1 - p) g / (number of trials) for a probability."""
        places, probabilities = parameters.layout.places, self._probabilities(parameters)
        counts, successes, failures = self._sums_of(statistics)
        trials = successes + failures
        share = np.divide(1.0, trials, out=np.zeros_like(trials), where=trials > 0)
        slope = gradient[places[self.second_block]].reshape(probabilities.shape)
        moved, weights = np.empty_like(gradient), parameters["weights"]
        moved[places["weights"]] = solve_weights(weights, gradient[places["weights"]], float(counts.sum()))
        moved[places[self.second_block]] = (share * probabilities * (1.0 - probabilities) * slope).ravel()
        return moved

    def component_score(self, parameters: Parameters, columns: Array, k: int) -> tuple[Places, Array]:
        """1/pi_k and x / p - (m - x) / (1 - p) in the blocks of component k, for m trials a cell."""
        probabilities = np.broadcast_to(self._probabilities(parameters)[k][:, None], columns.shape)
        slopes = _ratio(columns, probabilities)
        slopes -= _ratio(self.trials_in_a_cell - columns, 1.0 - probabilities)
        return self.score_of(parameters, k, {self.second_block: slopes})

    def expected_information(self, prepared: MixturePrepared, parameters: Parameters) -> Array | None:
        """By summing over every row that could be: see `engine.models.expected_information`."""
        outcomes = _all_outcomes(self.trials_in_a_cell, prepared.columns.shape[0])
        if outcomes is None:
            return None
        ratios = self.density_ratios(parameters, outcomes)
        weights, everything = parameters["weights"], np.arange(self.components)
        scores = np.zeros((parameters.layout.size, outcomes.shape[1]))
        scores[parameters.layout.places["weights"]] = ratios
        for k in everything.tolist():
            places, score = self.component_score(parameters, outcomes, k)
            scores[places[1:]] = weights[k] * ratios[k] * score[1:]
        chances = weights @ np.exp(self.log_densities(parameters, outcomes, everything))
        for name in self.hold:
            scores[parameters.layout.places[name]] = 0.0
        information = prepared.total_weight * (scores * chances) @ scores.T
        return np.asarray(0.5 * (information + information.T))

    def moments(self, parameters: Parameters) -> tuple[Array, Array, Array] | None:
        probabilities, trials = self._probabilities(parameters), self.trials_in_a_cell
        variances = trials * probabilities * (1.0 - probabilities)
        return (
            np.array(parameters["weights"]),
            trials * probabilities,
            variances[:, :, None] * np.eye(probabilities.shape[1]),
        )

    def means_of(self, blocks: Mapping[str, Array]) -> Array:
        chances = blocks[self.second_block]
        # Coins have no axis for their only column.
        chances = chances[..., None] if self.probabilities_shape(1) == (self.components,) else chances
        return self.trials_in_a_cell * chances

    def with_mean(self, described: Mapping[str, Array], component: int, mean: Array) -> dict[str, Array]:
        chances = np.array(described[self.second_block])
        inside = np.clip(mean / self.trials_in_a_cell, FARTHEST_START, 1.0 - FARTHEST_START)
        chances.reshape(self.components, -1)[component] = inside
        return {**described, self.second_block: chances}

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return parameters.in_data_units()

    def accept(
        self, prepared: MixturePrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        weights = self.accepted_weights(values)
        shape = self.probabilities_shape(prepared.columns.shape[0])
        probabilities = self.accepted_array(values, self.second_block, shape)
        if np.any((probabilities < 0) | (probabilities > 1)):
            raise InputError(f"[start]: {self.second_block} must lie between 0 and 1.")
        return self.layout(prepared).pack({"weights": weights, self.second_block: probabilities})

    def from_centres(self, prepared: MixturePrepared, centres: Array, spread: Array) -> Parameters:
        """Probabilities half-way between the centres' own and the data's, and never 0 or 1."""
        mean, _ = weighted_moments(prepared.columns.T, prepared.row_weights)
        probabilities = 0.5 * (centres + mean) / self.trials_in_a_cell
        weights = np.full(self.components, 1.0 / self.components)
        inside = np.clip(probabilities, FARTHEST_START, 1.0 - FARTHEST_START)
        return self.layout(prepared).pack({"weights": weights, self.second_block: inside})

    def free_dimension(self, prepared: MixturePrepared) -> int:
        columns = prepared.columns.shape[0]
        counted = {"weights": self.components - 1, self.second_block: self.components * columns}
        return sum(size for name, size in counted.items() if name not in self.hold)


def _all_outcomes(trials: int, columns: int) -> Array | None:
    """Every row that could be, (columns, m); None where they are more than `MOST_OUTCOMES`."""
    if columns * math.log(trials + 1) > math.log(MOST_OUTCOMES):
        return None
    axes = np.meshgrid(*[np.arange(trials + 1.0)] * columns, indexing="ij")
    return np.array([axis.ravel() for axis in axes])


def _ratio(sums: Array, probabilities: Array) -> Array:
    """sums / probabilities, and 0 where there is nothing to share out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums > 0, sums / probabilities, 0.0)
