"""What cannot be combined, and why: one plain sentence for each. No Qt here."""

from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from engine import catalogue
from engine.algorithms.base import Algorithm
from engine.algorithms.gradient import CoordinateGradientAlgorithm
from engine.coordinates.log_cholesky import LogCholesky
from engine.dataset import Dataset
from engine.datasets.drawn import Drawn
from engine.datasets.file import File
from engine.errors import InputError, MissingCells
from engine.experiment import Experiment, Lane
from engine.models.base import Model
from engine.models.binomial_components import GivenTrials
from engine.parameters import Array
from engine.settings import settings_of
from engine.starts.parameters import GivenParameters
from engine.starts.truth import FromTruth
from gui.controls.words import plain

Reasons = Mapping[tuple[str, ...], str]
"""(section, setting) or (section, setting, choice) -> sentence. The setting 'name' is the choice of a class;
the sections are 'data', 'model', 'start', 'stop' and, for lanes, `lane_section(index)`."""

COORDINATES_OF = {
    "weights": "weight_coordinates",
    "covariances": "covariance_coordinates",
    "scales": "covariance_coordinates",
    "variances": "covariance_coordinates",
    "rates": "rate_coordinates",
    "shapes": "rate_coordinates",
    "degrees_of_freedom": "rate_coordinates",
    "uniquenesses": "rate_coordinates",
    "variance": "rate_coordinates",
    "observation_variance": "rate_coordinates",
    "level_variance": "rate_coordinates",
    "slope_variance": "rate_coordinates",
    "probabilities": "probability_coordinates",
    "heads": "probability_coordinates",
    "theta": "probability_coordinates",
}
"""The lane setting that writes a block, see `engine.parameters.Support.coordinates_setting`."""

ROWS_LOOKED_AT = 2_000
"""So many rows of a person's own data decide which models are greyed out, because the window waits for it."""

_checked: "WeakKeyDictionary[Dataset, dict[str, str | None]]" = WeakKeyDictionary()


def lane_section(index: int) -> str:
    """The name of a lane's section, lanes counted from 0."""
    return f"lane {index}"


def reasons(experiment: Experiment, dataset: Dataset | None) -> Reasons:
    """Everything that cannot be combined with what the experiment is now; `dataset` once it is there."""
    found: dict[tuple[str, ...], str] = {}
    for name, why in _unsuited_models(experiment, dataset):
        found["model", "name", name] = why
    found |= _model_settings(experiment)
    for name, why in _unfit_starts(experiment, dataset):
        found["start", "name", name] = why
    if isinstance(experiment.data, File) and experiment.data.content:
        found["data", "path"] = (
            "The file is saved inside the experiment; open another one with the button above."
        )
    if isinstance(experiment.data, Drawn):
        found["data", "columns"] = "Each coordinate of points that were drawn needs its name."
    start = _start_blocks(experiment, dataset)
    for index, lane in enumerate(experiment.lanes):
        section = lane_section(index)
        for key, why in _lane(experiment.model, lane, start):
            found[section, *key] = why
    return found


def coordinates_of(model: Model) -> dict[str, str]:
    """The lane setting that writes each of the model's blocks that may not take every value."""
    found = {block: COORDINATES_OF[block] for block in model.own_blocks if block in COORDINATES_OF}
    return found | dict.fromkeys(model.rows_that_sum_to_one, "weight_coordinates")


def hidden_settings(cls: type, model: Model) -> tuple[str, ...]:
    """Settings of an algorithm or a start that are about blocks which the model does not have."""
    names = [each.name for each in settings_of(cls)]
    about = set(names if issubclass(cls, GivenParameters) else COORDINATES_OF.values())
    used = {*coordinates_of(model).values(), *model.own_blocks}
    return tuple(name for name in names if name in about and name not in used)


def can_leave(algorithm: Algorithm, model: Model) -> bool:
    """Whether a lane may step outside the constraints: some free block is written without keeping them."""
    known, written = catalogue.find("coordinates"), coordinates_of(model)
    for block in _free_blocks(model):
        chosen = getattr(algorithm, written.get(block, ""), None)
        if isinstance(chosen, str) and chosen in known and not known[chosen].keeps_support:
            return True
    return False


def _free_blocks(model: Model) -> tuple[str, ...]:
    held = getattr(model, "hold", ())
    return tuple(block for block in model.own_blocks if block not in held)


def _unsuited_models(experiment: Experiment, dataset: Dataset | None) -> Iterator[tuple[str, str]]:
    story = experiment.data
    for name, cls in catalogue.find("models").items():
        if story.suits and name not in story.suits:
            *others, last = (plain(each) for each in story.suits)
            meant = f"{', '.join(others)} or {last}" if others else last
            yield name, f"These data are meant for another model: {meant}; choose other data first."
        elif isinstance(story, File) and dataset is not None and name != experiment.model.name:
            why = _refusal_of(name, cls, dataset)
            if why is not None:
                yield name, why


def _refusal_of(name: str, model_class: type, dataset: Dataset) -> str | None:
    """Why a model cannot be fitted to a person's own data; looked up once for each dataset.

    The first rows tell: a model that only a later one refuses says so with its own sentence when it is chosen.
    """
    known = _checked.setdefault(dataset, {})
    if name not in known:
        first = dataset.selected(np.arange(ROWS_LOOKED_AT)) if dataset.rows > ROWS_LOOKED_AT else dataset
        try:
            model: Any = model_class(components=1) if _has_components(model_class) else model_class()
            model = model.suited_to(first)
            try:
                model.check(first)
            except MissingCells:
                # Dropping rows mends that, and is offered when the model is chosen.
                model.check(first.without_missing())
            known[name] = None
        except InputError as error:
            known[name] = str(error)
    return known[name]


def _has_components(model_class: type) -> bool:
    return any(each.name == "components" for each in settings_of(model_class))


def _model_settings(experiment: Experiment) -> dict[tuple[str, ...], str]:
    model = experiment.model
    found: dict[tuple[str, ...], str] = {}
    if "covariances" in getattr(model, "hold", ()):
        why = "The covariances are held fixed, so nothing could push them against a floor."
        found["model", "covariance_floor"] = why
    if isinstance(model, GivenTrials) and model.trials_column:
        why = f"The column {model.trials_column!r} says how many there are in each row."
        found["model", model.trials_setting] = why
    return found


def _unfit_starts(experiment: Experiment, dataset: Dataset | None) -> Iterator[tuple[str, str]]:
    truth, model = None if dataset is None else dataset.truth, experiment.model
    for name, cls in catalogue.find("starts").items():
        refused = cls().refusal(model)
        if refused is not None:
            yield name, f"{refused[0].upper()}{refused[1:]}"
    if dataset is None:
        return
    if truth is None:
        yield FromTruth.name, "The truth behind these data is not known; choose another start."
        return
    if truth.model != model.name:
        drawn = plain(truth.model)
        yield FromTruth.name, f"The data were drawn from another model: {drawn}; choose another start."
        return
    known = len(truth.parameters.get("weights", ()))
    if known and getattr(model, "components", known) != known:
        yield (
            FromTruth.name,
            f"The data were drawn from {known} components; set the model's components to {known} first.",
        )


def _start_blocks(experiment: Experiment, dataset: Dataset | None) -> dict[str, Array]:
    """The start's blocks in the data's units, as far as they stand written; else {}."""
    start = experiment.start
    given: Mapping[str, Any] = {}
    if isinstance(start, GivenParameters):
        given = {name: getattr(start, name) for name in COORDINATES_OF}
    elif isinstance(start, FromTruth) and dataset is not None and dataset.truth is not None:
        given = dataset.truth.parameters
    found = {}
    for name, values in given.items():
        if values is None or name not in COORDINATES_OF:
            continue
        try:
            found[name] = np.asarray(values, dtype=float)
        except (TypeError, ValueError):
            continue
    return found


def _lane(model: Model, lane: Lane, start: Mapping[str, Array]) -> Iterator[tuple[tuple[str, ...], str]]:
    free = _free_blocks(model)
    for name, cls in catalogue.find("algorithms").items():
        refused = cls().refusal(model, free)
        if refused is not None:
            yield ("name", name), f"{refused[0].upper()}{refused[1:]}"
        elif _refuses_raw_weights(cls) and "weights" in free and _raw_weights(lane.algorithm):
            if isinstance(lane.algorithm, cls):
                continue
            yield (
                ("name", name),
                f"{name} cannot climb in raw weights, where there is no maximum: the value grows without end "
                "with their sum. Write the weights otherwise first.",
            )
    names = {each.name for each in settings_of(type(lane.algorithm))}
    written = coordinates_of(model)
    for block, setting in written.items():
        if setting not in names:
            continue
        if block in free:
            yield from _refused_coordinates(model, lane.algorithm, block, start.get(block))
        elif not any(other == setting and name in free for name, other in written.items()):
            told = block.replace("_", " ")
            yield (setting,), f"The {told} are held fixed, so no gradient is taken in them."


def _refused_coordinates(
    model: Model, algorithm: Algorithm, block: str, values: Array | None
) -> Iterator[tuple[tuple[str, ...], str]]:
    setting = coordinates_of(model)[block]
    if setting == "weight_coordinates" and _refuses_raw_weights(type(algorithm)):
        yield (
            (setting, "raw"),
            f"With raw weights there is no maximum for {algorithm.name} to find: the value grows without end with "
            "their sum.",
        )
    # With a floor, what is written is what lies above it, in units that only the prepared data know.
    if values is None or values.size == 0 or (block == "covariances" and _has_floor(model)):
        return
    choices = next(each.choices for each in settings_of(type(algorithm)) if each.name == setting)
    known = catalogue.find("coordinates")
    for choice in choices:
        cls = known[choice]
        writing = LogCholesky(matrices=values.ndim >= 2) if cls is LogCholesky else cls()
        try:
            refusal = writing.refusal(values)
        except (ValueError, np.linalg.LinAlgError):
            continue
        if refusal is not None:
            yield (setting, choice), f"{refusal[:1].upper()}{refusal[1:]}"


def _refuses_raw_weights(cls: type[Algorithm]) -> bool:
    return issubclass(cls, CoordinateGradientAlgorithm) and cls.refuses_raw_weights


def _raw_weights(algorithm: Algorithm) -> bool:
    return getattr(algorithm, "weight_coordinates", None) == "raw"


def _has_floor(model: Model) -> bool:
    return bool(getattr(model, "covariance_floor", 0.0))
