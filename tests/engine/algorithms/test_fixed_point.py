"""What the accelerated algorithms share: hull, floors, refusals, and what they cost."""

import itertools

import numpy as np
import pytest

from engine import catalogue
from engine.algorithms.base import Position
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.fixed_point import AcceleratedEM, Refusal, onto_floors, within_affine_hull
from engine.algorithms.squarem import Squarem
from engine.dataset import Dataset
from engine.models.gaussian_mixture import GaussianMixture
from engine.parameters import Array, Parameters
from engine.run import Route, run
from engine.starts.symmetric import Symmetric
from engine.stopping import Stop
from engine.trace import Step
from tests.engine.algorithms.starts import Beginning, collapsing, faithful, first_experiment, zero_weight
from tests.engine.models.cases import real_data

ACCELERATED = [cls() for cls in catalogue.find("algorithms").values() if issubclass(cls, AcceleratedEM)]
every_accelerated = pytest.mark.parametrize("algorithm", ACCELERATED, ids=lambda each: each.name)


def moved(parameters: Parameters, block: str, place: tuple[int, ...], by: float) -> Array:
    """The flat vector with one number of a block changed."""
    values = np.array(parameters[block])
    values[place] += by
    return np.array(parameters.replaced({block: values}).vector)


def test_there_are_five_of_them() -> None:
    names = {each.name for each in ACCELERATED}
    assert names == {"squarem", "anderson", "over-relaxed-em", "quasi-newton-em", "parabolic-em"}
    assert {each.family for each in ACCELERATED} == {"em"}


def test_rounding_is_taken_out_of_weights_and_matrices() -> None:
    start = zero_weight((0.4, 0.6, 0.0)).start
    layout = GaussianMixture(components=3).layout(zero_weight().problem().prepared)
    free = Parameters(layout, start.vector)
    vector = moved(free, "weights", (0,), 1e-9) + 0.0
    vector[layout.places["covariances"]][1] += 1e-9
    within = Parameters(layout, within_affine_hull(layout, vector))
    assert float(np.sum(within["weights"])) == 1.0
    assert within["weights"][2] == 0.0
    assert np.array_equal(within["covariances"], np.swapaxes(within["covariances"], -1, -2))
    held = within_affine_hull(start.layout, vector)
    assert np.array_equal(held[layout.places["covariances"]], vector[layout.places["covariances"]])


def test_a_floor_is_not_undercut_by_its_tolerance() -> None:
    model = GaussianMixture(components=2, covariance="tied", covariance_floor=0.3)
    layout = model.layout(model.prepare(real_data(2, False)))
    vector = np.array([0.5, 0.5, 0, 0, 1, 1, 0.3 * (1 - 5e-10), 0.0, 0.0, 1.0])
    assert layout.violation(vector) is None
    lifted = Parameters(layout, onto_floors(layout, vector))["covariances"]
    assert np.min(np.linalg.eigvalsh(lifted)) >= 0.3 * (1 - 1e-15)


def test_outside_the_constraints_a_point_is_refused_without_a_pass() -> None:
    start, algorithm = first_experiment(), Squarem()
    problem = start.problem()
    vector = moved(start.start, "weights", (0,), -0.25)
    vector[start.start.layout.places["weights"]][2] += 0.25
    found = algorithm.extrapolated(problem, start.start.layout, vector)
    assert isinstance(found, Refusal)
    assert found.reason == "left the constraints (weight 1 became -0.1)"
    assert problem.meter.passes == 0
    event = found.event("two EM steps")
    assert event.kind == "fallback"
    assert event.detail == (
        "the extrapolated point left the constraints (weight 1 became -0.1): two EM steps instead"
    )


def test_a_point_without_likelihood_is_refused_and_its_pass_is_charged() -> None:
    start, algorithm = collapsing(), Squarem()
    problem = start.problem()
    vector = moved(start.start, "covariances", (1, 0, 0), 1e-16 - float(start.start["covariances"][1, 0, 0]))
    found = algorithm.extrapolated(problem, start.start.layout, vector)
    assert isinstance(found, Refusal)
    assert "has no likelihood (component 2 shrank onto a point" in found.reason
    assert problem.meter.e_steps == problem.meter.passes == 1


def test_a_fall_is_refused_beyond_what_is_allowed() -> None:
    start, algorithm = faithful(), Squarem()
    problem = start.problem()
    here = algorithm.arrive(problem, start.start)
    assert algorithm.kept(problem, here, here.log_likelihood + 0.5, 0.6) is here
    assert algorithm.kept(problem, here, here.log_likelihood + 1e-11) is here
    refused = algorithm.kept(problem, here, here.log_likelihood + 0.5, 0.4)
    assert refused == Refusal("lost 0.5 of log-likelihood")
    already = Refusal("left the constraints")
    assert algorithm.kept(problem, already, here.log_likelihood) is already


def test_the_em_map_is_em_and_costs_no_pass() -> None:
    start = faithful()
    problem = start.problem()
    here = Squarem().arrive(problem, start.start)
    image = Squarem().em_map(problem, here)
    assert problem.meter.passes == 1
    second = start.steps(ExpectationMaximization(), max_iterations=1)[1].parameters
    assert np.array_equal(image.vector, second.vector)


@every_accelerated
def test_it_reaches_em_s_maximum_with_fewer_e_steps(algorithm: AcceleratedEM) -> None:
    slow = faithful().steps(ExpectationMaximization())[-1]
    last = faithful().steps(algorithm)[-1]
    assert (slow.status, last.status) == ("converged", "converged")
    assert last.log_likelihood == pytest.approx(slow.log_likelihood, abs=1e-9)
    assert last.e_steps < slow.e_steps
    assert (last.gradients, last.log_likelihoods) == (0, 0)


@every_accelerated
@pytest.mark.parametrize(
    "hold", [("weights",), ("means",), ("covariances",), ("weights", "means", "covariances")]
)
def test_what_is_held_does_not_move_by_a_bit(algorithm: AcceleratedEM, hold: tuple[str, ...]) -> None:
    values = {
        "weights": [0.2, 0.3, 0.5],
        "means": [[2.1, 55.0], [3.3, 70.0], [4.4, 80.0]],
        "covariances": [np.diag([0.3, 40.0])] * 3,
    }
    dataset = faithful().problem().prepared.dataset
    start = Beginning(GaussianMixture(components=3, hold=hold), dataset, **values)
    for step in start.steps(algorithm, tolerance=0.0, max_iterations=20):
        assert all(np.array_equal(step.parameters[name], start.start[name]) for name in hold)


@every_accelerated
def test_a_weight_of_zero_stays_zero(algorithm: AcceleratedEM) -> None:
    steps = zero_weight((0.0, 0.5, 0.5)).steps(algorithm)
    assert all(step.parameters["weights"][0] == 0.0 for step in steps)
    assert steps[-1].status == "stuck"
    assert "weight 1 is 0" in steps[-1].reason


@every_accelerated
def test_components_that_are_alike_stay_alike(algorithm: AcceleratedEM) -> None:
    model = GaussianMixture(components=3)
    prepared = model.prepare(faithful().problem().prepared.dataset)
    problem = faithful().problem()
    steps = list(
        run(problem, Route(algorithm), Symmetric().choose(model, prepared), Stop(max_iterations=100))
    )
    assert steps[-1].status == "stuck"
    for step in steps:
        for one, other in itertools.pairwise(step.parameters["covariances"]):
            assert np.array_equal(one, other)


@every_accelerated
def test_a_collapse_is_em_s_own_and_is_told(algorithm: AcceleratedEM) -> None:
    last = collapsing(4.0).steps(algorithm)[-1]
    assert last.status == "collapsed"
    assert "component 2 shrank onto a point" in last.reason


@every_accelerated
def test_a_duplicated_row_is_no_singular_system(algorithm: AcceleratedEM) -> None:
    """All rows on two points: residuals become parallel, and then 0."""
    values = np.repeat([[0.0], [1.0], [5.0], [6.0]], 10, axis=0)
    start = Beginning(
        GaussianMixture(components=2),
        Dataset("four points", ("x",), values),
        weights=[0.4, 0.6],
        means=[[1.0], [5.0]],
        covariances=[[[1.0]], [[1.0]]],
    )
    last = start.steps(algorithm, tolerance=1e-11)[-1]
    assert last.status == "converged"
    assert last.parameters["weights"] == pytest.approx([0.5, 0.5], abs=1e-6)


def fallbacks(steps: list[Step]) -> list[str]:
    """What the fallbacks of a run say."""
    return [event.detail for step in steps for event in step.events if event.kind == "fallback"]


@every_accelerated
def test_a_fallback_is_seen_and_loses_nothing(algorithm: AcceleratedEM) -> None:
    steps = first_experiment().steps(algorithm)
    said = fallbacks(steps)
    assert said
    assert all(each.startswith("the extrapolated point ") and each.endswith(" instead") for each in said)
    for before, step in itertools.pairwise(steps):
        if fallbacks([step]):
            assert step.log_likelihood > before.log_likelihood - 1e-9
            assert isinstance(step.state.position if step.state else None, Position)
