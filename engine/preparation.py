"""What an experiment needs before its lanes can run: its data, the model's form of them, the start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import Experiment, Lane
from engine.models.base import Model
from engine.objective import Problem
from engine.parameters import Parameters
from engine.run import replay
from engine.starts.base import Start
from engine.trace import Trace


@dataclass(frozen=True, eq=False)
class Preparation:
    """Data, their prepared form and the start, with the parts of the experiment that they came from."""

    story: DataStory
    model: Model
    start: Start
    dataset: Dataset
    prepared: Any
    start_parameters: Parameters

    def problem(self, threads: int | None = None) -> Problem:
        """The objective for one lane, with its own meter."""
        return Problem(self.model, self.prepared, threads)

    def trace(self, lane: Lane, problem: Problem, key: int) -> Trace:
        """An empty trace for a lane, which can step again what it did not keep."""
        trace = Trace(self.start_parameters.layout)
        route = lane.route(key)
        trace.replay = lambda iteration, state, target: (
            replay(problem, route, iteration, state, target).position.parameters
        )
        return trace


def prepare(
    experiment: Experiment,
    earlier: Preparation | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Preparation:
    """Generates or reads the data, prepares them and chooses the start; reuses what did not change.

    Raises InputError, in one sentence, where the data, the model or the start do not fit, and
    ReadingCancelled where `cancelled` said so while a file was read.
    """
    story, model = experiment.data, experiment.model
    same_data = earlier is not None and earlier.story == story
    if earlier is not None and same_data:
        dataset = earlier.dataset
    elif isinstance(story, File):
        dataset = story.read(progress, cancelled)
    else:
        dataset = story.generate()
    if earlier is not None and same_data and earlier.model == model:
        prepared = earlier.prepared
    else:
        if dataset.covariance is not None and model.needs_rows:
            raise InputError(
                f"{dataset.name} is a covariance matrix, and {model.name} needs rows of observations; choose "
                "factor-analysis or probabilistic-pca."
            )
        model.check(dataset)
        prepared = model.prepare(dataset)
    start = experiment.start.choose(model, prepared)
    return Preparation(story, model, experiment.start, dataset, prepared, start)
