"""A mixture of linear regressions: several lines through one cloud, and nobody knows whose row is whose."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.base import Blocks, Expectation, Frame, UndefinedLikelihood
from engine.models.data_checks import place_of_column, refuse_constant_columns
from engine.models.exponential_family import CompleteExponentialFamily, solve_weights
from engine.models.gaussian_moments import moments_about, packing, quadratic_features
from engine.models.mixture import (
    Coefficients,
    Mixture,
    MixturePrepared,
    Places,
    weighted_moments,
    weights_with_signs,
)
from engine.parameters import Array, Block, Layout, Parameters, Real, Simplex, Variance, frozen
from engine.settings import setting
from engine.wording import number_text

LOG_TWO_PI = math.log(2 * math.pi)

COLLAPSED_VARIANCE = 1e-11
"""A variance (in frame units) at or below this is rounding: the line goes through all of its rows."""

LARGEST_FAST_TERM = 1e4
"""Where the terms of the squared residual, over the variance, are larger than this, over 4 digits cancel."""


@dataclass(frozen=True)
class MixtureOfRegressions(Mixture, CompleteExponentialFamily):
    """Rows on a few lines: y = intercept + slopes' x + noise, each component with coefficients of its own.

    Latent is the line of each row. E step: responsibilities from the residuals; statistics n_k, sum r z and sum r zz'
    for the rows z = (x, y). M step: weighted least squares for each line, and the mean squared residual for its
    variance. Gradient: n_k times the covariance of residual and predictor over the variance, from the same sums.
    Quandt & Ramsey (1978); DeSarbo & Cron (1988); what computer science calls a mixture of experts without a gate.

    The predictors are given, not modelled: the log-likelihood is that of the response. A line through no more rows
    than it has coefficients makes it unbounded. From random responsibilities EM takes some 30 steps to two lines that
    cross, and so does L-BFGS; to lines that are far apart it takes 3. From parallel lines, which k-means++ starts with,
    both end in the same poor local maximum where the lines cross.
    """

    name: ClassVar[str] = "mixture-of-regressions"
    source: ClassVar[str] = (
        "Quandt & Ramsey (1978), J. Amer. Statist. Assoc. 73, 730-738; DeSarbo & Cron (1988), J. Classification 5, "
        "249-282"
    )
    formula: ClassVar[str] = r"""
        f(y \mid x) = \sum_{k=1}^{K} \pi_k\, \mathcal{N}(y;\, \alpha_k + \beta_k^\top x,\, \sigma_k^2)
        (\alpha_k, \beta_k) = \arg\min \sum_i r_{ik} (y_i - \alpha_k - \beta_k^\top x_i)^2
        \sigma_k^2 = \frac{1}{n_k} \sum_i r_{ik} (y_i - \alpha_k - \beta_k^\top x_i)^2
    """
    try_it: ClassVar[str] = (
        "Start from k-means++, with parallel lines: EM and the gradient end in the same poor place, far below."
    )
    blocks: ClassVar[tuple[str, ...]] = ("weights", "coefficients", "variances")
    default_start: ClassVar[str] = "random-responsibilities"

    response: str = setting(
        "", label="Response", help="The column that the others explain; not named: the last one."
    )

    def _order(self, dataset: Dataset) -> tuple[int, ...]:
        """Places of the columns with the response last; raises InputError where it is not there."""
        named = self.response
        last = place_of_column(dataset, "response", named) if named else dataset.dimension - 1
        return (*(place for place in range(dataset.dimension) if place != last), last)

    def check(self, dataset: Dataset) -> None:
        super().check(dataset)
        if dataset.dimension < 2:
            raise InputError(
                f"{dataset.name} has one column of numbers; {self.name} needs a response and at least one column that "
                "explains it."
            )
        self._order(dataset)
        refuse_constant_columns(dataset, "it explains nothing and nothing explains it")

    def prepare(self, dataset: Dataset) -> MixturePrepared:
        """Columns with the response as the last one."""
        order = self._order(dataset)
        mean, deviation = weighted_moments(dataset.values[:, order], dataset.row_weights)
        frame = Frame(frozen(mean), frozen(deviation))
        columns = np.array((dataset.values[:, order] - mean).T / deviation[:, None], order="C")
        jacobian = -dataset.total_weight * math.log(float(deviation[-1]))
        d = dataset.dimension
        return self.prepared_from(dataset, frame, columns, 1 + d + d * (d + 1) // 2, jacobian)

    def layout(self, prepared: MixturePrepared) -> Layout:
        """In the frame coefficients begin with the level at the predictors' means, which is reported as intercept."""
        k, frame = self.components, prepared.frame
        mixing = np.eye(1 + _predictors(prepared))
        mixing[0, 1:] = -frame.centre[:-1]
        of_response = float(frame.scale[-1])
        shift = np.concatenate((frame.centre[-1:], np.zeros(_predictors(prepared))))
        unit = np.concatenate(([of_response], of_response / frame.scale[:-1]))
        return Layout(
            (
                Block("weights", (k,), Simplex(), "weights" in self.hold),
                Block(
                    "coefficients",
                    (k, 1 + _predictors(prepared)),
                    Real(),
                    "coefficients" in self.hold,
                    shift,
                    unit,
                    mixing,
                ),
                Block(
                    "variances",
                    (k,),
                    Variance(),
                    "variances" in self.hold,
                    np.zeros(()),
                    np.asarray(of_response**2),
                ),
            )
        )

    def features(self, columns: Array) -> Array:
        return quadratic_features(columns, False)

    def _variances(self, parameters: Parameters) -> Array:
        """(K,); raises UndefinedLikelihood where one is no variance."""
        variances = parameters["variances"]
        if not np.all(np.isfinite(parameters.vector)):
            raise UndefinedLikelihood("not-finite", "a parameter is not finite", parameters)
        worst = int(np.argmin(variances))
        if variances[worst] < 0:
            detail = f"the variance of component {worst + 1} became {number_text(float(variances[worst]))}"
            raise UndefinedLikelihood("left-constraints", detail, parameters)
        if variances[worst] <= COLLAPSED_VARIANCE:
            detail = (
                f"line {worst + 1} goes through all of its rows, where the likelihood grows without bound"
            )
            raise UndefinedLikelihood("collapsed", detail, parameters)
        return variances

    def coefficients(self, parameters: Parameters) -> Coefficients:
        """From the squared residual (y - c - b'x)^2 written in 1, z and zz', with z = (x, y)."""
        variances, lines = self._variances(parameters), parameters["coefficients"]
        log_weights, signs = weights_with_signs(parameters["weights"])
        level = lines[:, :1]
        across = np.concatenate((-lines[:, 1:], np.ones_like(level)), axis=1)
        packed = packing(across.shape[1], False)
        precision = 1.0 / variances[:, None]
        squares = across[:, packed.rows] * across[:, packed.cols] * packed.halves
        constant = log_weights - 0.5 * (np.log(variances) + LOG_TWO_PI + level[:, 0] ** 2 / variances)
        table = np.concatenate((constant[:, None], level * across * precision, squares * precision), axis=1)
        terms = (np.sum(np.square(lines), axis=1) + 1.0) / variances
        exact = tuple(np.flatnonzero(terms > LARGEST_FAST_TERM).tolist())
        return Coefficients(table, log_weights, signs, exact)

    def log_densities(self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]) -> Array:
        variances, lines = self._variances(parameters)[chosen, None], parameters["coefficients"][chosen]
        residuals = columns[-1] - lines[:, :1] - lines[:, 1:] @ columns[:-1]
        return np.asarray(-0.5 * (np.square(residuals) / variances + np.log(variances) + LOG_TWO_PI))

    def _normal_equations(
        self, statistics: Array, parameters: Parameters
    ) -> tuple[Array, Array, Array, Array]:
        """Counts (K,), sum r uu' (K, p + 1, p + 1), sum r u e (K, p + 1) and sum r e^2 (K,) with u = (1, x).

        e are the residuals from the parameters' own lines. Where a line fits well they are small, and so are their
        sums; taken about the line's point at the predictors' means, little cancels.
        """
        lines = parameters["coefficients"]
        k, p = lines.shape[0], lines.shape[1] - 1
        points = np.concatenate((np.zeros((k, p)), lines[:, :1]), axis=1)
        found = moments_about(statistics, points, False)
        gram = np.empty((k, p + 1, p + 1))
        gram[:, 0, 0] = found.counts
        gram[:, 0, 1:] = gram[:, 1:, 0] = found.first[:, :p]
        gram[:, 1:, 1:] = found.second[:, :p, :p]
        slopes = lines[:, 1:, None]
        with_response = np.concatenate((found.first[:, p:], found.second[:, :p, p]), axis=1)
        cross = with_response - (gram[:, :, 1:] @ slopes)[:, :, 0]
        across = np.concatenate((-slopes, np.ones((k, 1, 1))), axis=1)
        squares = (np.swapaxes(across, 1, 2) @ found.second @ across)[:, 0, 0]
        return found.counts, gram, cross, squares

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        variances = self._variances(parameters)
        counts, _, cross, squares = self._normal_equations(expectation.statistics, parameters)
        by_variance = 0.5 * (squares / variances - counts) / variances
        others = {"coefficients": cross / variances[:, None], "variances": by_variance}
        return self.gradient_of(expectation, parameters, others)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        counts, gram, cross, squares = self._normal_equations(statistics, parameters)
        if counts.max() <= 0:
            return parameters
        present = counts > 0
        updated: dict[str, Array] = {}
        if self.moves("weights", free):
            updated["weights"] = counts / np.sum(counts)
        fallen = np.zeros_like(squares)
        if self.moves("coefficients", free):
            moves = np.zeros_like(cross)
            for k in np.flatnonzero(present):
                moves[k] = _least_squares(gram[k], cross[k])
            updated["coefficients"] = parameters["coefficients"] + moves
            fallen = np.einsum("ki,ki->k", moves, 2.0 * cross - np.einsum("kij,kj->ki", gram, moves))
        if self.moves("variances", free):
            means = np.maximum(squares - fallen, 0.0) / np.where(present, counts, 1.0)
            updated["variances"] = np.where(present, means, parameters["variances"])
        return parameters.replaced(updated)

    def mean_statistics(self, prepared: MixturePrepared, parameters: Parameters) -> Array:
        """n pi_k times the moments of (x, y) where x is distributed as in the data, whichever line it is of."""
        lines, variances = parameters["coefficients"], self._variances(parameters)
        share = np.full(prepared.units, 1.0) if prepared.row_weights is None else prepared.row_weights
        share = share / prepared.total_weight
        x = prepared.columns[:-1]
        ones = np.ones((1, x.shape[1]))
        moments = np.concatenate((ones, x)) * share @ np.concatenate((ones, x)).T
        k, d = len(lines), len(prepared.columns)
        packed = packing(d, False)
        table = np.zeros((2, k, prepared.feature_count))
        for component, line in enumerate(lines):
            # Turns (1, x) into (1, x, y without noise).
            onto = np.concatenate((np.eye(d), line[None]))
            whole = onto @ moments @ onto.T
            whole[-1, -1] += variances[component]
            table[0, component, : 1 + d] = whole[0]
            table[0, component, 1 + d :] = whole[1:, 1:][packed.rows, packed.cols]
        table[0] *= prepared.total_weight * parameters["weights"][:, None]
        return table.reshape(-1)

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """sigma^2 (sum r uu')^-1 g for coefficients with u = (1, x), and 2 sigma^4 g / n_k for a variance."""
        places, variances = parameters.layout.places, self._variances(parameters)
        counts, gram, _, _ = self._normal_equations(statistics, parameters)
        moved, weights = np.zeros_like(gradient), parameters["weights"]
        moved[places["weights"]] = solve_weights(weights, gradient[places["weights"]], float(counts.sum()))
        slopes = gradient[places["coefficients"]].reshape(len(counts), -1)
        lines = np.zeros_like(slopes)
        for k in np.flatnonzero(counts > 0):
            lines[k] = variances[k] * _least_squares(gram[k], slopes[k])
        moved[places["coefficients"]] = lines.ravel()
        share = np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0)
        moved[places["variances"]] = 2.0 * share * np.square(variances) * gradient[places["variances"]]
        return moved

    def em_remainder(self, statistics: Array, parameters: Parameters, move: Array) -> Array:
        """A variance is the mean square about the new line, which is lower than that about the old one."""
        places = parameters.layout.places
        remainder = np.zeros_like(move)
        if "variances" in self.hold:
            return remainder
        counts, gram, _, _ = self._normal_equations(statistics, parameters)
        lines = move[places["coefficients"]].reshape(len(counts), -1)
        share = np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0)
        remainder[places["variances"]] = -share * np.einsum("ki,kij,kj->k", lines, gram, lines)
        return remainder

    def component_score(self, parameters: Parameters, columns: Array, k: int) -> tuple[Places, Array]:
        """1/pi_k, u e / sigma^2 with u = (1, x), and (e^2 / sigma^2 - 1) / (2 sigma^2) in the blocks of component k."""
        variance, line = float(self._variances(parameters)[k]), parameters["coefficients"][k]
        m = columns.shape[1]
        residuals = columns[-1] - line[0] - line[1:] @ columns[:-1]
        of_line = np.concatenate((np.ones((1, m)), columns[:-1])) * (residuals / variance)
        of_variance = 0.5 * (np.square(residuals) / variance - 1.0) / variance
        return self.score_of(parameters, k, {"coefficients": of_line, "variances": of_variance[None]})

    def lines_of(self, columns: tuple[str, ...], described: Mapping[str, Array]) -> tuple[Array, int] | None:
        if len(columns) != 2:
            return None
        return described["coefficients"], 1 if self.response == columns[0] else 0

    def axis_names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        response = self.response or columns[-1]
        return ("intercept", *(f"of {name}" for name in columns if name != response))

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return parameters.in_data_units()

    def accept(
        self, prepared: MixturePrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        weights = self.accepted_weights(values)
        lines = self.accepted_array(values, "coefficients", (self.components, 1 + _predictors(prepared)))
        variances = self.accepted_array(values, "variances", (self.components,))
        if np.any(variances <= 0):
            raise InputError("[start]: variances must be above 0.")
        given = {"weights": weights, "coefficients": lines, "variances": variances}
        return self.layout(prepared).pack_data_units(given)

    def from_centres(self, prepared: MixturePrepared, centres: Array, spread: Array) -> Parameters:
        """Lines through the centres, parallel to the one line that fits all rows best."""
        share = np.full(prepared.units, 1.0) if prepared.row_weights is None else prepared.row_weights
        x, y = prepared.columns[:-1], prepared.columns[-1]
        slopes = _least_squares((x * share) @ x.T, (x * share) @ y)
        levels = centres[:, -1] - centres[:, :-1] @ slopes
        lines = np.concatenate((levels[:, None], np.tile(slopes, (self.components, 1))), axis=1)
        weights = np.full(self.components, 1.0 / self.components)
        variances = np.full(self.components, float(spread[-1]))
        return self.layout(prepared).pack({"weights": weights, "coefficients": lines, "variances": variances})

    def free_dimension(self, prepared: MixturePrepared) -> int:
        counted = {
            "weights": self.components - 1,
            "coefficients": self.components * (1 + _predictors(prepared)),
            "variances": self.components,
        }
        return sum(size for name, size in counted.items() if name not in self.hold)


def _predictors(prepared: MixturePrepared) -> int:
    """How many columns explain the response."""
    return len(prepared.columns) - 1


def _least_squares(gram: Array, right: Array) -> Array:
    """The solution of gram x = right, of least length where a line is not determined by its rows."""
    try:
        factor = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(gram, right)[0])
    if np.min(np.diagonal(factor)) <= 1e-7 * np.max(np.diagonal(factor)):
        return np.asarray(np.linalg.lstsq(gram, right)[0])
    return np.asarray(np.linalg.solve(factor.T, np.linalg.solve(factor, right)))
