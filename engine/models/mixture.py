"""Finite mixtures whose component log-densities are linear in fixed features of a row.

With features t(x) stored as columns, log pi_k + log f_k(x) is row k of one matrix product, and the expected
sufficient statistics are one more: responsibilities @ features.T. Rows or components for which that product
or its exponential would lose digits are handed to an exact evaluation in log space:

- a component whose coefficients are too large (`Coefficients.exact`) is evaluated by Cholesky, and its sums
  keep what rounding takes from them;
- a row whose total density falls below `LOWEST_TOTAL` is done again in log space;
- a component whose responsibilities sum to less than `FAINT` (a weight of 0, say) is summed again with its
  weight factored out, which also gives the gradient at a weight of exactly 0.
"""

import dataclasses
import functools
import itertools
import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.accepting import accepted_array, normalised, refuse_unknown_blocks
from engine.models.base import Blocks, Expectation, Frame, Model, Prepared, UndefinedLikelihood, Units
from engine.models.centres import FromCentres, filled_with_means
from engine.models.counts import size_of_counts
from engine.models.data_checks import refuse_empty_columns, refuse_infinite_cells, refuse_missing_cells
from engine.models.distinct_counts import distinct_counts
from engine.models.exact_sums import Pair
from engine.models.posterior import EXACT, Posterior, Tempered
from engine.models.workspace import Workspace
from engine.parameters import Array, Parameters
from engine.settings import setting

Places = npt.NDArray[np.intp]
KeptFeatures = npt.NDArray[Any]
"""Features as doubles, or as bytes."""

LOWEST_EXPONENT = -700.0
LOWEST_TOTAL = 1e-80
LOG_LOWEST_TOTAL = math.log(LOWEST_TOTAL)
FAINT = 1e-200
LARGEST_LOG_RATIO = 300.0
"""Where a component of no weight is that much denser than the mixture, products of ratios stay finite."""
BLOCK_PRODUCT = 1_000_000
"""Components times features times rows of a block: up to here matrix products have a kernel for small ones."""
FEWEST_ROWS, MOST_ROWS = 1_024, 32_768
STORED_FEATURE_BYTES = 1 << 26
CACHED_FEATURE_BYTES = 1 << 23
"""Features of more than this come from memory, which takes longer than to widen an eighth of it."""


@dataclass(frozen=True, eq=False)
class MixturePrepared(Prepared):
    """Columns in frame units and the fixed partition of the rows into blocks.

    `columns` is (d, n), `row_weights` (n,) or None, `edges` the first row of each block and n. `by_product` is
    false where no product with features is made, because every component is evaluated exactly. The
    partition follows from n and the numbers of features and components alone, so that sums have a fixed order.
    Where the rows are some of a larger dataset, `first_block` is the place of their first block among all of its, and
    `keeps_features` is false where there is no memory left for their features. `features_are_bytes` says that every
    feature is a whole number from 0 to 255.
    """

    columns: Array
    row_weights: Array | None
    edges: tuple[int, ...]
    features: Callable[[Array], Array]
    feature_count: int
    by_product: bool = True
    holds_counts: bool = False
    components: int = 1
    keeps_features: bool = True
    first_block: int = 0
    features_are_bytes: bool = False

    @cached_property
    def collapsed(self) -> "MixturePrepared | None":
        """The same data with rows of counts that are alike as one; None where there are hardly fewer of them.

        An E step over all rows costs as many as there are different ones, and everything told row by row is told of
        the rows themselves.
        """
        found = distinct_counts(self.columns, self.row_weights) if self.holds_counts else None
        if found is None:
            return None
        columns, row_weights = found
        rows, components = len(row_weights), self.components
        edges = block_edges(rows, self.block_width, components, self.features_are_bytes)
        return dataclasses.replace(
            self,
            units=rows,
            columns=columns,
            row_weights=row_weights,
            edges=edges,
            holds_counts=False,
        )

    @cached_property
    def cancelling(self) -> float:
        return size_of_counts(self.columns, self.row_weights) if self.holds_counts else 0.0

    @property
    def block_width(self) -> int:
        """How many numbers of each row a block works on."""
        return self.feature_count if self.by_product else len(self.columns)

    @cached_property
    def stored(self) -> tuple[KeptFeatures, ...] | None:
        """The features of each block, (F, B), kept where memory allows; None where they are made anew.

        Those that are whole numbers are kept as bytes where as doubles they would not stay in the cache.
        """
        size = 8 * self.feature_count * self.units
        in_bytes = self.features_are_bytes and size > CACHED_FEATURE_BYTES
        fits = self.keeps_features and (size // 8 if in_bytes else size) <= STORED_FEATURE_BYTES
        if not (self.by_product and fits):
            return None
        made = (self.features(self.columns[:, a:b]) for a, b in self.blocks)
        return tuple(each.astype(np.uint8) if in_bytes else each for each in made)

    @cached_property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        return tuple(zip(self.edges[:-1], self.edges[1:], strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Parameters in the form of the kernel.

    `table` (K, F) gives log|pi_k| + log f_k(x) as `table @ features`; `signs` (K,) where a weight is
    negative, else None; `exact` lists the components to evaluate by Cholesky instead, `narrow` those of them
    whose sums must keep what rounding takes.
    """

    table: Array
    log_weights: Array
    signs: Array | None
    exact: tuple[int, ...] = ()
    narrow: tuple[int, ...] = ()

    @property
    def twins(self) -> list[tuple[int, int]]:
        """Pairs (one, other) of components with the very same coefficients, `one` the first of its kind."""
        if len(set(self.table[:, 0].tolist())) == len(self.table):
            return []
        first: dict[bytes, int] = {}
        places = [(first.setdefault(row.tobytes(), place), place) for place, row in enumerate(self.table)]
        return [(one, other) for one, other in places if one != other]


def summed(parts: list[Array]) -> Array:
    """Statistics (2, K, F) of blocks of rows, in their order.

    Where a block holds what rounding took from its sums, so does the total.
    """
    if not any(np.count_nonzero(part[1]) for part in parts):
        return np.asarray(np.add.reduce(parts, axis=0))
    total = functools.reduce(Pair.__add__, [Pair(part[0], part[1]) for part in parts])
    return np.stack((total.high, total.low))


def block_edges(rows: int, width: int, components: int, in_bytes: bool = False) -> tuple[int, ...]:
    """First rows of blocks, and `rows`; a function of these numbers alone, so that sums have a fixed order."""
    size = max(FEWEST_ROWS, BLOCK_PRODUCT // (components * width))
    if (1 if in_bytes else 8) * width * rows > STORED_FEATURE_BYTES:
        # Features that are made anew, a column at a time: so few rows would not be worth the interpreter's lock.
        size *= 4
    size = min(MOST_ROWS, size)
    count = max(1, -(-rows // size))
    return tuple(round(index * rows / count) for index in range(count + 1))


def widened(features: KeptFeatures, workspace: Workspace) -> Array:
    """Features (F, m) as the doubles that a product needs, in the workspace's memory where they are kept as bytes."""
    if features.dtype != np.uint8:
        return features
    numbers = workspace.buffer("features", features.shape)
    np.copyto(numbers, features)
    return numbers


@functools.cache
def _slices(shape: tuple[int, int], components: int) -> tuple[slice, ...]:
    """Parts of a block's rows whose products with features (F, m) are small enough for the kernel of small ones."""
    width, rows = shape
    count = -(-rows // max(1, BLOCK_PRODUCT // (components * width)))
    return tuple(slice(index * rows // count, (index + 1) * rows // count) for index in range(count))


def weighted_moments(values: Array, row_weights: Array | None) -> tuple[Array, Array]:
    """Mean and standard deviation (divisor n) of each column of (n, d) values, of those that are there."""
    there = ~np.isnan(values)
    if not there.all():
        share = there * (1.0 if row_weights is None else row_weights[:, None])
        share /= np.sum(share, axis=0)
        mean = np.sum(share * np.where(there, values, 0.0), axis=0)
        centred = np.where(there, values - mean, 0.0)
        shift = np.sum(share * centred, axis=0)
        return mean + shift, np.sqrt(np.sum(share * np.square(centred - shift), axis=0))
    if row_weights is None:
        mean = np.mean(values, axis=0)
        # A second pass over the deviations: the mean of far-away data is itself rounded.
        mean = mean + np.mean(values - mean, axis=0)
        return mean, np.sqrt(np.mean(np.square(values - mean), axis=0))
    share = row_weights / np.sum(row_weights)
    mean = share @ values
    mean = mean + share @ (values - mean)
    return mean, np.sqrt(share @ np.square(values - mean))


@dataclass(frozen=True)
class Mixture(Model, FromCentres):
    """A finite mixture f(x) = sum_k pi_k f_k(x); the latent variable is the component of each row."""

    weights_block: ClassVar[str] = "weights"
    mean_blocks: ClassVar[tuple[str, ...]] = ("means",)
    """The blocks that say where a component is; see `means_of`."""
    copes_with_missing_cells: ClassVar[bool] = False
    """Whether rows may lack some of their cells."""

    components: int = setting(
        3, label="Components", help="How many clusters the mixture has (K).", minimum=1, maximum=12
    )
    hold: tuple[str, ...] = setting(
        (), label="Held fixed", help="Blocks of parameters that stay at their start.", choices="blocks"
    )

    def check(self, dataset: Dataset) -> None:
        for name in self.hold:
            if name not in self.blocks:
                raise InputError(
                    f"[model]: {name!r} cannot be held fixed; the blocks of {self.name} are {', '.join(self.blocks)}."
                )
        if dataset.rows == 0 or dataset.dimension == 0:
            raise InputError(f"{dataset.name} has no numbers to fit; choose a file with a column of numbers.")
        refuse_infinite_cells(dataset)
        if self.copes_with_missing_cells:
            refuse_empty_columns(dataset)
        else:
            refuse_missing_cells(dataset, self.name)
        if self.components > 1 and not at_least_distinct(dataset, self.components):
            raise InputError(
                f"{dataset.name} has fewer distinct rows than the {self.components} components asked for; "
                "ask for fewer components."
            )

    def prepared_from(
        self,
        dataset: Dataset,
        frame: Frame,
        columns: Array,
        feature_count: int,
        log_jacobian: float,
        by_product: bool = True,
        features_are_bytes: bool = False,
    ) -> MixturePrepared:
        """Columns (d, n) already in the frame, with the partition into blocks."""
        columns.setflags(write=False)
        width = feature_count if by_product else len(columns)
        return MixturePrepared(
            dataset,
            frame,
            dataset.rows,
            dataset.total_weight,
            log_jacobian,
            columns,
            dataset.row_weights,
            block_edges(dataset.rows, width, self.components, features_are_bytes),
            self.features,
            feature_count,
            by_product,
            self.holds_counts,
            self.components,
            features_are_bytes=features_are_bytes,
        )

    @abstractmethod
    def features(self, columns: Array) -> Array:
        """The features (F, m) of columns (d, m) in frame units; the first is the constant 1."""

    @abstractmethod
    def coefficients(self, parameters: Parameters) -> Coefficients:
        """Raises UndefinedLikelihood where a component has no density."""

    @abstractmethod
    def log_densities(self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp]) -> Array:
        """log f_k (without weights) for the chosen components at columns (d, m): (len(chosen), m), exactly."""

    def moments(self, parameters: Parameters) -> tuple[Array, Array, Array] | None:
        """Weights (K,), means (K, d) and covariances (K, d, d) of the components in the data's units.

        None where a component has no place of its own among the rows.
        """
        return None

    def importance(self, parameters: Parameters, columns: Array) -> Array | None:
        """How much each row (m,) counts in the M step, 1 for a whole row; None where all count in full."""
        return None

    def lines_of(self, columns: tuple[str, ...], described: Mapping[str, Array]) -> tuple[Array, int] | None:
        """Intercepts and slopes (K, 2) from parameters in the data's units, and the place of the column that they follow.

        None where components are no lines in the plane of the two columns.
        """
        return None

    def means_of(self, blocks: Mapping[str, Array]) -> Array:
        """Means (..., K, d) from `mean_blocks` (..., K, ...), all in the data's units."""
        return blocks["means"]

    def with_mean(self, described: Mapping[str, Array], component: int, mean: Array) -> dict[str, Array]:
        """Parameters in the data's units in which one component has another mean (d,), the nearest that it can have."""
        means = np.array(described["means"])
        means[component] = mean
        return {**described, "means": means}

    @abstractmethod
    def from_centres(self, prepared: MixturePrepared, centres: Array, spread: Array) -> Parameters:
        """Parameters with equal weights, the given centres (K, d) and variances `spread` (d,), in frame units."""

    def exact_densities(
        self, parameters: Parameters, columns: Array, chosen: npt.NDArray[np.intp], workspace: Workspace
    ) -> Array:
        """The same as `log_densities`, perhaps with the workspace's memory for what comes between."""
        return self.log_densities(parameters, columns, chosen)

    def exact_sums(
        self,
        parameters: Parameters,
        columns: Array,
        responsibilities: Array,
        coefficients: Coefficients,
        workspace: Workspace,
    ) -> tuple[Array, Array]:
        """Sums of the features (m, F) for the components in `Coefficients.exact`, and what rounding took."""
        chosen = np.array(coefficients.exact, dtype=np.intp)
        sums = self.feature_sums(parameters, columns, responsibilities[chosen], chosen)
        return sums, np.zeros_like(sums)

    def feature_sums(
        self, parameters: Parameters, columns: Array, shares: Array, chosen: npt.NDArray[np.intp]
    ) -> Array:
        """Sums (c, F) of the features over rows under shares (c, m), for the chosen components (c,).

        Where more is latent than the component, a feature is an expectation given the row and the component, and
        depends on the parameters.
        """
        return np.asarray(shares @ self.features(columns).T)

    def expect(
        self,
        prepared: MixturePrepared,
        parameters: Parameters,
        workspace: Workspace,
        units: Units = None,
        posterior: Posterior = EXACT,
    ) -> Expectation:
        coefficients = self.coefficients(parameters)
        exact = posterior is EXACT or posterior == EXACT
        if coefficients.signs is not None and not exact:
            raise self._undefined(parameters)
        if units is None:
            whole = prepared.collapsed or prepared
            blocks, stored = whole.blocks, whole.stored
            columns, row_weights, rows = whole.columns, whole.row_weights, whole.units
        else:
            columns = np.ascontiguousarray(prepared.columns[:, units])
            row_weights = None if prepared.row_weights is None else prepared.row_weights[units]
            rows = columns.shape[1]
            edges = block_edges(rows, prepared.block_width, self.components)
            blocks, stored = tuple(itertools.pairwise(edges)), None

        def work(index: int) -> tuple[float, Array]:
            first, last = blocks[index]
            part = columns[:, first:last]
            features = (
                self._features_for(coefficients, part, workspace)
                if stored is None
                else widened(stored[index], workspace)
            )
            weights = None if row_weights is None else row_weights[first:last]
            if exact:
                return self._expect_block(parameters, coefficients, features, part, weights, workspace)
            joint = self._joint(parameters, coefficients, features, part, workspace)
            for one, other in coefficients.twins:
                joint[other] = joint[one]
            objective, responsibilities = posterior.assign(joint, weights, prepared.first_block + index)
            return objective, self._sums(
                parameters, coefficients, features, part, responsibilities, workspace
            )

        results = workspace.over_blocks(work, len(blocks), rows)
        if len(results) == 1:
            log_likelihood, statistics = results[0]
        else:
            log_likelihood = math.fsum(each[0] for each in results)
            statistics = summed([each[1] for each in results])
        weight = prepared.total_weight if units is None else _sum_of(row_weights, rows)
        log_likelihood += prepared.log_jacobian * (weight / prepared.total_weight)
        if not math.isfinite(log_likelihood):
            raise self._undefined(parameters)
        for one, other in coefficients.twins if isinstance(posterior, Tempered) else ():
            # A matrix product rounds a row by its place; components that are alike must stay so.
            statistics[:, other] = statistics[:, one]
        if not exact:
            statistics.setflags(write=False)
            return Expectation(log_likelihood, statistics.reshape(-1))
        counts, mixing = statistics[0, :, 0], parameters["weights"]
        if min(counts.tolist()) > FAINT * weight:
            ratios = counts / mixing
        else:
            faint = np.flatnonzero(~(np.abs(counts) > FAINT * weight))
            with np.errstate(divide="ignore", invalid="ignore"):
                ratios = counts / mixing
            if faint.size:
                self._add_faint(
                    parameters, coefficients, faint, columns, blocks, row_weights, statistics, ratios
                )
        statistics.setflags(write=False)
        ratios.setflags(write=False)
        return Expectation(log_likelihood, statistics.reshape(-1), ratios)

    def _expect_block(
        self,
        parameters: Parameters,
        coefficients: Coefficients,
        features: Array | None,
        columns: Array,
        row_weights: Array | None,
        workspace: Workspace,
    ) -> tuple[float, Array]:
        joint = self._joint(parameters, coefficients, features, columns, workspace)
        shape = joint.shape
        # Below -700 the exponential is denormal and slow; what the clamp leaves behind is under 1e-304. To look
        # for the lowest takes a third of the time of clamping.
        lowest = joint.min()
        if not lowest >= LOWEST_EXPONENT:
            np.maximum(joint, LOWEST_EXPONENT, out=joint)
        np.exp(joint, out=joint)
        if coefficients.signs is not None:
            joint *= coefficients.signs[:, None]
        total = np.add.reduce(joint, axis=0, out=workspace.buffer("total", shape[1:]))
        lost = None
        # Where every term is above it, so is every total.
        sure = lowest >= LOG_LOWEST_TOTAL and coefficients.signs is None
        if not sure and not total.min() >= LOWEST_TOTAL:
            lost = np.flatnonzero(~(total >= LOWEST_TOTAL))
            exact_total, exact_posterior = self._log_space_rows(parameters, coefficients, columns[:, lost])
            total[lost] = 1.0
        log_total = np.log(total, out=workspace.buffer("log", shape[1:]))
        if lost is not None:
            log_total[lost] = exact_total
        log_likelihood = float(
            np.add.reduce(log_total) if row_weights is None else np.dot(row_weights, log_total)
        )
        np.divide(1.0 if row_weights is None else row_weights, total, out=total)
        joint *= total
        if lost is not None:
            joint[:, lost] = exact_posterior * (1.0 if row_weights is None else row_weights[lost])
        return log_likelihood, self._sums(parameters, coefficients, features, columns, joint, workspace)

    def _features_for(self, coefficients: Coefficients, columns: Array, workspace: Workspace) -> Array | None:
        """The features of a block of rows; None where every component is evaluated exactly and none needs them."""
        if len(coefficients.exact) == len(coefficients.table):
            return None
        return self.features_in(workspace, columns)

    def features_in(self, workspace: Workspace, columns: Array) -> Array:
        """The same as `features`, perhaps in the workspace's memory: new memory for each block costs two threads dear."""
        return self.features(columns)

    def _joint(
        self,
        parameters: Parameters,
        coefficients: Coefficients,
        features: Array | None,
        columns: Array,
        workspace: Workspace,
    ) -> Array:
        """log|pi_k| + log f_k(x), (K, m), in the workspace's memory."""
        joint = workspace.buffer("joint", (coefficients.table.shape[0], columns.shape[1]))
        if features is not None:
            for part in _slices(features.shape, len(joint)):
                np.matmul(coefficients.table, features[:, part], out=joint[:, part])
        if coefficients.exact:
            narrow = np.array(coefficients.exact, dtype=np.intp)
            joint[narrow] = self.exact_densities(parameters, columns, narrow, workspace)
            joint[narrow] += coefficients.log_weights[narrow, None]
        return joint

    def _sums(
        self,
        parameters: Parameters,
        coefficients: Coefficients,
        features: Array | None,
        columns: Array,
        responsibilities: Array,
        workspace: Workspace,
    ) -> Array:
        """The sums (2, K, F) of the features under responsibilities that count the row weights."""
        statistics = np.zeros((2, *coefficients.table.shape))
        if features is not None:
            first, *others = _slices(features.shape, len(responsibilities))
            np.matmul(responsibilities[:, first], features[:, first].T, out=statistics[0])
            for part in others:
                statistics[0] += responsibilities[:, part] @ features[:, part].T
        if coefficients.exact:
            chosen = list(coefficients.exact)
            statistics[0, chosen], statistics[1, chosen] = self.exact_sums(
                parameters, columns, responsibilities, coefficients, workspace
            )
        return statistics

    def _log_space_rows(
        self, parameters: Parameters, coefficients: Coefficients, columns: Array
    ) -> tuple[Array, Array]:
        """log f(x) and the responsibilities (K, m) of some rows, with a shift for each row."""
        joint = self.log_densities(parameters, columns, np.arange(coefficients.table.shape[0]))
        joint += coefficients.log_weights[:, None]
        highest = np.max(joint, axis=0)
        scaled = np.exp(joint - np.where(np.isfinite(highest), highest, 0.0))
        if coefficients.signs is not None:
            scaled *= coefficients.signs[:, None]
        total = np.add.reduce(scaled, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return highest + np.log(total), scaled / total

    def _add_faint(
        self,
        parameters: Parameters,
        coefficients: Coefficients,
        faint: npt.NDArray[np.intp],
        columns: Array,
        blocks: tuple[tuple[int, int], ...],
        row_weights: Array | None,
        statistics: Array,
        ratios: Array,
    ) -> None:
        """Replaces the rows of faint components by sums of f_k/f with the weight taken out."""
        everything = np.arange(coefficients.table.shape[0])
        highest = np.full(faint.size, -np.inf)
        sums = np.zeros((faint.size, statistics.shape[2]))
        for first, last in blocks:
            part = columns[:, first:last]
            densities = self.log_densities(parameters, part, everything)
            log_total, _ = self._log_space_rows(parameters, coefficients, part)
            log_ratio = densities[faint] - log_total
            raised = np.maximum(highest, np.max(log_ratio, axis=1))
            shift = np.where(np.isfinite(raised), raised, 0.0)
            scaled = np.exp(log_ratio - shift[:, None])
            if row_weights is not None:
                scaled *= row_weights[first:last]
            sums = sums * np.exp(np.where(np.isfinite(highest), highest, -np.inf) - shift)[:, None]
            sums += self.feature_sums(parameters, part, scaled, faint)
            highest = raised
        factor = np.exp(np.minimum(highest, 690.0))
        ratios[faint] = factor * sums[:, 0]
        statistics[0, faint] = (parameters["weights"][faint] * factor)[:, None] * sums
        statistics[1, faint] = 0.0

    def _undefined(self, parameters: Parameters) -> UndefinedLikelihood:
        weights = parameters["weights"]
        lowest = int(np.argmin(weights))
        if np.all(np.isfinite(parameters.vector)) and weights[lowest] < 0:
            detail = f"weight {lowest + 1} is {weights[lowest]:.3g} and the mixture's density is negative at some points"
            return UndefinedLikelihood("left-constraints", detail, parameters)
        return UndefinedLikelihood("not-finite", "the log-likelihood is not finite", parameters)

    def moves(self, block: str, free: Blocks) -> bool:
        """Whether an M step over the blocks `free` may move this one."""
        return block not in self.hold and (free is None or block in free)

    def expected_log_likelihood(
        self, prepared: MixturePrepared, statistics: Array, parameters: Parameters
    ) -> float:
        coefficients = self.coefficients(parameters)
        sums = statistics.reshape(2, *coefficients.table.shape)[0]
        present = sums[:, 0] != 0
        share = float(np.sum(sums[:, 0])) / prepared.total_weight
        return float(np.vdot(coefficients.table[present], sums[present])) + share * prepared.log_jacobian

    def responsibilities(self, parameters: Parameters, columns: Array) -> Array:
        """Posterior probabilities (K, m) of the components at columns (d, m) in frame units."""
        return self._log_space_rows(parameters, self.coefficients(parameters), columns)[1]

    def density_ratios(self, parameters: Parameters, columns: Array) -> Array:
        """f_k(x)/f(x), (K, m), at columns (d, m) in frame units: finite where a weight is 0."""
        log_total, _ = self._log_space_rows(parameters, self.coefficients(parameters), columns)
        densities = self.log_densities(parameters, columns, np.arange(len(parameters["weights"])))
        return np.asarray(np.exp(np.minimum(densities - log_total, LARGEST_LOG_RATIO)))

    def statistics_of(self, prepared: MixturePrepared, responsibilities: Array) -> Array:
        """Flat sufficient statistics under given responsibilities (K, n) instead of the posterior's."""
        statistics = np.zeros((2, responsibilities.shape[0], prepared.feature_count))
        for first, last in prepared.blocks:
            part = responsibilities[:, first:last]
            if prepared.row_weights is not None:
                part = part * prepared.row_weights[first:last]
            statistics[0] += part @ self.features(prepared.columns[:, first:last]).T
        return statistics.reshape(-1)

    def complete_gradient(self, statistics: Array, parameters: Parameters) -> Array:
        """The gradient of Q(statistics, .), flat: that of the log-likelihood but for n_k / pi_k in the weights."""
        weights = parameters["weights"]
        counts = statistics.reshape(2, len(weights), -1)[0, :, 0]
        ratios = np.divide(counts, weights, out=np.zeros_like(weights), where=weights != 0)
        return self.gradient(Expectation(math.nan, statistics, ratios), parameters)

    def gradient_of(
        self, expectation: Expectation, parameters: Parameters, others: Mapping[str, Array]
    ) -> Array:
        """The flat gradient from that in the other blocks: in the weights it is the sum of the density ratios.

        Held blocks have 0, and where a block lies at an edge the slopes that the E step found there are added.
        """
        assert expectation.ratios is not None
        gradient = parameters.layout.flat({"weights": expectation.ratios, **others})
        return gradient if expectation.edges is None else gradient + expectation.edges

    def score_of(self, parameters: Parameters, k: int, others: Mapping[str, Array]) -> tuple[Places, Array]:
        """What `component_score` gives, from the scores (P, m) of component k in the other blocks.

        A block that all components share begins at its own beginning, any other one behind those of components before k.
        """
        layout, weight = parameters.layout, float(parameters["weights"][k])
        rows = next(iter(others.values())).shape[1]
        where = [np.array([layout.places["weights"].start + k])]
        scores = [np.full((1, rows), 1.0 / weight if weight > 0 else 0.0)]
        for name, score in others.items():
            shared = layout.by_name[name].size == len(score)
            first = layout.places[name].start + (0 if shared else k * len(score))
            where.append(first + np.arange(len(score)))
            scores.append(score)
        return np.concatenate(where), np.concatenate(scores)

    def component_score(self, parameters: Parameters, columns: Array, k: int) -> tuple[Places, Array] | None:
        """The gradient of log pi_k + log f_k(x) in the natural blocks at columns (d, m), exactly.

        Places (P,) in the flat vector and the entries there (P, m). None where the model does not offer it.
        """
        return None

    def missing_information(
        self, prepared: MixturePrepared, parameters: Parameters, workspace: Workspace
    ) -> Array | None:
        """Of each row sum_k r_k s_k s_k' - s s' with s = sum_k r_k s_k, for the scores s_k of the components."""
        components, size = range(len(parameters["weights"])), parameters.layout.size
        first_row = prepared.columns[:, :1]
        if (
            parameters["weights"].min() < 0
            or self.component_score(parameters, first_row, components[0]) is None
        ):
            return None

        def work(index: int) -> Array:
            first, last = prepared.blocks[index]
            columns = prepared.columns[:, first:last]
            shares = self.responsibilities(parameters, columns)
            counts = 1.0 if prepared.row_weights is None else prepared.row_weights[first:last]
            found, mean = np.zeros((size, size)), np.zeros((size, last - first))
            for k in components:
                scored = self.component_score(parameters, columns, k)
                assert scored is not None
                places, score = scored
                found[np.ix_(places, places)] += (score * (counts * shares[k])) @ score.T
                mean[places] += shares[k] * score
            return np.asarray(found - (mean * counts) @ mean.T)

        return functools.reduce(np.add, workspace.over_blocks(work, len(prepared.blocks), prepared.units))

    def accepted_weights(self, values: Mapping[str, Any]) -> Array:
        """Checked and normalised weights; raises InputError. Unknown names are refused here too."""
        refuse_unknown_blocks(self.name, self.blocks, values)
        return normalised(self.accepted_array(values, "weights", (self.components,)))

    def accepted_array(self, values: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> Array:
        """The block `name` as a finite array of this shape; raises InputError with what is wrong."""
        return accepted_array(self.name, self.blocks, values, name, shape)


def weights_with_signs(weights: Array) -> tuple[Array, Array | None]:
    """log|pi_k|, and the signs where a weight is negative."""
    if min(weights.tolist()) > 0:
        return np.log(weights), None
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(weights))
    return logs, np.where(weights < 0, -1.0, 1.0) if np.min(weights) < 0 else None


def _sum_of(row_weights: Array | None, rows: int) -> float:
    return float(rows) if row_weights is None else float(np.sum(row_weights))


def at_least_distinct(dataset: Dataset, count: int) -> bool:
    """Whether so many rows differ from each other in the cells that they have, of those that count."""
    values = dataset.values if dataset.row_weights is None else dataset.values[dataset.row_weights > 0]
    if not dataset.missing and len(np.unique(values[:1000], axis=0)) >= count:
        return True
    return len(np.unique(filled_with_means(values.T), axis=1).T) >= count
