"""Traces of an experiment without threads or a window, and what makes two traces the same."""

import numpy as np

from engine.comparison import compare
from engine.experiment import Experiment
from engine.trace import Trace

COLUMNS = (
    "log_likelihood",
    "stationarity",
    "e_steps",
    "gradients",
    "log_likelihoods",
    "passes",
    "decreased",
    "is_likelihood",
)
"""Every column but the clock of the processor."""


def headless(experiment: Experiment) -> list[Trace]:
    """The traces of all lanes as the command line computes them."""
    return [lane.trace for lane in compare(experiment).lanes]


def assert_same(one: Trace, other: Trace) -> None:
    """Bit for bit: columns, events, status and parameters at every kept iteration."""
    assert (one.count, one.status, one.reason) == (other.count, other.status, other.reason)
    for name in COLUMNS:
        assert np.array_equal(one.column(name), other.column(name), equal_nan=one.column(name).dtype == float)
    assert one.events == other.events
    for block in one.layout.places:
        assert np.array_equal(one.path(block)[1], other.path(block)[1], equal_nan=True)
    assert np.array_equal(one.last.parameters.vector, other.last.parameters.vector, equal_nan=True)
