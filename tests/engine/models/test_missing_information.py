"""What a model says about its complete data's statistics and score, row by row from its responsibilities."""

import dataclasses

import numpy as np
import pytest

from engine.models.mixture import Mixture
from engine.models.mixture_proportions import MixtureProportions
from engine.models.workspace import Workspace
from engine.parameters import Array, Parameters, PositiveDefinite
from tests.engine.models.cases import CASES, Case, IncompleteRows, random_parameters

PLAIN = [case for case in CASES if "hold" not in case.label and "floor" not in case.label]


def offers_scores(model: object) -> bool:
    """Whether a mixture tells the score of each component, given whole rows."""
    if isinstance(model, IncompleteRows):
        return False
    return isinstance(model, Mixture) and type(model).component_score is not Mixture.component_score


def scores(case: Case, row: int) -> Array:
    """The gradient of log pi_k + log f_k at one row for each k, (K, layout.size), by differences."""
    model, parameters = case.model, case.parameters
    column = case.prepared.columns[:, row : row + 1]
    everything = np.arange(len(parameters["weights"]))

    def logs(vector: Array) -> Array:
        vector.setflags(write=False)
        there = Parameters(parameters.layout, vector)
        densities = model.log_densities(there, column, everything)[:, 0]
        return np.asarray(np.log(there["weights"]) + densities)

    found = np.empty((everything.size, parameters.layout.size))
    for block in parameters.layout.blocks:
        for place in range(block.size):
            unit = np.zeros(block.size)
            unit[place] = 1.0
            direction = np.zeros(parameters.layout.size)
            matrices = isinstance(block.support, PositiveDefinite)
            within = block.support.tangent(unit.reshape(block.shape)) if matrices else unit
            direction[parameters.layout.places[block.name]] = np.ravel(within)
            step = 1e-6
            rise = logs(parameters.vector + step * direction) - logs(parameters.vector - step * direction)
            found[:, parameters.layout.places[block.name].start + place] = rise / (2 * step)
    return found


@pytest.mark.parametrize(
    "case", [case for case in PLAIN if offers_scores(case.model)], ids=lambda case: case.label
)
def test_missing_information_is_the_covariance_of_the_score_row_by_row(case: Case) -> None:
    model, prepared = case.model, case.prepared
    few = np.arange(12)
    counts = np.ones(prepared.units) if prepared.row_weights is None else prepared.row_weights
    dataset = case.dataset
    some = dataclasses.replace(
        dataset,
        values=dataset.values[few],
        row_weights=None if dataset.row_weights is None else dataset.row_weights[few],
    )
    part = dataclasses.replace(
        prepared,
        dataset=some,
        units=few.size,
        columns=np.ascontiguousarray(prepared.columns[:, few]),
        row_weights=None if prepared.row_weights is None else prepared.row_weights[few],
        edges=(0, 5, few.size),
    )
    shares = model.responsibilities(case.parameters, part.columns)
    size = case.parameters.layout.size
    expected = np.zeros((size, size))
    for row in few.tolist():
        score = scores(case, row)
        mean = shares[:, row] @ score
        expected += counts[row] * ((score.T * shares[:, row]) @ score - np.outer(mean, mean))
    found = model.missing_information(part, case.parameters, Workspace(1))
    assert found is not None
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.max(np.abs(expected)))


@pytest.mark.parametrize(
    "case",
    [case for case in PLAIN if isinstance(case.model, MixtureProportions)],
    ids=lambda case: case.label,
)
def test_missing_information_of_known_components(case: Case) -> None:
    shares = case.model.responsibilities(case.parameters, case.prepared.columns)
    weights, rows = case.parameters["weights"], case.prepared.row_weights
    expected = np.zeros((weights.size, weights.size))
    for share, count in zip(shares.T, np.ones(shares.shape[1]) if rows is None else rows, strict=True):
        if count > 0:
            covariance = np.diag(share) - np.outer(share, share)
            expected += count * covariance / np.outer(weights, weights)
    found = case.model.missing_information(case.prepared, case.parameters, Workspace(1))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * np.max(expected))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_the_complete_gradient_is_the_slope_of_q(case: Case) -> None:
    problem = case.problem(1)
    statistics = problem.expect(case.parameters).statistics
    # Away from where the statistics were found, so that the gradient is not that of the log-likelihood.
    there = random_parameters(case.model, case.prepared, seed=6)
    there = there.replaced({name: case.parameters[name] for name in case.held})
    gradient = case.model.complete_gradient(statistics, there)

    def q(vector: Array) -> float:
        vector.setflags(write=False)
        return float(
            case.model.expected_log_likelihood(problem.prepared, statistics, Parameters(there.layout, vector))
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
