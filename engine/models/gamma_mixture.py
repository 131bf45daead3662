"""The gamma mixture for positive numbers: an M step without a closed form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.base import Blocks, Expectation, Frame, UndefinedLikelihood
from engine.models.data_checks import refuse_constant_columns
from engine.models.exponential_family import CompleteExponentialFamily, solve_weights
from engine.models.gamma_functions import (
    best_shapes,
    digamma,
    log_gamma,
    log_gamma_remainder,
    trigamma,
    trigamma_less_inverse,
)
from engine.models.mixture import (
    Coefficients,
    Mixture,
    MixturePrepared,
    Places,
    weighted_moments,
    weights_with_signs,
)
from engine.parameters import Array, Block, Layout, Parameters, Positive, Simplex, frozen
from engine.wording import number_text

COLLAPSED_SHAPE = 1e9
"""So narrow a component (its spread is a 30 000th of its mean) sits on a point: the likelihood has no maximum there."""

LARGEST_FAST_SHAPE = 1e3
"""Beyond this the terms of a log-density are so large that over 3 digits cancel."""

SMALLEST_SHAPE, LARGEST_SHAPE = 0.05, 1e4
"""Between these a start chooses a component's shape."""

INNER_STEPS = 50
"""More than an inner Newton method ever needs."""

NEAREST_TO_ZERO = 1e-2
"""A mean that a hand moves stays above this share of what it was."""


@dataclass(frozen=True)
class GammaMixture(Mixture, CompleteExponentialFamily):
    """Waiting times and other positive numbers, in a few kinds that are each gamma distributed.

    Latent is the component of each row. E step: responsibilities; statistics n_k, sum r x and sum r log x. M step: the
    mean of a component is the weighted mean, but its shape a solves log a - digamma(a) = log(mean of x) - mean of
    log x, for which there is no formula: an inner Newton method takes some four steps (Minka 2002). `generalized-em`
    with `inner_steps = 1` takes a single one, and only if Q rises, which climbs as surely. A gradient needs nothing
    new: n_k (log b - digamma(a)) + sum r log x for the shape, n_k a / b - sum r x for the rate.

    Columns are independent within a component. A component that narrows onto one row makes the likelihood unbounded.
    On 600 waiting times that overlap EM takes some 250 steps, and with a single inner step exactly as many, each of
    them cheaper: what it waits for is the responsibilities, not the shapes. L-BFGS takes 26 from the same start.
    """

    name: ClassVar[str] = "gamma-mixture"
    source: ClassVar[str] = (
        "Minka (2002), Estimating a gamma distribution; Wiper, Rios Insua & Ruggeri (2001), J. Comput. Graph. Statist. "
        "10, 440-454"
    )
    formula: ClassVar[str] = r"""
        f(x) = \sum_{k=1}^{K} \pi_k \prod_j \frac{b_{kj}^{a_{kj}}}{\Gamma(a_{kj})} x_j^{a_{kj} - 1} \mathrm{e}^{-b_{kj} x_j}
        \log a - \psi(a) = \log \bar x - \overline{\log x}, \qquad b = \frac{a}{\bar x}
        \frac{\partial \ell}{\partial a} = n_k (\log b - \psi(a)) + \sum_i r_{ik} \log x_i
        \frac{\partial \ell}{\partial b} = n_k \frac{a}{b} - \sum_i r_{ik}\, x_i
    """
    try_it: ClassVar[str] = (
        "Give generalized EM a way of 1 and a single inner step: its curve is hardly another one than EM's."
    )
    blocks: ClassVar[tuple[str, ...]] = ("weights", "shapes", "rates")
    mean_blocks: ClassVar[tuple[str, ...]] = ("shapes", "rates")
    em_is_an_information_step: ClassVar[bool] = False
    m_step_iterates: ClassVar[bool] = True

    def check(self, dataset: Dataset) -> None:
        super().check(dataset)
        wrong = np.argwhere(dataset.values <= 0)
        if wrong.size:
            row, column = wrong[0]
            value = number_text(float(dataset.values[row, column]), 6)
            raise InputError(
                f"{dataset.name}: {value} in row {row + 1} of column {dataset.columns[column]!r} is not positive; "
                f"{self.name} needs numbers above 0."
            )
        refuse_constant_columns(dataset, "a gamma distribution has no spread there")

    def prepare(self, dataset: Dataset) -> MixturePrepared:
        import scipy.special  # noqa: F401  (slow, and no lane is to pay for it at its first step)

        # A positive number has a true zero: columns are divided by their mean and not centred.
        mean, _ = weighted_moments(dataset.values, dataset.row_weights)
        frame = Frame(frozen(np.zeros(dataset.dimension)), frozen(mean))
        columns = np.array(dataset.values.T / mean[:, None], order="C")
        jacobian = -dataset.total_weight * float(np.sum(np.log(mean)))
        return self.prepared_from(dataset, frame, columns, 1 + 2 * dataset.dimension, jacobian)

    def layout(self, prepared: MixturePrepared) -> Layout:
        shape = (self.components, prepared.columns.shape[0])
        return Layout(
            (
                Block("weights", (self.components,), Simplex(), "weights" in self.hold),
                Block("shapes", shape, Positive(), "shapes" in self.hold),
                Block(
                    "rates", shape, Positive(), "rates" in self.hold, np.zeros(()), 1.0 / prepared.frame.scale
                ),
            )
        )

    def features(self, columns: Array) -> Array:
        return np.concatenate((np.ones((1, columns.shape[1])), columns, np.log(columns)))

    def _shapes_and_rates(self, parameters: Parameters) -> tuple[Array, Array]:
        """Both (K, d) in the frame; raises UndefinedLikelihood where a component has no density."""
        for name in ("shapes", "rates"):
            values = parameters[name]
            if not np.all(np.isfinite(values)):
                detail = f"a {name.removesuffix('s')} is not finite"
                raise UndefinedLikelihood("not-finite", detail, parameters)
            if not np.min(values) > 0:
                k, j = np.argwhere(~(values > 0))[0]
                # 0 is in the support, and keeping coordinates may round to it.
                kind = "left-constraints" if values[k, j] < 0 else "not-finite"
                word = name.removesuffix("s")
                detail = f"the {word} of component {k + 1} became {number_text(values[k, j])}"
                raise UndefinedLikelihood(kind, detail, parameters)
        shapes = parameters["shapes"]
        if np.max(shapes) > COLLAPSED_SHAPE:
            k = int(np.argwhere(shapes > COLLAPSED_SHAPE)[0][0])
            detail = f"component {k + 1} narrowed onto a point, where its likelihood grows without end"
            raise UndefinedLikelihood("collapsed", detail, parameters)
        return shapes, parameters["rates"]

    def coefficients(self, parameters: Parameters) -> Coefficients:
        log_weights, signs = weights_with_signs(parameters["weights"])
        shapes, rates = self._shapes_and_rates(parameters)
        constant = log_weights + np.sum(shapes * np.log(rates) - log_gamma(shapes), axis=1)
        table = np.concatenate((constant[:, None], -rates, shapes - 1.0), axis=1)
        exact = tuple(np.flatnonzero(np.max(shapes, axis=1) > LARGEST_FAST_SHAPE).tolist())
        return Coefficients(table, log_weights, signs, exact)

    def log_densities(self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]) -> Array:
        """From the deviations from the mean, which keep their digits where a component is narrow."""
        shapes, rates = self._shapes_and_rates(parameters)
        a, b = shapes[chosen][:, :, None], rates[chosen][:, :, None]
        mean = a / b
        deviation = (columns - mean) / mean
        # a log b - log Gamma(a) + (a - 1) log x - b x, with x = (1 + deviation) a / b.
        at_the_mean = log_gamma_remainder(a)
        away = a * (_log_ratio(columns, mean, deviation) - deviation)
        return np.asarray(np.sum(at_the_mean + away - np.log(columns), axis=1))

    def _averages(self, statistics: Array) -> tuple[Array, Array, Array]:
        """Counts (K,), and the weighted sums of x and log x (K, d)."""
        sums = statistics.reshape(2, self.components, -1)[0]
        d = (sums.shape[1] - 1) // 2
        return sums[:, 0], sums[:, 1 : 1 + d], sums[:, 1 + d :]

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        shapes, rates = self._shapes_and_rates(parameters)
        counts, totals, logs = self._averages(expectation.statistics)
        by_shape = counts[:, None] * (np.log(rates) - digamma(shapes)) + logs
        by_rate = counts[:, None] * shapes / rates - totals
        return self.gradient_of(expectation, parameters, {"shapes": by_shape, "rates": by_rate})

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        return self.partial_m_step(statistics, parameters, free, INNER_STEPS)

    def partial_m_step(
        self, statistics: Array, parameters: Parameters, free: Blocks, steps: int
    ) -> Parameters:
        """The M step with at most so many inner Newton steps for the shapes, which start at the parameters' own."""
        counts, totals, logs = self._averages(statistics)
        if counts.max() <= 0:
            return parameters
        updated: dict[str, Array] = {}
        if self.moves("weights", free):
            updated["weights"] = counts / np.sum(counts)
        present = np.broadcast_to((counts > 0)[:, None], totals.shape)
        whole = np.where(present, counts[:, None], 1.0)
        means, mean_logs = np.where(present, totals / whole, 1.0), np.where(present, logs / whole, -1.0)
        shapes, rates = parameters["shapes"], parameters["rates"]
        if self.moves("shapes", free):
            moving_rates = self.moves("rates", free)
            level = mean_logs - np.log(means) if moving_rates else mean_logs + np.log(rates)
            shapes = np.where(present, best_shapes(shapes, level, moving_rates, steps), shapes)
            updated["shapes"] = shapes
        if self.moves("rates", free):
            updated["rates"] = np.where(present, shapes / means, rates)
        return parameters.replaced(updated)

    def mean_statistics(self, prepared: MixturePrepared, parameters: Parameters) -> Array:
        """n pi_k [1, a / b, digamma(a) - log b]."""
        shapes, rates = self._shapes_and_rates(parameters)
        counts = prepared.total_weight * parameters["weights"][:, None]
        averages = np.concatenate(
            (np.ones_like(counts), shapes / rates, digamma(shapes) - np.log(rates)), axis=1
        )
        table = np.stack((counts * averages, np.zeros_like(averages)))
        return table.reshape(-1)

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """The inverse of [[trigamma(a), -1/b], [-1/b, a/b^2]] times a gradient in (a, b), over n_k."""
        places = parameters.layout.places
        shapes, rates = self._shapes_and_rates(parameters)
        counts = self._averages(statistics)[0]
        share = np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0)[:, None]
        by_shape, by_rate = (gradient[places[name]].reshape(shapes.shape) for name in ("shapes", "rates"))
        curvature = trigamma(shapes)
        moved, weights = np.zeros_like(gradient), parameters["weights"]
        moved[places["weights"]] = solve_weights(weights, gradient[places["weights"]], float(counts.sum()))
        if "shapes" in self.hold or "rates" in self.hold:
            # The gradient in the one that is held is 0.
            moved[places["shapes"]] = (share * by_shape / curvature).ravel()
            moved[places["rates"]] = (share * by_rate * np.square(rates) / shapes).ravel()
            return moved
        # The determinant of the information is (a trigamma(a) - 1) / b^2.
        scale = share / (shapes * trigamma_less_inverse(shapes))
        moved[places["shapes"]] = (scale * (shapes * by_shape + rates * by_rate)).ravel()
        moved[places["rates"]] = (scale * (rates * by_shape + curvature * np.square(rates) * by_rate)).ravel()
        return moved

    def component_score(self, parameters: Parameters, columns: Array, k: int) -> tuple[Places, Array]:
        """1/pi_k, log b - digamma(a) + log x and a / b - x in the blocks of component k."""
        shapes, rates = (each[k][:, None] for each in self._shapes_and_rates(parameters))
        by_shape = np.log(rates) - digamma(shapes) + np.log(columns)
        return self.score_of(parameters, k, {"shapes": by_shape, "rates": shapes / rates - columns})

    def moments(self, parameters: Parameters) -> tuple[Array, Array, Array]:
        described = parameters.in_data_units()
        shapes, rates = described["shapes"], described["rates"]
        variances = shapes / np.square(rates)
        return (
            np.array(parameters["weights"]),
            shapes / rates,
            variances[:, :, None] * np.eye(shapes.shape[1]),
        )

    def means_of(self, blocks: Mapping[str, Array]) -> Array:
        return blocks["shapes"] / blocks["rates"]

    def with_mean(self, described: Mapping[str, Array], component: int, mean: Array) -> dict[str, Array]:
        """The shape stays, and with it how wide the component is for its mean."""
        shapes, rates, here = described["shapes"], np.array(described["rates"]), self.means_of(described)
        rates[component] = shapes[component] / np.maximum(mean, NEAREST_TO_ZERO * here[component])
        return {**described, "rates": rates}

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return parameters.in_data_units()

    def accept(
        self, prepared: MixturePrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        weights = self.accepted_weights(values)
        given = {"weights": weights}
        for name in ("shapes", "rates"):
            given[name] = self.accepted_array(values, name, (self.components, prepared.columns.shape[0]))
            if np.any(given[name] <= 0):
                raise InputError(f"[start]: {name} must be above 0.")
        return self.layout(prepared).pack_data_units(given)

    def from_centres(self, prepared: MixturePrepared, centres: Array, spread: Array) -> Parameters:
        """Means at the centres, and shapes from the moments."""
        shapes = np.clip(np.square(centres) / spread, SMALLEST_SHAPE, LARGEST_SHAPE)
        weights = np.full(self.components, 1.0 / self.components)
        return self.layout(prepared).pack({"weights": weights, "shapes": shapes, "rates": shapes / centres})

    def free_dimension(self, prepared: MixturePrepared) -> int:
        each = self.components * prepared.columns.shape[0]
        counted = {"weights": self.components - 1, "shapes": each, "rates": each}
        return sum(size for name, size in counted.items() if name not in self.hold)


def _log_ratio(values: Array, mean: Array, deviation: Array) -> Array:
    """log(values / mean), by what is exact near 1 where they are near."""
    return np.where(np.abs(deviation) < 0.5, np.log1p(np.maximum(deviation, -0.5)), np.log(values / mean))
