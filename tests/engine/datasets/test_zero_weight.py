"""The zero-weight story's certificate: with known components, the third's best weight is exactly 0."""

import numpy as np
import pytest

from engine.datasets.zero_weight import ZeroWeight
from engine.parameters import Array


def densities(story: ZeroWeight) -> Array:
    """The three known components' densities at each row, (n, 3)."""
    data = story.generate()
    means = np.array(story.setup()["start"]["means"])
    squares = np.sum((data.values[:, None, :] - means) ** 2, axis=2)
    return np.asarray(np.exp(-0.5 * squares) / (2 * np.pi))


def em(f: Array, weights: Array, steps: int) -> Array:
    """The weights after each EM step of a mixture whose components are known, (steps + 1, K)."""
    path = [weights]
    for _ in range(steps):
        responsibilities = f * path[-1] / (f @ path[-1])[:, None]
        path.append(responsibilities.mean(axis=0))
    return np.array(path)


def multipliers(f: Array) -> Array:
    """mean f_k/f for each component at the maximum over the first two weights."""
    weights = np.append(em(f[:, :2], np.array([0.5, 0.5]), 200)[-1], 0.0)
    return np.asarray(np.mean(f / (f @ weights)[:, None], axis=0))


def test_the_maximum_is_at_zero_exactly_and_nothing_else_satisfies_the_conditions() -> None:
    first, second, third = multipliers(densities(ZeroWeight()))
    assert first == pytest.approx(1, abs=1e-12)
    assert second == pytest.approx(1, abs=1e-12)
    assert third == pytest.approx(0.892, abs=5e-4)


def test_em_shrinks_the_weight_by_that_factor_at_each_step_and_never_reaches_zero() -> None:
    f = densities(ZeroWeight())
    path = em(f, np.array(ZeroWeight().setup()["start"]["weights"]), 240)[:, 2]
    assert np.all(np.diff(path) < 0)
    assert 1e-14 < path[-1] < 1e-10
    assert path[60] < 2e-3
    np.testing.assert_allclose(path[201:] / path[200:-1], multipliers(f)[2], rtol=1e-6)


def test_any_weight_for_the_third_component_lowers_the_likelihood() -> None:
    f = densities(ZeroWeight())
    best = em(f[:, :2], np.array([0.5, 0.5]), 200)[-1]
    values = []
    for third in (0.0, 1e-6, 1e-3, 0.05, 0.3):
        weights = np.append((1 - third) * best, third)
        values.append(float(np.sum(np.log(f @ weights))))
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


def test_other_seeds_lie_on_either_side_of_one() -> None:
    others = [multipliers(densities(ZeroWeight(seed=seed)))[2] for seed in range(20)]
    assert 5 <= sum(value < 1 for value in others) <= 15


def test_what_is_known_is_held_and_the_weights_start_equal() -> None:
    setup = ZeroWeight().setup()
    truth = ZeroWeight().generate().truth
    assert truth is not None
    assert setup["model"] == {"name": "gaussian-mixture", "components": 3, "hold": ["means", "covariances"]}
    assert setup["start"]["weights"] == [1 / 3] * 3
    np.testing.assert_array_equal(setup["start"]["means"], truth.parameters["means"])
    np.testing.assert_array_equal(setup["start"]["covariances"], truth.parameters["covariances"])
    assert truth.parameters["weights"][2] == 0
