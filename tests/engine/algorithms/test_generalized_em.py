"""Generalised EM: part of EM's way, and its price."""

import itertools

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.generalized_em import GeneralizedEM
from engine.parameters import Parameters
from engine.roundoff import roundoff_bound
from engine.run import Intervention
from tests.engine.algorithms.paths import same_bit_for_bit, twenty_steps
from tests.engine.algorithms.starts import deaths, faithful, first_experiment, separated_by
from tests.engine.models.cases import CASES, Case

STARTS = {"deaths": deaths(), "faithful": faithful(), "first experiment": first_experiment()}


@pytest.mark.parametrize("name", STARTS)
def test_the_whole_way_is_em_bit_for_bit(name: str) -> None:
    one = twenty_steps(STARTS[name], GeneralizedEM(way=1.0))
    same_bit_for_bit(one, twenty_steps(STARTS[name], ExpectationMaximization()))


@pytest.mark.parametrize("way", [0.1, 0.5, 0.9])
def test_a_step_goes_its_share_of_em_s_way(way: float) -> None:
    steps = faithful().steps(GeneralizedEM(way=way), tolerance=0.0, max_iterations=10)
    problem = faithful().problem()
    for before, step in itertools.pairwise(steps):
        here = before.parameters.vector
        image = problem.model.m_step(problem.expect(before.parameters).statistics, before.parameters)
        np.testing.assert_allclose(step.parameters.vector - here, way * (image.vector - here), atol=1e-14)
        assert step.passes - before.passes == 1


def test_inner_steps_set_in_flight_change_nothing_where_the_m_step_has_none() -> None:
    plain = faithful().steps(GeneralizedEM(), tolerance=0.0, max_iterations=6)
    changed = faithful().steps(
        GeneralizedEM(), Intervention(3, "inner_steps", 2), tolerance=0.0, max_iterations=6
    )
    same_bit_for_bit(plain, changed)


def test_blocks_move_in_turn() -> None:
    steps = faithful().steps(GeneralizedEM(way=1.0, moving="in-turn"), tolerance=0.0, max_iterations=9)
    names = ("weights", "means", "covariances")
    for before, step in itertools.pairwise(steps):
        moved = [name for name in names if not np.array_equal(before.parameters[name], step.parameters[name])]
        assert moved == [names[before.iteration % 3]]
        assert step.log_likelihood > before.log_likelihood


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_between_the_parameters_and_the_maximiser_q_rises_all_the_way(case: Case) -> None:
    """What the docstring says of these models; also over one block alone."""
    statistics, here = case.problem().expect(case.parameters).statistics, case.parameters
    for free in (None, *((name,) for name in here.layout.free)):
        best = case.model.m_step(statistics, here, free)
        values = []
        for share in np.linspace(0.0, 1.0, 21):
            vector = (1 - share) * here.vector + share * best.vector
            between = Parameters(here.layout, np.asarray(vector))
            values.append(case.model.expected_log_likelihood(case.prepared, statistics, between))
        assert np.all(np.diff(values) > -roundoff_bound(values[0], case.prepared.total_weight))
        assert values[-1] > values[0]


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("algorithm", [GeneralizedEM(way=0.2), GeneralizedEM(moving="in-turn")], ids=str)
def test_it_reaches_em_s_maximum_and_never_falls(name: str, algorithm: GeneralizedEM) -> None:
    em = STARTS[name].steps(ExpectationMaximization(), tolerance=1e-5, max_iterations=2000)[-1]
    steps = STARTS[name].steps(algorithm, tolerance=0.0, max_iterations=300)
    assert not any(step.decreased for step in steps)
    rise = em.log_likelihood - steps[0].log_likelihood
    assert em.log_likelihood - steps[-1].log_likelihood < 0.05 * rise


@pytest.mark.parametrize("way", [0.5, 1.0])
def test_its_rate_is_what_is_left_of_em_s_way(way: float) -> None:
    """The map is (1 - way) I + way J, so the rate is 1 - way (1 - r); r = .72498123 at distance 4."""
    start = separated_by(4.0)
    limit = start.steps(ExpectationMaximization(), tolerance=1e-13, max_iterations=200)[-1].parameters.vector
    steps = start.steps(GeneralizedEM(way=way), tolerance=0.0, max_iterations=70)
    gaps = [float(np.linalg.norm(step.parameters.vector - limit)) for step in steps[50:60]]
    observed = (gaps[-1] / gaps[0]) ** (1 / 9)
    assert observed == pytest.approx(1 - way * (1 - 0.72498123), abs=2e-4)
