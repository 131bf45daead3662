"""The one objective that every lane climbs: a model on a dataset, with a meter for what it costs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.models.base import Blocks, Expectation, Model, UndefinedLikelihood, Units
from engine.models.exponential_family import CompleteExponentialFamily
from engine.models.posterior import EXACT, Posterior
from engine.models.weight_curvature import DensityRatios, weight_curvature
from engine.models.workspace import Workspace
from engine.parameters import Array, Parameters
from engine.roundoff import roundoff_bound

FAR = 100.0
"""Numbers of a model in its frame are of the order of 1; beyond this one is on its way to somewhere else."""
NEARLY = 1e-3
"""Above this nothing is taken for stationary, wherever it is."""
NOWHERE = 1e12
"""Beyond this there is no maximum of anything, whatever rounding has left of a slope."""


@dataclass
class Meter:
    """What a lane has spent: calls by kind, and passes over the data (a mini-batch counts its share).

    `trials` are those of the calls that were made at points which a line search or an extrapolation tried, taken
    or not. A quadratic program looks at no data and is no pass.
    """

    e_steps: int = 0
    gradients: int = 0
    log_likelihoods: int = 0
    m_steps: int = 0
    trials: int = 0
    quadratic_programs: int = 0
    passes: float = 0.0


class Problem:
    """A model on prepared data, for one lane: shared immutable data, its own workspace and meter.

    The charged calls are `expect`, `gradient` and `log_likelihood`: each is one pass over the units it
    touches. All raise UndefinedLikelihood where the log-likelihood has no value.
    """

    def __init__(self, model: Model, prepared: Any, threads: int | None = None) -> None:
        self.model = model
        self.prepared = prepared
        self.layout = model.layout(prepared)
        self.workspace = Workspace(threads)
        self.meter = Meter()
        self._newest: tuple[Expectation, Array] | None = None

    @property
    def total_weight(self) -> float:
        """n, the sum of the row weights."""
        return float(self.prepared.total_weight)

    def roundoff_bound(self, log_likelihood: float) -> float:
        """The largest fall from this log-likelihood that is rounding and no real decrease."""
        return roundoff_bound(log_likelihood, self.total_weight, self.prepared.cancelling)

    def expect(
        self, parameters: Parameters, units: Units = None, posterior: Posterior = EXACT
    ) -> Expectation:
        """One E step over all or some units, under the exact posterior or another."""
        self.meter.e_steps += 1
        return self._pass(parameters, units, posterior)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        """The model's M step, counted; it looks at no data, so it is no pass."""
        self.meter.m_steps += 1
        return self.model.m_step(statistics, parameters, free)

    def gradient(self, parameters: Parameters, units: Units = None) -> tuple[Expectation, Array]:
        """One gradient in the natural blocks (flat), with the E step that it comes from."""
        self.meter.gradients += 1
        expectation = self._pass(parameters, units)
        gradient = self.model.gradient(expectation, parameters)
        gradient.setflags(write=False)
        self._newest = expectation, gradient
        return expectation, gradient

    def weight_curvature(self, parameters: Parameters) -> Array:
        """Minus the Hessian (K, K) in the weights: one pass, on the meter as one gradient more.

        Only for a model with `density_ratios`; see `engine.models.weight_curvature`.
        """
        assert isinstance(self.model, DensityRatios)
        self.meter.gradients += 1
        self.meter.passes += 1.0
        return weight_curvature(self.model, self.prepared, parameters, self.workspace)

    def missing_information(self, parameters: Parameters) -> Array | None:
        """The posterior's covariance of the complete data's score: one pass, on the meter as one gradient more.

        None, and no pass, where the model does not offer it; see `CompleteExponentialFamily`.
        """
        if not isinstance(self.model, CompleteExponentialFamily):
            return None
        found = self.model.missing_information(self.prepared, parameters, self.workspace)
        if found is not None:
            self.meter.gradients += 1
            self.meter.passes += 1.0
        return found

    def log_likelihood(self, parameters: Parameters) -> float:
        """The log-likelihood alone, as a line search needs it."""
        self.meter.log_likelihoods += 1
        return self._pass(parameters, None).log_likelihood

    def _pass(self, parameters: Parameters, units: Units, posterior: Posterior = EXACT) -> Expectation:
        if units is None:
            self.meter.passes += 1.0
        else:
            # Through whole numbers of rows, so that shares of a pass add up to passes without rounding.
            rows = round(self.meter.passes * self.prepared.units) + len(units)
            self.meter.passes = rows / self.prepared.units
        try:
            return self.model.expect(self.prepared, parameters, self.workspace, units, posterior)
        except np.linalg.LinAlgError:
            # Models tell what is outside their supports; this is where numbers end inside them.
            detail = "the parameters became so extreme that a matrix could not be solved any more"
            raise UndefinedLikelihood("not-finite", detail, parameters) from None

    def stationarity(self, parameters: Parameters, expectation: Expectation) -> float:
        """The largest component of P(phi + grad/n) - phi over the free blocks; uncharged.

        phi are the natural blocks in the model's frame and P the Euclidean projection onto each block's
        support, so the number means the same for every method, also at a weight of 0. Covariances without a
        floor have no boundary to be stationary on: one that shrinks for ever is nowhere near a maximum. Nor is one that
        grows for ever, though its slope vanishes: what is far beyond the frame counts in proportion to how far.
        Infinite where there is no gradient.
        """
        if self._newest is not None and self._newest[0] is expectation:
            gradient = self._newest[1]
        else:
            try:
                gradient = self.model.gradient(expectation, parameters)
            except UndefinedLikelihood:
                return math.inf
        here, slope = parameters.vector, gradient / self.prepared.total_weight
        moved = self.layout.project(here + slope)
        with np.errstate(invalid="ignore", over="ignore"):
            change = self.free_change(moved, here)
            if not change < NEARLY or (farthest := max(here.max(), -here.min())) < FAR:
                return change
            # Added to so large a number a slope would be rounded away.
            far = np.where(np.abs(here) > FAR, slope * here / FAR, 0.0)
            change = max(change, self.free_change(far, np.zeros_like(far)))
            return change if farthest < NOWHERE else max(change, 1.0)

    def free_change(self, after: Array, before: Array) -> float:
        """The largest absolute difference of two parameter vectors over the free blocks."""
        places = self.layout.places
        if len(self.layout.free) == len(places):
            return float(np.abs(after - before).max())
        return max(
            (float(np.max(np.abs(after[places[name]] - before[places[name]]))) for name in self.layout.free),
            default=0.0,
        )

    def uncharged(self) -> "Problem":
        """The same objective with a meter of its own, for what is done only for display or diagnosis."""
        other = Problem.__new__(Problem)
        other.model, other.prepared, other.layout = self.model, self.prepared, self.layout
        other.workspace, other.meter = Workspace(), Meter()
        other.workspace.checkpoint = self.workspace.checkpoint
        other.workspace.helper_checkpoint = self.workspace.helper_checkpoint
        other._newest = None
        return other

    def checkpoint_with(
        self, checkpoint: Callable[[], None], of_helpers: Callable[[], None] | None = None
    ) -> None:
        """Sets what is called between blocks of a long pass; it may wait, or raise to stop.

        `of_helpers` is what the threads that help call between their blocks; it may only wait.
        """
        self.workspace.checkpoint = checkpoint
        if of_helpers is not None:
            self.workspace.helper_checkpoint = of_helpers
