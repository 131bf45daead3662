"""Against compilers: a loop fused by numba, and a gradient that JAX derives and compiles. Neither has a goal."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from engine.algorithms.gradient_ascent import GradientAscent
from engine.parameters import Array
from tests.benchmarks.em_iterations import Case, Ground, ground
from tests.benchmarks.measurement import Figure, Row, compared, in_pairs, median_ratio

NO_GOAL = "none set"
LOG_TWO_PI = math.log(2.0 * math.pi)


def fused_sums() -> Callable[..., tuple[float, Array]]:
    """One pass over rows in two columns that holds everything of a row in registers, compiled by numba."""
    from numba import njit

    def sums(columns: Array, table: Array) -> tuple[float, Array]:
        components = table.shape[0]
        found, joint, total = np.zeros((components, 6)), np.empty(components), 0.0
        for i in range(columns.shape[1]):
            x, y = columns[0, i], columns[1, i]
            density = 0.0
            for k in range(components):
                exponent = table[k, 0] + table[k, 1] * x + table[k, 2] * y
                exponent += table[k, 3] * x * x + table[k, 4] * x * y + table[k, 5] * y * y
                joint[k] = math.exp(exponent)
                density += joint[k]
            total += math.log(density)
            for k in range(components):
                share = joint[k] / density
                found[k, 0] += share
                found[k, 1] += share * x
                found[k, 2] += share * y
                found[k, 3] += share * x * x
                found[k, 4] += share * x * y
                found[k, 5] += share * y * y
        return total, found

    compiled: Callable[..., tuple[float, Array]] = njit(cache=False)(sums)
    return compiled


def against_numba(rows: int) -> Row:
    """Our E step in one thread against the fused loop; raises AssertionError where the sums differ."""
    here = ground(Case(rows, 2, 5, 1.0), threads=1)
    problem, start = here.problem, here.start
    model: Any = problem.model
    columns, table = problem.prepared.columns, model.coefficients(start).table
    sums = fused_sums()
    total, found = sums(columns, table)
    ours_found = problem.expect(start)
    np.testing.assert_allclose(ours_found.log_likelihood, total + problem.prepared.log_jacobian, rtol=1e-11)
    np.testing.assert_allclose(ours_found.statistics.reshape(2, 5, 6)[0], found, rtol=1e-9, atol=1e-9)
    ours, reference = in_pairs(lambda: problem.expect(start), lambda: sums(columns, table))
    return _row(f"E step, n = {rows:,}, d = 2, K = 5, one thread / a fused numba loop", ours, reference)


def _coordinates_likelihood(here: Ground) -> Callable[[Any, Any], Any]:
    """The log-likelihood as a function of softmax weights, means and log-Cholesky covariances, for JAX."""
    import jax.numpy as jnp
    from jax.scipy.linalg import solve_triangular
    from jax.scipy.special import logsumexp

    k, d = here.start["means"].shape
    rows, cols = np.tril_indices(d)
    jacobian = here.problem.prepared.log_jacobian

    def log_likelihood(x: Any, columns: Any) -> Any:
        log_weights = x[:k] - logsumexp(x[:k])
        means = x[k : k + k * d].reshape(k, d)
        packed = x[k + k * d :].reshape(k, -1)
        lower = jnp.zeros((k, d, d)).at[:, rows, cols].set(packed)
        logs = jnp.diagonal(lower, axis1=1, axis2=2)
        factors = lower - lower * jnp.eye(d) + jnp.exp(logs)[:, :, None] * jnp.eye(d)
        terms = []
        for each in range(k):
            whitened = solve_triangular(factors[each], columns - means[each][:, None], lower=True)
            square = jnp.sum(whitened**2, axis=0)
            terms.append(log_weights[each] - 0.5 * square - jnp.sum(logs[each]) - 0.5 * d * LOG_TWO_PI)
        return jnp.sum(logsumexp(jnp.stack(terms), axis=0)) + jacobian

    return log_likelihood


def against_jax(rows: int) -> Row:
    """Our gradient against JAX's in the same coordinates; raises AssertionError where they differ."""
    import jax

    configuration: Any = jax.config
    configuration.update("jax_enable_x64", True)
    here = ground(Case(rows, 2, 3, 1.0))
    climber, problem = GradientAscent(), here.problem
    state: Any = climber.init(problem, here.start, 0)
    derived = jax.jit(jax.value_and_grad(_coordinates_likelihood(here)))
    columns = jax.numpy.asarray(problem.prepared.columns)

    def theirs() -> tuple[Any, Any]:
        value, gradient = derived(state.x, columns)
        return value, gradient.block_until_ready()

    value, gradient = theirs()
    np.testing.assert_allclose(float(value), state.position.log_likelihood, rtol=1e-11)
    np.testing.assert_allclose(np.asarray(gradient), state.gradient, rtol=1e-8, atol=1e-8 * rows)
    reference, ours = in_pairs(theirs, lambda: climber.evaluate(problem, state.chart, state.x.copy()))
    return _row(f"JAX's gradient / ours, n = {rows:,}, d = 2, K = 3", reference, ours)


def _row(name: str, over: list[float], under: list[float]) -> Row:
    ours, reference = (under, over) if name.startswith("JAX") else (over, under)
    samples = {"ours": ours, "reference": reference}
    return compared(name, "ms", samples, median_ratio(over, under), (NO_GOAL, True), "compiled")


def figures() -> Iterator[Figure]:
    """All figures of this file, of the compilers that are installed."""
    if find_spec("numba") is not None:
        for rows in (20_000, 200_000):
            yield f"a fused numba loop, n = {rows:,}", partial(_alone, against_numba, rows)
    if find_spec("jax") is not None:
        for rows in (2_000, 20_000, 200_000):
            yield f"JAX's gradient, n = {rows:,}", partial(_alone, against_jax, rows)


def _alone(measure: Callable[[int], Row], rows: int) -> list[Row]:
    return [measure(rows)]
