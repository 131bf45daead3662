"""EM never goes down: behind convergence only rounding is left, and it stays within its bound."""

from typing import Any

import numpy as np
import pytest

from engine import catalogue
from engine.errors import InputError
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.roundoff import roundoff_bound
from tests.engine.models.cases import IncompleteRows, mixtures

STORIES = tuple(name for name in catalogue.find("datasets") if name != "file")
MODELS = tuple(
    (label, model)
    for label, model in mixtures()
    # The data tell here whether cells are missing.
    if not model.hold and not isinstance(model, IncompleteRows)
)
every_story = pytest.mark.parametrize("story", STORIES)
every_model = pytest.mark.parametrize(("label", "model"), MODELS, ids=lambda value: str(value)[:35])


def largest_fall(story: str, model: Any, iterations: int) -> float:
    """The largest fall of the log-likelihood in EM, as a multiple of the bound for rounding."""
    dataset = catalogue.get("datasets", story)().generate()
    try:
        model.check(dataset)
    except InputError:
        pytest.skip(f"{story} is not meant for {model.name}")
    prepared = model.prepare(dataset)
    problem = Problem(model, prepared)
    parameters = catalogue.get("starts", "k-means++")(seed=1).choose(model, prepared)
    expectation, largest, ended = problem.expect(parameters), 0.0, ""
    for _ in range(iterations):
        before = expectation.log_likelihood
        parameters = model.m_step(expectation.statistics, parameters)
        try:
            expectation = problem.expect(parameters)
        except UndefinedLikelihood as undefined:
            ended = undefined.kind
            break
        fall = before - expectation.log_likelihood
        largest = max(largest, fall / roundoff_bound(before, problem.total_weight))
    assert ended in ("", "collapsed")
    return largest


@every_story
@every_model
def test_quickly(story: str, label: str, model: Any) -> None:
    assert largest_fall(story, model, 120) < 0.5


def test_where_rounding_is_largest() -> None:
    """Three components on Old Faithful: one is narrow, but not so narrow that the exact path takes over."""
    plain = next(model for label, model in MODELS if label == "gaussian-mixture")
    assert largest_fall("faithful", plain, 2000) < 0.5


@pytest.mark.soak
@every_story
@every_model
def test_ten_thousand_iterations(story: str, label: str, model: Any) -> None:
    assert largest_fall(story, model, 10_000) < 0.5


def test_the_bound_grows_with_size_and_number_but_stays_small() -> None:
    assert 0 < roundoff_bound(-1e3, 500) < 1e-9
    assert roundoff_bound(-1e3, 500) < roundoff_bound(-1e6, 500) < roundoff_bound(-1e6, 5e5)
    assert np.isfinite(roundoff_bound(float("nan"), 0.0))
