"""Models x algorithms x coordinates, found by the catalogue: what the laws of algorithms run over."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine import catalogue
from engine.algorithms.base import Algorithm, State
from engine.objective import Problem
from engine.parameters import Array, Parameters
from engine.run import Route, run
from engine.settings import settings_of
from engine.stopping import Stop
from engine.trace import Step
from tests.engine.models.cases import data_for, random_parameters, variants

ROWS = 40
BATCH_SIZE = 15
ENDLESS = Stop(tolerance=0.0, max_iterations=20)

MODELS = dict(variants())
COORDINATES = tuple(
    each
    for each in (
        "weight_coordinates",
        "covariance_coordinates",
        "rate_coordinates",
        "probability_coordinates",
        "standardize",
    )
    if any(each in {s.name for s in settings_of(cls)} for cls in catalogue.find("algorithms").values())
)


def algorithms() -> Iterator[tuple[str, Algorithm]]:
    """Every algorithm, with each choice of those settings that are no coordinates."""
    for name, cls in catalogue.find("algorithms").items():
        yield name, cls()
        for each in settings_of(cls):
            for choice in each.choices:
                if choice != each.default and each.name not in COORDINATES:
                    value = (choice,) if isinstance(each.default, tuple) else choice
                    yield f"{name}-{choice}", cls(**{each.name: value})


ALGORITHMS = dict(algorithms())


def _choices(setting: str) -> tuple[Any, ...]:
    if setting == "standardize":
        return (True, False)
    found: dict[Any, None] = {}
    for cls in catalogue.find("algorithms").values():
        for each in settings_of(cls):
            if each.name == setting:
                found |= dict.fromkeys(each.choices)
    return tuple(found)


FACTORS: dict[str, tuple[Any, ...]] = {
    "model": tuple(MODELS),
    "algorithm": tuple(ALGORITHMS),
    **{name: _choices(name) for name in COORDINATES},
    "dimension": (1, 2),
    "weighted": (False, True),
}


@dataclass(frozen=True)
class Combination:
    """A model on small data, an algorithm in chosen coordinates, and a start away from the maximum."""

    chosen: tuple[Any, ...]

    def __str__(self) -> str:
        return "-".join(str(each) for each in self.chosen)

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        return dict(zip(FACTORS, self.chosen, strict=True))

    @cached_property
    def algorithm(self) -> Algorithm:
        """With a learning rate that is small for everybody, and mini-batches of fewer rows than there are."""
        plain = ALGORITHMS[self.settings["algorithm"]]
        names = {each.name for each in settings_of(type(plain))}
        changes = {name: self.settings[name] for name in COORDINATES if name in names}
        if "learning_rate" in names:
            changes["learning_rate"] = 0.002
        if "batch_size" in names:
            changes |= {"batch_size": BATCH_SIZE, "updates": 3}
        return dataclasses.replace(plain, **changes)

    @cached_property
    def _prepared(self) -> tuple[Any, Any, Parameters]:
        model = MODELS[self.settings["model"]]
        dataset = data_for(model, self.settings["dimension"], self.settings["weighted"], ROWS)
        prepared = model.prepare(dataset)
        return model, prepared, random_parameters(model, prepared, seed=5)

    @property
    def start(self) -> Parameters:
        return self._prepared[2]

    def problem(self) -> Problem:
        return Problem(self._prepared[0], self._prepared[1], 1)

    def steps(self, stop: Stop = ENDLESS, **changes: Any) -> list[Step]:
        """The lane's steps, with some of the algorithm's settings exchanged."""
        if stop is ENDLESS and not changes:
            return list(self._plain_steps)
        return list(run(self.problem(), Route(self.with_settings(**changes)), self.start, stop))

    @cached_property
    def _plain_steps(self) -> list[Step]:
        """The steps that most laws look at."""
        return list(run(self.problem(), Route(self.algorithm), self.start, ENDLESS))

    def with_settings(self, **changes: Any) -> Algorithm:
        names = {each.name for each in settings_of(type(self.algorithm))}
        return dataclasses.replace(self.algorithm, **{k: v for k, v in changes.items() if k in names})


def another_cover() -> Iterator[Combination]:
    """Other rows, in which every two choices meet once more, with every variant of every model.

    The full product has hundreds of thousands of rows, which no run has the time for.
    """
    return (Combination(chosen) for chosen in pairwise_cover(tuple(FACTORS.values()), seed=1))


def pairwise_cover(factors: Sequence[Sequence[Any]], seed: int = 0) -> list[tuple[Any, ...]]:
    """Rows in which every two values of two different factors meet at least once.

    Greedy: each row begins with a pair that has not met yet and is the best of 30 random completions
    (Cohen, Dalal, Fredman & Patton 1997, IEEE Trans. Software Eng. 23, 437-444).
    """
    generator = np.random.Generator(np.random.Philox(seed))
    places = list(itertools.combinations(range(len(factors)), 2))
    missing = {
        (i, a, j, b)
        for i, j in places
        for a, b in itertools.product(range(len(factors[i])), range(len(factors[j])))
    }
    rows = []
    while missing:
        i, a, j, b = min(missing)
        best: tuple[int, ...] = ()
        met: set[tuple[int, int, int, int]] = set()
        for _ in range(30):
            row = [int(generator.integers(len(values))) for values in factors]
            row[i], row[j] = a, b
            meets = {(p, row[p], q, row[q]) for p, q in places} & missing
            if len(meets) > len(met):
                best, met = tuple(row), meets
        missing -= met
        rows.append(tuple(values[place] for values, place in zip(factors, best, strict=True)))
    return rows


EACH_RUN: dict[str, tuple[Any, ...]] = {
    **FACTORS,
    "model": tuple(
        name
        for place, name in enumerate(MODELS)
        if name in catalogue.find("models") or (place % 5 == 2 and "hold" not in name)
    ),
}
"""Every model, and every fifth of those variants that have other densities: what there is time for in every run."""

COVER = [Combination(chosen) for chosen in pairwise_cover(tuple(EACH_RUN.values()))]


def arrays_of(state: State) -> list[Array]:
    """Every array that a state holds, in a fixed order; charts are constants of a lane."""
    found: list[Array] = []

    def visit(item: Any) -> None:
        if isinstance(item, np.ndarray):
            found.append(item)
        elif isinstance(item, Parameters):
            found.append(item.vector)
        elif dataclasses.is_dataclass(item):
            for each in dataclasses.fields(item):
                visit(getattr(item, each.name))
        elif isinstance(item, tuple):
            for each in item:
                visit(each)
        elif isinstance(item, float):
            found.append(np.array(item))

    visit(state)
    return found


def alike(one: State, other: State) -> bool:
    """Whether two states agree in every bit."""
    pairs = list(zip(arrays_of(one), arrays_of(other), strict=True))
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)
