"""Online EM: its steps and averages by a textbook, EM as its limit, and how few passes it needs."""

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.mini_batches import MiniBatches
from engine.algorithms.online_em import OnlineEM
from engine.algorithms.stepwise import StepwiseState
from engine.datasets.overlapping import OverlappingClusters
from engine.datasets.three_clusters import ThreeClusters
from engine.models.gaussian_mixture import GaussianMixture
from engine.objective import Problem
from engine.run import Route, run
from engine.starts.k_means_plus_plus import KMeansPlusPlus
from engine.stopping import Stop
from tests import textbook
from tests.engine.algorithms.paths import follows, same_bit_for_bit, twenty_steps
from tests.engine.algorithms.starts import Beginning, deaths, faithful, first_experiment
from tests.textbook import extended

STARTS = {"deaths": deaths(), "faithful": faithful(), "first experiment": first_experiment()}


@pytest.mark.parametrize("name", STARTS)
def test_with_full_steps_on_all_rows_it_is_em_bit_for_bit(name: str) -> None:
    online = OnlineEM(batch_size=10_000, updates=1, exponent=0.0, averaging="none")
    one, other = twenty_steps(STARTS[name], online), twenty_steps(STARTS[name], ExpectationMaximization())
    same_bit_for_bit(one, other)
    # EM has looked at the data once more: at the parameters where it stands.
    assert [step.passes for step in one] == [step.passes - 1 for step in other]


@pytest.mark.parametrize("averaging", ["none", "all", "recent"])
def test_it_takes_the_textbooks_steps(averaging: str) -> None:
    """Shares of the rows, weighted as the running statistics weight them, and an average as a plain sum."""
    start, data = first_experiment(), first_experiment().dataset
    online = OnlineEM(batch_size=50, updates=3, exponent=0.7, averaging=averaging)
    steps = start.steps(online, key=5, tolerance=0.0, max_iterations=6)
    batches = MiniBatches(5, data.rows, 50)
    described = start.problem().model.describe(start.start)
    shares = extended(np.zeros((data.rows, 3)))
    path, history = [described], []
    for update in range(18):
        rows, share = batches.batch(update), extended(update + 1.0) ** extended(-0.7)
        found = textbook.e_step(data.values[rows], described).responsibilities
        shares = (1 - share) * shares
        shares[rows] += share * found * len(data.values) / len(rows)
        described = textbook.m_step(data.values, shares, described)
        history.append(described)
        if update % 3 == 2:
            number = np.arange(1, update + 2)
            weights = {
                "none": (number == update + 1) * 1.0,
                "all": np.ones(update + 1),
                # What the recursion with c = 3 amounts to.
                "recent": number * (number + 1) * (number + 2) * 1.0,
            }[averaging]
            weights = weights / np.sum(weights)
            path.append(
                {
                    name: sum(w * extended(each[name]) for w, each in zip(weights, history, strict=True))
                    for name in described
                }
            )
    follows(start, steps, path, rel=1e-9)
    assert [step.passes for step in steps] == [0.25 * step.iteration for step in steps]
    assert [step.e_steps for step in steps] == [3 * step.iteration for step in steps]


def test_one_gaussian_is_known_exactly_after_one_pass() -> None:
    """With nothing missing and steps of 1/t the running statistics are those of all rows seen."""
    data = ThreeClusters().generate()
    start = Beginning(
        GaussianMixture(components=1), data, weights=[1.0], means=[[0.0, 0.0]], covariances=[np.eye(2)]
    )
    online = OnlineEM(batch_size=100, updates=6, exponent=1.0, averaging="none")
    last = start.steps(online, tolerance=0.0, max_iterations=1)[-1]
    found = start.problem().model.describe(last.parameters)
    assert last.passes == 1
    np.testing.assert_allclose(found["means"][0], np.mean(data.values, axis=0), rtol=1e-12)
    np.testing.assert_allclose(found["covariances"][0], np.cov(data.values.T, bias=True), rtol=1e-11)


def test_the_key_decides_the_path_and_only_the_key() -> None:
    ends = [
        faithful().steps(OnlineEM(), key=key, tolerance=0.0, max_iterations=3)[-1].parameters.vector
        for key in (1, 1, 2)
    ]
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])
    # How the updates are parted into iterations does not matter.
    other = faithful().steps(OnlineEM(updates=30), key=1, tolerance=0.0, max_iterations=1)[-1]
    assert np.array_equal(ends[0], other.parameters.vector)


def test_averages_have_less_noise_than_the_newest_parameters() -> None:
    start = first_experiment().settled(ExpectationMaximization())
    gaps = {}
    for averaging in ("none", "recent", "all"):
        online = OnlineEM(batch_size=50, averaging=averaging)
        steps = start.steps(online, tolerance=0.0, max_iterations=40)
        gaps[averaging] = float(
            np.mean([steps[0].log_likelihood - step.log_likelihood for step in steps[20:]])
        )
    assert 0 < gaps["recent"] < gaps["none"] / 5
    assert 0 < gaps["all"] < gaps["none"] / 5


def test_the_display_is_not_charged_and_the_newest_parameters_are_kept_beside() -> None:
    steps = faithful().steps(OnlineEM(), tolerance=0.0, max_iterations=4)
    assert steps[0].passes == 0
    assert np.isfinite(steps[0].log_likelihood)
    state = steps[-1].state
    assert isinstance(state, StepwiseState)
    assert state.updates == 40
    assert not np.array_equal(state.newest.vector, state.position.parameters.vector)
    assert steps[-1].log_likelihoods == steps[-1].gradients == 0


def test_on_many_rows_it_is_near_the_maximum_in_fewer_passes_than_em() -> None:
    """20 000 rows of two clusters 1.5 standard deviations apart: a gap of 1e-3 an observation, by passes.

    The maximum -60922.99427704 was found by EM and L-BFGS in turns, 600 passes from the same start.
    """
    maximum, gap = -60922.99427704, 20_000 * 1e-3
    model = GaussianMixture(components=2)
    prepared = model.prepare(OverlappingClusters(size=20_000, separation=1.5).generate())
    start = KMeansPlusPlus().choose(model, prepared)

    def passes(algorithm: ExpectationMaximization | OnlineEM, key: int = 0) -> float:
        steps = run(Problem(model, prepared), Route(algorithm, key=key), start, Stop(tolerance=0.0))
        return next(step.passes for step in steps if step.log_likelihood > maximum - gap)

    assert passes(ExpectationMaximization()) == 21
    assert all(passes(OnlineEM(updates=20), key) < 4 for key in (0, 1, 2))
