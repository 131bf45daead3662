"""Mixtures of factor analysers: clusters of many columns whose covariances need few numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.base import Blocks, Expectation, Frame, UndefinedLikelihood
from engine.models.data_checks import refuse_constant_columns
from engine.models.factor_moments import (
    FactorPosterior,
    complete_score,
    completed,
    degrees_of_freedom,
    factor_posterior,
    gram,
    regression,
    score,
)
from engine.models.mixture import (
    Coefficients,
    Mixture,
    MixturePrepared,
    weighted_moments,
    weights_with_signs,
)
from engine.models.posterior import LOG_TWO_PI
from engine.parameters import Array, Block, Layout, Parameters, Real, Simplex, Uniqueness, frozen
from engine.settings import setting
from engine.wording import counted

EXPLAINED = 0.5
"""The share of the variance that the factors explain where a start says nothing of them."""


class Kernels(NamedTuple):
    """Of each component what its parameters say of the factors, and the inverse (K, d, d) of its Cholesky factor."""

    posteriors: tuple[FactorPosterior, ...]
    whitening: Array


@dataclass(frozen=True)
class MixtureOfFactorAnalysers(Mixture):
    """Clusters that are each a factor analysis of their own: many columns, few numbers for a covariance.

    Latent are the component of each row and, given that, its factors z: x = mean_k + L_k z + noise_k. E step:
    responsibilities, and for each component the factors' means B_k (x - mean_k) and covariance I - B_k L_k, all from
    the sums of r [1, x][1, x]'. M step: n_k / n, and for each component the regression of its rows on [1, z] and what
    it leaves. Gradient: with D_k = P_k C_k P_k - n_k P_k and P_k = (L_k L_k' + Psi_k)^-1, D_k L_k in the loadings and
    diag(D_k) / 2 in the uniquenesses. Ghahramani & Hinton (1996), CRG-TR-96-1; McLachlan & Peel (2000), chapter 8.

    Between axis-parallel and full covariances: with q factors a component has d q + d numbers for its covariance in
    place of d (d + 1) / 2. It may collapse as any mixture of Gaussians, and a uniqueness may run to 0 as in any factor
    analysis. On iris with three components of one factor each, 38 parameters in place of 44 and a BIC as good, EM is
    still on its way after 1000 steps, where it took 40 with full covariances, and SQUAREM is there after 68.
    """

    name: ClassVar[str] = "mixture-of-factor-analysers"
    source: ClassVar[str] = (
        "Ghahramani & Hinton (1996), The EM Algorithm for Mixtures of Factor Analyzers, CRG-TR-96-1"
    )
    formula: ClassVar[str] = r"""
        f(x) = \sum_{k=1}^{K} \pi_k\, \mathcal{N}(x; \mu_k, \Lambda_k\Lambda_k^\top + \Psi_k)
        \mathrm{E}[z \mid x, k] = B_k (x - \mu_k), \qquad B_k = \Lambda_k^\top (\Lambda_k\Lambda_k^\top + \Psi_k)^{-1}
        (\mu_k, \Lambda_k) \sum_i r_{ik}\, \mathrm{E}[y y^\top] = \sum_i r_{ik}\, x_i\, \mathrm{E}[y^\top], \qquad y = (1, z)
    """
    try_it: ClassVar[str] = (
        "Compare its BIC with that of Gaussians with full covariances on the same columns."
    )
    blocks: ClassVar[tuple[str, ...]] = ("weights", "means", "loadings", "uniquenesses")

    factors: int = setting(
        1, label="Factors", help="How many latent factors each component has (q).", minimum=1, maximum=20
    )

    def check(self, dataset: Dataset) -> None:
        super().check(dataset)
        refuse_constant_columns(dataset, "a cluster has no spread there")
        d = dataset.dimension
        if degrees_of_freedom(d, self.factors) < 0:
            raise InputError(
                f"{dataset.name} has {counted(d, 'column')}, too few to tell apart {counted(self.factors, 'factor')} in "
                "each component; ask for fewer factors, or choose gaussian-mixture."
            )

    def prepare(self, dataset: Dataset) -> MixturePrepared:
        mean, deviation = weighted_moments(dataset.values, dataset.row_weights)
        columns = np.array((dataset.values - mean).T / deviation[:, None], order="C")
        jacobian = -dataset.total_weight * float(np.sum(np.log(deviation)))
        count = (1 + dataset.dimension + self.factors) ** 2
        frame = Frame(frozen(mean), frozen(deviation))
        return self.prepared_from(dataset, frame, columns, count, jacobian, by_product=False)

    def layout(self, prepared: MixturePrepared) -> Layout:
        k, d, q = self.components, prepared.columns.shape[0], self.factors
        centre, scale = prepared.frame.centre, prepared.frame.scale
        none = np.zeros(())
        return Layout(
            (
                Block("weights", (k,), Simplex(), "weights" in self.hold),
                Block("means", (k, d), Real(), "means" in self.hold, centre, scale),
                Block("loadings", (k, d, q), Real(), "loadings" in self.hold, none, scale[:, None]),
                Block("uniquenesses", (k, d), Uniqueness(), "uniquenesses" in self.hold, none, scale**2),
            )
        )

    def features(self, columns: Array) -> Array:
        """[1, x, z][1, x, z]' with the factors of a start: those of variance 1 about the first columns."""
        d, m = columns.shape
        together = np.concatenate((np.ones((1, m)), columns, columns[: self.factors]))
        products = together[:, None, :] * together[None, :, :]
        of_factors = np.arange(1 + d, 1 + d + self.factors)
        products[of_factors, of_factors] += 1.0
        return products.reshape(-1, m)

    def _kernels(self, parameters: Parameters) -> Kernels:
        """Kept with the parameters; raises UndefinedLikelihood where a component has no density."""
        known = parameters.derived
        if isinstance(known, Kernels):
            return known
        if not np.all(np.isfinite(parameters.vector)):
            raise UndefinedLikelihood("not-finite", "a parameter is not finite", parameters)
        found = []
        for k, (loadings, noise) in enumerate(
            zip(parameters["loadings"], parameters["uniquenesses"], strict=True)
        ):
            posterior = factor_posterior(loadings, noise)
            if posterior is None:
                outside = parameters.layout.violation(parameters.vector)
                shrank = f"component {k + 1} shrank onto fewer directions than there are columns, where the "
                detail = outside or f"{shrank}likelihood grows without bound"
                raise UndefinedLikelihood("left-constraints" if outside else "collapsed", detail, parameters)
            found.append(posterior)
        whitening = np.linalg.solve(np.stack([each.factor for each in found]), np.eye(len(noise)))
        kernels = Kernels(tuple(found), np.asarray(whitening))
        parameters.derived = kernels
        return kernels

    def coefficients(self, parameters: Parameters) -> Coefficients:
        """Of the complete data's log-density, with z known; every component's own density is evaluated exactly."""
        self._kernels(parameters)
        log_weights, signs = weights_with_signs(parameters["weights"])
        means, loadings, noise = (parameters[name] for name in self.blocks[1:])
        k, d, q = loadings.shape
        table = np.empty((k, 1 + d + q, 1 + d + q))
        with np.errstate(divide="ignore", invalid="ignore"):
            for place in range(k):
                # What is left of a row, as a linear map of [1, x, z].
                rest = np.column_stack((-means[place], np.eye(d), -loadings[place]))
                table[place] = -0.5 * (rest.T / noise[place]) @ rest
                logs = d * LOG_TWO_PI + float(np.sum(np.log(noise[place]))) + q * LOG_TWO_PI
                table[place, 0, 0] += log_weights[place] - 0.5 * logs
        of_factors = np.arange(1 + d, 1 + d + q)
        table[:, of_factors, of_factors] -= 0.5
        return Coefficients(table.reshape(k, -1), log_weights, signs, tuple(range(k)))

    def log_densities(self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]) -> Array:
        kernels = self._kernels(parameters)
        densities = np.empty((chosen.size, columns.shape[1]))
        for place, k in enumerate(chosen):
            whitened = kernels.whitening[k] @ (columns - parameters["means"][k][:, None])
            constant = len(columns) * LOG_TWO_PI + kernels.posteriors[k].log_determinant
            densities[place] = -0.5 * (np.einsum("ij,ij->j", whitened, whitened) + constant)
        return densities

    def feature_sums(
        self, parameters: Parameters, columns: Array, shares: Array, chosen: npt.NDArray[np.intp]
    ) -> Array:
        posteriors, sums = self._kernels(parameters).posteriors, []
        for share, k in zip(shares, chosen, strict=True):
            observed, found = gram(columns, share), posteriors[k]
            squared = observed[0, 0] * found.covariance
            sums.append(completed(observed, parameters["means"][k], found.weights, None, squared).ravel())
        return np.array(sums)

    def _tables(self, statistics: Array, parameters: Parameters) -> Array:
        """The moments of [1, x, z] of each component, (K, 1 + d + q, 1 + d + q)."""
        size = 1 + parameters["means"].shape[1] + self.factors
        return np.asarray(statistics.reshape(2, self.components, size, size)[0])

    def _lines(self, parameters: Parameters) -> Array:
        """Coefficients (K, d, 1 + q) of [1, z]."""
        return np.concatenate((parameters["means"][:, :, None], parameters["loadings"]), axis=2)

    def expected_log_likelihood(
        self, prepared: MixturePrepared, statistics: Array, parameters: Parameters
    ) -> float:
        counts = self._tables(statistics, parameters)[:, 0, 0]
        if np.min(parameters["uniquenesses"][counts != 0], initial=math.inf) <= 0.0:
            return -math.inf
        return super().expected_log_likelihood(prepared, statistics, parameters)

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        posteriors, loadings = self._kernels(parameters).posteriors, parameters["loadings"]
        means = parameters["means"]
        found = {
            "means": np.empty_like(means),
            "loadings": np.empty_like(loadings),
            "uniquenesses": np.empty_like(means),
        }
        for k, moments in enumerate(self._tables(expectation.statistics, parameters)):
            found["means"][k], slope = score(moments, means[k], posteriors[k])
            found["loadings"][k] = slope @ loadings[k]
            found["uniquenesses"][k] = 0.5 * np.diagonal(slope)
        return self.gradient_of(expectation, parameters, found)

    def complete_gradient(self, statistics: Array, parameters: Parameters) -> Array:
        tables, lines, weights = (
            self._tables(statistics, parameters),
            self._lines(parameters),
            parameters["weights"],
        )
        counts, d = tables[:, 0, 0], lines.shape[1]
        slopes, noise = np.empty_like(lines), np.empty_like(parameters["means"])
        for k, moments in enumerate(tables):
            slopes[k], noise[k] = complete_score(
                regression(moments, d), lines[k], parameters["uniquenesses"][k]
            )
        found = {
            "weights": np.divide(counts, weights, out=np.zeros_like(weights), where=weights != 0),
            "means": slopes[:, :, 0],
            "loadings": slopes[:, :, 1:],
            "uniquenesses": noise,
        }
        return parameters.layout.flat(found)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        tables = self._tables(statistics, parameters)
        counts, d = tables[:, 0, 0], parameters["means"].shape[1]
        if counts.max() <= 0:
            return parameters
        moving = [0] * self.moves("means", free)
        moving += list(range(1, 1 + self.factors)) * self.moves("loadings", free)
        lines, noise = self._lines(parameters), np.array(parameters["uniquenesses"])
        for k in np.flatnonzero(counts > 0):
            given = regression(tables[k], d)
            solved = given.lines(lines[k], moving)
            if solved is None:
                continue
            lines[k], noise[k] = solved, given.residuals(solved) / given.rows
        updated = {"means": lines[:, :, 0], "loadings": lines[:, :, 1:], "uniquenesses": noise}
        updated = {name: values for name, values in updated.items() if self.moves(name, free)}
        if self.moves("weights", free):
            updated["weights"] = counts / np.sum(counts)
        return parameters.replaced(updated)

    def moments(self, parameters: Parameters) -> tuple[Array, Array, Array]:
        described = parameters.in_data_units()
        loadings, noise = described["loadings"], described["uniquenesses"]
        covariances = loadings @ np.swapaxes(loadings, 1, 2) + noise[:, :, None] * np.eye(noise.shape[1])
        return np.array(parameters["weights"]), described["means"], covariances

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return parameters.in_data_units()

    def accept(
        self, prepared: MixturePrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        k, d = self.components, prepared.columns.shape[0]
        given = {
            "weights": self.accepted_weights(values),
            "means": self.accepted_array(values, "means", (k, d)),
            "loadings": self.accepted_array(values, "loadings", (k, d, self.factors)),
            "uniquenesses": self.accepted_array(values, "uniquenesses", (k, d)),
        }
        if np.min(given["uniquenesses"]) < 0:
            raise InputError("[start]: uniquenesses must be at least 0.")
        parameters = self.layout(prepared).pack_data_units(given)
        try:
            self._kernels(parameters)
        except UndefinedLikelihood as undefined:
            raise InputError(
                f"[start]: there is no likelihood at these parameters: {undefined.detail}."
            ) from None
        return parameters

    def from_centres(self, prepared: MixturePrepared, centres: Array, spread: Array) -> Parameters:
        """Factors along the principal directions of all the data, which explain half of the spread."""
        k, (d, n) = self.components, prepared.columns.shape
        counted_rows = np.ones(n) if prepared.row_weights is None else prepared.row_weights
        _, vectors = np.linalg.eigh((prepared.columns * counted_rows) @ prepared.columns.T)
        directions = vectors[:, : -self.factors - 1 : -1]
        directions = directions * np.where(np.sum(directions, axis=0) < 0, -1.0, 1.0)
        loadings = directions * math.sqrt(EXPLAINED * float(np.sum(spread)) / self.factors)
        return self.layout(prepared).pack(
            {
                "weights": np.full(k, 1.0 / k),
                "means": centres,
                "loadings": np.broadcast_to(loadings, (k, d, self.factors)),
                "uniquenesses": np.broadcast_to((1.0 - EXPLAINED) * spread, (k, d)),
            }
        )

    def free_dimension(self, prepared: MixturePrepared) -> int:
        """Loadings are counted less the rotations of each component's factors, which change no likelihood."""
        k, d, q = self.components, prepared.columns.shape[0], self.factors
        counted_as = {
            "weights": k - 1,
            "means": k * d,
            "loadings": k * (d * q - q * (q - 1) // 2),
            "uniquenesses": k * d,
        }
        return sum(size for name, size in counted_as.items() if name not in self.hold)
