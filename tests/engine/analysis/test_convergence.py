"""Costs to reach a level and observed rates, on sequences whose answers are known."""

import math

import numpy as np
import pytest

from engine.analysis.convergence import cost_to_reach, observed_rate
from engine.comparison import compare
from engine.experiment import from_document


def test_the_cost_is_that_of_the_first_entry_at_the_level() -> None:
    values = np.array([-9.0, -3.0, -4.0, math.nan, -1.0])
    costs = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert cost_to_reach(values, costs, -3.0) == 1.0
    assert cost_to_reach(values, costs, -2.0) == 4.0
    assert cost_to_reach(values, costs, 0.0) == math.inf


@pytest.mark.parametrize("rate", [0.03, 0.5, 0.97])
def test_a_geometric_sequence_has_its_ratio(rate: float) -> None:
    values = np.asarray(-50.0 - 3.0 * rate ** np.arange(40), dtype=np.float64)
    assert observed_rate(values, -50.0) == pytest.approx(rate, rel=1e-3)


def test_what_rounding_hides_is_left_out() -> None:
    values = -50.0 - 3.0 * 0.5 ** np.arange(300.0)
    assert observed_rate(values, -50.0) == pytest.approx(0.5, rel=1e-2)


def test_too_few_entries_have_no_rate() -> None:
    assert math.isnan(observed_rate(np.array([-3.0, -2.0, -1.0]), -1.0))


def test_em_on_a_mixture_shrinks_the_gap_by_the_square_of_its_rate() -> None:
    """Deaths of women over 80: the rate of EM at the maximum is known (reference section 5)."""
    found = compare(
        from_document(
            {
                "data": {"name": "deaths"},
                "model": {"name": "poisson-mixture", "components": 2},
                "start": {"name": "parameters", "weights": [0.36, 0.64], "rates": [[1.2], [2.7]]},
                "lanes": [{"algorithm": "em"}],
                "stop": {"tolerance": 0.0, "max_iterations": 700},
            }
        )
    )
    values = found.lanes[0].trace.floats("log_likelihood")
    assert observed_rate(values, -1989.945859882964) == pytest.approx(0.99566622**2, abs=2e-4)
