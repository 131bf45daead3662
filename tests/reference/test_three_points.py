"""Three points, by hand."""

import pytest

from engine.models.gaussian_mixture import GaussianMixture
from tests.reference.lanes import Bench, dataset


def test_trace() -> None:
    bench = Bench(GaussianMixture(components=2), dataset([1.0, 2.0, 3.0]))
    start = {"weights": [0.5, 0.5], "means": [[1.0], [3.0]], "covariances": [[[1.0]], [[1.0]]]}
    trace = bench.trace(start, 3)
    assert trace.floats("log_likelihood") == pytest.approx([-4.3893, -3.5492, -3.4868, -3.4183], abs=5e-5)
