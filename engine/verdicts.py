"""Whether the claims of an experiment hold: its lanes are run, and what is found is compared."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.claims import Claim, Operand, Quantity, Side, parse
from engine.comparison import Comparison, LaneResult
from engine.parameters import Array

ARRIVED = 1e-3
"""A lane has arrived where its log-likelihood is this close to the best known maximum."""

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)


@dataclass(frozen=True)
class Verdict:
    """A claim, whether it holds, and the value that was found for each quantity it speaks of.

    A value is infinite where something never happened, and NaN where there is none; a claim about NaN
    never holds.
    """

    claim: Claim
    holds: bool
    found: tuple[tuple[Quantity, float | str], ...]


def check(comparison: Comparison) -> tuple[Verdict, ...]:
    """The verdicts on the claims of an experiment that has run, in their order.

    Raises InputError where a claim speaks of a lane that the experiment no longer has.
    """
    titles = tuple(lane.title for lane in comparison.experiment.lanes)
    claims = [parse(text, titles) for text in comparison.experiment.claims]
    measured = _Measured(comparison)
    return tuple(_verdict(claim, measured) for claim in claims)


class _Measured:
    """The quantities of every lane; the best known maximum is only sought where one needs it."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._lanes = {result.lane.title: result for result in comparison.lanes}

    def __getitem__(self, quantity: Quantity) -> float | str:
        result = self._lanes[quantity.lane]
        if quantity.name in FROM_BEST:
            return float(FROM_BEST[quantity.name](result, self._comparison.best_known))
        value = FROM_LANE[quantity.name](result)
        return value if isinstance(value, str) else float(value)


def _verdict(claim: Claim, measured: _Measured) -> Verdict:
    found = {quantity: measured[quantity] for quantity in claim.quantities}
    left, right = _value(claim.left, found), _value(claim.right, found)
    known = not any(isinstance(each, float) and math.isnan(each) for each in (left, right))
    return Verdict(claim, known and _COMPARISONS[claim.operator](left, right), tuple(found.items()))


def _value(side: Side, found: Mapping[Quantity, float | str]) -> float | str:
    def of(operand: Operand) -> float | str:
        return found[operand] if isinstance(operand, Quantity) else operand

    return of(side.first) if side.minus is None else float(of(side.first)) - float(of(side.minus))


def _first_decrease(result: LaneResult) -> float:
    places = np.flatnonzero(result.trace.column("decreased"))
    return float(places[0]) if places.size else math.inf


def _left_at(result: LaneResult) -> float:
    places = (place for place, event in result.trace.events if event.kind == "left-constraints")
    return float(min(places, default=math.inf))


def _weights(result: LaneResult) -> Array:
    parameters = result.trace.last.parameters
    return parameters["weights"] if "weights" in parameters else np.full(1, math.nan)


def _smallest_uniqueness(result: LaneResult) -> float:
    parameters = result.trace.last.parameters
    blocks = parameters.layout.free_uniquenesses
    return min((float(np.min(parameters[name])) for name in blocks), default=math.nan)


def _arrival(result: LaneResult, best_known: float) -> float:
    close = best_known - result.trace.floats("log_likelihood") <= ARRIVED
    places = np.flatnonzero(close & result.trace.column("is_likelihood"))
    return float(places[0]) if places.size else math.inf


def _passes_to_arrival(result: LaneResult, best_known: float) -> float:
    place = _arrival(result, best_known)
    return place if math.isinf(place) else float(result.trace.floats("passes")[int(place)])


FROM_LANE: Mapping[str, Callable[[LaneResult], float | str]] = MappingProxyType(
    {
        "status": lambda result: result.trace.status,
        "iterations": lambda result: result.iterations,
        "log_likelihood": lambda result: result.log_likelihood,
        "value": lambda result: result.trace.last.log_likelihood,
        "stationarity": lambda result: result.trace.last.stationarity,
        "passes": lambda result: result.trace.last.passes,
        "e_steps": lambda result: result.trace.last.e_steps,
        "gradients": lambda result: result.trace.last.gradients,
        "log_likelihoods": lambda result: result.trace.last.log_likelihoods,
        "m_steps": lambda result: result.trace.last.m_steps,
        "decreases": lambda result: result.decreases,
        "first_decrease": _first_decrease,
        "left_at": _left_at,
        "smallest_weight": lambda result: result.smallest_weight,
        "weight_sum": lambda result: float(np.sum(_weights(result))),
        "smallest_uniqueness": _smallest_uniqueness,
    }
)
"""What a lane's own trace tells; with `FROM_BEST` exactly `engine.claims.QUANTITIES`."""

FROM_BEST: Mapping[str, Callable[[LaneResult, float], float]] = MappingProxyType(
    {
        "gap": lambda result, best_known: best_known - result.log_likelihood,
        "arrival": _arrival,
        "passes_to_arrival": _passes_to_arrival,
    }
)
"""What needs the best known maximum as well."""
