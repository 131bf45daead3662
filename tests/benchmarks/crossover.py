"""Where the gradient overtakes EM as clusters come together: by CPU time and, beside it, by passes.

Two unit Gaussians D apart (reference, section 7), from one start to a gap of 1e-6. Passes do not depend on the machine
and are kept by `tests.reference.test_separation`; what a pass of either costs does.
"""

import statistics
from collections.abc import Iterator, Sequence

import numpy as np

from engine.algorithms.base import Algorithm
from engine.algorithms.em import ExpectationMaximization
from engine.algorithms.lbfgs import LimitedMemoryBfgs
from engine.analysis.convergence import cost_to_reach
from engine.trace import Step
from tests.benchmarks.measurement import Figure, Row
from tests.engine.algorithms.starts import Beginning, separated_by

DISTANCES = (6.0, 5.6, 5.2, 4.8, 4.4, 4.2, 4.0, 3.8, 3.6, 3.4, 3.2, 3.0)
GAP = 1e-6
REPEATS = 15
ALGORITHMS = (ExpectationMaximization(), LimitedMemoryBfgs())


def _run(beginning: Beginning, algorithm: Algorithm) -> list[Step]:
    return beginning.steps(algorithm, tolerance=1e-10, max_iterations=2_000)


def _to_the_gap(steps: Sequence[Step], maximum: float) -> tuple[float, float]:
    """Passes and CPU seconds until the gap is small."""
    values = np.array([step.log_likelihood for step in steps])
    passes = np.array([step.passes for step in steps], dtype=float)
    seconds = np.array([step.cpu_seconds for step in steps])
    return cost_to_reach(values, passes, maximum - GAP), cost_to_reach(values, seconds, maximum - GAP)


def crossover() -> list[Row]:
    """The largest distance at which the gradient is there no later than EM, by CPU time and by passes."""
    em_seconds: list[float] = []
    gradient_seconds: list[float] = []
    passes: list[tuple[float, float]] = []
    for distance in DISTANCES:
        beginning = separated_by(distance)
        runs = [[_run(beginning, each) for each in ALGORITHMS] for _ in range(REPEATS)]
        maximum = max(step.log_likelihood for lanes in runs for steps in lanes for step in steps)
        costs = [[_to_the_gap(steps, maximum) for steps in lanes] for lanes in runs]
        passes.append((costs[0][0][0], costs[0][1][0]))
        em_seconds.append(statistics.median(each[0][1] for each in costs))
        gradient_seconds.append(statistics.median(each[1][1] for each in costs))
    by_passes = _crossing([gradient <= em for em, gradient in passes])
    by_time = _crossing([gradient <= em for em, gradient in zip(em_seconds, gradient_seconds, strict=True)])
    note = "; ".join(
        f"D = {distance:g}: {em:g} and {gradient:g} passes"
        for distance, (em, gradient) in zip(DISTANCES, passes, strict=True)
        if distance in (6.0, 4.8, 4.0, 3.0)
    )
    samples = {"distance": list(DISTANCES), "em": em_seconds, "lbfgs": gradient_seconds}
    return [
        Row("L-BFGS overtakes EM by passes", "sd", by_passes, None, by_passes, "reported", True, note),
        Row("L-BFGS overtakes EM by CPU time", "sd", by_time, None, by_time, "reported", True, "", samples),
    ]


def _crossing(ahead: Sequence[bool]) -> float:
    """The largest distance from which on, coming together, the gradient is ahead for good."""
    last_behind = max((place for place, each in enumerate(ahead) if not each), default=-1)
    return DISTANCES[min(last_behind + 1, len(DISTANCES) - 1)]


def figures() -> Iterator[Figure]:
    """All figures of this file."""
    yield "L-BFGS overtakes EM", crossover
