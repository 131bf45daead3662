"""Student t mixtures: factors of outliers, many degrees of freedom, and EM beside PX-EM and ECME."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from engine.algorithms.base import Algorithm
from engine.algorithms.ecme import ExpectationConditionalMaximizationEither
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.algorithms.px_em import ParameterExpandedEM
from engine.dataset import Dataset
from engine.datasets.heavy_tails import HeavyTails
from engine.errors import InputError
from engine.models.base import UndefinedLikelihood
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.student_t_mixture import StudentTMixture
from engine.objective import Problem
from engine.parameters import Array
from engine.run import Route, run
from engine.starts.random_points import RandomPoints
from engine.stopping import Stop
from engine.trace import Step


def table(values: Array) -> Dataset:
    return Dataset("table", tuple(f"x{j + 1}" for j in range(values.shape[1])), np.array(values, dtype=float))


def steps(model: StudentTMixture, algorithm: Algorithm, size: int = 300) -> list[Step]:
    prepared = model.prepare(HeavyTails(size=size).generate())
    start = RandomPoints().choose(model, prepared)
    stop = Stop(rule="gradient", tolerance=1e-8, max_iterations=2000)
    return list(run(Problem(model, prepared, 1), Route(algorithm), start, stop))


@pytest.mark.parametrize("degrees", [0.3, 3.0, 1e4, 1e6])
def test_the_density_is_scipys(degrees: float) -> None:
    generator = np.random.Generator(np.random.Philox(1))
    values = generator.standard_normal((40, 2)) * 3.0 + 5.0
    scale = np.array([[2.0, 0.7], [0.7, 1.5]])
    model = StudentTMixture(components=1)
    prepared = model.prepare(table(values))
    described = {"weights": [1.0], "means": [[4.0, 6.0]], "scales": [scale], "degrees_of_freedom": [degrees]}
    found = Problem(model, prepared, 1).log_likelihood(model.accept(prepared, described))
    frozen = stats.multivariate_t(loc=[4.0, 6.0], shape=scale, df=degrees)  # type: ignore[arg-type]
    wanted = float(np.sum(frozen.logpdf(values)))
    # scipy subtracts two logarithms of the gamma function of nu/2.
    assert found == pytest.approx(wanted, rel=1e-12, abs=40 * 1e-15 * degrees * math.log(1 + degrees))


def test_with_many_degrees_of_freedom_it_is_a_gaussian_mixture() -> None:
    data = HeavyTails(size=200).generate()
    model, gaussian = (
        StudentTMixture(components=2, hold=("degrees_of_freedom",)),
        GaussianMixture(components=2),
    )
    prepared, other = model.prepare(data), gaussian.prepare(data)
    shared = {"weights": [0.4, 0.6], "means": [[-5.0, -2.0], [3.0, 1.0]]}
    matrices = [[[4.0, 1.0], [1.0, 5.0]], [[9.0, 0.0], [0.0, 7.0]]]
    one = model.accept(prepared, shared | {"scales": matrices, "degrees_of_freedom": [1e6, 1e6]})
    two = gaussian.accept(other, shared | {"covariances": matrices})
    found, wanted = (
        Problem(m, p, 1).expect(at) for m, p, at in ((model, prepared, one), (gaussian, other, two))
    )
    assert found.log_likelihood == pytest.approx(wanted.log_likelihood, rel=1e-3)
    moved, like = model.m_step(found.statistics, one), gaussian.m_step(wanted.statistics, two)
    assert moved["means"] == pytest.approx(like["means"], abs=1e-2)
    assert moved["scales"] == pytest.approx(like["covariances"], rel=1e-2)


def test_an_outlier_counts_for_less_the_farther_it_lies() -> None:
    model = StudentTMixture(components=1)
    values = np.array([[0.0], [1.0], [-1.0], [0.5], [-0.5], [8.0], [50.0]])
    prepared = model.prepare(table(values))
    described = {"weights": [1.0], "means": [[0.0]], "scales": [[[1.0]]], "degrees_of_freedom": [3.0]}
    factors = model.factors(model.accept(prepared, described), prepared.columns)[0]
    assert factors == pytest.approx(4.0 / (3.0 + values[:, 0] ** 2), rel=1e-12)
    assert factors[0] > 1.0 > factors[5] > factors[6]


@pytest.mark.parametrize("hold", [(), ("degrees_of_freedom",)])
def test_em_px_em_and_gradients_meet_at_one_maximum(hold: tuple[str, ...]) -> None:
    model = StudentTMixture(components=3, hold=hold, start_degrees=3.0)
    found = {
        each.name: steps(model, each)
        for each in (ExpectationMaximization(), ParameterExpandedEM(), LimitedMemoryBfgs())
    }
    for lane in found.values():
        assert lane[-1].status == "converged"
        assert not any(step.decreased for step in lane)
        assert lane[-1].log_likelihood == pytest.approx(found["em"][-1].log_likelihood, abs=1e-7)
    assert len(found["px-em"]) < len(found["em"])
    if hold:
        assert len(found["px-em"]) < 0.6 * len(found["em"])
        assert np.array_equal(found["px-em"][-1].parameters["degrees_of_freedom"], [3.0] * 3)


def test_ecme_climbs_in_far_fewer_iterations_and_counts_its_passes() -> None:
    model = StudentTMixture(components=3)
    em, ecme = (
        steps(model, ExpectationMaximization()),
        steps(model, ExpectationConditionalMaximizationEither()),
    )
    assert ecme[-1].status == "converged"
    assert not any(step.decreased for step in ecme)
    assert ecme[-1].log_likelihood == pytest.approx(em[-1].log_likelihood, abs=1e-7)
    assert len(ecme) < 0.5 * len(em)
    assert all(step.passes == step.e_steps + step.gradients for step in ecme)
    assert all(before.passes < step.passes <= before.passes + 5 for before, step in itertools.pairwise(ecme))


def test_after_ecme_the_degrees_of_freedom_maximise_the_log_likelihood() -> None:
    model = StudentTMixture(components=3)
    prepared = model.prepare(HeavyTails(size=300).generate())
    problem = Problem(model, prepared, 1)
    algorithm = ExpectationConditionalMaximizationEither(most_trials=50)
    state = algorithm.init(problem, RandomPoints().choose(model, prepared), 0)
    for _ in range(3):
        state, _ = algorithm.step(problem, state)
        here = state.position.parameters
        slope = problem.gradient(here)[1][here.layout.places["degrees_of_freedom"]]
        assert np.max(np.abs(slope * here["degrees_of_freedom"])) < 1e-6 * 300


@pytest.mark.parametrize(
    ("algorithm", "model", "sentence"),
    [
        (ParameterExpandedEM(), GaussianMixture(), "px-em needs a model that can be expanded"),
        (ExpectationConditionalMaximizationEither(), GaussianMixture(), "ecme needs a model with a block"),
        (
            ExpectationConditionalMaximizationEither(),
            StudentTMixture(hold=("degrees_of_freedom",)),
            "the degrees of freedom are held fixed",
        ),
    ],
)
def test_where_they_cannot_run_they_say_why(
    algorithm: Algorithm, model: StudentTMixture | GaussianMixture, sentence: str
) -> None:
    free = tuple(name for name in model.blocks if name not in model.hold)
    refused = algorithm.refusal(model, free)
    assert refused is not None
    assert sentence in refused
    assert refused.endswith(".")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"degrees_of_freedom": [0.0, 3.0]}, "degrees_of_freedom must be above 0 and at most"),
        ({"scales": [[[1.0, 2.0], [2.0, 1.0]]] * 2}, "scales must be positive definite"),
        ({"scales": [[[1.0, 0.5], [0.1, 1.0]]] * 2}, "each of the scales must be a symmetric matrix"),
    ],
)
def test_impossible_starts_are_refused(change: dict[str, object], sentence: str) -> None:
    model = StudentTMixture(components=2)
    prepared = model.prepare(HeavyTails(size=50).generate())
    described = {
        "weights": [0.5, 0.5],
        "means": [[0.0, 0.0], [1.0, 1.0]],
        "scales": [np.eye(2)] * 2,
        "degrees_of_freedom": [3.0, 3.0],
    }
    with pytest.raises(InputError, match=sentence):
        model.accept(prepared, described | change)


def test_a_component_that_shrinks_collapses_and_one_that_left_is_told_from_it() -> None:
    model = StudentTMixture(components=1)
    prepared = model.prepare(HeavyTails(size=50).generate())
    parameters = model.from_centres(prepared, np.zeros((1, 2)), np.ones(2))
    for scale, kind in ((1e-15, "collapsed"), (-0.5, "left-constraints")):
        with pytest.raises(UndefinedLikelihood) as undefined:
            Problem(model, prepared, 1).expect(parameters.replaced({"scales": np.diag([1.0, scale])}))
        assert undefined.value.kind == kind
