"""Deaths of women over 80 (Hasselblad 1969): a Poisson mixture on counts with row weights, EM at its slowest."""

from typing import Any

import numpy as np
import pytest

from engine.models.poisson_mixture import PoissonMixture
from tests.reference.lanes import Bench, columns, dataset

START: dict[str, Any] = {"weights": [0.3, 0.7], "rates": [[1.0], [2.5]]}
MAXIMUM: dict[str, Any] = {
    "weights": [0.3598853969849, 0.6401146030151],
    "rates": [[1.2560951012243], [2.6634043566325]],
}
VALUE, RATE = -1989.945859882964, 0.99566622
TRACE = {
    0: -1992.72326625655,
    1: -1990.155667446711,
    2: -1990.095306262001,
    5: -1990.041877087288,
    10: -1990.030181111716,
    50: -1990.002619150,
    100: -1989.981045190,
    500: -1989.946813619,
    1000: -1989.945871997,
    2000: -1989.945859885,
}


def bench() -> Bench:
    table = columns("deaths.csv")
    return Bench(PoissonMixture(components=2), dataset(table["deaths"], table["days"]))


def test_em_trace_to_all_printed_digits() -> None:
    trace = bench().trace(START, 2000)
    values = trace.floats("log_likelihood")
    for iteration, value in TRACE.items():
        digits = len(str(value).split(".")[1])
        # The longest of them have more digits than the rounding of a sum of 1096 terms leaves.
        assert values[iteration] == pytest.approx(value, abs=max(0.51 * 10.0**-digits, 3e-12))
    first = trace.parameters(1).in_data_units()
    assert first["weights"][0] == pytest.approx(0.2856904383688747, abs=1e-14)
    assert first["rates"][:, 0] == pytest.approx([1.061389807662454, 2.595100901218607], abs=1e-14)
    share = [float(trace.parameters(j)["weights"][0]) for j in range(30)]
    assert share[5] == pytest.approx(0.28449, abs=5.1e-6)
    assert min(share) < share[0]
    assert share[29] > min(share)
    assert not np.any(trace.column("decreased"))


def test_the_maximum_is_stationary_and_has_its_rate() -> None:
    on = bench()
    parameters = on.accept(MAXIMUM)
    expectation = on.problem.expect(parameters)
    assert expectation.log_likelihood == pytest.approx(VALUE, abs=1e-10)
    assert on.problem.stationarity(parameters, expectation) < 1e-10
    assert on.em_rate(parameters) == pytest.approx(RATE, abs=5.1e-7)


@pytest.mark.parametrize(
    ("start", "tolerance", "evaluations"),
    [(START, 1e-8, 2586), ({"weights": [0.5, 0.5], "rates": [[1.0], [3.0]]}, 1e-7, 2113)],
)
def test_evaluations_of_the_em_map(start: dict[str, Any], tolerance: float, evaluations: int) -> None:
    on = bench()
    parameters, count = on.accept(start), 0
    before = point(on, parameters)
    while True:
        parameters = on.em_map(parameters)
        after, count = point(on, parameters), count + 1
        if np.linalg.norm(after - before) < tolerance:
            break
        before = after
    assert count == evaluations


def point(on: Bench, parameters: Any) -> Any:
    """(p1, lambda1, lambda2), in which the step is measured."""
    described = on.model.describe(parameters)
    return np.array([described["weights"][0], *described["rates"][:, 0]])


def test_row_weights_are_repeated_rows() -> None:
    table = columns("deaths.csv")
    repeated = np.repeat(table["deaths"], table["days"].astype(int))
    assert len(repeated) == 1096
    one = bench().trace(START, 20)
    other = Bench(PoissonMixture(components=2), dataset(repeated)).trace(START, 20)
    assert one.floats("log_likelihood") == pytest.approx(other.floats("log_likelihood"), rel=1e-13)
    assert one.last.parameters.in_data_units()["rates"] == pytest.approx(
        other.last.parameters.in_data_units()["rates"], rel=1e-12
    )
