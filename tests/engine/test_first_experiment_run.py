"""The first experiment as the engine itself runs it: EM arrives while gradient ascent stumbles."""

from typing import Any

import numpy as np
import pytest

from engine.datasets.three_clusters import ThreeClusters
from engine.experiment import from_document
from engine.objective import Problem
from engine.run import run
from engine.trace import Trace
from tests.engine.datasets import test_first_experiment as independent

STEPS = 60


def trace(algorithm: str, steps: int, **settings: Any) -> Trace:
    story = ThreeClusters()
    experiment = from_document(
        {
            "data": {"name": story.name},
            **story.setup(),
            "lanes": [{"algorithm": algorithm, **settings}],
            "stop": {"tolerance": 0.0, "max_iterations": steps},
        }
    )
    prepared = experiment.model.prepare(experiment.data.generate())
    problem = Problem(experiment.model, prepared)
    found = Trace(problem.layout)
    start = experiment.start.choose(experiment.model, prepared)
    for step in run(problem, experiment.lanes[0].route(0), start, experiment.stop):
        found.append(step)
    return found


def test_em_is_within_1_of_the_maximum_in_time() -> None:
    values = trace("em", 200).floats("log_likelihood")
    arrival = int(np.argmax(values >= values[-1] - 1))
    assert 13 <= arrival <= 42


def test_gradient_ascent_stumbles_where_it_should() -> None:
    found = trace("gradient-ascent", STEPS, learning_rate=1.2)
    fell = np.flatnonzero(found.column("decreased"))
    assert 11 <= fell[0] <= 21
    assert 15 <= len(fell) <= 25
    assert [place for place, event in found.events if event.kind == "decrease"] == fell.tolist()
    assert found.status == "iteration-limit"


def test_both_are_those_that_were_written_down_independently() -> None:
    story = ThreeClusters()
    climbed, _ = independent.em(story, STEPS)
    assert trace("em", STEPS - 1).floats("log_likelihood") == pytest.approx(climbed, rel=1e-11)
    stumbled, _, _ = independent.gradient_ascent(story, STEPS)
    ours = trace("gradient-ascent", STEPS, learning_rate=1.2).floats("log_likelihood")
    # Near the edge of stability rounding grows from step to step.
    assert ours[:10] == pytest.approx(stumbled[:10], rel=1e-11)
    assert ours == pytest.approx(stumbled, rel=1e-5)
