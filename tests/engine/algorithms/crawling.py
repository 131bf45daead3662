"""Two clusters at distance 2, where EM crawls: 1098 steps to within 1e-6 of the maximum -1755.12152846.

Both numbers are the reference's, by an independent implementation of EM.
"""

import functools

import pytest

from engine.algorithms.base import Algorithm
from engine.trace import Step
from tests.engine.algorithms.starts import separated_by

MAXIMUM = -1755.12152846
EM_STEPS = 1098


@functools.cache
def steps_to_the_maximum(algorithm: Algorithm) -> list[Step]:
    """The lane's steps, which must converge to the maximum."""
    steps = separated_by(2.0).steps(algorithm)
    assert steps[-1].status == "converged"
    assert steps[-1].log_likelihood == pytest.approx(MAXIMUM, abs=1e-8)
    return steps


def e_steps_to_the_maximum(algorithm: Algorithm) -> int:
    """E steps until the log-likelihood is within 1e-6 of the maximum."""
    steps = steps_to_the_maximum(algorithm)
    return next(step.e_steps for step in steps if step.log_likelihood > MAXIMUM - 1e-6)
