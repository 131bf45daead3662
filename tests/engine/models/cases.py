"""Every model with every choice of its settings, on small data: what the laws of models run over."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine import catalogue
from engine.dataset import Dataset
from engine.errors import InputError
from engine.models.mixture import Mixture
from engine.models.mixture_proportions import MixtureProportions
from engine.objective import Problem
from engine.parameters import Array, Parameters, PositiveDefinite, frozen
from engine.settings import settings_of

ROWS = 60


@dataclass(frozen=True)
class Case:
    """A model on a small dataset, away from its maximum."""

    label: str
    model: Any
    dataset: Dataset

    @cached_property
    def prepared(self) -> Any:
        self.model.check(self.dataset)
        return self.model.prepare(self.dataset)

    def problem(self, threads: int = 1) -> Problem:
        return Problem(self.model, self.prepared, threads)

    @cached_property
    def parameters(self) -> Parameters:
        """Unequal weights, centres at rows, spreads that differ; every block inside its support."""
        return random_parameters(self.model, self.prepared, seed=5)

    @property
    def held(self) -> tuple[str, ...]:
        """Names of the blocks that are held fixed."""
        return tuple(block.name for block in self.parameters.layout.blocks if block.held)

    @cached_property
    def textbook_settings(self) -> dict[str, Any]:
        names = {"hold": "hold", "covariance": "covariance", "covariance_floor": "floor"}
        known = {name: names[name] for name in names if hasattr(self.model, name)}
        return {called: getattr(self.model, name) for name, called in known.items()}


def random_parameters(model: Any, prepared: Any, seed: int) -> Parameters:
    """Valid parameters drawn at random, every block moved away from where a start would put it."""
    generator = np.random.Generator(np.random.Philox(seed))
    if isinstance(model, MixtureProportions):
        layout = model.layout(prepared)
        return layout.pack({"weights": generator.dirichlet(np.full(layout.size, 5.0))})
    columns, k = prepared.columns, model.components
    seen = np.flatnonzero(np.ones(prepared.units) if prepared.row_weights is None else prepared.row_weights)
    centres = columns[:, generator.choice(seen, size=k, replace=False)].T
    parameters = model.from_centres(prepared, centres, np.full(len(columns), 0.4))
    moved: dict[str, Array] = {"weights": generator.dirichlet(np.full(k, 5.0))}
    for block in parameters.layout.blocks[1:]:
        values = parameters[block.name]
        if isinstance(block.support, PositiveDefinite):
            tilt = 0.3 * generator.standard_normal(block.shape)
            values = values * (1.0 + 0.5 * generator.random()) + 0.2 * tilt @ np.swapaxes(tilt, -1, -2)
        else:
            values = values * (1.0 + 0.3 * generator.random(block.shape))
        moved[block.name] = values
    drawn: Parameters = parameters.replaced(moved)
    return drawn


def real_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Three loose clusters, rounded so that some rows may be alike; columns far from 0 and unlike in scale."""
    generator = np.random.Generator(np.random.Philox(seed))
    centres = generator.normal(0, 2.0, (3, dimension))
    values = centres[generator.integers(3, size=rows)] + generator.standard_normal((rows, dimension))
    scale, shift = 3.0 ** np.arange(dimension), 10.0 + np.arange(dimension)
    return _dataset("real", np.round(values, 2) * scale + shift, weighted, generator)


def count_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Counts from three kinds of rows, zeros among them."""
    generator = np.random.Generator(np.random.Philox(seed))
    rates = generator.uniform(0.5, 12.0, (3, dimension))
    values = generator.poisson(rates[generator.integers(3, size=rows)]).astype(float)
    return _dataset("counts", values, weighted, generator)


def likelihood_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Likelihoods of dimension + 2 known components, rows of unlike scale, some of them exactly 0."""
    generator = np.random.Generator(np.random.Philox(seed))
    values = generator.gamma(1.0, size=(rows, dimension + 2)) * 10.0 ** generator.integers(-30, 5, (rows, 1))
    # Two components at least can have produced any row, so that either weight may be 0.
    possible = np.argsort(generator.random(values.shape), axis=1) < 2
    values[(generator.random(values.shape) < 0.2) & ~possible] = 0.0
    return _dataset("likelihoods", values, weighted, generator)


def _dataset(name: str, values: Array, weighted: bool, generator: np.random.Generator) -> Dataset:
    row_weights = frozen(generator.integers(0, 4, len(values))) if weighted else None
    columns = tuple(f"x{j + 1}" for j in range(values.shape[1]))
    return Dataset(name, columns, np.array(values), row_weights)


def data_for(model: Any, dimension: int, weighted: bool, rows: int = ROWS) -> Dataset:
    """Likelihoods for known components; else real numbers where the model takes them, else counts."""
    if isinstance(model, MixtureProportions):
        return likelihood_data(dimension, weighted, rows)
    dataset = real_data(dimension, weighted, rows)
    try:
        model.check(dataset)
    except InputError:
        return count_data(dimension, weighted, rows)
    return dataset


def variants() -> Iterator[tuple[str, Any]]:
    """Every mixture as `mixtures` has them, and the models whose components are known."""
    yield from mixtures()
    yield MixtureProportions.name, MixtureProportions()


def mixtures() -> Iterator[tuple[str, Any]]:
    """Every mixture of the catalogue with each choice of each setting, each block held, and a floor."""
    for name, model in catalogue.find("models").items():
        if not issubclass(model, Mixture):
            continue
        plain = model(components=3)
        yield name, plain
        settings = settings_of(model)
        for each in settings:
            if not isinstance(each.default, str):
                continue
            for choice in each.choices:
                if choice != each.default:
                    yield f"{name}-{choice}", dataclasses.replace(plain, **{each.name: choice})
                if "covariance_floor" in {other.name for other in settings}:
                    floored = {each.name: choice, "covariance_floor": 0.3}
                    yield f"{name}-{choice}-floor", dataclasses.replace(plain, **floored)
        for block in model.blocks:
            yield f"{name}-hold-{block}", dataclasses.replace(plain, hold=(block,))
        yield f"{name}-hold-all-but-weights", dataclasses.replace(plain, hold=model.blocks[1:])


def cases() -> Iterator[Case]:
    """Variants x dimensions 1, 2, 5 x with and without row weights."""
    for label, model in variants():
        for dimension in (1, 2, 5):
            for weighted in (False, True):
                dataset = data_for(model, dimension, weighted)
                ending = "-row-weights" if weighted else ""
                yield Case(f"{label}-d{dimension}{ending}", model, dataset)


CASES = tuple(cases())
