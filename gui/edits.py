"""Edits of an experiment as pure functions: each takes one and gives the next."""

import dataclasses
from typing import Any

import numpy as np

from engine import catalogue
from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.datasets.drawn import Drawn
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import MOST_LANES, Experiment, Lane, checked_lane_name, distinctly_named, named
from engine.models.base import Model
from engine.models.mixture import Mixture
from engine.parameters import Array, Parameters
from engine.preparation import Preparation
from engine.run import Intervention
from engine.settings import configure, settings_of, written
from engine.starts.base import Start
from engine.starts.parameters import GivenParameters
from gui.projection import Projection
from gui.requests import DrawPoints, ErasePoints, MoveStartMean, ReshapeStart, SetStartWeights

MOST_DRAWN = 20_000
"""So many points can be drawn by hand: with more, each stroke would be felt."""


def changed(instance: Any, setting: str, value: Any, where: str) -> Any:
    """An instance with one setting exchanged and checked; raises InputError."""
    values = {**written(instance), setting: value}
    if value is None:
        del values[setting]
    return configure(type(instance), values, where)


def with_story(experiment: Experiment, name: str) -> Experiment:
    """Another data story, with the model and the start that show it at its best."""
    story = catalogue.get("datasets", name)()
    return fitting(experiment.replace(data=story), story)


def fitting(experiment: Experiment, story: DataStory) -> Experiment:
    """The model and start exchanged where they do not fit the story."""
    setup = {section: dict(table) for section, table in story.setup().items()}
    model_table = setup.get("model", {})
    model_name = model_table.pop("name", None)
    if model_name is None:
        suited = not story.suits or experiment.model.name in story.suits
        model_name = experiment.model.name if suited else story.suits[0]
    same = model_name == experiment.model.name
    kept = {key: value for key, value in written(experiment.model).items() if same and key != "hold"}
    model = named("models", {"name": model_name, **kept, **model_table}, "[model]")
    start = experiment.start
    if "start" in setup:
        start = named("starts", setup["start"], "[start]")
    elif isinstance(start, GivenParameters) or start.refusal(model) is not None:
        start = _usual_start(model)
    return experiment.replace(model=model, start=start)


def _usual_start(model: Model) -> Start:
    start: Start = named("starts", {"name": model.default_start}, "[start]")
    return start


def with_data_setting(experiment: Experiment, setting: str, value: Any) -> Experiment:
    """A setting of the data; where a file is told to be a covariance matrix, with a model that takes one."""
    story = changed(experiment.data, setting, value, "[data]")
    edited = experiment.replace(data=story)
    return fitting(edited, story) if setting == "matrix" and value else edited


def with_file(experiment: Experiment, file: File) -> Experiment:
    """A person's own data, which have no use for a start by parameters of other data."""
    model = dataclasses.replace(experiment.model, hold=()) if isinstance(experiment.model, Mixture) else None
    given_start = isinstance(experiment.start, GivenParameters)
    start = _usual_start(experiment.model) if given_start else experiment.start
    lanes = tuple(lane.without_interventions() for lane in experiment.lanes)
    title = file.path.rsplit("/", 1)[-1]
    return experiment.replace(
        data=file, model=model or experiment.model, start=start, lanes=lanes, title=title, caption=""
    )


def with_points_drawn(
    experiment: Experiment, dataset: Dataset, request: DrawPoints, present: dict[str, Any]
) -> Experiment:
    """The data with points added, as data drawn by hand; the start stays where it is (`present`)."""
    drawn = _as_drawn(experiment.data, dataset)
    added = np.array(request.points, dtype=np.float64).reshape(-1, dataset.dimension)
    if experiment.model.holds_counts:
        added = np.maximum(np.rint(added), 0.0)
    points = (*drawn.points, *(tuple(row) for row in added.tolist()))
    if len(points) > MOST_DRAWN:
        raise InputError(f"There are {MOST_DRAWN} points already, which is as many as can be drawn by hand.")
    known = drawn.classes or (-1,) * len(drawn.points)
    classes = (*known, *(request.label,) * len(added))
    return _drawn_over(experiment, dataclasses.replace(drawn, points=points, classes=classes), present)


def with_points_erased(
    experiment: Experiment, dataset: Dataset, request: ErasePoints, present: dict[str, Any]
) -> Experiment:
    """The data without the points within an ellipse; raises InputError where too few would be left."""
    drawn = _as_drawn(experiment.data, dataset)
    distance = (dataset.values - np.asarray(request.at)) / np.asarray(request.reach)
    kept = np.flatnonzero(np.sum(np.square(distance), axis=1) > 1.0).tolist()
    if len(kept) == dataset.rows:
        return experiment
    points = tuple(drawn.points[place] for place in kept)
    classes = tuple(drawn.classes[place] for place in kept) if drawn.classes else ()
    return _drawn_over(experiment, dataclasses.replace(drawn, points=points, classes=classes), present)


def _as_drawn(story: DataStory, dataset: Dataset) -> Drawn:
    """The present data as drawn points; raises InputError where that cannot be."""
    if isinstance(story, Drawn):
        return story
    if dataset.dimension > 2:
        raise InputError(
            f"{dataset.name} has {dataset.dimension} columns; points can be drawn where there are one or two."
        )
    if dataset.row_weights is not None:
        raise InputError(
            f"{dataset.name} has row weights, so points cannot be drawn into it; choose other data."
        )
    if dataset.missing:
        raise InputError(
            f"{dataset.name} has {dataset.missing_in_words}, so points cannot be drawn into it; drop those rows or "
            "choose other data."
        )
    if dataset.rows > MOST_DRAWN:
        raise InputError(
            f"{dataset.name} has {dataset.rows} points; points can be drawn into data of at most {MOST_DRAWN}."
        )
    classes = () if dataset.labels is None else tuple(np.minimum(dataset.labels, 11).tolist())
    return Drawn(tuple(tuple(row) for row in dataset.values.tolist()), classes, dataset.columns)


def _drawn_over(experiment: Experiment, drawn: Drawn, present: dict[str, Any]) -> Experiment:
    start = experiment.start if isinstance(experiment.start, GivenParameters) else given(present)
    return experiment.replace(data=drawn, start=start)


def with_model(experiment: Experiment, name: str, known: Preparation | None = None) -> Experiment:
    """Another model with as many components; a start that does not fit it is given up.

    Where a person's own data are known already, the model is suited to them.
    """
    cls = catalogue.get("models", name)
    counted = any(each.name == "components" for each in settings_of(cls))
    components = getattr(experiment.model, "components", None)
    kept = {"components": components} if counted and components is not None else {}
    model = configure(cls, kept, "[model]")
    if isinstance(experiment.data, File) and known is not None and known.story == experiment.data:
        model = model.suited_to(known.dataset)
    start = experiment.start
    if isinstance(start, GivenParameters) or start.refusal(model) is not None:
        start = _usual_start(model)
    return experiment.replace(model=model, start=start)


def with_model_setting(experiment: Experiment, setting: str, value: Any) -> Experiment:
    """A setting of the model; where a start by parameters no longer fits, one from the data replaces it."""
    model = changed(experiment.model, setting, value, "[model]")
    start = experiment.start
    shaping = ("components", "covariance", "emission", "factors", "initial_law", "states", "structure")
    if setting in shaping and isinstance(start, GivenParameters):
        start = _usual_start(model)
    return experiment.replace(model=model, start=start)


def with_start(experiment: Experiment, name: str, present: dict[str, Any]) -> Experiment:
    """Another way to choose the start; `present` are the natural parameters of the one shown now."""
    cls = catalogue.get("starts", name)
    if cls is GivenParameters:
        return experiment.replace(start=given(present))
    values = written(experiment.start)
    known = {each.name for each in settings_of(cls)}
    kept = {key: value for key, value in values.items() if key in known}
    return experiment.replace(start=configure(cls, kept, "[start]"))


def with_typed_start(experiment: Experiment, values: dict[str, Any], prepared: Any) -> Experiment:
    """A start by parameters as they were typed; raises InputError where they are impossible."""
    experiment.model.accept(prepared, values)
    return experiment.replace(start=given(values))


def given(values: dict[str, Any]) -> GivenParameters:
    """A start by parameters from arrays."""
    return GivenParameters(**{name: _tuples(np.asarray(block).tolist()) for name, block in values.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def with_lane(experiment: Experiment, index: int, lane: Lane) -> Experiment:
    """Lane `index` exchanged."""
    lanes = list(experiment.lanes)
    lanes[index] = lane
    return experiment.replace(lanes=distinctly_named(tuple(lanes)))


def with_lane_algorithm(experiment: Experiment, index: int, name: str) -> Experiment:
    """Another algorithm in a lane; settings that both have are kept, where they mean the same in both."""
    cls = catalogue.get("algorithms", name)
    old = experiment.lanes[index]
    kinds = {each.name: each.kind for each in settings_of(type(old.algorithm))}
    known = {each.name for each in settings_of(cls) if each.kind == kinds.get(each.name)}
    kept = {
        key: value
        for key, value in written(old.algorithm).items()
        if key in known and key not in ("learning_rate", "line_search") and _is_possible(cls, key, value)
    }
    lane = Lane(configure(cls, kept, "the lane"), "", (), old.after_leaving, old.on)
    return with_lane(experiment, index, lane)


def _is_possible(cls: type, setting: str, value: Any) -> bool:
    try:
        configure(cls, {setting: value}, "the lane")
    except InputError:
        return False
    return True


def with_lane_setting(experiment: Experiment, index: int, setting: str, value: Any) -> Experiment:
    """A setting of a lane from the start on; what had been changed of it in flight is dropped."""
    lane = experiment.lanes[index]
    if setting == "after_leaving":
        return with_lane(experiment, index, dataclasses.replace(lane, after_leaving=value))
    algorithm = changed(lane.algorithm, setting, value, lane.title)
    rest = tuple(each for each in lane.interventions if each.setting != setting)
    return with_lane(experiment, index, dataclasses.replace(lane, algorithm=algorithm, interventions=rest))


def with_intervention(
    experiment: Experiment, index: int, iteration: int, setting: str, value: Any
) -> Experiment:
    """A setting of a lane changed in flight: it holds behind `iteration`, and what was planned later is gone."""
    lane = experiment.lanes[index]
    checked = getattr(changed(lane.algorithm, setting, value, lane.title), setting)
    earlier = tuple(
        each
        for each in lane.interventions
        if each.iteration < iteration or (each.iteration == iteration and each.setting != setting)
    )
    added = (*earlier, Intervention(iteration, setting, checked))
    return with_lane(experiment, index, dataclasses.replace(lane, interventions=added))


def without_intervention(experiment: Experiment, index: int, number: int) -> Experiment:
    """A lane without one of its interventions."""
    lane = experiment.lanes[index]
    rest = tuple(each for place, each in enumerate(lane.interventions) if place != number)
    return with_lane(experiment, index, dataclasses.replace(lane, interventions=rest))


def with_lane_name(experiment: Experiment, index: int, name: str) -> Experiment:
    """A lane renamed; raises InputError where the name is not possible."""
    lane = dataclasses.replace(experiment.lanes[index], name=checked_lane_name(name.strip(), "The lane"))
    return with_lane(experiment, index, lane)


def with_another_lane(experiment: Experiment, index: int) -> Experiment:
    """One lane more, a copy of lane `index` (-1: the last one) that follows it."""
    if len(experiment.lanes) >= MOST_LANES:
        raise InputError(f"There are {MOST_LANES} lanes already; remove one first.")
    index = index % len(experiment.lanes)
    copy = dataclasses.replace(experiment.lanes[index], name="", on=True)
    before, behind = experiment.lanes[: index + 1], experiment.lanes[index + 1 :]
    return experiment.replace(lanes=distinctly_named((*before, copy, *behind)))


def with_lane_moved(experiment: Experiment, index: int, places: int) -> Experiment:
    """A lane moved down by so many places, or up where negative; it stays within the lanes."""
    lanes = list(experiment.lanes)
    lane = lanes.pop(index)
    lanes.insert(min(max(index + places, 0), len(lanes)), lane)
    return experiment.replace(lanes=tuple(lanes))


def with_lane_on(experiment: Experiment, index: int, on: bool) -> Experiment:
    """A lane switched on or off; raises InputError where none would be left on."""
    if not on and experiment.running == (index,):
        raise InputError("The last lane that is on cannot be switched off.")
    return with_lane(experiment, index, dataclasses.replace(experiment.lanes[index], on=on))


def without_lane(experiment: Experiment, index: int) -> Experiment:
    """One lane less; the last one stays."""
    if len(experiment.lanes) == 1 or experiment.running == (index,):
        raise InputError("The last lane that is on cannot be removed.")
    return experiment.replace(lanes=(*experiment.lanes[:index], *experiment.lanes[index + 1 :]))


def reseeded(experiment: Experiment, part: str) -> Experiment:
    """The next seed of the data or the start; raises InputError where that part has none."""
    instance = getattr(experiment, part)
    if not hasattr(instance, "seed"):
        words = {"data": "These data are not random", "start": "This start is not random"}
        raise InputError(f"{words[part]}, so there is no other seed; choose a random one.")
    return experiment.replace(**{part: changed(instance, "seed", instance.seed + 1, f"[{part}]")})


def with_moved_start(
    experiment: Experiment,
    request: MoveStartMean | ReshapeStart | SetStartWeights,
    prepared: Any,
    start: Parameters,
    projection: Projection,
) -> Experiment:
    """The start as it was dragged, as a start by parameters in the data's units."""
    model = experiment.model
    values = model.describe(start)
    back: Array = np.asarray(np.linalg.pinv(projection.matrix), dtype=np.float64)
    if isinstance(request, SetStartWeights):
        values["weights"] = np.asarray(request.weights) / np.sum(request.weights)
    elif isinstance(request, MoveStartMean):
        assert isinstance(model, Mixture)
        old_mean = model.means_of(values)[request.component]
        mean = old_mean + back @ (np.asarray(request.at) - projection.points(old_mean))
        values = model.with_mean(values, request.component, mean)
    elif "covariances" in values:
        covariances = np.array(values["covariances"])
        old = covariances[request.component]
        covariances[request.component] = _reshaped(
            old, projection.covariances(old), np.asarray(request.covariance), projection.matrix, back
        )
        if getattr(model, "covariance", "full") == "tied":
            covariances[:] = covariances[request.component]
        values["covariances"] = covariances
    accepted = model.accept(prepared, values, approximate=True)
    return experiment.replace(start=given(model.describe(accepted)))


def _reshaped(old: Array, seen: Array, wanted: Array, matrix: Array, back: Array) -> Array:
    """The covariance nearest in spirit to the old one whose picture on the canvas is `wanted`.

    With A A' = wanted seen^-1 in factors, x -> x + M^+ (A - 1) M x maps the old covariance onto it and
    leaves the directions that the canvas does not show as they are.
    """
    factor = np.linalg.solve(np.linalg.cholesky(seen).T, np.linalg.cholesky(wanted).T).T
    transform = np.eye(len(old)) + back @ (factor - np.eye(len(factor))) @ matrix
    shaped = transform @ old @ transform.T
    # Round-off alone makes it other than symmetric, which is much where a covariance is 0.
    return np.asarray(0.5 * (shaped + shaped.T))
