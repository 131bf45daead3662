"""Steps of the models beyond complete Gaussian mixtures: latent classes, missing cells, factors, tabulated counts."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from engine.dataset import Dataset
from engine.datasets.common_factors import CommonFactors
from engine.datasets.poisson_counts import PoissonCounts
from engine.models.bernoulli_mixture import BernoulliMixture
from engine.models.factor_analysis import FactorAnalysis
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.poisson_mixture import PoissonMixture
from engine.objective import Problem
from engine.parameters import Array, Parameters
from tests.benchmarks.em_iterations import generated
from tests.benchmarks.measurement import (
    Figure,
    Row,
    at_least,
    at_most,
    compared,
    in_pairs,
    median_ratio,
    seconds_of,
)

PEOPLE, ITEMS, CLASSES = 100_000, 20, 5
STEPMIX_GOAL = 5.0
IN_THREADS = {None: "", 1: ", both in one thread"}
"""How many threads each may use, None for as many as it does by itself, and how a figure's name says so."""
INCOMPLETE_ROWS, COMPONENTS = 100_000, 3
MISSING_CELLS_GOAL = 2.0
PATTERNS = {
    3: tuple(range(1, 8)),
    4: (0b1111, 0b1110, 0b1101, 0b1011, 0b0111, 0b1100, 0b0011, 0b0101),
}
"""By the number of columns the patterns of rows, as bits that say which cells are there."""
MANY_ROWS, FEW_ROWS = 1_000_000, 1_000
SAME_COST_GOAL = 1.2
SETTLING = 0.1
"""Seconds of work before what counts, where the data are more than the cache holds."""


def prepared_problem(model: Any, dataset: Dataset, threads: int | None = None) -> Problem:
    """A model on a dataset that it accepts."""
    model.check(dataset)
    return Problem(model, model.prepare(dataset), threads)


def iteration(problem: Problem, parameters: Parameters) -> Callable[[], Parameters]:
    """An E step at these parameters and the M step."""
    return lambda: problem.m_step(problem.expect(parameters).statistics, parameters)


def answers() -> tuple[Array, dict[str, Array]]:
    """Answers (n, d) of latent classes, and parameters some way off those that they were drawn from."""
    generator = np.random.Generator(np.random.Philox(7))
    chances = generator.uniform(0.1, 0.9, (CLASSES, ITEMS))
    kinds = generator.integers(CLASSES, size=PEOPLE)
    values = (generator.random((PEOPLE, ITEMS)) < chances[kinds]).astype(np.float64)
    moved = np.clip(chances + generator.normal(scale=0.05, size=chances.shape), 0.05, 0.95)
    return values, {"weights": np.full(CLASSES, 1.0 / CLASSES), "probabilities": moved}


def stepmix_model(values: Array) -> Any:
    """stepmix's latent class model, ready for its own E and M steps."""
    from stepmix.stepmix import StepMix

    theirs = StepMix(CLASSES, measurement="binary", progress_bar=0)
    theirs._check_initial_parameters(values)
    theirs._initialize_parameters(values, np.random.RandomState(0))
    return theirs


def latent_classes(threads: int | None) -> list[Row]:
    """An EM iteration of a Bernoulli mixture against stepmix's, from the same parameters on the same data.

    Raises AssertionError where they do not find the same numbers.
    """
    values, begin = answers()
    dataset = Dataset("benchmark", tuple(f"item{j}" for j in range(ITEMS)), values)
    problem = prepared_problem(BernoulliMixture(components=CLASSES), dataset, threads)
    start = problem.model.accept(problem.prepared, begin)
    theirs, controller = stepmix_model(values), ThreadpoolController()

    def iterate_theirs() -> float:
        theirs.weights_, theirs._mm.parameters["pis"] = begin["weights"], begin["probabilities"]
        # As installed it uses every core for its matrix products.
        with controller.limit(limits=os.cpu_count() if threads is None else threads):
            mean, log_responsibilities = theirs._e_step(values)
            theirs._m_step(values, np.exp(log_responsibilities))
        return float(mean)

    iterate_ours, mean = iteration(problem, start), iterate_theirs()
    np.testing.assert_allclose(problem.expect(start).log_likelihood, mean * PEOPLE, rtol=1e-9)
    described = problem.model.describe(iterate_ours())
    np.testing.assert_allclose(described["probabilities"], theirs._mm.parameters["pis"], rtol=1e-9)
    np.testing.assert_allclose(described["weights"], theirs.weights_, rtol=1e-9)
    ours, reference = in_pairs(iterate_ours, iterate_theirs, settling=SETTLING)
    ratio = median_ratio(reference, ours)
    return [
        compared(
            f"EM iteration, Bernoulli, n = {PEOPLE:,}, {ITEMS} items, K = {CLASSES}{IN_THREADS[threads]}",
            "ms",
            {"ours": ours, "stepmix": reference},
            ratio,
            at_least(ratio, STEPMIX_GOAL),
            "stepmix / ours",
        )
    ]


def missing_cells(covariance: str, dimension: int) -> list[Row]:
    """An EM iteration on rows with missing cells over one on the same rows before anything was lost."""
    complete = generated(INCOMPLETE_ROWS, dimension, COMPONENTS)
    generator = np.random.Generator(np.random.Philox(3))
    patterns = np.array(PATTERNS[dimension])
    there = (patterns[:, None] >> np.arange(dimension)) & 1 == 1
    incomplete = np.where(there[generator.integers(len(patterns), size=INCOMPLETE_ROWS)], complete, np.nan)
    centres = complete[generator.choice(INCOMPLETE_ROWS, COMPONENTS, replace=False)]
    begin = {
        "weights": np.full(COMPONENTS, 1.0 / COMPONENTS),
        "means": centres,
        "covariances": np.tile(2.0 * np.eye(dimension), (COMPONENTS, 1, 1)),
    }

    def iterated(values: Array) -> Callable[[], Parameters]:
        model: Any = GaussianMixture(components=COMPONENTS, covariance=covariance)
        dataset = Dataset("benchmark", tuple(f"x{j}" for j in range(dimension)), values)
        problem = prepared_problem(model, dataset)
        return iteration(problem, model.accept(problem.prepared, begin))

    ours, reference = in_pairs(iterated(incomplete), iterated(complete), settling=SETTLING)
    ratio = median_ratio(ours, reference)
    return [
        compared(
            f"EM iteration, {len(patterns)} patterns of missing cells / complete, {covariance}, "
            f"n = {INCOMPLETE_ROWS:,}, d = {dimension}, K = {COMPONENTS}",
            "ms",
            {"missing": ours, "complete": reference},
            ratio,
            at_most(ratio, MISSING_CELLS_GOAL),
            "ours / ours",
        )
    ]


def factors() -> list[Row]:
    """An EM iteration of factor analysis on many rows over one on few, from the same parameters."""
    model: Any = FactorAnalysis(factors=2)

    def iterated(rows: int) -> Callable[[], Parameters]:
        data = CommonFactors(size=rows, variables=10, factors=2).generate()
        assert data.truth is not None
        problem = prepared_problem(model, data)
        return iteration(problem, model.accept(problem.prepared, data.truth.parameters))

    ours, reference = in_pairs(iterated(MANY_ROWS), iterated(FEW_ROWS))
    ratio = median_ratio(ours, reference)
    return [
        compared(
            f"EM iteration of factor analysis, n = {MANY_ROWS:,} / n = {FEW_ROWS:,}",
            "us",
            {"many": ours, "few": reference},
            ratio,
            at_most(ratio, SAME_COST_GOAL),
            "ours / ours",
        )
    ]


def counts() -> list[Row]:
    """An EM iteration of a Poisson mixture on rows of counts over one on the table of the different rows."""
    rows = PoissonCounts(size=MANY_ROWS).generate()
    assert rows.truth is not None
    different, times = np.unique(rows.values, axis=0, return_counts=True)
    table = Dataset("table", rows.columns, different, times.astype(np.float64))
    model: Any = PoissonMixture(components=2)
    begin = {"weights": np.array([0.5, 0.5]), "rates": rows.truth.parameters["rates"] + 0.5}
    by_rows, by_table = prepared_problem(model, rows), prepared_problem(model, table)
    start, other = (model.accept(problem.prepared, begin) for problem in (by_rows, by_table))
    # The first pass is the one that counts the rows that are alike.
    first = seconds_of(lambda: by_rows.expect(start), least=0.0)
    found, wanted = by_rows.expect(start), by_table.expect(other)
    np.testing.assert_allclose(found.log_likelihood, wanted.log_likelihood, rtol=1e-12)
    np.testing.assert_allclose(found.statistics, wanted.statistics, rtol=1e-9)
    ours, reference = in_pairs(iteration(by_rows, start), iteration(by_table, other))
    ratio = median_ratio(ours, reference)
    return [
        compared(
            f"EM iteration of a Poisson mixture, {MANY_ROWS:,} rows / their {len(different):,} different ones",
            "us",
            {"rows": ours, "table": reference},
            ratio,
            at_most(ratio, SAME_COST_GOAL),
            f"ours / ours; the first pass, which counts them, takes {1e3 * first:.0f} ms",
        )
    ]


def figures() -> Iterator[Figure]:
    """All figures of this file."""
    for threads, words in IN_THREADS.items():
        yield f"EM iteration, Bernoulli{words}", partial(latent_classes, threads)
    for covariance, dimension in (("full", 4), ("full", 3), ("diagonal", 4), ("diagonal", 3)):
        yield f"missing cells, {covariance}, d = {dimension}", partial(missing_cells, covariance, dimension)
    yield "factor analysis", factors
    yield "Poisson mixture", counts
