"""What stays on the canvas while data, model and start stay: points, components, limits."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.analysis.landscape import Landscape, landscape
from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.base import Model, UndefinedLikelihood
from engine.models.missing_cells import Imputation
from engine.models.mixture import Mixture
from engine.models.mixture_proportions import MixtureProportions
from engine.parameters import Array, Parameters
from gui.projection import Projection, projection

ROOM = 0.08
"""Around the points, as a share of their range."""
ROOM_FOR_MISSING, MOST_ROOM_FOR_MISSING = 0.6, 0.2
"""So much more, times the share of rows that lack the coordinate."""


@dataclass(frozen=True, eq=False)
class Components:
    """A mixture as it stands on the canvas: weights (K,), means (K, p), covariances (K, p, p), p = 1 or 2."""

    weights: Array
    means: Array
    covariances: Array


@dataclass(frozen=True, eq=False)
class Scene:
    """What stays while data, model and start stay. `points` are (n, p) on the canvas, NaN where a cell is missing.

    Where a model's components have no `places` among the points, all places are 0; without components there are none.
    """

    generation: int
    dataset: Dataset
    model: Model
    prepared: Any
    start_parameters: Parameters
    projection: Projection
    points: Array
    start: Components
    truth: Components | None

    def components(self, parameters: Parameters) -> Components:
        """The components of some parameters on the canvas."""
        return _on_canvas(self.model, self.projection, parameters)

    @cached_property
    def places(self) -> bool:
        """Whether components have a place on the canvas."""
        return isinstance(self.model, Mixture) and self.model.moments(self.start_parameters) is not None

    @cached_property
    def holds_lines(self) -> bool:
        """Whether components are lines on the canvas."""
        return self.lines(self.start_parameters) is not None

    @property
    def holds_points(self) -> bool:
        """Whether the canvas shows the rows as points or as bars, with the components among them."""
        return self.whole is None and (self.places or self.holds_lines)

    def lines(self, parameters: Parameters) -> Array | None:
        """Components as lines on the canvas, two points each (K, 2, 2), at the ends of the data; None where none are."""
        return self._line_ends(self.model.describe(parameters))

    @cached_property
    def true_lines(self) -> Array | None:
        """The lines that the data were drawn from, where that is known as this kind of model."""
        truth = self.dataset.truth
        if truth is None or truth.model != self.model.name:
            return None
        return self._line_ends({name: np.asarray(block) for name, block in truth.parameters.items()})

    def _line_ends(self, described: Mapping[str, Array]) -> Array | None:
        if not isinstance(self.model, Mixture) or self.dataset.dimension != 2:
            return None
        lines = self.model.lines_of(self.dataset.columns, described)
        if lines is None:
            return None
        coefficients, predictor = lines
        ends = self.limits[predictor]
        heights = coefficients[:, :1] + coefficients[:, 1:] * ends
        along = np.broadcast_to(ends, heights.shape)
        pair = (along, heights) if predictor == 0 else (heights, along)
        return np.stack(pair, axis=-1)

    @cached_property
    def whole(self) -> Landscape | None:
        """The whole log-likelihood, where that is the model's picture."""
        if not self.model.drawn_whole:
            return None
        return landscape(self.model, self.dataset, self.start_parameters)

    def responsibilities(self, parameters: Parameters, rows: npt.NDArray[np.intp] | slice) -> Array:
        """Posterior probabilities (K, m) of the components at some rows of the dataset."""
        return self.posterior(parameters, self.prepared.columns[:, rows])

    def posterior(self, parameters: Parameters, columns: Array) -> Array:
        """Posterior probabilities (K, m) of the components at columns (d, m) of prepared data; NaN where there are none."""
        assert isinstance(self.model, Mixture | MixtureProportions)
        try:
            with np.errstate(all="ignore"):
                return self.model.responsibilities(parameters, columns)
        except (UndefinedLikelihood, np.linalg.LinAlgError):
            return np.full((len(self.start.weights), columns.shape[1]), np.nan)

    def importance(self, parameters: Parameters, rows: npt.NDArray[np.intp]) -> Array | None:
        """How much some rows of the dataset count in the M step, (m,); None where all count in full."""
        if not isinstance(self.model, Mixture):
            return None
        return self.model.importance(parameters, self.prepared.columns[:, rows])

    def imputed(self, parameters: Parameters, rows: npt.NDArray[np.intp]) -> tuple[Array, Array]:
        """Some rows (m, d) of a model that can tell what it expects of missing cells, in the data's units.

        And the standard deviations (m, d), 0 where a cell is there. NaN where the parameters have no likelihood.
        """
        assert isinstance(self.model, Imputation)
        try:
            with np.errstate(all="ignore"):
                found, deviations = self.model.imputed(parameters, self.prepared.columns[:, rows])
        except (UndefinedLikelihood, np.linalg.LinAlgError):
            nothing = np.full((len(rows), self.dataset.dimension), np.nan)
            return nothing, nothing
        frame = self.prepared.frame
        return frame.from_frame(found.T), frame.scale * deviations.T

    def weighted_densities(self, parameters: Parameters, grid: Array) -> Array:
        """pi_k f_k (K, m) in the data's units at values (m,) of a one-dimensional dataset."""
        assert isinstance(self.model, Mixture)
        frame = self.prepared.frame
        columns = frame.to_frame(grid[:, None]).T
        logs = self.model.log_densities(parameters, columns, np.arange(len(parameters["weights"])))
        return np.asarray(parameters["weights"][:, None] * np.exp(logs) / float(frame.scale[0]))

    @cached_property
    def limits(self) -> Array:
        """(p, 2): what the canvas shows at first, the points with a little room."""
        points = self.points
        if self.dataset.missing and self.projection.chosen is None:
            # Where a direction mixes columns, a row that lacks a cell stands in that column in the middle of the data.
            values, origin = self.dataset.values, self.projection.origin
            points = self.projection.points(np.where(np.isnan(values), origin, values))
        low, high = _extremes(points)
        room = ROOM + np.zeros(len(low))
        if self.dataset.missing:
            # What is missing may be expected beyond what is there.
            share = np.mean(np.isnan(self.points), axis=0)
            room += np.minimum(ROOM_FOR_MISSING * share, MOST_ROOM_FOR_MISSING)
        room *= np.where(high > low, high - low, 1.0)
        return np.stack((low - room, high + room), axis=1)


def _extremes(points: Array) -> tuple[Array, Array]:
    """The lowest and the highest value of each column that are there."""
    # Column by column: over a million rows that takes a twentieth of the time.
    columns = list(points.T)
    low = [np.min(each, initial=np.inf) for each in columns]
    high = [np.max(each, initial=-np.inf) for each in columns]
    if not np.all(np.isfinite((low, high))):
        columns = [each[np.isfinite(each)] for each in columns]
        # Of a covariance matrix there are no points.
        low = [np.min(each) if len(each) else 0.0 for each in columns]
        high = [np.max(each) if len(each) else 1.0 for each in columns]
    return np.array(low), np.array(high)


def scene(
    generation: int,
    dataset: Dataset,
    model: Model,
    prepared: Any,
    start: Parameters,
    shown: tuple[int, int] | None,
) -> Scene:
    """The scene of prepared data; see `projection` for `shown`."""
    onto = projection(dataset, shown)
    return Scene(
        generation,
        dataset,
        model,
        prepared,
        start,
        onto,
        dataset.values if onto.is_identity else onto.points(dataset.values),
        _on_canvas(model, onto, start),
        _true_components(dataset, model, prepared, onto),
    )


def _true_components(dataset: Dataset, model: Model, prepared: Any, onto: Projection) -> Components | None:
    """What the data were drawn from, where that is known as this kind of model, and its components have a place."""
    truth = dataset.truth
    if truth is None or truth.model != model.name or not isinstance(model, Mixture):
        return None
    values = {name: np.asarray(block, dtype=float) for name, block in truth.parameters.items()}
    if "means" in values and "covariances" in values:
        # As they are, whatever covariances the model itself may have.
        covariances = values["covariances"]
        return Components(values["weights"], onto.points(values["means"]), onto.covariances(covariances))
    known = dataclasses.replace(model, components=len(values["weights"]))
    try:
        parameters = known.accept(prepared, values, approximate=True)
    except InputError:
        return None
    return _on_canvas(known, onto, parameters)


def _on_canvas(model: Model, onto: Projection, parameters: Parameters) -> Components:
    moments = model.moments(parameters) if isinstance(model, Mixture) else None
    if moments is None:
        weights = parameters["weights"] if "weights" in parameters else np.zeros(0)
        count, p = len(weights), onto.dimension
        return Components(weights, np.zeros((count, p)), np.zeros((count, p, p)))
    weights, means, covariances = moments
    return Components(weights, onto.points(means), onto.covariances(covariances))
