"""The Nile as a local level (Durbin & Koopman 2012, section 2.2): maximum of the diffuse log-likelihood.

The log-likelihood is that of R's KFAS (Helske 2017, J. Stat. Software 78), the variances are the book's.
"""

import numpy as np
import pytest

from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.models.state_space import StateSpace
from tests.reference.lanes import Bench, columns, dataset

MAXIMUM = -632.5456


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(StateSpace(), dataset(columns("nile.csv")["flow"]))


def test_lbfgs(bench: Bench) -> None:
    start = {"observation_variance": 10000.0, "level_variance": 5000.0}
    trace = bench.trace(start, 100, LimitedMemoryBfgs(), tolerance=1e-9)
    assert float(trace.floats("log_likelihood")[-1]) == pytest.approx(MAXIMUM, abs=5e-5)
    found = bench.model.describe(trace.parameters(trace.count - 1))
    assert float(found["observation_variance"]) == pytest.approx(15099, abs=1)
    assert float(found["level_variance"]) == pytest.approx(1469.1, abs=0.1)


def test_em_comes_to_the_same(bench: Bench) -> None:
    trace = bench.trace({"observation_variance": 15000.0, "level_variance": 1500.0}, 800)
    values = trace.floats("log_likelihood")
    assert float(values[-1]) == pytest.approx(MAXIMUM, abs=5e-5)
    assert np.all(np.diff(values) >= -1e-9)


def test_the_level_at_the_ends(bench: Bench) -> None:
    """Section 2.2.5 and figure 2.1: the filter ends at 798.4, with variance 4032.2."""
    here = bench.accept({"observation_variance": 15099.0, "level_variance": 1469.1})
    filtered, deviations = bench.model.filtered(bench.prepared, here)
    levels, _ = bench.model.smoothed(bench.prepared, here)
    assert filtered[0] == pytest.approx(1120.0)
    assert deviations[0] ** 2 == pytest.approx(15099.0)
    assert filtered[-1] == pytest.approx(levels[-1])
    assert filtered[-1] == pytest.approx(798.37, abs=0.05)
    assert deviations[-1] ** 2 == pytest.approx(4032.16, abs=0.1)
