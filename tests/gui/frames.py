"""Frames for tests of views: an experiment is really run, recorded and resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from engine.experiment import Experiment, from_document
from engine.objective import Problem
from engine.run import replay, run
from engine.trace import Trace
from gui.frame import Frame, resolve
from gui.lane_frame import LaneSource
from gui.scene import Scene, scene

FIRST_EXPERIMENT: dict[str, Any] = {
    "data": {"name": "three-clusters"},
    "model": {"name": "gaussian-mixture", "components": 3},
    "start": {
        "name": "parameters",
        "weights": [0.15, 0.15, 0.70],
        "means": [[-1, 1], [0, 0], [1, 1]],
        "covariances": [[[4, 0], [0, 4]]] * 3,
    },
    "lanes": [{"algorithm": "em"}, {"algorithm": "gradient-ascent", "learning_rate": 1.2}],
    "stop": {"tolerance": 0.0, "max_iterations": 300},
}


@dataclass(frozen=True, eq=False)
class Recorded:
    """An experiment with the traces of its lanes, run to their end."""

    experiment: Experiment
    scene: Scene
    sources: tuple[LaneSource, ...]

    def frame(
        self, cursor: float, *, playing: bool = False, polished: float | None = None, **show: Any
    ) -> Frame:
        """The frame at a cursor; `show` changes fields of the experiment's Show (clock, vertical, truth)."""
        experiment = self.experiment.replace(show=replace(self.experiment.show, **show))
        return resolve(self.scene, experiment, self.sources, cursor, playing, polished)


def recorded(document: Mapping[str, Any], shown: tuple[int, int] | None = None) -> Recorded:
    """Runs the experiment of a document (as in its TOML file) into traces."""
    experiment = from_document(document)
    dataset = experiment.data.generate()
    model: Any = experiment.model
    model.check(dataset)
    prepared = model.prepare(dataset)
    start = experiment.start.choose(model, prepared)
    sources = []
    for index, lane in enumerate(experiment.lanes):
        problem, route = Problem(model, prepared), lane.route(0)
        trace = Trace(problem.layout)
        for step in run(problem, route, start, experiment.stop):
            trace.append(step)
        trace.replay = lambda place, state, wanted, problem=problem, route=route: (
            replay(problem, route, place, state, wanted).position.parameters
        )
        sources.append(LaneSource(index, lane.title, lane.algorithm.name, lane.algorithm.family, "", trace))
    return Recorded(experiment, scene(1, dataset, model, prepared, start, shown), tuple(sources))


@cache
def first_experiment(iterations: int = 300) -> Recorded:
    """EM against gradient ascent at rate 1.2 on three clusters."""
    return recorded(FIRST_EXPERIMENT | {"stop": {"tolerance": 0.0, "max_iterations": iterations}})


@cache
def gradient_lanes(iterations: int, *lanes: tuple[tuple[str, Any], ...]) -> Recorded:
    """The first experiment with EM and gradient ascent lanes of the given settings, as (key, value) pairs."""
    tables = [{"algorithm": "em"}, *({"algorithm": "gradient-ascent", **dict(lane)} for lane in lanes)]
    return recorded(
        FIRST_EXPERIMENT | {"lanes": tables, "stop": {"tolerance": 0.0, "max_iterations": iterations}}
    )


@cache
def many_components(components: int, iterations: int = 20) -> Recorded:
    """K components in a row, fitted by EM and gradient ascent from starts that differ in their weights."""
    weights = np.arange(1.0, components + 1)
    means = [[float(x), float(x % 2)] for x in np.linspace(-3, 3, components)]
    return recorded(
        FIRST_EXPERIMENT
        | {
            "model": {"name": "gaussian-mixture", "components": components},
            "start": {
                "name": "parameters",
                "weights": (weights / weights.sum()).tolist(),
                "means": means,
                "covariances": [[[1, 0], [0, 1]]] * components,
            },
            "lanes": [{"algorithm": "em"}, {"algorithm": "gradient-ascent", "learning_rate": 0.3}],
            "stop": {"tolerance": 0.0, "max_iterations": iterations},
        }
    )
