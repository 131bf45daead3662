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
from engine.models.binomial_components import GivenTrials
from engine.models.centres import filled_with_means
from engine.models.coins import Coins
from engine.models.factor_model import FactorModel
from engine.models.gamma_mixture import GammaMixture
from engine.models.gaussian_mixture import GaussianMixture
from engine.models.genetic_linkage import GeneticLinkage
from engine.models.hidden_markov import HiddenMarkov
from engine.models.mixture import Mixture
from engine.models.mixture_of_factor_analysers import MixtureOfFactorAnalysers
from engine.models.mixture_of_regressions import MixtureOfRegressions
from engine.models.mixture_proportions import MixtureProportions
from engine.models.state_space import StateSpace
from engine.objective import Problem
from engine.parameters import Array, Parameters, PositiveDefinite, Simplex, UnitInterval, frozen
from engine.settings import settings_of
from tests import textbook

ROWS = 60


@dataclass(frozen=True)
class IncompleteRows(GaussianMixture):
    """The very same model, for which `data_for` has rows with missing cells."""


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
        """What the textbook's M step needs to know beyond the parameters."""
        names = {"hold": "hold", "covariance": "covariance", "covariance_floor": "floor"}
        known = {name: names[name] for name in names if hasattr(self.model, name)}
        return self.density_settings | {called: getattr(self.model, name) for name, called in known.items()}

    @cached_property
    def density_settings(self) -> dict[str, Any]:
        """What the textbook's densities need to know beyond the parameters."""
        if getattr(self.model, "trials_column", ""):
            return {"trials": textbook.LAST_COLUMN}
        return {"trials": getattr(self.model, "trials_in_a_cell", 0)}

    @cached_property
    def posterior(self) -> textbook.Posterior:
        """The textbook's E step at the case's parameters."""
        described = self.model.describe(self.parameters)
        return textbook.e_step(
            self.dataset.values, described, self.dataset.row_weights, **self.density_settings
        )


def random_parameters(model: Any, prepared: Any, seed: int) -> Parameters:
    """Valid parameters drawn at random, every block moved away from where a start would put it."""
    generator = np.random.Generator(np.random.Philox(seed))
    if isinstance(model, MixtureProportions):
        layout = model.layout(prepared)
        return layout.pack({"weights": generator.dirichlet(np.full(layout.size, 5.0))})
    if isinstance(model, GeneticLinkage):
        return model.layout(prepared).pack({"theta": generator.uniform(0.2, 0.8)})
    if isinstance(model, FactorModel):
        return random_factors(model, prepared, generator)
    if isinstance(model, StateSpace):
        layout = model.layout(prepared)
        return layout.pack({block.name: generator.uniform(0.05, 0.6) for block in layout.blocks})
    columns, k = filled_with_means(prepared.columns), model.components
    seen = np.flatnonzero(np.ones(columns.shape[1]) if prepared.row_weights is None else prepared.row_weights)
    centres = columns[:, generator.choice(seen, size=k, replace=False)].T
    parameters = model.from_centres(prepared, centres, np.full(len(columns), 0.4))
    moved: dict[str, Array] = {}
    for block in parameters.layout.blocks:
        values = parameters[block.name]
        if isinstance(block.support, Simplex) and block.shape == (k,):
            values = generator.dirichlet(np.full(k, 5.0))
        elif isinstance(block.support, PositiveDefinite):
            tilt = 0.3 * generator.standard_normal(block.shape)
            values = values * (1.0 + 0.5 * generator.random()) + 0.2 * tilt @ np.swapaxes(tilt, -1, -2)
        elif isinstance(block.support, Simplex):
            values = 0.7 * values + 0.3 * generator.dirichlet(np.full(block.shape[-1], 5.0), block.shape[:-1])
        elif isinstance(block.support, UnitInterval):
            values = 0.7 * values + 0.3 * generator.uniform(0.1, 0.9, block.shape)
        else:
            values = values * (1.0 + 0.3 * generator.random(block.shape))
        moved[block.name] = values
    drawn: Parameters = parameters.replaced(moved)
    return drawn


def random_factors(model: FactorModel, prepared: Any, generator: np.random.Generator) -> Parameters:
    """A mean off the data's, loadings of either sign, and noise that differs from column to column."""
    p, layout = prepared.dimension, model.layout(prepared)
    mean = np.zeros(p) if layout.by_name["mean"].held else 0.2 * generator.standard_normal(p)
    return layout.pack(
        {
            "mean": mean,
            "loadings": 0.6 * generator.standard_normal((p, model.factors)),
            model.noise_block: model.averaged(generator.uniform(0.3, 1.2, p)),
        }
    )


def real_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Three loose clusters, rounded so that some rows may be alike; columns far from 0 and unlike in scale."""
    generator = np.random.Generator(np.random.Philox(seed))
    centres = generator.normal(0, 2.0, (3, dimension))
    values = centres[generator.integers(3, size=rows)] + generator.standard_normal((rows, dimension))
    scale, shift = 3.0 ** np.arange(dimension), 10.0 + np.arange(dimension)
    return _dataset("real", np.round(values, 2) * scale + shift, weighted, generator)


def incomplete_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """As `real_data` with two of five cells missing, and of one row every cell."""
    whole = real_data(dimension, weighted, rows, seed)
    generator = np.random.Generator(np.random.Philox(seed + 1))
    missing = generator.random(whole.values.shape) < 0.4
    missing[rows // 2] = True
    return dataclasses.replace(whole, name="incomplete", values=np.where(missing, np.nan, whole.values))


def positive_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Positive numbers from three kinds of rows, columns unlike in scale."""
    generator = np.random.Generator(np.random.Philox(seed))
    shapes, means = generator.uniform(1.0, 12.0, (3, dimension)), generator.uniform(0.5, 6.0, (3, dimension))
    kinds = generator.integers(3, size=rows)
    values = generator.gamma(shapes[kinds], means[kinds] / shapes[kinds]) * 3.0 ** np.arange(dimension)
    return _dataset("positive", values, weighted, generator)


def line_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Predictors far from 0 and, as the last column, a response on one of three planes."""
    generator = np.random.Generator(np.random.Philox(seed))
    x = generator.standard_normal((rows, dimension))
    lines = generator.normal(0.0, 2.0, (3, dimension + 1))[generator.integers(3, size=rows)]
    y = lines[:, 0] + np.sum(lines[:, 1:] * x, axis=1) + 0.4 * generator.standard_normal(rows)
    values = np.column_stack((x * 3.0 ** np.arange(dimension) + 10.0, 50.0 + 7.0 * y))
    return _dataset("lines", values, weighted, generator)


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


def success_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Successes out of ten trials in each cell, of three kinds of rows."""
    generator = np.random.Generator(np.random.Philox(seed))
    chances = generator.uniform(0.1, 0.9, (3, dimension))
    values = generator.binomial(10, chances[generator.integers(3, size=rows)]).astype(float)
    return _dataset("successes", values, weighted, generator)


def unequal_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Successes in columns of three kinds of rows and, as the last column, out of how many: 1 to 20 of them."""
    generator = np.random.Generator(np.random.Philox(seed))
    chances = generator.uniform(0.1, 0.9, (3, dimension))
    trials = generator.integers(1, 21, (rows, 1))
    successes = generator.binomial(trials, chances[generator.integers(3, size=rows)])
    return _dataset("unequal", np.concatenate((successes, trials), axis=1).astype(float), weighted, generator)


def answer_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Yes/no answers to dimension + 7 items, enough of them to tell rows apart."""
    generator = np.random.Generator(np.random.Philox(seed))
    chances = generator.uniform(0.1, 0.9, (3, dimension + 7))
    values = (generator.random((rows, dimension + 7)) < chances[generator.integers(3, size=rows)]).astype(
        float
    )
    return _dataset("answers", values, weighted, generator)


def word_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Counts in dimension + 1 columns that share out totals which differ from row to row."""
    generator = np.random.Generator(np.random.Philox(seed))
    shares = generator.dirichlet(np.full(dimension + 1, 2.0), 3)
    values = generator.multinomial(generator.integers(20, 60, rows), shares[generator.integers(3, size=rows)])
    return _dataset("words", values.astype(float), weighted, generator)


def correlated_data(dimension: int, weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """dimension + 5 columns, unlike in scale and far from 0, that two factors correlate."""
    generator = np.random.Generator(np.random.Philox(seed))
    p = dimension + 5
    values = generator.standard_normal((rows, 2)) @ generator.normal(0, 1.0, (2, p))
    values += generator.uniform(0.4, 1.0, p) * generator.standard_normal((rows, p))
    return _dataset("correlated", values * 1.5 ** np.arange(p) + 10.0, weighted, generator)


def cell_data(weighted: bool, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Cells of genetic linkage, 1 to 4, one column whatever the dimension."""
    generator = np.random.Generator(np.random.Philox(seed))
    values = generator.choice([1.0, 2.0, 3.0, 4.0], size=(rows, 1), p=[0.65, 0.1, 0.1, 0.15])
    return _dataset("cells", values, weighted, generator)


def sequence_data(emission: str, dimension: int, rows: int = ROWS, seed: int = 0) -> Dataset:
    """Numbers or counts in sequences of 1 to 20 rows, some of which turn up between those of others."""
    plain = (real_data if emission == "gaussian" else count_data)(dimension, False, rows, seed)
    generator = np.random.Generator(np.random.Philox(seed))
    count = rows // 5
    codes = np.sort(np.concatenate((np.arange(count), generator.integers(0, count, rows - count))))
    codes[: count // 2] = codes[: count // 2][::-1].copy()
    names = tuple(f"s{number + 1}" for number in range(count))
    return dataclasses.replace(plain, sequences=codes.astype(np.int64), sequence_names=names)


def level_data(rows: int = ROWS, seed: int = 0) -> Dataset:
    """One column in sequences of at least 4 rows about levels that move, some rows missing, at an end too."""
    generator = np.random.Generator(np.random.Philox(seed))
    count = rows // 7
    codes = np.sort(
        np.concatenate((np.tile(np.arange(count), 4), generator.integers(0, count, rows - 4 * count)))
    )
    values = 50.0 + 3.0 * np.cumsum(generator.standard_normal(rows)) + 2.0 * generator.standard_normal(rows)
    lasts = np.flatnonzero(np.diff(codes)) + 1
    values[[0, 5, *lasts[::3].tolist()]] = np.nan
    names = tuple(f"s{number + 1}" for number in range(count))
    return Dataset("levels", ("y",), values[:, None], sequences=codes.astype(np.int64), sequence_names=names)


def _dataset(name: str, values: Array, weighted: bool, generator: np.random.Generator) -> Dataset:
    row_weights = frozen(generator.integers(0, 4, len(values))) if weighted else None
    columns = tuple(f"x{j + 1}" for j in range(values.shape[1]))
    return Dataset(name, columns, np.array(values), row_weights)


def _named(dataset: Dataset, last: str) -> Dataset:
    """The dataset with another name for its last column."""
    return dataclasses.replace(dataset, columns=(*dataset.columns[:-1], last))


def data_for(model: Any, dimension: int, weighted: bool, rows: int = ROWS) -> Dataset:
    """Likelihoods for known components; else the first kind of data that the model takes."""
    if isinstance(model, MixtureProportions):
        return likelihood_data(dimension, weighted, rows)
    if isinstance(model, GeneticLinkage):
        return cell_data(weighted, rows, seed=dimension)
    if isinstance(model, FactorModel):
        return correlated_data(dimension, weighted, rows)
    if isinstance(model, HiddenMarkov):
        return sequence_data(model.emission, dimension, rows)
    if isinstance(model, StateSpace):
        return level_data(rows, seed=dimension)
    if isinstance(model, MixtureOfFactorAnalysers):
        # Fewer than three columns do not tell a factor.
        return real_data(dimension + 2, weighted, rows)
    if isinstance(model, GammaMixture):
        return positive_data(dimension, weighted, rows)
    if isinstance(model, MixtureOfRegressions):
        return line_data(dimension, weighted, rows)
    if isinstance(model, GivenTrials) and model.trials_column:
        columns = 1 if isinstance(model, Coins) else dimension
        return _named(unequal_data(columns, weighted, rows), model.trials_column)
    if isinstance(model, IncompleteRows):
        return incomplete_data(dimension, weighted, rows)
    # One column suits every model of single numbers and some suit no other dimension.
    for columns in (dimension, 1):
        for kind in (real_data, count_data, success_data, answer_data, word_data):
            dataset = kind(columns, weighted, rows)
            try:
                model.check(dataset)
            except InputError:
                continue
            return dataset
    raise AssertionError(f"no data for {model.name}")


def variants() -> Iterator[tuple[str, Any]]:
    """Every mixture as `mixtures` has them, and every other model of the catalogue."""
    yield from mixtures()
    for name, model in catalogue.find("models").items():
        if issubclass(model, HiddenMarkov):
            yield from hidden_markov_models()
        elif issubclass(model, StateSpace):
            yield from state_spaces()
        elif not issubclass(model, Mixture):
            yield name, model()
        if issubclass(model, FactorModel):
            yield f"{name}-two-factors", model(factors=2)
            for block in model.blocks:
                yield f"{name}-hold-{block}", model(hold=(block,))


def hidden_markov_models() -> Iterator[tuple[str, Any]]:
    """Both emissions with each of their blocks held, a floor, and a stationary initial law."""
    gaussian, poisson = HiddenMarkov(states=3), HiddenMarkov(emission="poisson", states=3)
    yield "hidden-markov", gaussian
    yield "hidden-markov-poisson", poisson
    for block in ("initial", "transitions", "means", "covariances"):
        yield f"hidden-markov-hold-{block}", dataclasses.replace(gaussian, hold=(block,))
    yield "hidden-markov-poisson-hold-rates", dataclasses.replace(poisson, hold=("rates",))
    yield "hidden-markov-floor", dataclasses.replace(gaussian, covariance_floor=0.3)
    yield "hidden-markov-stationary", dataclasses.replace(gaussian, initial_law="stationary")
    yield "hidden-markov-poisson-stationary", dataclasses.replace(poisson, initial_law="stationary")
    held = dataclasses.replace(gaussian, initial_law="stationary", hold=("transitions",))
    yield "hidden-markov-stationary-hold-transitions", held


def state_spaces() -> Iterator[tuple[str, Any]]:
    """Both structures, and each variance of the larger one held."""
    trend = StateSpace("local-linear-trend")
    yield "state-space", StateSpace()
    yield "state-space-trend", trend
    for block in StateSpace.blocks:
        yield f"state-space-trend-hold-{block}", dataclasses.replace(trend, hold=(block,))


def mixtures() -> Iterator[tuple[str, Any]]:
    """Every mixture of the catalogue with each choice of each setting, each block held, and a floor."""
    for name, model in catalogue.find("models").items():
        if not issubclass(model, Mixture):
            continue
        plain = model(components=3)
        yield name, plain
        if model.copes_with_missing_cells:
            for choice in ("full", "diagonal", "spherical", "tied"):
                yield f"{name}-incomplete-{choice}", IncompleteRows(components=3, covariance=choice)
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
        if issubclass(model, GivenTrials):
            unequal = dataclasses.replace(plain, trials_column="trials")
            yield f"{name}-unequal", unequal
            yield f"{name}-unequal-hold-weights", dataclasses.replace(unequal, hold=("weights",))
        for block in model.blocks:
            yield f"{name}-hold-{block}", dataclasses.replace(plain, hold=(block,))
        yield f"{name}-hold-all-but-weights", dataclasses.replace(plain, hold=model.blocks[1:])


def takes_row_weights(model: Any) -> bool:
    """Whether a row may count several times, which none of a sequence can."""
    return not isinstance(model, HiddenMarkov | StateSpace)


def cases() -> Iterator[Case]:
    """Variants x dimensions 1, 2, 5 x with and without row weights."""
    for label, model in variants():
        for dimension in (1, 2, 5):
            for weighted in (False, True) if takes_row_weights(model) else (False,):
                dataset = data_for(model, dimension, weighted)
                ending = "-row-weights" if weighted else ""
                yield Case(f"{label}-d{dimension}{ending}", model, dataset)


CASES = tuple(cases())
WEIGHTED = tuple(case for case in CASES if "weights" in case.model.blocks)
"""Those of models whose latent variable is a component with a weight."""
SEQUENCES = tuple(case for case in CASES if not takes_row_weights(case.model))
"""Those of models whose rows are sequences."""
DISCRETE = tuple(case for case in CASES if not isinstance(case.model, FactorModel) and case not in SEQUENCES)
"""Those of models whose latent variable takes few values, and in each row for itself."""
