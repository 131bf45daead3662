"""The mixture of Student t distributions: clusters with heavy tails, whose outliers count for less."""

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
from engine.models.gamma_functions import (
    best_shapes,
    log_gamma_remainder,
    log_less_digamma,
    trigamma_less_inverse,
)
from engine.models.gaussian_moments import Moments, moments_about, packing, weighted_sums
from engine.models.mixture import (
    Coefficients,
    Mixture,
    MixturePrepared,
    weighted_moments,
    weights_with_signs,
)
from engine.parameters import (
    Array,
    Block,
    Layout,
    Parameters,
    Positive,
    PositiveDefinite,
    Real,
    Simplex,
    frozen,
)
from engine.settings import setting
from engine.wording import number_text

COLLAPSED_SCALE = 1e-13
"""A squared pivot of a scale matrix (frame units) at or below this is rounding: the component sits on a point."""

LARGEST_DEGREES = 1e6
"""With so many degrees of freedom a t distribution is a Gaussian to six digits; an M step goes no further."""

INNER_STEPS = 50


@dataclass(frozen=True, eq=False)
class Kernel:
    """What densities need of K scale matrices: inverse Cholesky factors and precisions (K, d, d), log-determinants (K,)."""

    whitening: Array
    precision: Array
    log_determinant: Array

    @classmethod
    def of(cls, scales: Array) -> "Kernel | None":
        """None where a squared pivot is not above `COLLAPSED_SCALE`."""
        try:
            factor = np.linalg.cholesky(scales)
        except np.linalg.LinAlgError:
            return None
        pivots = np.diagonal(factor, axis1=-2, axis2=-1)
        if not np.square(pivots.min()) > COLLAPSED_SCALE:
            return None
        whitening = np.linalg.solve(factor, np.broadcast_to(np.eye(scales.shape[-1]), scales.shape))
        return cls(whitening, np.swapaxes(whitening, 1, 2) @ whitening, 2.0 * np.log(pivots).sum(axis=1))


@dataclass(frozen=True)
class StudentTMixture(Mixture, CompleteExponentialFamily):
    """Clusters with heavy tails: a row is Gaussian with a precision of its own, and an outlier's is low.

    Latent are the component of each row and the factor u by which its precision differs, gamma distributed with the
    shape and the rate nu/2. E step: responsibilities r, and E[u] = (nu + d) / (nu + squared distance), the weight that
    an outlier loses; statistics sum r, sum r u, sum r u z, sum r u zz' and sum r log u. M step: means and scale matrices
    weighted by r u, and nu by an inner Newton method, as for a gamma distribution. Gradient: that of a Gaussian with
    the same weights, and n (log(nu/2) - digamma(nu/2) + 1) + sum r (log u - u), halved, for nu. Lange, Little & Taylor
    (1989); Peel & McLachlan (2000).

    How many degrees of freedom there are EM learns slowly; `px-em` divides the scale matrix by sum r u in place of the
    count, and `ecme` chooses nu by the log-likelihood itself. Held fixed (`hold = ["degrees_of_freedom"]`) they stay
    at `start_degrees`. On three heavy-tailed clusters with outliers EM takes some 370 steps, PX-EM 350, L-BFGS 200 and
    ECME 90, at four passes each; with the degrees of freedom held EM takes 55 and PX-EM 27. A start that looks for far
    rows (k-means++) finds the outliers.
    """

    name: ClassVar[str] = "student-t-mixture"
    source: ClassVar[str] = "Peel & McLachlan (2000), Statistics and Computing 10, 339-348"
    formula: ClassVar[str] = r"""
        f(x) = \sum_{k=1}^{K} \pi_k\, t_{\nu_k}(x; \mu_k, \Sigma_k), \qquad u_{ik} = \frac{\nu_k + d}{\nu_k + \delta_{ik}}
        \delta_{ik} = (x_i - \mu_k)^\top \Sigma_k^{-1} (x_i - \mu_k)
        \mu_k = \frac{\sum_i r_{ik} u_{ik} x_i}{\sum_i r_{ik} u_{ik}}
        \Sigma_k = \frac{1}{n_k} \sum_i r_{ik} u_{ik} (x_i - \mu_k)(x_i - \mu_k)^\top
    """
    try_it: ClassVar[str] = (
        "Fit the same data with a mixture of Gaussians: it spends a component on the outliers, and this one does not."
    )
    blocks: ClassVar[tuple[str, ...]] = ("weights", "means", "scales", "degrees_of_freedom")
    em_is_an_information_step: ClassVar[bool] = False
    m_step_iterates: ClassVar[bool] = True
    likelihood_blocks: ClassVar[tuple[str, ...]] = ("degrees_of_freedom",)
    default_start: ClassVar[str] = "random-points"

    start_degrees: float = setting(
        10.0,
        label="Degrees of freedom",
        help="Where a start puts the degrees of freedom, and where they stay if they are held fixed.",
        above=0.0,
        maximum=LARGEST_DEGREES,
        logarithmic=True,
    )

    def check(self, dataset: Dataset) -> None:
        super().check(dataset)
        refuse_constant_columns(dataset, "a cluster has no spread there")

    def prepare(self, dataset: Dataset) -> MixturePrepared:
        import scipy.special  # noqa: F401  (slow, and no lane is to pay for it at its first step)

        mean, deviation = weighted_moments(dataset.values, dataset.row_weights)
        columns = np.array((dataset.values - mean).T / deviation[:, None], order="C")
        d = dataset.dimension
        jacobian = -dataset.total_weight * float(np.sum(np.log(deviation)))
        frame = Frame(frozen(mean), frozen(deviation))
        return self.prepared_from(
            dataset, frame, columns, 3 + d + d * (d + 1) // 2, jacobian, by_product=False
        )

    def layout(self, prepared: MixturePrepared) -> Layout:
        k, d = self.components, prepared.columns.shape[0]
        centre, scale = prepared.frame.centre, prepared.frame.scale
        return Layout(
            (
                Block("weights", (k,), Simplex(), "weights" in self.hold),
                Block("means", (k, d), Real(), "means" in self.hold, centre, scale),
                Block(
                    "scales",
                    (k, d, d),
                    PositiveDefinite(),
                    "scales" in self.hold,
                    np.zeros(()),
                    np.multiply.outer(scale, scale),
                ),
                Block("degrees_of_freedom", (k,), Positive(), "degrees_of_freedom" in self.hold),
            )
        )

    def features(self, columns: Array) -> Array:
        """1, u, u z, u zz' and log u at the factors of a start: u is 1, and log u what `start_degrees` expect of it."""
        d, m = columns.shape
        packed = packing(d, False)
        of_start = -log_less_digamma(np.array([0.5 * self.start_degrees]))
        return np.concatenate(
            (
                np.ones((2, m)),
                columns,
                columns[packed.rows] * columns[packed.cols],
                np.full((1, m), float(of_start[0])),
            )
        )

    def _kernel(self, parameters: Parameters) -> "Kernel":
        """Of the scale matrices, kept with the parameters; raises UndefinedLikelihood where one is none."""
        found = parameters.derived
        if isinstance(found, Kernel):
            return found
        degrees = parameters["degrees_of_freedom"]
        if not np.all(np.isfinite(parameters.vector)):
            raise UndefinedLikelihood("not-finite", "a parameter is not finite", parameters)
        if not np.min(degrees) > 0:
            k = int(np.argmin(degrees))
            kind = "left-constraints" if degrees[k] < 0 else "not-finite"
            detail = f"the degrees of freedom of component {k + 1} became {number_text(float(degrees[k]))}"
            raise UndefinedLikelihood(kind, detail, parameters)
        scales = parameters["scales"]
        found = Kernel.of(scales)
        if found is None:
            raise self._degenerate(parameters)
        parameters.derived = found
        return found

    def _degenerate(self, parameters: Parameters) -> UndefinedLikelihood:
        smallest = np.linalg.eigvalsh(parameters["scales"])[:, 0]
        k = int(np.argmin(smallest))
        value = number_text(float(smallest[k]))
        if smallest[k] < -COLLAPSED_SCALE:
            detail = f"scale {k + 1} lost positive definiteness (smallest eigenvalue {value})"
            return UndefinedLikelihood("left-constraints", detail, parameters)
        detail = f"component {k + 1} shrank onto a point or a line, where the likelihood grows without bound"
        return UndefinedLikelihood("collapsed", detail, parameters)

    def coefficients(self, parameters: Parameters) -> Coefficients:
        """Of the complete data's log-density, with u known; every component's own density is evaluated exactly."""
        log_weights, signs = weights_with_signs(parameters["weights"])
        found, means = self._kernel(parameters), parameters["means"]
        k, d = means.shape
        half = 0.5 * parameters["degrees_of_freedom"]
        packed = packing(d, False)
        scaled = np.einsum("kij,kj->ki", found.precision, means)
        table = np.empty((k, 3 + d + packed.rows.size))
        constant = (
            -0.5 * (found.log_determinant + d * math.log(2 * math.pi)) + log_gamma_remainder(half) + half
        )
        table[:, 0] = log_weights + constant
        table[:, 1] = -0.5 * np.einsum("ki,ki->k", scaled, means) - half
        table[:, 2 : 2 + d] = scaled
        table[:, 2 + d : -1] = found.precision[:, packed.rows, packed.cols] * packed.halves
        table[:, -1] = half + 0.5 * d - 1.0
        return Coefficients(table, log_weights, signs, tuple(range(k)))

    def _squared_distances(
        self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]
    ) -> Array:
        """(x - mu)' Sigma^-1 (x - mu) for the chosen components at columns (d, m): (len(chosen), m)."""
        kernel = self._kernel(parameters)
        distances = np.empty((chosen.size, columns.shape[1]))
        for place, k in enumerate(chosen):
            whitened = kernel.whitening[k] @ (columns - parameters["means"][k][:, None])
            np.einsum("ij,ij->j", whitened, whitened, out=distances[place])
        return distances

    def log_densities(self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]) -> Array:
        degrees = parameters["degrees_of_freedom"][chosen, None]
        d = columns.shape[0]
        distances = self._squared_distances(parameters, columns, chosen)
        half, more = 0.5 * degrees, 0.5 * (degrees + d)
        # log Gamma(nu/2 + d/2) - log Gamma(nu/2), which would cancel for many degrees of freedom.
        rise = half * np.log1p(d / degrees) + 0.5 * d * (np.log(more) - 1.0)
        rise += log_gamma_remainder(half) - log_gamma_remainder(more)
        determinants = self._kernel(parameters).log_determinant[chosen, None]
        constant = rise - 0.5 * (d * np.log(math.pi * degrees) + determinants)
        return np.asarray(constant - more * np.log1p(distances / degrees))

    def factors(self, parameters: Parameters, columns: Array) -> Array:
        """E[u], (K, m), at columns (d, m): how much a row counts in each component if it is of that component."""
        everything = np.arange(self.components)
        return self._factors(parameters, columns, everything)[0]

    def importance(self, parameters: Parameters, columns: Array) -> Array:
        """sum_k r_k E[u_k]: what an outlier loses."""
        shares = self.responsibilities(parameters, columns)
        return np.asarray(np.add.reduce(shares * self.factors(parameters, columns), axis=0))

    def _factors(
        self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]
    ) -> tuple[Array, Array]:
        """E[u] and E[log u] given the row and the component, (len(chosen), m) each."""
        degrees = parameters["degrees_of_freedom"][chosen, None]
        distances = self._squared_distances(parameters, columns, chosen)
        more = 0.5 * (degrees + columns.shape[0])
        expected = 2.0 * more / (degrees + distances)
        return expected, np.log(expected) - log_less_digamma(more)

    def feature_sums(
        self, parameters: Parameters, columns: Array, shares: Array, chosen: npt.NDArray[np.intp]
    ) -> Array:
        expected, logs = self._factors(parameters, columns, chosen)
        sums = []
        for share, factor, log in zip(shares, expected, logs, strict=True):
            weighted = weighted_sums(columns, share * factor, False)
            sums.append(np.concatenate(([np.sum(share)], weighted, [np.dot(share, log)])))
        return np.array(sums)

    def _moments(self, statistics: Array, means: Array) -> tuple[Array, Moments, Array]:
        """Counts (K,), the moments under r u about `means`, and sum r log u (K,)."""
        table = statistics.reshape(2, self.components, -1)
        return table[0, :, 0], moments_about(table[:, :, 1:-1].reshape(-1), means, False), table[0, :, -1]

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        """With n, b, A the moments under r u: P b for a mean, P (A - n_k Sigma) P / 2 for a scale matrix."""
        precision = self._kernel(parameters).precision
        counts, found, logs = self._moments(expectation.statistics, parameters["means"])
        excess = found.second - counts[:, None, None] * parameters["scales"]
        slope = 0.5 * precision @ excess @ precision
        half = 0.5 * parameters["degrees_of_freedom"]
        others = {
            "means": np.einsum("kij,kj->ki", precision, found.first),
            "scales": 0.5 * (slope + np.swapaxes(slope, 1, 2)),
            "degrees_of_freedom": 0.5 * (counts * (log_less_digamma(half) + 1.0) + logs - found.counts),
        }
        return self.gradient_of(expectation, parameters, others)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        return self._maximised(statistics, parameters, free, expanded=False)

    def partial_m_step(
        self, statistics: Array, parameters: Parameters, free: Blocks, steps: int
    ) -> Parameters:
        """The M step with at most so many inner Newton steps for the degrees of freedom."""
        return self._maximised(statistics, parameters, free, expanded=False, steps=steps)

    def expanded_m_step(self, statistics: Array, parameters: Parameters) -> Parameters:
        """The M step of the model in which u has a free scale, reduced to this one: see `px-em`.

        Liu, Rubin & Wu (1998), Biometrika 85, 755-770, section 4: the scale matrix is divided by sum r u instead of
        sum r, and the degrees of freedom are those of factors whose mean is free.
        """
        return self._maximised(statistics, parameters, None, expanded=True)

    def _maximised(
        self,
        statistics: Array,
        parameters: Parameters,
        free: Blocks,
        expanded: bool,
        steps: int = INNER_STEPS,
    ) -> Parameters:
        old = parameters["means"]
        counts, about_old, logs = self._moments(statistics, old)
        if counts.max() <= 0:
            return parameters
        # An expanded scale is only carried by a scale matrix that may move.
        expanded = expanded and self.moves("scales", free)
        present = (counts > 0) & (about_old.counts > 0)
        whole = np.where(present, counts, 1.0)
        factors = np.where(present, about_old.counts, 1.0)
        updated: dict[str, Array] = {}
        if self.moves("weights", free):
            updated["weights"] = counts / np.sum(counts)
        means = old
        if self.moves("means", free):
            means = np.where(present[:, None], old + about_old.first / factors[:, None], old)
            updated["means"] = means
        if self.moves("scales", free):
            second = self._moments(statistics, means)[1].second
            second = 0.5 * (second + np.swapaxes(second, 1, 2))
            divisor = factors if expanded else whole
            scales = second / divisor[:, None, None]
            updated["scales"] = np.where(present[:, None, None], scales, parameters["scales"])
        if self.moves("degrees_of_freedom", free):
            mean_factor, mean_log = factors / whole, np.where(present, logs / whole, -1.0)
            level = mean_log - (np.log(mean_factor) if expanded else mean_factor - 1.0)
            degrees = parameters["degrees_of_freedom"]
            half = best_shapes(0.5 * degrees, level, moving_rates=True, steps=steps)
            moved = np.minimum(2.0 * half, LARGEST_DEGREES)
            updated["degrees_of_freedom"] = np.where(present, moved, degrees)
        return parameters.replaced(updated)

    def mean_statistics(self, prepared: MixturePrepared, parameters: Parameters) -> Array:
        """n pi_k [1, 1, mu, Sigma + mu mu', digamma(nu/2) - log(nu/2)]."""
        self._kernel(parameters)
        means = parameters["means"]
        k, d = means.shape
        packed = packing(d, False)
        squares = parameters["scales"] + means[:, :, None] * means[:, None, :]
        table = np.zeros((2, k, prepared.feature_count))
        table[0, :, :2] = 1.0
        table[0, :, 2 : 2 + d] = means
        table[0, :, 2 + d : -1] = squares[:, packed.rows, packed.cols]
        table[0, :, -1] = -log_less_digamma(0.5 * parameters["degrees_of_freedom"])
        table[0] *= prepared.total_weight * parameters["weights"][:, None]
        return table.reshape(-1)

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """Sigma g / sum r u, (2 / n_k) Sigma G Sigma, and 4 g / (n_k (trigamma(nu/2) - 2 / nu))."""
        places, scales = parameters.layout.places, parameters["scales"]
        self._kernel(parameters)
        counts, found, _ = self._moments(statistics, parameters["means"])
        share = np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0)
        of_factors = np.divide(1.0, found.counts, out=np.zeros_like(counts), where=found.counts > 0)
        moved, weights = np.zeros_like(gradient), parameters["weights"]
        moved[places["weights"]] = solve_weights(weights, gradient[places["weights"]], float(counts.sum()))
        of_means = gradient[places["means"]].reshape(parameters["means"].shape)
        moved[places["means"]] = (of_factors[:, None] * np.einsum("kij,kj->ki", scales, of_means)).ravel()
        of_scales = gradient[places["scales"]].reshape(scales.shape)
        step = 2.0 * share[:, None, None] * (scales @ of_scales @ scales)
        moved[places["scales"]] = (0.5 * (step + np.swapaxes(step, 1, 2))).ravel()
        curvature = trigamma_less_inverse(0.5 * parameters["degrees_of_freedom"])
        of_degrees = gradient[places["degrees_of_freedom"]]
        moved[places["degrees_of_freedom"]] = 4.0 * share * of_degrees / curvature
        return moved

    def moments(self, parameters: Parameters) -> tuple[Array, Array, Array]:
        """Means, and scale matrices in place of covariances, which few degrees of freedom do not have."""
        described = parameters.in_data_units()
        return np.array(parameters["weights"]), described["means"], described["scales"]

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return parameters.in_data_units()

    def accept(
        self, prepared: MixturePrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        k, d = self.components, prepared.columns.shape[0]
        weights = self.accepted_weights(values)
        means = self.accepted_array(values, "means", (k, d))
        scales = self.accepted_array(values, "scales", (k, d, d))
        degrees = self.accepted_array(values, "degrees_of_freedom", (k,))
        if not np.allclose(scales, np.swapaxes(scales, -1, -2), rtol=1e-9, atol=0):
            raise InputError("[start]: each of the scales must be a symmetric matrix.")
        if np.any(degrees <= 0) or np.any(degrees > LARGEST_DEGREES):
            raise InputError(f"[start]: degrees_of_freedom must be above 0 and at most {LARGEST_DEGREES:g}.")
        given = {"weights": weights, "means": means, "scales": scales, "degrees_of_freedom": degrees}
        parameters = self.layout(prepared).pack_data_units(given)
        problem = PositiveDefinite().violation(parameters["scales"])
        if problem is not None:
            raise InputError(f"[start]: scales must be positive definite; {problem}.")
        return parameters

    def from_centres(self, prepared: MixturePrepared, centres: Array, spread: Array) -> Parameters:
        k, d = self.components, prepared.columns.shape[0]
        return self.layout(prepared).pack(
            {
                "weights": np.full(k, 1.0 / k),
                "means": centres,
                "scales": np.broadcast_to(np.diag(spread), (k, d, d)),
                "degrees_of_freedom": np.full(k, self.start_degrees),
            }
        )

    def free_dimension(self, prepared: MixturePrepared) -> int:
        k, d = self.components, prepared.columns.shape[0]
        counted = {"weights": k - 1, "means": k * d, "scales": k * d * (d + 1) // 2, "degrees_of_freedom": k}
        return sum(size for name, size in counted.items() if name not in self.hold)
