"""States that give real numbers: Gaussian, with a mean and a full covariance each."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.accepting import accepted_array
from engine.models.base import Frame, UndefinedLikelihood
from engine.models.data_checks import refuse_constant_columns
from engine.models.emission import Emission
from engine.models.gaussian_moments import (
    moments_about,
    moved_to_origin,
    packing,
    quadratic_features,
    sums_about_origin,
)
from engine.models.mixture import weighted_moments
from engine.models.posterior import LOG_TWO_PI
from engine.models.precisions import Precisions, precisions_of
from engine.parameters import Array, Block, Parameters, PositiveDefinite, Real, frozen
from engine.wording import number_text

COLLAPSED_VARIANCE = 1e-14
"""A variance (in frame units) at or below this is the data's own rounding: the likelihood has no maximum there."""
LEFT_VARIANCE = -1e-10
"""An eigenvalue below this, times the largest where that is above 1, is no rounding of 0."""
NARROW_TERM = 1e4
"""Where the terms of a state's quadratic form are larger than this, sums about the origin lose 4 digits."""
ABOVE_FLOOR = 1.01
"""A start that is chosen by the program keeps its variances above this many floors."""


@dataclass(frozen=True)
class GaussianEmission(Emission):
    """f_k(x) = N(x; mu_k, Sigma_k) on columns that are centred and scaled; eigenvalues stay above `floor`."""

    blocks: ClassVar[tuple[str, ...]] = ("means", "covariances")
    floor: float = 0.0

    def check(self, dataset: Dataset) -> None:
        refuse_constant_columns(dataset, "a Gaussian has no spread there")

    def frame(self, dataset: Dataset) -> Frame:
        mean, deviation = weighted_moments(dataset.values, None)
        return Frame(frozen(mean), frozen(deviation))

    def layout(self, states: int, dataset: Dataset, frame: Frame) -> tuple[Block, ...]:
        d, scale = dataset.dimension, frame.scale
        units = np.outer(scale, scale)
        return (
            Block("means", (states, d), Real(), False, frame.centre, scale),
            Block("covariances", (states, d, d), PositiveDefinite(self.floor), False, np.zeros(()), units),
        )

    def features(self, columns: Array) -> Array:
        return quadratic_features(columns, False)

    def _precisions(self, parameters: Parameters) -> Precisions:
        """Kept with the parameters. Raises UndefinedLikelihood where a covariance is none."""
        found = parameters.derived
        if not isinstance(found, Precisions):
            found = precisions_of(parameters["covariances"], COLLAPSED_VARIANCE)
            if found is None:
                raise self._degenerate(parameters)
            parameters.derived = found
        return found

    def _degenerate(self, parameters: Parameters) -> UndefinedLikelihood:
        """Tells a collapse (a variance shrank to 0) from a step that left the positive-definite matrices."""
        if not np.all(np.isfinite(parameters.vector)):
            return UndefinedLikelihood("not-finite", "a parameter is not finite", parameters)
        eigenvalues = np.linalg.eigvalsh(parameters["covariances"])
        relative = eigenvalues[:, 0] / np.maximum(1.0, eigenvalues[:, -1])
        worst = int(np.argmin(relative))
        smallest = float(eigenvalues[worst, 0])
        if relative[worst] < LEFT_VARIANCE:
            eigenvalue = f"smallest eigenvalue {number_text(smallest)}"
            detail = f"covariance {worst + 1} lost positive definiteness ({eigenvalue})"
            return UndefinedLikelihood("left-constraints", detail, parameters)
        detail = (
            f"state {worst + 1} shrank onto a point or a line (variance {number_text(max(smallest, 0.0), 2)} of the "
            "data's), where the likelihood grows without bound"
        )
        return UndefinedLikelihood("collapsed", detail, parameters)

    def log_densities(self, parameters: Parameters, features: Array) -> Array:
        means, log_determinants = parameters["means"], self._precisions(parameters).log_determinant
        d = means.shape[1]
        columns = features[1 : 1 + d]
        try:
            factors = np.linalg.cholesky(parameters["covariances"])
        except np.linalg.LinAlgError:
            raise self._degenerate(parameters) from None
        found = np.empty((len(means), columns.shape[1]))
        for k, (mean, factor) in enumerate(zip(means, factors, strict=True)):
            whitened = columns - mean[:, None]
            if d == 1:
                whitened /= factor[0, 0]
            else:
                whitened = np.linalg.solve(factor, whitened)
            np.einsum("ij,ij->j", whitened, whitened, out=found[k])
        found += (log_determinants + d * LOG_TWO_PI)[:, None]
        found *= -0.5
        return found

    def sums(self, parameters: Parameters, features: Array, shares: Array) -> Array:
        means, precision = parameters["means"], self._precisions(parameters).precision
        found = super().sums(parameters, features, shares)
        along = (precision @ means[:, :, None])[:, :, 0]
        terms = np.sum(along * means, axis=1) + np.trace(precision, axis1=1, axis2=2)
        for k in np.flatnonzero(terms > NARROW_TERM):
            centred = features[1 : 1 + means.shape[1]] - means[k][:, None]
            pair = sums_about_origin(centred, shares[k], means[k], False)
            found[0, k], found[1, k] = pair.high, pair.low
        return found

    def gradient(self, sums: Array, parameters: Parameters) -> dict[str, Array]:
        """P b for a mean and P (A - n Sigma) P / 2 for a covariance, with n, b, A the moments about the mean."""
        precision = self._precisions(parameters).precision
        found = moments_about(sums, parameters["means"], False)
        excess = found.second - found.counts[:, None, None] * parameters["covariances"]
        slope = 0.5 * (precision @ excess @ precision)
        return {
            "means": (precision @ found.first[:, :, None])[:, :, 0],
            "covariances": 0.5 * (slope + np.swapaxes(slope, 1, 2)),
        }

    def m_step(self, sums: Array, parameters: Parameters, names: tuple[str, ...]) -> dict[str, Array]:
        means, d = parameters["means"], parameters["means"].shape[1]
        counts = sums[0, :, 0]
        empty = counts <= 0
        divisor = np.where(empty, 1.0, counts)
        updated: dict[str, Array] = {}
        if "means" in names:
            averages = sums[0, :, 1 : 1 + d] / divisor[:, None]
            means = updated["means"] = np.where(empty[:, None], means, averages)
        if "covariances" in names:
            covariances = moments_about(sums, means, False).second / divisor[:, None, None]
            covariances = np.where(empty[:, None, None], parameters["covariances"], covariances)
            updated["covariances"] = (
                PositiveDefinite(self.floor).project(covariances) if self.floor else covariances
            )
        return updated

    def expected_log_density(self, sums: Array, parameters: Parameters) -> float:
        found, known = moments_about(sums, parameters["means"], False), self._precisions(parameters)
        d = parameters["means"].shape[1]
        constants = -0.5 * (known.log_determinant + d * LOG_TWO_PI)
        return float(np.dot(found.counts, constants) - 0.5 * np.sum(known.precision * found.second))

    def mean_sums(self, counts: Array, parameters: Parameters) -> Array:
        means, covariances = parameters["means"], parameters["covariances"]
        upper = packing(means.shape[1], False).upper
        pairs = []
        for count, mean, covariance in zip(counts, means, covariances, strict=True):
            about_mean = np.concatenate(([count], np.zeros(mean.size), count * covariance.ravel()[upper]))
            pairs.append(moved_to_origin(about_mean, mean, False))
        return np.array([[pair.high for pair in pairs], [pair.low for pair in pairs]])

    def solve_information(
        self, sums: Array, parameters: Parameters, gradient: Mapping[str, Array]
    ) -> dict[str, Array]:
        """Sigma_k g / n_k for a mean, 2 Sigma_k G Sigma_k / n_k for a covariance (Xu & Jordan 1996, theorem 1)."""
        covariances, counts = parameters["covariances"], sums[0, :, 0]
        share = np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0)
        along = (covariances @ gradient["means"][:, :, None])[:, :, 0]
        about = covariances @ gradient["covariances"] @ covariances
        return {"means": share[:, None] * along, "covariances": 2.0 * share[:, None, None] * about}

    def em_remainder(self, moves: Mapping[str, Array]) -> dict[str, Array]:
        """-(mu+ - mu)(mu+ - mu)' for a covariance, because EM centres it at the new mean."""
        shift = moves["means"]
        return {"covariances": -shift[:, :, None] * shift[:, None, :]}

    def from_centres(self, blocks: tuple[Block, ...], centres: Array, spread: Array) -> dict[str, Array]:
        matrices = np.broadcast_to(np.diag(np.maximum(spread, 0.0)), blocks[1].shape)
        above = dataclasses.replace(PositiveDefinite(self.floor), lower=ABOVE_FLOOR * self.floor)
        return {"means": centres, "covariances": above.project(matrices)}

    def accept(
        self, model: str, names: tuple[str, ...], blocks: tuple[Block, ...], values: Mapping[str, Any]
    ) -> dict[str, Array]:
        means = accepted_array(model, names, values, "means", blocks[0].shape)
        covariances = accepted_array(model, names, values, "covariances", blocks[1].shape)
        if not np.allclose(covariances, np.swapaxes(covariances, -1, -2), rtol=1e-9, atol=0):
            raise InputError("[start]: each covariance must be a symmetric matrix.")
        problem = blocks[1].support.violation(blocks[1].in_the_frame(covariances))
        if problem is not None:
            floor = " and lie above the covariance floor" if self.floor else ""
            raise InputError(f"[start]: covariances must be positive definite{floor}; {problem}.")
        return {"means": means, "covariances": covariances}

    def free_dimension(self, name: str, block: Block) -> int:
        if name == "means":
            return block.size
        k, d, _ = block.shape
        return k * d * (d + 1) // 2
