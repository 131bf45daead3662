"""What mixtures of binomial components share: every cell counts the successes of a known number of trials.

There are as many trials in every row, or a column of the data says how many: then it is the last of the prepared ones.
A row's features are its successes and its failures, so that a component without a failure has failures of exactly
0 whatever the order of the sum, and its probability is exactly 1.
"""

import dataclasses
import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.base import Blocks, Expectation, Frame, UndefinedLikelihood, Units
from engine.models.counts import (
    log_factorial,
    log_with_zero,
    refuse_impossible,
    refuse_what_is_no_count,
    without_faint,
)
from engine.models.data_checks import place_of_column
from engine.models.edge_slopes import Edges, with_edge_slopes
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
from engine.settings import setting, settings_of
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
        """How many trials each cell counts the successes of, where no column says so."""

    @property
    def column_of_trials(self) -> str:
        """Name of the column that says how many trials each row has; '' where all have as many."""
        return ""

    @abstractmethod
    def probabilities_shape(self, columns: int) -> tuple[int, ...]:
        """The shape of the block of probabilities: K times the number of columns, in whatever arrangement."""

    def check(self, dataset: Dataset) -> None:
        super().check(dataset)
        refuse_what_is_no_count(dataset, self.name)
        successes, trials = self.split(self._in_order(dataset))
        if not len(successes):
            raise InputError(
                f"{dataset.name} has one column of numbers; with trials_column = {self.column_of_trials!r} {self.name} "
                "needs another one, of what is counted."
            )
        if np.min(trials) < 1:
            row = int(np.argmin(trials[0]))
            raise InputError(
                f"{dataset.name}: 0 in row {row + 1} of column {self.column_of_trials!r} leaves no trial to count; leave "
                "the row out."
            )
        if np.any(successes > trials):
            row, column = np.argwhere((successes > trials).T)[0]
            value = number_text(float(successes[column, row]), 6)
            wrong = self.too_many_successes
            if self.column_of_trials:
                most = number_text(float(trials[0, row]), 6)
                wrong = f"is more than the {most} of column {self.column_of_trials!r}; correct it."
            name = self.axis_names(dataset.columns)[column]
            raise InputError(f"{dataset.name}: {value} in row {row + 1} of column {name!r} {wrong}")

    @property
    @abstractmethod
    def too_many_successes(self) -> str:
        """What is wrong with a cell of more successes than trials, as the end of a sentence."""

    def _in_order(self, dataset: Dataset) -> Array:
        """The columns (d, n), that of the trials last where there is one; raises InputError where it is not there."""
        columns = dataset.values.T
        if not self.column_of_trials:
            return columns
        last = place_of_column(dataset, "trials_column", self.column_of_trials)
        return columns[[*(place for place in range(len(columns)) if place != last), last]]

    def split(self, columns: Array) -> tuple[Array, Array]:
        """Successes (d, m) and trials, (1, m) or (1, 1), of prepared columns."""
        if self.column_of_trials:
            return columns[:-1], columns[-1:]
        return columns, np.full((1, 1), float(self.trials_in_a_cell))

    def _counted_columns(self, prepared: MixturePrepared) -> int:
        """How many columns count successes."""
        return len(prepared.columns) - bool(self.column_of_trials)

    @property
    def _has_coefficients(self) -> bool:
        """Whether some binomial coefficient is not 1."""
        return bool(self.column_of_trials) or self.trials_in_a_cell > 1

    def prepare(self, dataset: Dataset) -> MixturePrepared:
        """Columns as they are, because probabilities are about counts; that of the trials last."""
        columns = np.array(self._in_order(dataset), order="C")
        count = len(columns)
        frame = Frame(frozen(np.zeros(count)), frozen(np.ones(count)))
        features = 1 + 2 * (count - bool(self.column_of_trials)) + self._has_coefficients
        whole = not self._has_coefficients
        return self.prepared_from(dataset, frame, columns, features, 0.0, features_are_bytes=whole)

    def axis_names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in columns if name != self.column_of_trials)

    def layout(self, prepared: MixturePrepared) -> Layout:
        shape = self.probabilities_shape(self._counted_columns(prepared))
        return Layout(
            (
                Block("weights", (self.components,), Simplex(), "weights" in self.hold),
                Block(self.second_block, shape, UnitInterval(), self.second_block in self.hold),
            )
        )

    def features(self, columns: Array) -> Array:
        """1, successes, failures and, with more than one trial a cell, the log of the binomial coefficients."""
        successes, trials = self.split(columns)
        parts = [np.ones((1, columns.shape[1])), successes, trials - successes]
        if self._has_coefficients:
            parts.append(self._log_coefficients(columns)[None])
        return np.concatenate(parts)

    def _log_coefficients(self, columns: Array) -> Array:
        """log of the product over columns of the binomial coefficients, (m,)."""
        successes, trials = self.split(columns)
        failures = trials - successes
        possible = failures >= 0
        logs = (
            log_factorial(trials)
            - log_factorial(successes)
            - log_factorial(np.where(possible, failures, 0.0))
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
        if self._has_coefficients:
            parts.append(np.ones((self.components, 1)))
        return Coefficients(np.concatenate(parts, axis=1), log_weights, signs, ())

    def log_densities(self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]) -> Array:
        probabilities = self._probabilities(parameters)[chosen]
        successes, trials = self.split(columns)
        logs = log_with_zero(probabilities) @ successes
        logs += log_with_zero(1.0 - probabilities) @ (trials - successes)
        return logs + self._log_coefficients(columns) if self._has_coefficients else logs

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
        components, of_columns = np.nonzero(at_an_edge)
        first = parameters.layout.places[self.second_block].start
        is_zero = probabilities[at_an_edge] == 0.0

        def happened(columns: Array) -> Array:
            successes, trials = self.split(columns)
            return np.where(is_zero[:, None], successes[of_columns], trials - successes[of_columns])

        def log_factor(columns: Array) -> Array:
            return np.asarray(math.log(0.5) * self.split(columns)[1][0])

        edges = Edges(
            components,
            first + components * probabilities.shape[1] + of_columns,
            np.full(len(components), 0.5),
            np.where(is_zero, 1.0, -1.0),
            happened,
            log_factor,
        )
        return with_edge_slopes(found, self, prepared, parameters, edges, units, workspace)

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        probabilities = self._probabilities(parameters)
        _, successes, failures = self._sums_of(expectation.statistics)
        refuse_impossible(successes, probabilities, parameters)
        refuse_impossible(failures, 1.0 - probabilities, parameters)
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
        """n pi_k [1, m p_k, m (1 - p_k)] for m trials a cell, on average where they differ from row to row.

        With the binomial coefficients no parameter goes.
        """
        probabilities = self._probabilities(parameters)
        k, d = probabilities.shape
        table = np.zeros((2, k, prepared.feature_count))
        table[0, :, 0] = prepared.total_weight * parameters["weights"]
        trials = self._mean_trials(prepared) * table[0, :, :1]
        table[0, :, 1 : 1 + d] = trials * probabilities
        table[0, :, 1 + d : 1 + 2 * d] = trials * (1.0 - probabilities)
        return table.reshape(-1)

    def _mean_trials(self, prepared: MixturePrepared) -> float:
        _, trials = self.split(prepared.columns)
        share = None if trials.size == 1 else prepared.row_weights
        return float(np.average(trials[0], weights=share))

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
        successes, trials = self.split(columns)
        probabilities = np.broadcast_to(self._probabilities(parameters)[k][:, None], successes.shape)
        slopes = _ratio(successes, probabilities)
        slopes -= _ratio(trials - successes, 1.0 - probabilities)
        return self.score_of(parameters, k, {self.second_block: slopes})

    def expected_information(self, prepared: MixturePrepared, parameters: Parameters) -> Array | None:
        """By summing over every row that could be: see `engine.models.expected_information`."""
        possible = self._outcomes(prepared)
        if possible is None:
            return None
        outcomes, shares = possible
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
        information = prepared.total_weight * (scores * (shares * chances)) @ scores.T
        return np.asarray(0.5 * (information + information.T))

    def _outcomes(self, prepared: MixturePrepared) -> tuple[Array, Array] | None:
        """Every row that could be, as prepared columns (d, m), and what share of the data's rows has its trials (m,).

        None where they are more than `MOST_OUTCOMES`.
        """
        columns = self._counted_columns(prepared)
        if not self.column_of_trials:
            outcomes = _all_outcomes(self.trials_in_a_cell, columns)
            return None if outcomes is None else (outcomes, np.ones(outcomes.shape[1]))
        numbers, places = np.unique(prepared.columns[-1], return_inverse=True)
        if len(numbers) > MOST_OUTCOMES:
            return None
        of_number = [_all_outcomes(int(number), columns) for number in numbers]
        found = [each for each in of_number if each is not None]
        if len(found) < len(of_number) or sum(each.shape[1] for each in found) > MOST_OUTCOMES:
            return None
        rows = np.bincount(places.ravel(), prepared.row_weights, len(numbers))
        sizes = [each.shape[1] for each in found]
        with_trials = np.concatenate((np.concatenate(found, axis=1), np.repeat(numbers, sizes)[None]))
        return with_trials, np.repeat(rows / prepared.total_weight, sizes)

    def moments(self, parameters: Parameters) -> tuple[Array, Array, Array] | None:
        """None where rows differ in their trials: a component is a line through the origin then."""
        if self.column_of_trials:
            return None
        probabilities, trials = self._probabilities(parameters), self.trials_in_a_cell
        variances = trials * probabilities * (1.0 - probabilities)
        return (
            np.array(parameters["weights"]),
            trials * probabilities,
            variances[:, :, None] * np.eye(probabilities.shape[1]),
        )

    def lines_of(self, columns: tuple[str, ...], described: Mapping[str, Array]) -> tuple[Array, int] | None:
        if not self.column_of_trials or len(columns) != 2:
            return None
        slopes = described[self.second_block].reshape(-1, 1)
        lines = np.concatenate((np.zeros_like(slopes), slopes), axis=1)
        return lines, columns.index(self.column_of_trials)

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
        shape = self.probabilities_shape(self._counted_columns(prepared))
        probabilities = self.accepted_array(values, self.second_block, shape)
        if np.any((probabilities < 0) | (probabilities > 1)):
            raise InputError(f"[start]: {self.second_block} must lie between 0 and 1.")
        return self.layout(prepared).pack({"weights": weights, self.second_block: probabilities})

    def from_centres(self, prepared: MixturePrepared, centres: Array, spread: Array) -> Parameters:
        """Probabilities between the centres' own and the data's, and never 0 or 1.

        The data's count like the trials of an average row, so half for a centre that has as many: one of more trials
        keeps more of its own.
        """
        mean, _ = weighted_moments(prepared.columns.T, prepared.row_weights)
        successes, trials = self.split(centres.T)
        usual, usual_trials = self.split(mean[:, None])
        probabilities = ((successes + usual) / (trials + usual_trials)).T
        weights = np.full(self.components, 1.0 / self.components)
        inside = np.clip(probabilities, FARTHEST_START, 1.0 - FARTHEST_START)
        return self.layout(prepared).pack({"weights": weights, self.second_block: inside})

    def free_dimension(self, prepared: MixturePrepared) -> int:
        columns = self._counted_columns(prepared)
        counted = {"weights": self.components - 1, self.second_block: self.components * columns}
        return sum(size for name, size in counted.items() if name not in self.hold)


@dataclass(frozen=True)
class GivenTrials(BinomialComponents):
    """Binomial components whose trials are given: one number for all rows, or a column of the data."""

    trials_setting: ClassVar[str]
    """Name of the setting that says how many trials all rows have."""

    trials_column: str = setting(
        "",
        label="Trials column",
        help="The column that says how many trials each row has, where not all have as many; not named: none does.",
    )

    @property
    def trials_in_a_cell(self) -> int:
        trials: int = getattr(self, self.trials_setting)
        return trials

    @property
    def column_of_trials(self) -> str:
        return self.trials_column

    def suited_to(self, dataset: Dataset) -> Self:
        """With as many trials as there are successes somewhere, where that is more and no column tells them."""
        most = float(np.max(dataset.values, initial=0.0))
        known = next(each for each in settings_of(type(self)) if each.name == self.trials_setting)
        if self.trials_column or not self.trials_in_a_cell < most <= (known.maximum or 0):
            return self
        changed: dict[str, Any] = {self.trials_setting: math.ceil(most)}
        return dataclasses.replace(self, **changed)


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
