"""Rows of counts that are alike: an E step sees each kind once, and nothing else changes."""

import numpy as np
import pytest

from engine.dataset import Dataset
from engine.datasets.latent_classes import LatentClasses
from engine.datasets.poisson_counts import PoissonCounts
from engine.models.bernoulli_mixture import BernoulliMixture
from engine.models.distinct_counts import distinct_counts
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.mixture import Mixture
from engine.models.poisson_mixture import PoissonMixture
from engine.objective import Problem
from engine.parameters import frozen
from engine.starts.k_means_plus_plus import KMeansPlusPlus


@pytest.mark.parametrize("weighted", [False, True])
def test_every_kind_of_row_is_there_as_often_as_it_was(weighted: bool) -> None:
    generator = np.random.Generator(np.random.Philox(1))
    columns = np.array([generator.integers(3, 6, 200), generator.integers(0, 4, 200)], dtype=float)
    weights = frozen(generator.integers(0, 3, 200)) if weighted else None
    found = distinct_counts(columns, weights)
    assert found is not None
    kinds, counts = found
    known = np.ones(200) if weights is None else weights
    for kind, count in zip(kinds.T, counts, strict=True):
        alike = np.all(columns == kind[:, None], axis=0)
        assert count == float(np.sum(known[alike]))
    assert float(np.sum(counts)) == float(np.sum(known))
    assert len(np.unique(kinds.T, axis=0)) == kinds.shape[1]


def test_where_nearly_all_may_differ_nobody_looks() -> None:
    columns = np.arange(100.0)[None]
    assert distinct_counts(columns, None) is None
    assert distinct_counts(np.array([[0.0, 2.0**50]]), None) is None


@pytest.mark.parametrize(
    ("model", "story", "most"),
    [
        (PoissonMixture(components=2), PoissonCounts(size=3000, dimension=1), 30),
        (BernoulliMixture(components=2), LatentClasses(size=3000, items=6), 64),
    ],
)
def test_an_e_step_costs_as_many_rows_as_there_are_kinds_and_finds_the_same(
    model: Mixture, story: PoissonCounts | LatentClasses, most: int
) -> None:
    data = story.generate()
    prepared = model.prepare(data)
    assert prepared.units == 3000
    assert prepared.collapsed is not None
    assert prepared.collapsed.units <= most
    parameters, problem = KMeansPlusPlus().choose(model, prepared), Problem(model, prepared, 1)
    together = problem.expect(parameters)
    apart = problem.expect(parameters, np.arange(3000))
    assert together.log_likelihood == pytest.approx(apart.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(together.statistics, apart.statistics, rtol=1e-11, atol=1e-10)
    np.testing.assert_allclose(np.asarray(together.ratios), np.asarray(apart.ratios), rtol=1e-11)
    assert model.responsibilities(parameters, prepared.columns).shape == (2, 3000)


def test_numbers_that_are_no_counts_stay_as_they_are() -> None:
    model = GaussianMixture(components=1)
    data = Dataset("halves", ("x",), np.repeat([[0.5], [1.0]], 100, axis=0))
    assert model.prepare(data).collapsed is None
