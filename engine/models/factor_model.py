"""Linear models with Gaussian latent factors: x = mean + loadings z + noise, the noise of each column its own.

Every sum that an E step needs is one of `engine.models.factor_moments`: of x it is the data's own, kept from the
beginning, and the factors' part follows from it by matrices of p columns. So a step looks at no row.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.dataset import Dataset
from engine.errors import InputError, MissingCells
from engine.models.accepting import accepted_array, refuse_unknown_blocks
from engine.models.base import Blocks, Expectation, Frame, Model, Prepared, UndefinedLikelihood, Units
from engine.models.data_checks import refuse_constant_columns, refuse_infinite_cells
from engine.models.exponential_family import CompleteExponentialFamily
from engine.models.factor_moments import (
    FactorPosterior,
    Regression,
    complete_score,
    completed,
    expected_moments,
    factor_posterior,
    gram,
    regression,
    score,
    score_covariance,
    solved_by_cholesky,
)
from engine.models.posterior import EXACT, LOG_TWO_PI, Posterior
from engine.models.workspace import Workspace
from engine.parameters import Array, Block, Layout, Parameters, Real, Support, frozen
from engine.settings import setting
from engine.wording import counted, number_text

SMALLEST_METRIC = 1e-20
"""The profile is taken in the metric of uniquenesses of at least this (frame units)."""


@dataclass(frozen=True, eq=False)
class FactorPrepared(Prepared):
    """The rows in frame units, `columns` (p, n), and their moments `gram` (1 + p, 1 + p), the sum of w [1, x][1, x]'.

    Of a covariance matrix there are no rows; it is one unit.
    """

    columns: Array
    row_weights: Array | None
    gram: Array

    @property
    def dimension(self) -> int:
        """p."""
        return len(self.columns)

    @property
    def mean(self) -> Array:
        """The columns' means (p,), frame units."""
        return np.asarray(self.gram[0, 1:] / self.gram[0, 0])

    @property
    def covariance(self) -> Array:
        """S (p, p), about the columns' means, with the divisor n; frame units."""
        return np.asarray(self.gram[1:, 1:] / self.gram[0, 0] - np.outer(self.mean, self.mean))

    def covariance_about(self, centre: Array) -> Array:
        """S about some other point (p,)."""
        apart = self.mean - centre
        return self.covariance + np.outer(apart, apart)


@dataclass(frozen=True)
class FactorModel(Model, CompleteExponentialFamily):
    """x = mean + loadings z + noise with standard normal factors z; concrete models say what the noise is."""

    noise_block: ClassVar[str]
    default_start: ClassVar[str] = "random-loadings"
    latents_take_few_values: ClassVar[bool] = False
    needs_rows: ClassVar[bool] = False
    profiled_blocks: ClassVar[tuple[str, ...]] = ("loadings",)
    likelihood_blocks: ClassVar[tuple[str, ...]]

    factors: int = setting(
        1, label="Factors", help="How many latent factors there are (q).", minimum=1, maximum=20
    )
    hold: tuple[str, ...] = setting(
        (), label="Held fixed", help="Blocks of parameters that stay at their start.", choices="blocks"
    )

    @abstractmethod
    def noise_support(self) -> Support:
        """Of what kind the noise's variances are."""

    @abstractmethod
    def noise_shape(self, dimension: int) -> tuple[int, ...]:
        """The shape of the noise's block for so many columns."""

    @abstractmethod
    def averaged(self, by_column: Array) -> Array:
        """The noise's block from what each column (p,) would have for its own variance."""

    @abstractmethod
    def gathered(self, by_column: Array) -> Array:
        """The slope in the noise's block from the slopes in the variances of the columns (p, ...)."""

    @property
    @abstractmethod
    def shares_a_scale(self) -> bool:
        """Whether all columns must be written in one unit."""

    # Data

    def check(self, dataset: Dataset) -> None:
        name, p = dataset.name, dataset.dimension
        for block in self.hold:
            if block not in self.blocks:
                raise InputError(
                    f"[model]: {block!r} cannot be held fixed; the blocks of {self.name} are {', '.join(self.blocks)}."
                )
        if dataset.rows == 0 and dataset.covariance is None:
            raise InputError(f"{name} has no rows to fit; choose a file with data.")
        if dataset.missing:
            raise MissingCells(
                f"{name} has {counted(dataset.missing, 'missing cell')}, which {self.name} cannot use; drop those rows "
                "(--drop-missing) or choose other columns."
            )
        refuse_infinite_cells(dataset)
        if p < 2:
            raise InputError(f"{name} has {counted(p, 'column')}; {self.name} explains what several share.")
        if dataset.covariance is None:
            refuse_constant_columns(dataset, "it shares nothing with the others")
        self.check_factors(dataset)

    @abstractmethod
    def check_factors(self, dataset: Dataset) -> None:
        """Raises InputError where there are more factors than the columns can tell apart."""

    def prepare(self, dataset: Dataset) -> FactorPrepared:
        p, total = dataset.dimension, dataset.total_weight
        if dataset.covariance is not None:
            mean, deviation = np.zeros(p), np.sqrt(np.diagonal(dataset.covariance))
        else:
            share = np.full(dataset.rows, 1.0) if dataset.row_weights is None else dataset.row_weights
            share = share / np.sum(share)
            mean = share @ dataset.values
            # A second pass over the deviations: the mean of far-away data is itself rounded.
            mean = mean + share @ (dataset.values - mean)
            deviation = np.sqrt(share @ np.square(dataset.values - mean))
        if self.shares_a_scale:
            deviation = np.full(p, math.sqrt(float(np.mean(np.square(deviation)))))
        frame = Frame(frozen(mean), frozen(deviation))
        columns = frozen(frame.to_frame(dataset.values).T)
        if dataset.covariance is not None:
            observed = np.zeros((1 + p, 1 + p))
            observed[0, 0], observed[1:, 1:] = (
                total,
                total * dataset.covariance / np.outer(deviation, deviation),
            )
        else:
            observed = gram(columns, dataset.row_weights)
        return FactorPrepared(
            dataset,
            frame,
            max(1, dataset.rows),
            total,
            -total * float(np.sum(np.log(deviation))),
            columns,
            dataset.row_weights,
            frozen(observed),
        )

    def layout(self, prepared: FactorPrepared) -> Layout:
        p, frame = prepared.dimension, prepared.frame
        unit = np.square(frame.scale)
        return Layout(
            (
                # A covariance matrix tells nothing of means.
                Block(
                    "mean",
                    (p,),
                    Real(),
                    "mean" in self.hold or not prepared.dataset.rows,
                    frame.centre,
                    frame.scale,
                ),
                Block(
                    "loadings",
                    (p, self.factors),
                    Real(),
                    "loadings" in self.hold,
                    np.zeros(()),
                    frame.scale[:, None],
                ),
                Block(
                    self.noise_block,
                    self.noise_shape(p),
                    self.noise_support(),
                    self.noise_block in self.hold,
                    np.zeros(()),
                    self.averaged(unit),
                ),
            )
        )

    # E step

    def variances(self, parameters: Parameters) -> Array:
        """The noise's variance of each column, (p,); frame units."""
        return np.broadcast_to(parameters[self.noise_block], parameters["mean"].shape)

    def posterior_of(self, parameters: Parameters) -> FactorPosterior:
        """Kept with the parameters; raises UndefinedLikelihood where Sigma is not positive definite."""
        found = parameters.derived
        if not isinstance(found, FactorPosterior):
            if not np.all(np.isfinite(parameters.vector)):
                raise UndefinedLikelihood("not-finite", "a parameter is not finite", parameters)
            found = factor_posterior(parameters["loadings"], self.variances(parameters))
            if found is None:
                raise self._singular(parameters)
            parameters.derived = found
        return found

    def _singular(self, parameters: Parameters) -> UndefinedLikelihood:
        loadings = parameters["loadings"]
        sigma = loadings @ loadings.T + np.diag(self.variances(parameters))
        smallest = float(np.linalg.eigvalsh(sigma)[0])
        outside = parameters.layout.violation(parameters.vector)
        detail = outside or (
            "no noise is left in more columns than there are factors, so that the model's covariance is singular "
            f"(smallest eigenvalue {number_text(max(smallest, 0.0), 2)})"
        )
        return UndefinedLikelihood("left-constraints" if outside else "collapsed", detail, parameters)

    def expect(
        self,
        prepared: FactorPrepared,
        parameters: Parameters,
        workspace: Workspace,
        units: Units = None,
        posterior: Posterior = EXACT,
    ) -> Expectation:
        observed = prepared.gram
        if units is not None and prepared.dataset.rows:
            row_weights = None if prepared.row_weights is None else prepared.row_weights[units]
            observed = gram(prepared.columns[:, units], row_weights)
        found = self.posterior_of(parameters)
        rows, p = float(observed[0, 0]), prepared.dimension
        whitened = np.linalg.solve(found.factor, np.column_stack((-parameters["mean"], np.eye(p))))
        square = float(np.vdot(whitened @ observed, whitened))
        log_likelihood = -0.5 * (rows * (p * LOG_TWO_PI + found.log_determinant) + square)
        excess, crossed, squared = self._noise(parameters, found, observed, posterior)
        value = log_likelihood + prepared.log_jacobian * (rows / prepared.total_weight) + excess
        if not math.isfinite(value):
            raise UndefinedLikelihood("not-finite", "the log-likelihood is not finite", parameters)
        moments = completed(observed, parameters["mean"], found.weights, crossed, squared)
        return Expectation(value, frozen(np.stack((moments, np.zeros_like(moments))).reshape(-1)))

    def _noise(
        self, parameters: Parameters, found: FactorPosterior, observed: Array, posterior: Posterior
    ) -> tuple[float, Array | None, Array]:
        """What the objective has beside the log-likelihood, and the sums of [1, x] e' and e e' about the factors' means.

        See `Posterior.noise`, which has e as standard normal.
        """
        rows, q = float(observed[0, 0]), self.factors
        if posterior is EXACT:
            return 0.0, None, rows * found.covariance
        loadings, variances = parameters["loadings"], self.variances(parameters)
        if np.min(variances) <= 0.0:
            sentence = "without noise in a column the factors are certain, and have no density"
            raise UndefinedLikelihood("collapsed", sentence, parameters)
        precise = np.eye(q) + loadings.T @ (loadings / variances[:, None])
        # The covariance is the inverse of this, so its root is the inverse of the factor, transposed.
        root = np.linalg.solve(np.linalg.cholesky(precise).T, np.eye(q))
        log_scale = rows * float(np.sum(np.log(np.diagonal(root))))
        excess, crossed, squared = posterior.noise(observed, q, log_scale)
        return excess, crossed @ root.T, root @ squared @ root.T

    # M step and slopes

    def _regression(self, statistics: Array, parameters: Parameters) -> Regression:
        """Of the moments of [1, x, z] that the statistics are."""
        return regression(self._moments(statistics, parameters), len(parameters["mean"]))

    def _moments(self, statistics: Array, parameters: Parameters) -> Array:
        size = 1 + len(parameters["mean"]) + self.factors
        return statistics[: size * size].reshape(size, size)

    def _lines(self, parameters: Parameters) -> Array:
        """The coefficients (p, 1 + q) of [1, z]."""
        return np.column_stack((parameters["mean"], parameters["loadings"]))

    def _moving(self, parameters: Parameters, free: Blocks = None) -> list[int]:
        """Which of the regressors [1, z] have free coefficients."""
        moving = [name for name in parameters.layout.free if free is None or name in free]
        return [0] * ("mean" in moving) + list(range(1, 1 + self.factors)) * ("loadings" in moving)

    def gradient(self, expectation: Expectation, parameters: Parameters) -> Array:
        """With D = P C P - n P of `score`: P times the sum of w (x - mean), D loadings, and diag(D) / 2 for the noise."""
        moments, found = self._moments(expectation.statistics, parameters), self.posterior_of(parameters)
        of_mean, slope = score(moments, parameters["mean"], found)
        return parameters.layout.flat(
            {
                "mean": of_mean,
                "loadings": slope @ parameters["loadings"],
                self.noise_block: self.gathered(0.5 * np.diagonal(slope)),
            },
        )

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        given = self._regression(statistics, parameters)
        lines = None
        if given.rows > 0:
            lines = given.lines(self._lines(parameters), self._moving(parameters, free))
        if lines is None:
            return parameters
        changed = {"mean": lines[:, 0], "loadings": lines[:, 1:]}
        if self.noise_block in parameters.layout.free and (free is None or self.noise_block in free):
            changed[self.noise_block] = self.averaged(given.residuals(lines) / given.rows)
        return parameters.replaced(changed)

    def expanded_m_step(self, statistics: Array, parameters: Parameters) -> Parameters:
        """The M step with the factors' covariance free: loadings times the root of the second moments it would have.

        Liu, Rubin & Wu (1998), Biometrika 85, 755-770, section 4.
        """
        moved = self.m_step(statistics, parameters)
        rows, square, _, _ = self._regression(statistics, parameters)
        if rows <= 0 or "loadings" not in parameters.layout.free:
            return moved
        try:
            root = np.linalg.cholesky(square[1:, 1:] / rows)
        except np.linalg.LinAlgError:
            return moved
        return moved.replaced({"loadings": moved["loadings"] @ root})

    def expected_log_likelihood(
        self, prepared: FactorPrepared, statistics: Array, parameters: Parameters
    ) -> float:
        given, variances = self._regression(statistics, parameters), self.variances(parameters)
        if np.min(variances) <= 0.0:
            return -math.inf
        residuals, rows = given.residuals(self._lines(parameters)), given.rows
        observed = rows * (len(variances) * LOG_TWO_PI + float(np.sum(np.log(variances))))
        latent = rows * self.factors * LOG_TWO_PI + float(np.trace(given.square[1:, 1:]))
        share = rows / prepared.total_weight
        return share * prepared.log_jacobian - 0.5 * (
            observed + float(np.sum(residuals / variances)) + latent
        )

    def mean_statistics(self, prepared: FactorPrepared, parameters: Parameters) -> Array:
        table = expected_moments(parameters["mean"], parameters["loadings"], self.variances(parameters))
        return np.asarray(prepared.total_weight * np.stack((table, np.zeros_like(table))).reshape(-1))

    def solve_information(self, statistics: Array, parameters: Parameters, gradient: Array) -> Array:
        """psi_j (sum y y')^-1 for the coefficients of column j, 2 psi_j^2 / n for its noise."""
        rows, square, _, _ = self._regression(statistics, parameters)
        places, variances = parameters.layout.places, self.variances(parameters)
        slopes = self._lines(parameters)
        slopes[:, 0], slopes[:, 1:] = (
            gradient[places["mean"]],
            gradient[places["loadings"]].reshape(parameters["loadings"].shape),
        )
        moving = self._moving(parameters)
        moves = np.zeros_like(slopes)
        if moving and rows > 0:
            solved = solved_by_cholesky(square[np.ix_(moving, moving)], slopes[:, moving].T)
            if solved is not None:
                moves[:, moving] = variances[:, None] * solved.T
        noise = gradient[places[self.noise_block]].reshape(parameters[self.noise_block].shape)
        columns = len(variances) / max(1, parameters[self.noise_block].size)
        along = (
            2.0 * np.square(parameters[self.noise_block]) * noise / (rows * columns)
            if rows > 0
            else noise * 0
        )
        return parameters.layout.flat(
            {"mean": moves[:, 0], "loadings": moves[:, 1:], self.noise_block: along}
        )

    def complete_gradient(self, statistics: Array, parameters: Parameters) -> Array:
        lines, variances = self._lines(parameters), self.variances(parameters)
        slopes, noise = complete_score(self._regression(statistics, parameters), lines, variances)
        return parameters.layout.flat(
            {"mean": slopes[:, 0], "loadings": slopes[:, 1:], self.noise_block: self.gathered(noise)},
        )

    def missing_information(
        self, prepared: FactorPrepared, parameters: Parameters, workspace: Workspace
    ) -> Array | None:
        """From the moments of x alone: see `score_covariance`. None where a column has no noise."""
        mean, loadings, noise = parameters["mean"], parameters["loadings"], self.variances(parameters)
        if np.min(noise) <= 0.0:
            return None
        found = score_covariance(prepared.gram, mean, loadings, noise, self.posterior_of(parameters))
        # From the coefficients of [1, z], column by column, and the noise to the blocks as they stand.
        p, q = loadings.shape
        lines = np.arange(p * (1 + q)).reshape(p, 1 + q)
        moved = np.zeros((parameters.layout.size, len(found)))
        places, free = parameters.layout.places, parameters.layout.free
        of_blocks = {
            "mean": np.eye(len(found))[lines[:, 0]],
            "loadings": np.eye(len(found))[lines[:, 1:].ravel()],
            self.noise_block: np.atleast_2d(self.gathered(np.eye(len(found))[p * (1 + q) :])),
        }
        for name in free:
            moved[places[name]] = of_blocks[name]
        return np.asarray(moved @ found @ moved.T)

    def em_remainder(self, statistics: Array, parameters: Parameters, move: Array) -> Array:
        """The noise is measured about the new coefficients: -(move' (sum y y') move) / n, column by column."""
        rows, square, _, _ = self._regression(statistics, parameters)
        moved = self._lines(Parameters(parameters.layout, move))
        closer = -np.sum(moved * (moved @ square), axis=1) / rows
        zeros = {name: np.zeros(parameters[name].shape) for name in ("mean", "loadings")}
        return parameters.layout.flat({**zeros, self.noise_block: self.averaged(closer)})

    # The profile

    def profiled(self, prepared: FactorPrepared, parameters: Parameters) -> Parameters:
        """Loadings at their maximum given the noise: Psi^1/2 U (e - 1)^1/2 of the q largest eigenvalues e above 1.

        U and e are those of Psi^-1/2 S Psi^-1/2, S about the mean (Jöreskog 1967, Psychometrika 32, 443-482,
        equation 18; Barber 2012, Bayesian Reasoning and Machine Learning, section 21.2.1).
        """
        roots = np.sqrt(np.maximum(self.variances(parameters), SMALLEST_METRIC))
        eigenvalues, vectors = _largest(prepared.covariance_about(parameters["mean"]), roots, self.factors)
        loadings = roots[:, None] * (vectors * np.sqrt(np.maximum(eigenvalues - 1.0, 0.0)))
        # An eigenvector's sign is arbitrary, and must not change between two steps.
        signs = np.where(np.sum(loadings, axis=0) < 0, -1.0, 1.0)
        return parameters.replaced({"loadings": loadings * signs})

    def profile_fixed_point(self, prepared: FactorPrepared, parameters: Parameters) -> Parameters:
        """The data's mean, and the noise as diag(S - loadings loadings') has it."""
        free = parameters.layout.free
        if "mean" in free:
            parameters = parameters.replaced({"mean": prepared.mean})
        if self.noise_block not in free:
            return parameters
        observed = np.diagonal(prepared.covariance_about(parameters["mean"]))
        left = np.maximum(observed - np.sum(np.square(parameters["loadings"]), axis=1), 0.0)
        return parameters.replaced({self.noise_block: self.averaged(left)})

    # Telling

    def describe(self, parameters: Parameters) -> dict[str, Array]:
        return parameters.in_data_units()

    def report(self, prepared: FactorPrepared, parameters: Parameters) -> dict[str, Any]:
        return {"discrepancy": self.discrepancy(prepared, parameters)}

    def residuals(self, prepared: FactorPrepared, parameters: Parameters) -> Array:
        """S - Sigma (p, p), frame units: what the factors leave unexplained."""
        loadings = parameters["loadings"]
        return prepared.covariance - loadings @ loadings.T - np.diag(self.variances(parameters))

    def shown_loadings(self, parameters: Parameters) -> Array:
        """Loadings (p, q) as they are to be read, frame units."""
        return parameters["loadings"]

    def discrepancy(self, prepared: FactorPrepared, parameters: Parameters) -> float:
        """F = log |Sigma| + tr(Sigma^-1 S) - log |S| - p: n F / 2 is what a covariance without structure has more."""
        found, observed = self.posterior_of(parameters), prepared.covariance
        sign, log_determinant = np.linalg.slogdet(observed)
        if sign <= 0:
            return math.inf
        trace = float(np.trace(found.solve(observed)))
        return found.log_determinant + trace - float(log_determinant) - prepared.dimension

    def accept(
        self, prepared: FactorPrepared, values: Mapping[str, Any], approximate: bool = False
    ) -> Parameters:
        """Without a mean in `values` it is the data's."""
        refuse_unknown_blocks(self.name, self.blocks, values)
        p, frame = prepared.dimension, prepared.frame
        given = {"mean": frame.centre, **values}
        shapes = {"mean": (p,), "loadings": (p, self.factors), self.noise_block: self.noise_shape(p)}
        found = {
            name: accepted_array(self.name, self.blocks, given, name, shapes[name]) for name in self.blocks
        }
        noise = found[self.noise_block]
        if np.min(noise) < 0:
            kind = self.noise_block
            raise InputError(
                f"[start]: {kind} must be at least 0; give {number_text(float(np.min(noise)))} up."
            )
        parameters = self.layout(prepared).pack_data_units(found)
        try:
            self.posterior_of(parameters)
        except UndefinedLikelihood as undefined:
            raise InputError(
                f"[start]: there is no likelihood at these parameters: {undefined.detail}."
            ) from None
        return parameters

    def free_dimension(self, prepared: FactorPrepared) -> int:
        """Numbers in the free blocks; loadings less the rotations, which change no likelihood."""
        layout, q = self.layout(prepared), self.factors
        turns = q * (q - 1) // 2 if "loadings" in layout.free else 0
        return sum(layout.by_name[name].size for name in layout.free) - turns


def _largest(covariance: Array, roots: Array, count: int) -> tuple[Array, Array]:
    """The largest eigenvalues (count,), descending, and eigenvectors (p, count) of S / (roots roots')."""
    try:
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance / np.outer(roots, roots))
        return values[: -count - 1 : -1], vectors[:, : -count - 1 : -1]
    # By the inverse's root: where a uniqueness is near 0 an eigenvalue is huge, and its rounding would be the others'.
    _, singular, right = np.linalg.svd(np.linalg.solve(factor, np.diag(roots)))
    smallest = slice(None, -count - 1, -1)
    return 1.0 / np.square(singular[smallest]), right[smallest].T
