"""One EM iteration of a Gaussian mixture against scikit-learn's, from the same parameters on the same data."""

import os
import statistics
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from engine.algorithms.em import ExpectationMaximization
from engine.dataset import Dataset
from engine.models.gaussian_mixture import GaussianMixture
from engine.objective import Problem
from engine.parameters import Array, Parameters
from tests.benchmarks.measurement import Figure, Row, at_least, at_most, compared, in_pairs, median_ratio

LARGE = 300_000
SKLEARN_TYPES = {"full": "full", "diagonal": "diag", "spherical": "spherical", "tied": "tied"}


@dataclass(frozen=True)
class Case:
    """A size, and the goal for scikit-learn's time divided by ours."""

    rows: int
    dimension: int
    components: int
    goal: float
    covariance: str = "full"

    @property
    def name(self) -> str:
        return (
            f"EM iteration, {self.covariance}, n = {self.rows:,}, d = {self.dimension}, K = {self.components}"
        )


FULL = (
    Case(2_000, 2, 3, 18),
    Case(20_000, 2, 5, 19),
    Case(200_000, 2, 5, 30),
    Case(1_000_000, 2, 8, 40),
    Case(100_000, 10, 10, 12),
    Case(50_000, 30, 5, 4),
)
OTHERS = tuple(
    Case(200_000, dimension, 5, 10, covariance)
    for covariance in ("diagonal", "spherical", "tied")
    for dimension in (2, 10)
)


def generated(rows: int, dimension: int, components: int) -> Array:
    """Rows of well spread, partly overlapping Gaussian clusters."""
    generator = np.random.Generator(np.random.Philox(7))
    centres = generator.normal(scale=3.0, size=(components, dimension))
    labels = generator.integers(components, size=rows)
    return np.asarray(centres[labels] + generator.normal(size=(rows, dimension)))


@dataclass(frozen=True, eq=False)
class Ground:
    """A problem of ours with a start, and the same start as arrays in the data's units."""

    problem: Problem
    start: Parameters
    values: Array
    described: dict[str, Array]


def ground(case: Case, row_weights: Array | None = None, threads: int | None = None) -> Ground:
    """Prepared data and parameters in the middle of a fit, where responsibilities are neither 0 nor 1."""
    values = generated(case.rows, case.dimension, case.components)
    dataset = Dataset("benchmark", tuple(f"x{j}" for j in range(case.dimension)), values, row_weights)
    model: Any = GaussianMixture(components=case.components, covariance=case.covariance)
    model.check(dataset)
    prepared = model.prepare(dataset)
    generator = np.random.Generator(np.random.Philox(11))
    centres = prepared.columns.T[generator.choice(case.rows, case.components, replace=False)]
    start = model.from_centres(prepared, centres, np.full(case.dimension, 0.5))
    return Ground(Problem(model, prepared, threads), start, values, model.describe(start))


def scikit_learn(case: Case, here: Ground) -> Any:
    """scikit-learn's mixture at our start, ready for its own E and M steps."""
    from sklearn.mixture import GaussianMixture as Theirs

    theirs = Theirs(
        case.components, covariance_type=SKLEARN_TYPES[case.covariance], reg_covar=0.0, max_iter=1
    )
    covariances = here.described["covariances"]
    blocks = {
        "full": covariances,
        "tied": covariances[0],
        "diagonal": np.diagonal(covariances, axis1=1, axis2=2),
        "spherical": covariances[:, 0, 0],
    }
    block = blocks[case.covariance]
    matrices = case.covariance in ("full", "tied")
    precisions = np.linalg.inv(block) if matrices else 1.0 / block
    theirs.weights_init, theirs.means_init = here.described["weights"], here.described["means"]
    theirs.precisions_init = precisions
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs._initialize_parameters(here.values, np.random.RandomState(0))
    return theirs


def em_iteration(case: Case) -> Row:
    """Ours against theirs; raises AssertionError where they do not compute the same numbers."""
    here = ground(case)
    algorithm, problem = ExpectationMaximization(), here.problem
    state = algorithm.init(problem, here.start, 0)
    theirs = scikit_learn(case, here)
    saved = dict(vars(theirs))

    controller = ThreadpoolController()

    def iterate_theirs() -> float:
        # As installed it uses every core for its matrix products, where they are large enough.
        if case.rows * case.dimension > LARGE:
            with controller.limit(limits=os.cpu_count()):
                return once_theirs()
        return once_theirs()

    def once_theirs() -> float:
        vars(theirs).update(saved)
        mean, log_responsibilities = theirs._e_step(here.values)
        theirs._m_step(here.values, log_responsibilities)
        return float(mean)

    def iterate_ours() -> Parameters:
        # An E step at the state's own parameters, and the M step: what one iteration costs.
        found = problem.expect(state.position.parameters)
        return problem.m_step(found.statistics, state.position.parameters)

    mean = iterate_theirs()
    np.testing.assert_allclose(state.position.log_likelihood, mean * case.rows, rtol=1e-9)
    np.testing.assert_allclose(
        problem.model.describe(iterate_ours())["means"], theirs.means_, rtol=1e-6, atol=1e-8
    )
    settling = 0.1 if case.rows * case.dimension > LARGE else 0.0
    ours, reference = in_pairs(iterate_ours, iterate_theirs, 7 if case.rows < 500_000 else 5, settling)
    ratio = median_ratio(reference, ours)
    outcome = at_least(ratio, case.goal)
    return compared(
        case.name, "ms", {"ours": ours, "scikit-learn": reference}, ratio, outcome, "scikit-learn / ours"
    )


def no_slower_than_full(case: Case) -> Row:
    """A covariance type against full, both ours."""
    here, full = ground(case), ground(Case(case.rows, case.dimension, case.components, 1.0))
    ours, reference = in_pairs(
        lambda: here.problem.expect(here.start), lambda: full.problem.expect(full.start)
    )
    ratio = median_ratio(ours, reference)
    outcome = at_most(ratio, 1.05)
    return compared(
        f"{case.covariance} / full, n = {case.rows:,}, d = {case.dimension}",
        "ms",
        {"ours": ours, "full": reference},
        ratio,
        outcome,
        "ours / ours with full covariances; 5 % is the machine's own trembling",
    )


def row_weights() -> Row:
    """With row weights against without."""
    case = Case(200_000, 2, 5, 1.0)
    weights = np.random.Generator(np.random.Philox(3)).integers(1, 4, case.rows).astype(float)
    here, plain = ground(case, weights), ground(case)
    ours, reference = in_pairs(
        lambda: here.problem.expect(here.start), lambda: plain.problem.expect(plain.start)
    )
    ratio = median_ratio(ours, reference)
    outcome = at_most(ratio, 1.15)
    return compared(
        "with row weights / without, n = 200,000",
        "ms",
        {"with": ours, "without": reference},
        ratio,
        outcome,
        "ours / ours without weights",
    )


def growth() -> Row:
    """Time for a point at 10^7 points against 10^4, in one thread."""
    small, large = (ground(Case(rows, 2, 3, 1.0), threads=1) for rows in (10_000, 10_000_000))
    few, many = in_pairs(
        lambda: small.problem.expect(small.start), lambda: large.problem.expect(large.start), 3
    )
    per_point = [seconds / 1e7 for seconds in many], [seconds / 1e4 for seconds in few]
    ratio = median_ratio(*per_point)
    goal, met = at_most(ratio, 1.2)
    return Row(
        "time of a point, n = 10^7 / n = 10^4, one thread",
        "ns",
        1e9 * statistics.median(per_point[0]),
        1e9 * statistics.median(per_point[1]),
        ratio,
        goal,
        met,
        "",
        {"large": many, "small": few},
    )


def figures() -> Iterator[Figure]:
    """All figures of this file."""
    for case in (*FULL, *OTHERS):
        yield case.name, partial(_alone, em_iteration, case)
    for case in OTHERS:
        yield f"{case.covariance} / full, d = {case.dimension}", partial(_alone, no_slower_than_full, case)
    yield "with row weights / without", lambda: [row_weights()]
    yield "time of a point", lambda: [growth()]


def _alone(measure: Callable[[Case], Row], case: Case) -> list[Row]:
    return [measure(case)]
