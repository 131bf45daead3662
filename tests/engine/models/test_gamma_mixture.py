"""Gamma mixtures: the inner Newton method, one step of it, and components that narrow onto a point."""

import numpy as np
import pytest
from scipy.special import psi

from engine.algorithms.base import Algorithm
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.em_as_gradient import EMAsGradient
from engine.algorithms.generalized_em import GeneralizedEM
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.dataset import Dataset
from engine.datasets.waiting_times import WaitingTimes
from engine.errors import InputError
from engine.models.base import UndefinedLikelihood
from engine.models.gamma_functions import (
    best_shapes,
    log_gamma_remainder,
    log_less_digamma,
    trigamma_less_inverse,
)
from engine.models.gamma_mixture import GammaMixture
from engine.models.poisson_mixture import PoissonMixture
from engine.objective import Problem
from engine.parameters import Array
from engine.run import Route, run
from engine.starts.k_means_plus_plus import KMeansPlusPlus
from engine.stopping import Stop
from engine.trace import Step
from tests import textbook


def table(values: Array) -> Dataset:
    return Dataset("table", tuple(f"x{j + 1}" for j in range(values.shape[1])), np.array(values, dtype=float))


def steps(model: GammaMixture, algorithm: Algorithm, most: int = 2000) -> list[Step]:
    data = WaitingTimes(size=600).generate()
    prepared = model.prepare(data)
    start = KMeansPlusPlus().choose(model, prepared)
    stop = Stop(rule="gradient", tolerance=1e-9, max_iterations=most)
    return list(run(Problem(model, prepared, 1), Route(algorithm), start, stop))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([[1.0], [0.0]], r"0 in row 2 of column 'x1' is not positive; gamma-mixture needs numbers above 0"),
        ([[1.0, 2.0], [3.0, -2.5]], r"-2\.5 in row 2 of column 'x2' is not positive"),
        ([[3.0], [3.0]], r"column 'x1' is constant, so a gamma distribution has no spread there"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_sentence(values: list[list[float]], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        GammaMixture(components=1).check(table(np.array(values)))
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("first", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("shape", [0.01, 0.3, 1.0, 7.0, 300.0, 1e6])
def test_the_inner_newton_method_solves_both_equations_from_anywhere(shape: float, first: float) -> None:
    profiled = -log_less_digamma(np.array([[shape]]))
    found = best_shapes(np.array([[first]]), profiled, moving_rates=True, steps=50)
    assert found[0, 0] == pytest.approx(shape, rel=1e-9)
    fixed = np.array([[float(psi(shape))]])
    found = best_shapes(np.array([[first]]), fixed, moving_rates=False, steps=50)
    assert found[0, 0] == pytest.approx(shape, rel=1e-9)


def test_four_steps_are_enough_near_by_and_each_raises_q() -> None:
    level = -log_less_digamma(np.array([[3.0]]))
    here, before = np.array([[1.5]]), -np.inf
    for _ in range(4):
        here = best_shapes(here, level, moving_rates=True, steps=1)
        value = float(here[0, 0] * level[0, 0] + log_gamma_remainder(here)[0, 0])
        assert value > before - 1e-15
        before = value
    assert here[0, 0] == pytest.approx(3.0, rel=1e-13)


def test_the_series_for_large_arguments_meet_the_functions() -> None:
    """At 1000 by subtraction and by the series, and far out against what is known to be the next term."""
    for function in (log_gamma_remainder, log_less_digamma, trigamma_less_inverse):
        below, above = function(np.array([1e3])), function(np.array([np.nextafter(1e3, 2e3)]))
        assert below == pytest.approx(above, rel=1e-9)
    assert log_less_digamma(np.array([1e8])) == pytest.approx([5e-9 * (1 + 1e-8 / 6)], rel=1e-15)
    assert trigamma_less_inverse(np.array([1e8])) == pytest.approx([5e-17 * (1 + 1e-8 / 3)], rel=1e-15)


def test_a_narrow_component_keeps_its_digits() -> None:
    """A spread of a thousandth of the mean, where the plain formula loses seven digits."""
    generator = np.random.Generator(np.random.Philox(1))
    values = np.concatenate(
        (generator.gamma(1e6, 1e-3 / 1e6 * 1e3, (50, 1)), generator.gamma(2.0, 1.0, (50, 1)))
    )
    model = GammaMixture(components=2)
    prepared = model.prepare(table(values))
    described = {"weights": [0.5, 0.5], "shapes": [[1e6], [2.0]], "rates": [[1e6], [1.0]]}
    parameters = model.accept(prepared, described)
    found = Problem(model, prepared, 1).log_likelihood(parameters)
    shapes, rates = textbook.extended([1e6]), textbook.extended([1e6])
    plain = textbook.gamma_log_density(textbook.extended(values), shapes, rates)
    other = textbook.gamma_log_density(
        textbook.extended(values), textbook.extended([2.0]), textbook.extended([1.0])
    )
    wanted = float(np.sum(np.log((np.exp(plain) + np.exp(other)) / 2)))
    # The textbook's log Gamma(1e6), about 1.3e7, is a double.
    assert found == pytest.approx(wanted, abs=50 * 2e-9)


def test_one_inner_step_is_generalized_em_which_climbs_and_arrives() -> None:
    whole = steps(GammaMixture(components=2), ExpectationMaximization())
    single = steps(GammaMixture(components=2), GeneralizedEM(way=1.0, inner_steps=1))
    gradient = steps(GammaMixture(components=2), LimitedMemoryBfgs())
    for found in (whole, single, gradient):
        assert found[-1].status == "converged"
        assert not any(step.decreased for step in found)
        assert found[-1].log_likelihood == pytest.approx(whole[-1].log_likelihood, abs=1e-6)
    assert not np.array_equal(single[1].parameters["shapes"], whole[1].parameters["shapes"])
    assert len(single) < 1.05 * len(whole)
    assert len(gradient) < 0.2 * len(whole)


def test_where_the_m_step_has_a_closed_form_there_are_no_inner_steps() -> None:
    refused = GeneralizedEM(inner_steps=1).refusal(PoissonMixture(), ("weights", "rates"))
    assert refused is not None
    assert refused.startswith("The M step of poisson-mixture has a closed form")


def test_em_as_a_gradient_step_is_refused_with_its_reason() -> None:
    refused = steps(GammaMixture(components=2), EMAsGradient())[0]
    assert refused.status == "refused"
    assert refused.reason.startswith("em-as-gradient is EM only where parameters are averages")


def test_a_component_on_a_single_row_collapses() -> None:
    values = np.array([[1.0], [1.2], [0.8], [1.1], [0.9], [30.0]])
    model = GammaMixture(components=2)
    prepared = model.prepare(table(values))
    start = model.accept(
        prepared, {"weights": [0.8, 0.2], "shapes": [[20.0], [900.0]], "rates": [[20.0], [30.0]]}
    )
    found = list(
        run(Problem(model, prepared, 1), Route(ExpectationMaximization()), start, Stop(max_iterations=50))
    )
    assert found[-1].status == "collapsed"
    assert "component 2 narrowed onto a point" in found[-1].reason


def test_outside_the_positive_numbers_there_is_no_likelihood() -> None:
    model = GammaMixture(components=1)
    prepared = model.prepare(WaitingTimes(size=20).generate())
    parameters = model.accept(prepared, {"weights": [1.0], "shapes": [[2.0]], "rates": [[1.0]]})
    for name, value, kind in (
        ("shapes", -1.0, "left-constraints"),
        ("rates", 0.0, "not-finite"),
        ("rates", np.nan, "not-finite"),
    ):
        with pytest.raises(UndefinedLikelihood) as undefined:
            Problem(model, prepared, 1).expect(parameters.replaced({name: np.array([[value]])}))
        assert undefined.value.kind == kind
