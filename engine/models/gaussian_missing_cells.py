"""Gaussian mixtures whose rows may lack cells: what is missing is latent too."""

import dataclasses
import functools
import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from engine.models.base import Expectation, UndefinedLikelihood, Units
from engine.models.centres import filled_with_means
from engine.models.conditional_gaussian import Conditional, completed, completed_by_axis, conditional
from engine.models.gaussian_moments import (
    Moments,
    moments_about,
    moved_to_origin,
    packing,
    sums_of,
    total,
)
from engine.models.missing_cells import Batch, IncompletePrepared, patterns_of
from engine.models.mixture import (
    Mixture,
    MixturePrepared,
    Places,
    summed,
    weighted_moments,
    weights_with_signs,
)
from engine.models.posterior import EXACT, Posterior
from engine.models.precisions import Precisions
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


class GaussianMissingCells(Mixture):
    """What a Gaussian mixture adds to the E step of whole rows where its data lack cells.

    The columns that a row has follow a Gaussian mixture too, with the means and covariances of just these columns: its
    E step finds the responsibilities. Given its component and what is there, what is not is Gaussian, so that the sums
    over whole rows are expected ones, and M step, gradient and bound stay as they are (Ghahramani & Jordan 1994, NIPS
    6, 120-127).
    """

    copes_with_missing_cells: ClassVar[bool] = True

    covariance: str
    """'full', 'tied', 'diagonal' or 'spherical': a setting of the model."""

    @property
    @abstractmethod
    def axis_parallel(self) -> bool:
        """Whether the columns of a component are independent of each other."""

    @abstractmethod
    def precisions(self, parameters: Parameters) -> Precisions:
        """Precisions and log-determinants, kept with the parameters; raises UndefinedLikelihood."""

    @abstractmethod
    def variances(self, parameters: Parameters) -> Array:
        """(K, d) variances of an axis-parallel mixture, frame units."""

    @abstractmethod
    def covariances(self, parameters: Parameters) -> Array:
        """(K, d, d) covariances, frame units."""

    @abstractmethod
    def degenerate(self, parameters: Parameters) -> UndefinedLikelihood:
        """Why covariances have no density."""

    def log_densities(self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]) -> Array:
        if not np.isnan(columns).any():
            return self.exact_densities(parameters, columns, chosen, Workspace())
        densities = np.empty((chosen.size, columns.shape[1]))
        for pattern in patterns_of(columns):
            if not pattern.observed.size:
                densities[:, pattern.rows] = 0.0
                continue
            there = columns[pattern.observed[:, None], pattern.rows]
            marginal = self._marginal(parameters, pattern.observed)
            densities[:, pattern.rows] = self.exact_densities(marginal, there, chosen, Workspace())
        return densities

    def expect(
        self,
        prepared: MixturePrepared,
        parameters: Parameters,
        workspace: Workspace,
        units: Units = None,
        posterior: Posterior = EXACT,
    ) -> Expectation:
        """Where cells are missing, the observed columns of each pattern of rows are a Gaussian mixture of their own.

        Its E step finds the responsibilities; what is missing then enters the sums by its expectation and covariance
        given the component and what is there (Ghahramani & Jordan 1994), pattern by pattern, not row by row.
        """
        if not isinstance(prepared, IncompletePrepared):
            return super().expect(prepared, parameters, workspace, units, posterior)
        parts = prepared.parts(units)
        if not parts:
            # Some rows of which none counts.
            nothing = np.zeros(2 * self.components * prepared.feature_count)
            return Expectation(
                0.0, frozen(nothing), frozen(np.zeros(self.components)) if posterior == EXACT else None
            )
        some = None if units is None else {piece.pattern for piece, _ in parts}
        batches = prepared.every_batch if some is None else prepared.batches(some)
        laws = self._laws(parameters, batches)
        marginals = self._marginals(parameters, batches, laws)
        if units is not None:
            # Pieces of every size would each leave their memory behind.
            own, workspace = workspace, Workspace(1)
            workspace.checkpoint = own.checkpoint

        def work(index: int) -> Expectation:
            piece, places = parts[index]
            if not len(piece.prepared.columns):
                return self._expect_of_nothing(piece.prepared, parameters, places, posterior)
            return super(GaussianMissingCells, self).expect(
                piece.prepared, marginals[piece.pattern], workspace, places, posterior
            )

        rows = prepared.units if units is None else len(units)
        try:
            found = workspace.over_blocks(work, len(parts), rows)
        except UndefinedLikelihood as error:
            raise UndefinedLikelihood(error.kind, error.detail, parameters) from None
        sums: dict[int, Array] = {}
        for (piece, _), each in zip(parts, found, strict=True):
            table = each.statistics.reshape(2, self.components, -1)
            known = sums.get(piece.pattern)
            sums[piece.pattern] = table if known is None else summed([known, table])
        statistics = self._whole_rows(parameters, batches, laws, sums)
        statistics.setflags(write=False)
        log_likelihood = math.fsum(each.log_likelihood for each in found)
        ratios = [each.ratios for each in found if each.ratios is not None]
        return Expectation(log_likelihood, statistics, frozen(np.add.reduce(ratios)) if ratios else None)

    def _laws(self, parameters: Parameters, batches: list[Batch]) -> list[Conditional | None]:
        """What is missing given what is there, for each batch; None where nothing is or each column is for itself."""
        self.precisions(parameters)
        if self.axis_parallel:
            return [None] * len(batches)
        d = parameters["means"].shape[1]
        covariances = parameters["covariances"].reshape(-1, d, d)
        observed = [batch.observed if batch.observed.shape[1] < d else None for batch in batches]
        try:
            return [None if each is None else conditional(covariances, each) for each in observed]
        except np.linalg.LinAlgError:
            raise self.degenerate(parameters) from None

    def _marginals(
        self, parameters: Parameters, batches: list[Batch], laws: list[Conditional | None]
    ) -> dict[int, Parameters]:
        """The parameters of the mixture that each pattern's columns follow, by the pattern's place."""
        marginals = {}
        for batch, law in zip(batches, laws, strict=True):
            precisions = law.precisions() if law is not None else [None] * len(batch.patterns)
            for pattern, observed, known in zip(batch.patterns, batch.observed, precisions, strict=True):
                marginals[pattern] = marginal = self._marginal(parameters, observed)
                if known is not None:
                    marginal.derived = known
        return marginals

    def _whole_rows(
        self,
        parameters: Parameters,
        batches: list[Batch],
        laws: list[Conditional | None],
        sums: Mapping[int, Array],
    ) -> Array:
        """Flat statistics of whole rows from those (2, K, F) of the columns that are there, by pattern."""
        means = parameters["means"]
        k, d = means.shape
        narrow = set(self.coefficients(parameters).narrow)
        whole: list[Array] = []
        moments: list[Moments] = []
        for batch, law in zip(batches, laws, strict=True):
            found = [sums[pattern] for pattern in batch.patterns]
            count, size = batch.observed.shape
            if size == d:
                whole.extend(found)
                continue
            tables = np.stack(found, axis=1)
            narrow.update(np.flatnonzero(tables[1].any(axis=(0, 2))).tolist())
            centres = means[:, batch.observed].swapaxes(0, 1).reshape(count * k, size)
            about = moments_about(tables.reshape(-1), centres, self.axis_parallel)
            counts, first = about.counts.reshape(count, k), about.first.reshape(count, k, size)
            about = Moments(counts, first, about.second.reshape(count, k, *about.second.shape[1:]))
            if law is None:
                moments.append(completed_by_axis(batch.observed, self.variances(parameters), about))
            else:
                moments.append(completed(law, about))
        if moments:
            whole.append(self._about_origin(total(moments), means, narrow))
        return summed(whole).reshape(-1)

    def _expect_of_nothing(
        self, prepared: MixturePrepared, parameters: Parameters, units: Units, posterior: Posterior
    ) -> Expectation:
        """Of rows without any value, whose density is the sum of the weights: counts (K,) are all that they have."""
        weights, row_weights = parameters["weights"], prepared.row_weights
        counted = np.ones(prepared.units) if row_weights is None else row_weights
        counted = counted if units is None else counted[units]
        if posterior != EXACT:
            joint = np.repeat(weights_with_signs(weights)[0][:, None], counted.size, axis=1)
            objective, shares = posterior.assign(joint, counted, prepared.first_block)
            return Expectation(objective, np.concatenate((shares.sum(axis=1), np.zeros_like(weights))))
        together, rows = float(np.sum(weights)), float(np.sum(counted))
        if not together > 0:
            raise self._undefined(parameters)
        ratios = np.full_like(weights, rows / together)
        statistics = np.concatenate((ratios * weights, np.zeros_like(weights)))
        return Expectation(rows * math.log(together), statistics, ratios)

    def _about_origin(self, found: Moments, means: Array, narrow: Iterable[int]) -> Array:
        """Statistics (2, K, F) from moments about the means; those of narrow components keep what rounding takes."""
        sums = sums_of(found, means, self.axis_parallel)
        statistics = np.stack((sums, np.zeros_like(sums)))
        upper = packing(means.shape[1], self.axis_parallel).upper
        for k in narrow:
            second = found.second[k] if self.axis_parallel else found.second[k].ravel()[upper]
            about_mean = np.concatenate(([found.counts[k]], found.first[k], second))
            pair = moved_to_origin(about_mean, means[k], self.axis_parallel)
            statistics[:, k] = pair.high, pair.low
        return statistics

    def _marginal(self, parameters: Parameters, observed: Places) -> Parameters:
        """The parameters of the mixture that some of the columns follow; the very same for all of them."""
        k, d = parameters["means"].shape
        if observed.size == d:
            return parameters
        layout, places = _marginal_places(k, d, self.covariance, tuple(observed.tolist()))
        vector = parameters.vector.take(places)
        vector.setflags(write=False)
        return Parameters(layout, vector)

    def statistics_of(self, prepared: MixturePrepared, responsibilities: Array) -> Array:
        """Where cells are missing they count with their column's own mean and variance, whatever the component."""
        missing = np.isnan(prepared.columns)
        if not missing.any():
            return super().statistics_of(prepared, responsibilities)
        filled = dataclasses.replace(prepared, columns=filled_with_means(prepared.columns))
        statistics = super().statistics_of(filled, responsibilities).reshape(2, self.components, -1)
        _, deviation = weighted_moments(prepared.columns.T, prepared.row_weights)
        counts = responsibilities if prepared.row_weights is None else responsibilities * prepared.row_weights
        d = len(prepared.columns)
        packed = packing(d, self.axis_parallel)
        of_squares = 1 + d + np.flatnonzero(packed.rows == packed.cols)
        statistics[0][:, of_squares] += (counts @ missing.T) * np.square(deviation)
        return statistics.reshape(-1)

    def missing_information(
        self, prepared: MixturePrepared, parameters: Parameters, workspace: Workspace
    ) -> Array | None:
        """None where cells are missing: the covariance of their squares would need moments of the fourth order."""
        if isinstance(prepared, IncompletePrepared):
            return None
        return super().missing_information(prepared, parameters, workspace)

    def imputed(self, parameters: Parameters, columns: Array) -> tuple[Array, Array]:
        """Expected values and standard deviations (d, m) of the cells of columns (d, m), NaN where missing.

        All in frame units; a cell that is there is itself, with a deviation of 0. What is missing is a mixture too: of
        what each component expects, by the responsibilities of what is there.
        """
        means, covariances = parameters["means"], self.covariances(parameters)
        responsibilities = self.responsibilities(parameters, columns)
        expected, deviations = np.array(columns), np.zeros(columns.shape)
        for observed, rows in ((each.observed, each.rows) for each in patterns_of(columns)):
            if observed.size == len(columns):
                continue
            law, shares = conditional(covariances, observed[None]), responsibilities[:, rows]
            missing = law.order[0, observed.size :]
            centred = columns[observed[:, None], rows] - means[:, observed, None]
            of_each = means[:, missing, None] + law.regression[0] @ centred
            mean = np.einsum("km,kdm->dm", shares, of_each)
            variances = np.diagonal(law.spread[0], axis1=1, axis2=2)[:, :, None] + np.square(of_each - mean)
            expected[missing[:, None], rows] = mean
            deviations[missing[:, None], rows] = np.sqrt(np.einsum("km,kdm->dm", shares, variances))
        return expected, deviations


@functools.lru_cache(maxsize=1024)
def _marginal_places(
    components: int, dimension: int, covariance: str, observed: tuple[int, ...]
) -> tuple[Layout, Places]:
    """The layout of the mixture that some of the columns follow, and where its numbers stand in that of all columns."""
    k, d, chosen = components, dimension, np.array(observed, dtype=np.intp)
    weights, means = np.arange(k), k + np.arange(k * d).reshape(k, d)[:, chosen]
    shape = {"full": (k, d, d), "tied": (d, d), "diagonal": (k, d), "spherical": (k,)}[covariance]
    block = k + k * d + np.arange(math.prod(shape)).reshape(shape)
    support: PositiveDefinite | Variance = PositiveDefinite()
    if covariance == "diagonal":
        block, support = block[:, chosen], Variance()
    elif covariance == "spherical":
        support = Variance()
    else:
        block = block[..., chosen[:, None], chosen]
    layout = Layout(
        (
            Block("weights", (k,), Simplex()),
            Block("means", means.shape, Real()),
            Block("covariances", block.shape, support),
        )
    )
    return layout, np.concatenate((weights, means.ravel(), block.ravel()))
