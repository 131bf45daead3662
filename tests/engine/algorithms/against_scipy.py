"""scipy's optimisers and ours on one problem in the same coordinates, and where each evaluated."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import minimize

from engine.algorithms.gradient import CoordinateGradientAlgorithm, GradientState
from engine.models.base import Expectation
from engine.objective import Problem
from engine.parameters import Array, Parameters
from tests.engine.algorithms.starts import Beginning


@dataclass
class Evaluations:
    """Log-likelihoods in the order in which they were asked for, and the iterates that were accepted."""

    values: list[float] = field(default_factory=list)
    iterates: list[Array] = field(default_factory=list)


def by_scipy(
    beginning: Beginning, algorithm: CoordinateGradientAlgorithm, method: str, gtol: float
) -> Evaluations:
    """scipy's `method` on minus the summed log-likelihood, in the algorithm's coordinates."""
    problem, found = beginning.problem(), Evaluations()
    chart = algorithm.chart(beginning.start)

    def negative(x: Array) -> tuple[float, Array]:
        expectation, natural = problem.gradient(chart.read(x))
        found.values.append(expectation.log_likelihood)
        return -expectation.log_likelihood, -chart.pull_back(x, natural)

    def accepted(x: Array) -> None:
        found.iterates.append(np.array(x))

    # The stubs know each method by its literal name only.
    settings: Any = {"jac": True, "method": method, "callback": accepted, "options": {"gtol": gtol}}
    minimize(negative, chart.write(beginning.start), **settings)
    return found


class Recorded(Problem):
    """A problem that notes the log-likelihood of every gradient."""

    values: list[float]

    def gradient(self, parameters: Parameters, units: object = None) -> tuple[Expectation, Array]:
        found = super().gradient(parameters)
        self.values.append(found[0].log_likelihood)
        return found


def by_ours(beginning: Beginning, algorithm: CoordinateGradientAlgorithm, gtol: float) -> Evaluations:
    """The algorithm until the summed log-likelihood's gradient is small, as scipy stops."""
    plain, found = beginning.problem(), Evaluations()
    problem = Recorded(plain.model, plain.prepared, 1)
    problem.values = found.values
    state = algorithm.init(problem, beginning.start, 0)
    for _ in range(500):
        state, info = algorithm.step(problem, state)
        assert isinstance(state, GradientState)
        assert info.ended is None
        found.iterates.append(state.x)
        if np.max(np.abs(state.gradient)) <= gtol:
            break
    return found
