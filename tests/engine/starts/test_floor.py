"""A start that is chosen by the program lies above the covariance floor, so that every lane can begin there."""

import numpy as np
import pytest

from engine import catalogue
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.datasets.three_clusters import ThreeClusters
from engine.models.gaussian_mixture import GaussianMixture
from engine.objective import Problem
from engine.settings import settings_of

CHOSEN = [
    name
    for name, cls in catalogue.find("starts").items()
    if name != "parameters" and cls().refusal(GaussianMixture()) is None
]


@pytest.mark.parametrize("floor", [0.05, 0.3, 0.5])
@pytest.mark.parametrize(
    "covariance",
    next(each.choices for each in settings_of(GaussianMixture) if each.name == "covariance"),
)
@pytest.mark.parametrize("start", CHOSEN)
def test_a_gradient_lane_can_begin_above_the_floor(start: str, covariance: str, floor: float) -> None:
    model = GaussianMixture(components=3, covariance=covariance, covariance_floor=floor)
    prepared = model.prepare(ThreeClusters(size=200).generate())
    parameters = catalogue.get("starts", start)().choose(model, prepared)
    problem = Problem(model, prepared)
    state = LimitedMemoryBfgs().init(problem, parameters, 0)
    assert np.isfinite(state.position.log_likelihood)
    assert parameters.layout.violation(parameters.vector) is None
