"""Evaluations of the EM map on the deaths of women over 80, where EM is at its slowest, by who accelerates it.

Counted as the literature counts them: until |F(x) - x| < tolerance in (p1, lambda1, lambda2), for any x at which
the algorithm evaluates F. Checks of the log-likelihood are counted apart.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from engine.algorithms.anderson import Anderson
from engine.algorithms.base import Algorithm
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.over_relaxed_em import OverRelaxedEM
from engine.algorithms.parabolic_em import ParabolicEM
from engine.algorithms.quasi_newton_em import QuasiNewtonEM
from engine.algorithms.squarem import Squarem
from engine.models.base import Blocks
from engine.models.poisson_mixture import PoissonMixture
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.run import Route, run
from engine.stopping import Stop
from engine.trace import Step
from tests.reference.lanes import Bench, columns, dataset

START: dict[str, Any] = {"weights": [0.3, 0.7], "rates": [[1.0], [2.5]]}
OTHER_START: dict[str, Any] = {"weights": [0.5, 0.5], "rates": [[1.0], [3.0]]}
MAXIMUM = -1989.945859882964


@dataclass(frozen=True)
class CountedMap(PoissonMixture):
    """The model, keeping |F(x) - x| of every evaluation of the EM map."""

    residuals: list[float] = field(default_factory=list, compare=False)

    def m_step(self, statistics: Array, parameters: Parameters, free: Blocks = None) -> Parameters:
        image = super().m_step(statistics, parameters, free)
        self.residuals.append(float(np.linalg.norm(self.point(image) - self.point(parameters))))
        return image

    def point(self, parameters: Parameters) -> Array:
        """(p1, lambda1, lambda2)."""
        rates = parameters.layout.by_name["rates"].unit * parameters["rates"]
        return np.array([parameters["weights"][0], *rates[:, 0]])


@dataclass(frozen=True)
class Count:
    """Evaluations of the map until the criterion held, and what it took besides."""

    maps: int
    unused_checks: int
    steps: list[Step]

    @property
    def largest_fall(self) -> float:
        values = [step.log_likelihood for step in self.steps]
        return -float(np.min(np.diff(values)))


def counted(algorithm: Algorithm, start: dict[str, Any] = START, tolerance: float = 1e-8) -> Count:
    table = columns("deaths.csv")
    bench = Bench(CountedMap(components=2), dataset(table["deaths"], table["days"]))
    residuals, steps = bench.model.residuals, []
    problem = Problem(bench.model, bench.prepared, 1)
    stop = Stop(tolerance=0.0, max_iterations=3000)
    for step in run(problem, Route(algorithm), bench.accept(start), stop):
        steps.append(step)
        if residuals and min(residuals) < tolerance:
            break
    maps = next(count for count, residual in enumerate(residuals, start=1) if residual < tolerance)
    return Count(maps, steps[-1].e_steps - len(residuals), steps)


@dataclass(frozen=True)
class SquaremInReferenceUnits(Squarem):
    """SQUAREM whose step length is measured in (p1, lambda1, lambda2), as in R."""

    unit: float = 1.0

    def _length(self, residual: Array, bend: Array) -> float:
        units = np.array([1.0, 0.0, self.unit, self.unit])
        return super()._length(units * residual, units * bend)


def test_em_crawls() -> None:
    assert counted(ExpectationMaximization()).maps == pytest.approx(2586, abs=1)


@pytest.mark.parametrize(
    ("algorithm", "maps", "unused_checks", "allowed"),
    [
        (Squarem(), 75, 8, 0.0),
        (Squarem(allowed_decrease=1.0), 72, 1, 1.0),
        (Squarem(scheme=1), 100, 8, 0.0),
        (Squarem(scheme=2), 90, 15, 0.0),
        (Anderson(), 39, 1, 0.01),
        (Anderson(allowed_decrease=0.0), 39, 6, 0.0),
        (QuasiNewtonEM(), 39, 8, 0.0),
        (ParabolicEM(), 75, 130, 0.0),
        (OverRelaxedEM(), 800, 40, 0.0),
    ],
    ids=str,
)
def test_the_accelerated_reach_the_maximum_in_few_evaluations(
    algorithm: Algorithm, maps: int, unused_checks: int, allowed: float
) -> None:
    count = counted(algorithm)
    assert count.maps <= maps
    assert count.unused_checks <= unused_checks
    assert count.steps[-1].log_likelihood == pytest.approx(MAXIMUM, abs=5e-10)
    assert count.largest_fall <= allowed + 1e-9
    assert count.steps[-1].log_likelihoods == 0


@pytest.mark.parametrize(
    ("allowed", "start", "tolerance", "maps"),
    [
        (1.0, START, 1e-8, 72),
        (0.0, START, 1e-8, 75),
        (1.0, OTHER_START, 1e-7, 60),
        (0.0, OTHER_START, 1e-7, 60),
    ],
)
def test_squarem_takes_the_very_steps_of_the_r_package(
    allowed: float, start: dict[str, Any], tolerance: float, maps: int
) -> None:
    """R looks at the residuals of the two EM steps only, so it may stop one evaluation later."""
    table = columns("deaths.csv")
    data = dataset(table["deaths"], table["days"])
    unit = float(Bench(PoissonMixture(components=2), data).problem.layout.by_name["rates"].unit[0])
    count = counted(SquaremInReferenceUnits(allowed_decrease=allowed, unit=unit), start, tolerance)
    assert maps - 1 <= count.maps <= maps
