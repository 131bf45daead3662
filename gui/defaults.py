"""The settings of a panel, or of all of them, back at their defaults: edits as pure functions."""

from typing import cast

from engine.datasets.base import DataStory
from engine.datasets.drawn import Drawn
from engine.experiment import Experiment, Lane, Show, named
from engine.models.base import Model
from engine.settings import configure, written
from engine.starts.base import Start
from engine.starts.parameters import GivenParameters
from engine.stopping import Stop
from gui.edits import with_lane

PARTS = ("data", "model", "start", "stop", "show")
"""What of an experiment has defaults, besides its lanes."""


def with_defaults(experiment: Experiment, part: str) -> Experiment:
    """The settings of 'data', 'model', 'start', 'stop' or 'show' at their defaults; what was chosen stays chosen.

    A data story's own model and start count as their defaults. Points of one's own are no settings: they stay.
    """
    if part == "data":
        return experiment.replace(data=_default_story(experiment.data))
    if part == "model":
        return _with_default_model(experiment)
    if part == "start":
        return experiment.replace(start=_default_start(experiment))
    return experiment.replace(**{part: {"stop": Stop, "show": Show}[part]()})


def with_lane_defaults(experiment: Experiment, index: int) -> Experiment:
    """A lane's settings at their defaults, from the start on; its algorithm and its name stay."""
    lane = experiment.lanes[index]
    fresh = Lane(type(lane.algorithm)(), lane.name, on=lane.on)
    return with_lane(experiment, index, fresh)


def with_all_defaults(experiment: Experiment) -> Experiment:
    """Every panel's settings at their defaults, and how the experiment is shown."""
    for part in PARTS:
        experiment = with_defaults(experiment, part)
    for index in range(len(experiment.lanes)):
        experiment = with_lane_defaults(experiment, index)
    return experiment


def _default_story(story: DataStory) -> DataStory:
    if isinstance(story, Drawn):
        return story
    own = ("path", "content", "sha256", "drop_missing", "matrix", "observations")
    kept = {key: value for key, value in written(story).items() if key in own}
    return configure(type(story), kept, "[data]")


def _default_model(experiment: Experiment) -> Model:
    """As its data story suggests it, where the story is for this model; else as it comes."""
    model = experiment.model
    table = dict(experiment.data.setup().get("model", {}))
    suggested = table.pop("name", None) == model.name
    found: Model = configure(type(model), table if suggested else {}, "[model]")
    return found


def _with_default_model(experiment: Experiment) -> Experiment:
    changed_model = experiment.replace(model=_default_model(experiment))
    if changed_model == experiment or not isinstance(experiment.start, GivenParameters):
        return changed_model
    return changed_model.replace(start=_default_start(changed_model))


def _default_start(experiment: Experiment) -> Start:
    """A start by parameters has no defaults: it becomes the story's own one, or the model's."""
    start, model = experiment.start, experiment.model
    if not isinstance(start, GivenParameters):
        return type(start)()
    setup = experiment.data.setup()
    if "start" in setup and _default_model(experiment) == model:
        return cast(Start, named("starts", setup["start"], "[start]"))
    return cast(Start, named("starts", {"name": model.default_start}, "[start]"))


def with_panel_defaults(experiment: Experiment, panel: str) -> Experiment:
    """The settings of one panel: of a part, or of the lane at a place ('0', '1', ...)."""
    return with_lane_defaults(experiment, int(panel)) if panel.isdigit() else with_defaults(experiment, panel)


def changed_parts(experiment: Experiment) -> frozenset[str]:
    """The parts whose settings differ from their defaults, and the places of such lanes ('0', '1', ...)."""
    found = {part for part in PARTS if with_defaults(experiment, part) != experiment}
    for index, lane in enumerate(experiment.lanes):
        if with_lane_defaults(experiment, index).lanes[index] != lane:
            found.add(str(index))
    return frozenset(found)
