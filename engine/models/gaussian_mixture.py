"""The Gaussian mixture, with full, diagonal, spherical or tied covariances."""

import dataclasses
import functools
import math
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
from engine.models.gaussian_missing_cells import GaussianMissingCells
from engine.models.gaussian_moments import (
    averages_of,
    moments_about,
    moved_to_origin,
    packing,
    quadratic_features,
    stack,
    sums_about_origin,
    weighted_sums,
)
from engine.models.missing_cells import in_patterns
from engine.models.mixture import (
    Coefficients,
    MixturePrepared,
    Places,
    weighted_moments,
    weights_with_signs,
)
from engine.models.precisions import Precisions, precisions_of, precisions_of_variances
from engine.models.workspace import Workspace
from engine.parameters import (
    Array,
    Block,
    Layout,
    Parameters,
    PositiveDefinite,
    Real,
    Simplex,
    Variance,
    frozen,
)
from engine.settings import setting
from engine.wording import number_text

LOG_TWO_PI = math.log(2 * math.pi)

COLLAPSED_VARIANCE = 1e-14
"""A variance (in frame units) at or below this is the data's own rounding: the likelihood has no maximum there."""

LEFT_VARIANCE = -1e-10
"""An eigenvalue below this, times the largest where that is above 1, is no rounding of 0: a step has left the
positive-definite matrices."""

SMALLEST_SPREAD, LARGEST_SPREAD = 1e-140, 1e140
"""Between these a variance, and the product of two, can be told from 0 and from infinity in doubles."""

ABOVE_FLOOR = 1.01
"""A start that is chosen by the program keeps its variances above this many floors."""

LARGEST_FAST_DIMENSION = 15
"""With more columns the many products of a full quadratic form take longer than a triangular solve."""

LARGEST_PLAIN_SOLVE = 4
"""With more columns a library's triangular solve is faster than one column after another."""

LARGEST_FAST_TERM = 1e4
"""Where the quadratic form's terms [1, z, zz'] are larger than this near a mean, over 4 digits cancel."""


@dataclass(frozen=True)
class GaussianMixture(GaussianMissingCells, CompleteExponentialFamily):
    """Clusters that are Gaussian, each with a weight, a mean and a covariance.

    Latent is the component of each row. E step: responsibilities r_ik; statistics n_k, sum r x, sum r xx'. M step:
    n_k / n, weighted means, weighted covariances. The gradient needs the same sums: with P the inverse of a covariance
    and A = sum r (x - mu)(x - mu)', P sum r (x - mu) for a mean and P (A - n_k Sigma) P / 2 for a covariance.
    Dempster, Laird & Rubin (1977), section 4.3; Bishop (2006), section 9.2. Columns are centred and scaled by their
    standard deviations (by one common scale where covariances are spherical, so that they stay so).

    Cells may be missing, and are latent too. Given the component and what is there of a row, what is not is Gaussian:
    the E step takes its expectation and adds its covariance to the sums, pattern by pattern of what is there, and
    nothing else changes. The gradient is that of the likelihood of what is there, from those very sums. Ghahramani &
    Jordan (1994), NIPS 6, 120-127; Little & Rubin (2002), section 11.2.

    EM is the better the less there is to guess. To two clusters at 4 standard deviations it takes 30 passes, at 3 it
    takes 108, and L-BFGS 14 and 16; on three clusters it takes 15 steps with no cell missing, 79 with two of five and
    209 with three of five, and L-BFGS 50, 52 and 71.
    """

    name: ClassVar[str] = "gaussian-mixture"
    source: ClassVar[str] = "Bishop (2006), Pattern Recognition and Machine Learning, section 9.2"
    formula: ClassVar[str] = r"""
        f(x) = \sum_{k=1}^{K} \pi_k\, \mathcal{N}(x; \mu_k, \Sigma_k), \qquad \ell = \sum_{i=1}^{n} \log f(x_i)
        r_{ik} = \frac{\pi_k\, \mathcal{N}(x_i; \mu_k, \Sigma_k)}{f(x_i)}, \qquad n_k = \sum_{i} r_{ik}
        \pi_k = \frac{n_k}{n}, \qquad \mu_k = \frac{1}{n_k} \sum_i r_{ik}\, x_i
        \Sigma_k = \frac{1}{n_k} \sum_i r_{ik}\, (x_i - \mu_k)(x_i - \mu_k)^\top
        \mathrm{E}[x_m \mid x_o, k] = \mu_m + \Sigma_{mo} \Sigma_{oo}^{-1} (x_o - \mu_o)
        \mathrm{Cov}[x_m \mid x_o, k] = \Sigma_{mm} - \Sigma_{mo} \Sigma_{oo}^{-1} \Sigma_{om}
    """
    try_it: ClassVar[str] = (
        "Add a component that the data do not need: one lane may leave it empty, another one let it "
        "collapse onto a point."
    )
    blocks: ClassVar[tuple[str, ...]] = ("weights", "means", "covariances")

    covariance: str = setting(
        "full",
        label="Covariance",
        help="Full ellipses, axis-parallel ones, circles, or one full matrix tied across all components.",
        choices=("full", "diagonal", "spherical", "tied"),
    )
    covariance_floor: float = setting(
        0.0,
        label="Covariance floor",
        help="Every covariance stays above this share of the columns' variances, in every lane alike; "
        "0 switches the floor off, and then a component may collapse onto a point.",
        minimum=0.0,
        maximum=0.5,
    )

    def check(self, dataset: Dataset) -> None:
        super().check(dataset)
        refuse_constant_columns(dataset, "a Gaussian has no spread there")
        seen = dataset.values if dataset.row_weights is None else dataset.values[dataset.row_weights > 0]
        for column, name in enumerate(dataset.columns):
            lowest, highest = np.nanmin(seen[:, column]), np.nanmax(seen[:, column])
            spread = 0.5 * highest - 0.5 * lowest
            if not SMALLEST_SPREAD < spread < LARGEST_SPREAD or max(-lowest, highest) > LARGEST_SPREAD:
                raise InputError(
                    f"{dataset.name}: the variance of column {name!r} is too large or too small for a computer's "
                    "numbers; write the column in other units."
                )

    def prepare(self, dataset: Dataset) -> MixturePrepared:
        if dataset.dimension > LARGEST_PLAIN_SOLVE:
            import scipy.linalg.blas  # noqa: F401  (slow, and no lane is to pay for it at its first step)

        mean, deviation = weighted_moments(dataset.values, dataset.row_weights)
        if self.covariance == "spherical":
            deviation = np.full_like(deviation, math.sqrt(float(np.mean(np.square(deviation)))))
        frame = Frame(frozen(mean), frozen(deviation))
        columns = np.subtract(dataset.values.T, mean[:, None], order="C")
        columns /= deviation[:, None]
        dimension = dataset.dimension
        jacobian = -dataset.total_weight * float(np.sum(np.log(deviation)))
        prepared = self.prepared_from(
            dataset, frame, columns, self._feature_count(dimension), jacobian, self._by_product(dimension)
        )
        return in_patterns(prepared, self._feature_count, self._by_product) if dataset.missing else prepared

    def _feature_count(self, dimension: int) -> int:
        return 1 + 2 * dimension if self.axis_parallel else 1 + dimension + dimension * (dimension + 1) // 2

    def _by_product(self, dimension: int) -> bool:
        return self.axis_parallel or dimension <= LARGEST_FAST_DIMENSION

    @property
    def axis_parallel(self) -> bool:
        return self.covariance in ("diagonal", "spherical")

    def layout(self, prepared: MixturePrepared) -> Layout:
        k, d = self.components, prepared.columns.shape[0]
        scale = prepared.frame.scale
        shapes = {"full": (k, d, d), "tied": (d, d), "diagonal": (k, d), "spherical": (k,)}
        units = {
            "full": np.outer(scale, scale),
            "tied": np.outer(scale, scale),
            "diagonal": scale**2,
            "spherical": np.asarray(scale[0] ** 2),
        }
        floor = self.covariance_floor * self._floor_factor(prepared)
        support = Variance(floor) if self.axis_parallel else PositiveDefinite(floor)
        return Layout(
            (
                Block("weights", (k,), Simplex(), "weights" in self.hold),
                Block("means", (k, d), Real(), "means" in self.hold, prepared.frame.centre, scale),
                Block(
                    "covariances",
                    shapes[self.covariance],
                    support,
                    "covariances" in self.hold,
                    np.zeros(()),
                    units[self.covariance],
                ),
            )
        )

    def _floor_factor(self, prepared: MixturePrepared) -> float:
        """The largest column variance in frame units: 1, except where all columns share one scale."""
        if self.covariance != "spherical":
            return 1.0
        _, deviation = weighted_moments(prepared.dataset.values, prepared.row_weights)
        return float(np.max((deviation / prepared.frame.scale) ** 2))

    def features(self, columns: Array) -> Array:
        return quadratic_features(columns, self.axis_parallel)

    def features_in(self, workspace: Workspace, columns: Array) -> Array:
        d, m = columns.shape
        count = 1 + d + packing(d, self.axis_parallel).rows.size
        return quadratic_features(columns, self.axis_parallel, workspace.buffer("features", (count, m)))

    def coefficients(self, parameters: Parameters) -> Coefficients:
        weights, means = parameters["weights"], parameters["means"]
        log_weights, signs = weights_with_signs(weights)
        precision, log_determinant = self.precisions(parameters)[:2]
        k, d = means.shape
        packed = packing(d, self.axis_parallel)
        table = np.empty((k, 1 + d + packed.rows.size))
        # Products with ones sum the rows of so small a matrix in a third of the time of a reduction.
        if self.axis_parallel:
            scaled = means * precision
            table[:, 1 + d :] = -0.5 * precision
            trace = precision.dot(_ones(d))
        else:
            scaled = (precision @ means[:, :, None])[:, :, 0]
            flat = precision.reshape(-1, d * d)
            table[:, 1 + d :] = flat.take(packed.upper, axis=1) * packed.halves
            trace = flat.dot(packed.diagonal)
        table[:, 1 : 1 + d] = scaled
        square = (scaled * means).dot(_ones(d))
        table[:, 0] = log_weights - 0.5 * (square + (log_determinant + d * LOG_TWO_PI))
        terms = (square + trace).tolist()
        narrow: tuple[int, ...] = ()
        if max(terms) > LARGEST_FAST_TERM:
            narrow = tuple(place for place, term in enumerate(terms) if term > LARGEST_FAST_TERM)
        exact = narrow if self._by_product(d) else tuple(range(k))
        return Coefficients(table, log_weights, signs, exact, narrow)

    def precisions(self, parameters: Parameters) -> Precisions:
        """Precisions and log-determinants, kept with the parameters; raises UndefinedLikelihood."""
        found = parameters.derived
        if not isinstance(found, Precisions):
            if self.axis_parallel:
                found = precisions_of_variances(self.variances(parameters), COLLAPSED_VARIANCE)
            else:
                block, d = parameters["covariances"], parameters["means"].shape[1]
                found = precisions_of(block.reshape(-1, d, d), COLLAPSED_VARIANCE)
            if found is None:
                raise self.degenerate(parameters)
            parameters.derived = found
        return found

    def variances(self, parameters: Parameters) -> Array:
        """(K, d) variances of an axis-parallel mixture, frame units."""
        block, (k, d) = parameters["covariances"], parameters["means"].shape
        return block if self.covariance == "diagonal" else np.broadcast_to(block[:, None], (k, d))

    def covariances(self, parameters: Parameters) -> Array:
        """(K, d, d) covariances, frame units."""
        block, (k, d) = parameters["covariances"], parameters["means"].shape
        if self.axis_parallel:
            return np.asarray(self.variances(parameters)[:, :, None] * np.eye(d))
        return np.broadcast_to(block, (k, d, d))

    def _cholesky(self, parameters: Parameters) -> Array:
        """(K, d, d) lower Cholesky factors, frame units; raises UndefinedLikelihood."""
        k, d = parameters["means"].shape
        known = self.precisions(parameters).factor
        if known is not None:
            return np.broadcast_to(known, (k, d, d))
        try:
            return np.broadcast_to(np.linalg.cholesky(parameters["covariances"]), (k, d, d))
        except np.linalg.LinAlgError:
            raise self.degenerate(parameters) from None

    def degenerate(self, parameters: Parameters) -> UndefinedLikelihood:
        """Tells a collapse (a variance shrank to 0) from a step that left the positive-definite matrices."""
        covariances = self.covariances(parameters)
        if not np.all(np.isfinite(parameters.vector)):
            return UndefinedLikelihood("not-finite", "a parameter is not finite", parameters)
        eigenvalues = np.linalg.eigvalsh(covariances)
        smallest, rounding = eigenvalues[:, 0], np.maximum(1.0, eigenvalues[:, -1])
        worst = int(np.argmin(smallest / rounding))
        which = "the tied covariance" if self.covariance == "tied" else f"component {worst + 1}"
        if smallest[worst] < LEFT_VARIANCE * rounding[worst]:
            eigenvalue = f"smallest eigenvalue {number_text(smallest[worst])}"
            detail = f"covariance {worst + 1} lost positive definiteness ({eigenvalue})"
            return UndefinedLikelihood("left-constraints", detail, parameters)
        detail = (
            f"{which} shrank onto a point or a line (variance {number_text(max(smallest[worst], 0.0), 2)} of the data's), "
            "where the likelihood grows without bound"
        )
        return UndefinedLikelihood("collapsed", detail, parameters)

    def exact_densities(
        self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp], workspace: Workspace
    ) -> Array:
        means = parameters["means"]
        d, m = columns.shape
        densities = np.empty((chosen.size, m))
        factors = None if self.axis_parallel else self._cholesky(parameters)
        whitening = self.precisions(parameters).whitening if d > LARGEST_FAST_DIMENSION else None
        centred, whitened = workspace.buffer("centred", (d, m)), workspace.buffer("whitened", (d, m))
        for place, k in enumerate(chosen):
            np.subtract(columns, means[k][:, None], out=centred)
            if factors is None:
                deviations = np.sqrt(self.variances(parameters)[k])
                np.divide(centred, deviations[:, None], out=whitened)
                half_log_determinant = float(np.sum(np.log(deviations)))
            else:
                factor, inverse = factors[k], None
                if whitening is not None:
                    inverse = whitening[0 if self.covariance == "tied" else k]
                if inverse is not None and np.vdot(inverse, inverse) <= LARGEST_FAST_TERM:
                    np.matmul(inverse, centred, out=whitened)
                else:
                    _solve(factor, centred, whitened)
                half_log_determinant = float(np.sum(np.log(np.diagonal(factor))))
            square = np.einsum("ij,ij->j", whitened, whitened)
            densities[place] = -0.5 * square - half_log_determinant - 0.5 * d * LOG_TWO_PI
        return densities

    def exact_sums(
        self,
        parameters: Parameters,
        columns: Array,
        responsibilities: Array,
        coefficients: Coefficients,
        workspace: Workspace,
    ) -> tuple[Array, Array]:
        means = parameters["means"]
        sums = np.zeros((2, len(coefficients.exact), coefficients.table.shape[1]))
        scratch = workspace.buffer("weighted", columns.shape)
        for place, k in enumerate(coefficients.exact):
            if k in coefficients.narrow:
                centred = columns - means[k][:, None]
                pair = sums_about_origin(centred, responsibilities[k], means[k], self.axis_parallel)
                sums[:, place] = pair.high, pair.low
            else:
                sums[0, place] = weighted_sums(columns, responsibilities[k], self.axis_parallel, scratch)
        return sums[0], sums[1]

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        """With n, b, A the moments about the means: P b for a mean, P (A - n Sigma) P / 2 for a covariance."""
        precision = self.precisions(parameters).precision
        found = moments_about(expectation.statistics, parameters["means"], self.axis_parallel)
        if self.axis_parallel:
            excess = found.second - found.counts[:, None] * self.variances(parameters)
            by_axis = 0.5 * excess * precision * precision
            by_mean = found.first * precision
            by_covariance = by_axis if self.covariance == "diagonal" else by_axis.sum(axis=1)
        else:
            k, d = found.first.shape
            by_square = found.counts.take(stack(k, d).by_square).reshape(k, d, d)
            excess = found.second - by_square * parameters["covariances"]
            if self.covariance == "tied":
                excess = excess.sum(axis=0, keepdims=True)
            slope = (precision @ excess @ precision).reshape(-1)
            by_mean = precision @ found.first[:, :, None]
            by_covariance = 0.25 * (slope + slope.take(stack(len(precision), d).transposed))
        return self.gradient_of(expectation, parameters, {"means": by_mean, "covariances": by_covariance})

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        means = parameters["means"]
        k, d = means.shape
        table, rest = statistics.reshape(2, k, -1)
        counts, sums = table[:, 0], table[:, 1 : 1 + d]
        plain = free in (None, self.blocks) and not self.hold and self.covariance_floor == 0
        if plain and self.covariance == "full" and min(counts.tolist()) > 0 and not np.count_nonzero(rest):
            return self._every_average(table.reshape(-1), parameters, k, d)
        empty = None if counts.min() > 0 else counts <= 0
        if empty is not None and empty.all():
            return parameters
        divisor = counts if empty is None else np.where(empty, 1.0, counts)
        updated: dict[str, Array] = {}
        if self.moves("weights", free):
            updated["weights"] = counts / np.add.reduce(counts)
        if self.moves("means", free):
            averages = sums / divisor[:, None]
            means = averages if empty is None else np.where(empty[:, None], means, averages)
            updated["means"] = means
        if self.moves("covariances", free):
            updated["covariances"] = self._m_step_covariances(statistics, parameters, means, divisor, empty)
        return parameters.replaced(updated)

    def _every_average(self, sums: Array, parameters: Parameters, k: int, d: int) -> Parameters:
        """The M step where nothing is held, nothing is empty, and no sum needs more digits than it has."""
        counts, means, covariances = averages_of(sums, k, d)
        weights = counts / np.add.reduce(counts)
        return parameters.layout.joined((weights, means, covariances))

    def _m_step_covariances(
        self,
        statistics: Array,
        parameters: Parameters,
        means: Array,
        divisor: Array,
        empty: npt.NDArray[np.bool_] | None,
    ) -> Array:
        """Weighted covariances about `means`, their eigenvalues clipped at the floor."""
        second = moments_about(statistics, means, self.axis_parallel).second
        shape = (-1,) + (1,) * (second.ndim - 1)
        if self.covariance == "tied":
            covariances = second.sum(axis=0) / np.add.reduce(divisor if empty is None else divisor[~empty])
        else:
            covariances = second / divisor.reshape(shape)
            if self.covariance == "spherical":
                covariances, shape = covariances.mean(axis=1), (-1,)
            if empty is not None:
                covariances = np.where(empty.reshape(shape), parameters["covariances"], covariances)
        support = parameters.layout.by_name["covariances"].support
        return support.project(covariances) if self.covariance_floor > 0 else np.asarray(covariances)

    def mean_statistics(self, prepared: MixturePrepared, parameters: Parameters) -> Array:
        """n pi_k [1, mu_k, Sigma_k + mu_k mu_k'], with what rounding takes from a narrow component's sums."""
        means, covariances = parameters["means"], self.covariances(parameters)
        counts = prepared.total_weight * parameters["weights"]
        upper = packing(means.shape[1], self.axis_parallel).upper
        pairs = []
        for count, mean, covariance in zip(counts, means, covariances, strict=True):
            about_mean = np.concatenate(([count], np.zeros(mean.size), count * covariance.ravel()[upper]))
            pairs.append(moved_to_origin(about_mean, mean, self.axis_parallel))
        sums, rest = [pair.high for pair in pairs], [pair.low for pair in pairs]
        return np.array([sums, rest]).reshape(-1)

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """Sigma_k g / n_k for a mean, 2 Sigma_k G Sigma_k / n_k for a covariance (Xu & Jordan 1996, theorem 1)."""
        places, means, covariances = parameters.layout.places, parameters["means"], parameters["covariances"]
        k, d = means.shape
        counts = statistics.reshape(2, k, -1)[0, :, 0]
        share = np.divide(1.0, counts, out=np.zeros(k), where=counts > 0)
        by_mean = gradient[places["means"]].reshape(k, d)
        slope = gradient[places["covariances"]].reshape(covariances.shape)
        moved = np.empty_like(gradient)
        weights = parameters["weights"]
        moved[places["weights"]] = solve_weights(weights, gradient[places["weights"]], float(counts.sum()))
        if self.axis_parallel:
            along = share[:, None] * self.variances(parameters) * by_mean
            shape = (k,) + (1,) * (covariances.ndim - 1)
            factor = 2.0 if self.covariance == "diagonal" else 2.0 / d
            about = factor * share.reshape(shape) * covariances * slope * covariances
        else:
            along = share[:, None] * (covariances @ by_mean[:, :, None])[:, :, 0]
            by_count = 1.0 / counts.sum() if self.covariance == "tied" else share[:, None, None]
            about = 2.0 * by_count * (covariances @ slope @ covariances)
        moved[places["means"]], moved[places["covariances"]] = along.ravel(), about.ravel()
        return moved

    def em_remainder(self, statistics: Array, parameters: Parameters, move: Array) -> Array:
        """-(mu+ - mu)(mu+ - mu)' for a covariance, because EM centres it at the new mean."""
        remainder, places = np.zeros_like(move), parameters.layout.places
        if "covariances" in self.hold:
            return remainder
        k, d = parameters["means"].shape
        shift = move[places["means"]].reshape(k, d)
        if self.axis_parallel:
            square = shift**2
            excess = square if self.covariance == "diagonal" else square.mean(axis=1)
        else:
            excess = shift[:, :, None] * shift[:, None, :]
            if self.covariance == "tied":
                counts = statistics.reshape(2, k, -1)[0, :, 0]
                excess = np.tensordot(counts / counts.sum(), excess, axes=1)
        remainder[places["covariances"]] = -excess.ravel()
        return remainder

    def component_score(self, parameters: Parameters, columns: Array, k: int) -> tuple[Places, Array]:
        """1/pi_k, P (x - mu) and (P (x - mu)(x - mu)' P - P) / 2 in the blocks of component k."""
        means, (d, m) = parameters["means"], columns.shape
        precision, tied = self.precisions(parameters).precision, self.covariance == "tied"
        own, centred = precision[0 if tied else k], columns - means[k][:, None]
        if self.axis_parallel:
            along = own[:, None] * centred
            about = 0.5 * (along**2 - own[:, None])
            if self.covariance == "spherical":
                about = about.sum(axis=0, keepdims=True)
        else:
            along = own @ centred
            about = 0.5 * (along[:, None, :] * along - own[:, :, None]).reshape(d * d, m)
        return self.score_of(parameters, k, {"means": along, "covariances": about})

    def expected_log_likelihood(
        self, prepared: MixturePrepared, statistics: Array, parameters: Parameters
    ) -> float:
        """sum_k n_k (log pi_k - log|2 pi Sigma_k| / 2) - tr(P_k A_k) / 2, with A about the means."""
        means = parameters["means"]
        found = moments_about(statistics, means, self.axis_parallel)
        precision, log_determinant = self.precisions(parameters)[:2]
        log_weights, _ = weights_with_signs(parameters["weights"])
        present = found.counts != 0
        constant = log_weights - 0.5 * (log_determinant + means.shape[1] * LOG_TWO_PI)
        total = float(np.dot(found.counts[present], constant[present]))
        total -= 0.5 * float(np.sum(precision * found.second))
        share = float(np.sum(found.counts)) / prepared.total_weight
        return total + share * prepared.log_jacobian

    def moments(self, parameters: Parameters) -> tuple[Array, Array, Array]:
        described = self.describe(parameters)
        return described["weights"], described["means"], described["covariances"]

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        values = parameters.in_data_units()
        k, d = values["means"].shape
        block = values["covariances"]
        if self.covariance == "diagonal":
            block = block[:, :, None] * np.eye(d)
        elif self.covariance == "spherical":
            block = block[:, None, None] * np.eye(d)
        values["covariances"] = np.array(np.broadcast_to(block, (k, d, d)))
        return values

    def accept(
        self, prepared: MixturePrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        layout = self.layout(prepared)
        k, d = self.components, prepared.columns.shape[0]
        weights = self.accepted_weights(values)
        means = self.accepted_array(values, "means", (k, d))
        given = np.shape(values.get("covariances", ()))
        native = layout.by_name["covariances"].shape
        if given == native and native != (k, d, d):
            block = self.accepted_array(values, "covariances", native)
        else:
            block = self._contracted(self.accepted_array(values, "covariances", (k, d, d)), approximate)
        parameters = layout.pack_data_units({"weights": weights, "means": means, "covariances": block})
        problem = layout.by_name["covariances"].support.violation(parameters["covariances"])
        if problem is not None and approximate:
            return parameters.replaced({"covariances": _above_floor(layout, parameters["covariances"])})
        if problem is not None:
            floor = " and lie above the covariance floor" if self.covariance_floor else ""
            raise InputError(f"[start]: covariances must be positive definite{floor}; {problem}.")
        return parameters

    def _contracted(self, covariances: Array, approximate: bool) -> Array:
        """(K, d, d) covariances as the block of this covariance type."""
        if not np.allclose(covariances, np.swapaxes(covariances, -1, -2), rtol=1e-9, atol=0):
            raise InputError("[start]: each covariance must be a symmetric matrix.")
        diagonals = np.diagonal(covariances, axis1=-2, axis2=-1)
        blocks = {
            "full": covariances,
            "tied": np.mean(covariances, axis=0),
            "diagonal": diagonals,
            "spherical": np.mean(diagonals, axis=1),
        }
        block = blocks[self.covariance]
        eye = np.eye(covariances.shape[-1])
        expanded = {
            "full": block,
            "tied": block,
            "diagonal": np.reshape(block, (len(covariances), -1, 1)) * eye if self.axis_parallel else block,
            "spherical": np.reshape(block, (-1, 1, 1)) * eye,
        }[self.covariance]
        if not approximate and not np.allclose(covariances, expanded, rtol=1e-9, atol=1e-12):
            raise InputError(
                f"[start]: these covariances are not {self.covariance}; change them or the covariance type."
            )
        return np.asarray(block)

    def from_centres(self, prepared: MixturePrepared, centres: Array, spread: Array) -> Parameters:
        layout = self.layout(prepared)
        k, d = self.components, prepared.columns.shape[0]
        blocks = {
            "full": np.broadcast_to(np.diag(spread), (k, d, d)),
            "tied": np.diag(spread),
            "diagonal": np.broadcast_to(spread, (k, d)),
            "spherical": np.full(k, float(np.mean(spread))),
        }
        covariances = _above_floor(layout, np.maximum(blocks[self.covariance], 0.0))
        return layout.pack({"weights": np.full(k, 1.0 / k), "means": centres, "covariances": covariances})

    def free_dimension(self, prepared: MixturePrepared) -> int:
        k, d = self.components, prepared.columns.shape[0]
        sizes = {"full": k * d * (d + 1) // 2, "tied": d * (d + 1) // 2, "diagonal": k * d, "spherical": k}
        counted = {"weights": k - 1, "means": k * d, "covariances": sizes[self.covariance]}
        return sum(size for name, size in counted.items() if name not in self.hold)


@functools.cache
def _ones(dimension: int) -> Array:
    return np.ones(dimension)


def _above_floor(layout: Layout, covariances: Array) -> Array:
    """The nearest covariances just above the floor: on it, no lane that writes floor + LL' could start."""
    support = layout.by_name["covariances"].support
    assert isinstance(support, PositiveDefinite | Variance)
    return dataclasses.replace(support, lower=ABOVE_FLOOR * support.lower).project(covariances)


def _solve(factor: Array, right: Array, solved: Array) -> None:
    """Sets `solved` to L^-1 B, for a lower triangular (d, d) factor and C-ordered (d, m) right-hand sides."""
    d = factor.shape[0]
    solved[...] = right
    if d > LARGEST_PLAIN_SOLVE:
        from scipy.linalg.blas import dtrsm  # its import is slow, and low dimensions do without

        # X L' = B' in place: to Fortran a C-ordered (d, m) array is its transpose, so that nothing is copied.
        dtrsm(1.0, factor.T, solved.T, side=1, lower=0, overwrite_b=1)
        return
    for row in range(d):
        if row:
            solved[row] -= factor[row, :row] @ solved[:row]
        solved[row] /= factor[row, row]
