"""Comparing the paths of two lanes, and of a lane with a textbook's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.algorithms.base import Algorithm
from engine.trace import Step
from tests.engine.algorithms.starts import Beginning


def twenty_steps(start: Beginning, algorithm: Algorithm) -> list[Step]:
    """The first twenty iterations, whatever a stopping rule would say."""
    return start.steps(algorithm, tolerance=0.0, max_iterations=20)


def same_bit_for_bit(one: Sequence[Step], other: Sequence[Step]) -> None:
    """Parameters and log-likelihoods of every step agree in every bit."""
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        assert mine.parameters.vector.tobytes() == theirs.parameters.vector.tobytes()
        assert mine.log_likelihood == theirs.log_likelihood


def follows(start: Beginning, steps: Iterable[Step], path: Sequence[Mapping[str, Any]], rel: float) -> None:
    """The lane's parameters in the data's units are those of a path, entry by entry."""
    model = start.problem().model
    for step, wanted in zip(steps, path, strict=True):
        for name, values in model.describe(step.parameters).items():
            largest = float(np.max(np.abs(wanted[name])))
            np.testing.assert_allclose(
                values, np.asarray(wanted[name], dtype=float), rtol=rel, atol=rel * largest
            )
