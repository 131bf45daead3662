"""What a model says about its complete data's statistics and score, row by row from its responsibilities."""

import numpy as np
import pytest

from engine.models.mixture import Mixture
from engine.models.workspace import Workspace
from engine.parameters import Array, Parameters
from tests.engine.models.cases import CASES, Case

PLAIN = [case for case in CASES if "hold" not in case.label and "floor" not in case.label]


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.label)
def test_the_covariance_of_the_statistics_is_that_of_a_drawn_component(case: Case) -> None:
    """z is one of K unit vectors with probabilities r, so cov(z (x) t) = (diag r - rr') (x) tt'."""
    model, prepared = case.model, case.prepared
    shares = model.responsibilities(case.parameters, prepared.columns)
    # Of known components the counts are all that is drawn.
    features = model.features(prepared.columns) if isinstance(model, Mixture) else np.ones((1, prepared.units))
    counts = np.ones(prepared.units) if prepared.row_weights is None else prepared.row_weights
    size = shares.shape[0] * features.shape[0]
    expected = np.zeros((size, size))
    for share, feature, count in zip(shares.T, features.T, counts, strict=True):
        expected += count * np.kron(np.diag(share) - np.outer(share, share), np.outer(feature, feature))
    found = model.statistics_covariance(prepared, case.parameters, Workspace(1))
    assert found is not None
    scale = np.outer(np.sqrt(np.diag(expected)), np.sqrt(np.diag(expected))) + 1e-300
    np.testing.assert_allclose(found[:size, :size] / scale, expected / scale, atol=1e-9)
    assert not np.any(found[size:])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_the_complete_gradient_is_the_slope_of_q(case: Case) -> None:
    problem = case.problem(1)
    statistics = problem.expect(case.parameters).statistics
    # Away from where the statistics were found, so that the gradient is not that of the log-likelihood.
    there = case.parameters.replaced({"weights": np.roll(case.parameters["weights"], 1)})
    gradient = case.model.complete_gradient(statistics, there)

    def q(vector: Array) -> float:
        vector.setflags(write=False)
        return float(
            case.model.expected_log_likelihood(
                problem.prepared, statistics, Parameters(there.layout, vector)
            )
        )

    generator = np.random.Generator(np.random.Philox(2))
    for block in there.layout.blocks:
        place = there.layout.places[block.name]
        if block.held:
            assert not np.any(gradient[place])
            continue
        direction = np.zeros(there.layout.size)
        direction[place] = np.ravel(block.support.tangent(generator.standard_normal(block.shape)))
        step = 1e-6
        slope = (q(there.vector + step * direction) - q(there.vector - step * direction)) / (2 * step)
        assert gradient @ direction == pytest.approx(slope, rel=1e-5, abs=1e-4)
