"""The laws of every start with every model."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from engine import catalogue
from engine.dataset import Dataset, Truth
from engine.errors import InputError
from engine.models.centres import filled_with_means
from engine.models.mixture import Mixture
from engine.models.mixture_proportions import MixtureProportions
from engine.models.poisson_mixture import PoissonMixture
from engine.parameters import Parameters, frozen
from engine.settings import settings_of
from engine.starts.base import RandomStart
from engine.starts.parameters import GivenParameters
from tests.engine.models.cases import CASES, Case, data_for, mixtures

SOME = CASES[::3]
"""Every variant of every model, on some of its data: starts hardly look at them."""
every_case = pytest.mark.parametrize("case", SOME, ids=lambda case: case.label)
every_mixture = pytest.mark.parametrize(
    "case", [case for case in SOME if isinstance(case.model, Mixture)], ids=lambda case: case.label
)
every_variant = pytest.mark.parametrize(
    ("label", "model"), tuple(mixtures()), ids=lambda value: str(value)[:30]
)
random_starts = pytest.mark.parametrize(
    "start",
    [
        cls
        for cls in catalogue.find("starts").values()
        if issubclass(cls, RandomStart) and cls().refusal(PoissonMixture()) is None
    ],
)


def natural(case: Case) -> dict[str, Any]:
    return {
        name: tuple(map(tuple, block)) if block.ndim == 2 else block.tolist()
        for name, block in case.model.describe(case.parameters).items()
    }


def truthful(case: Case) -> Case:
    """The same data with a truth that the model can take."""
    truth = Truth(case.model.name, case.model.describe(case.parameters))
    return dataclasses.replace(case, dataset=dataclasses.replace(case.dataset, truth=truth))


def chosen(start: Any, case: Case) -> Parameters:
    parameters = start.choose(case.model, case.prepared)
    assert isinstance(parameters, Parameters)
    return parameters


def instance(name: str, case: Case) -> tuple[Any, Case]:
    """The start called `name`, filled in where it needs values, with data that it fits."""
    cls = catalogue.get("starts", name)
    if cls is GivenParameters:
        return cls(**natural(case)), case
    return cls(), truthful(case) if name == "truth" else case


@pytest.mark.parametrize("name", catalogue.find("starts"))
@every_case
def test_parameters_are_valid_and_reproducible(case: Case, name: str) -> None:
    start, case = instance(name, case)
    refusal = start.refusal(case.model)
    if refusal is not None:
        assert not isinstance(case.model, type(start).fits)
        assert refusal.startswith(
            f"{name} is no start for {case.model.name}; choose {case.model.default_start}"
        )
        with pytest.raises(InputError, match="is no start for"):
            chosen(start, case)
        return
    parameters = chosen(start, case)
    assert not parameters.vector.flags.writeable
    assert parameters.layout.violation(parameters.vector) is None
    assert np.isfinite(case.problem().log_likelihood(parameters))
    assert np.array_equal(chosen(start, case).vector, parameters.vector)


@random_starts
@every_case
def test_another_seed_draws_another_start(case: Case, start: type[RandomStart]) -> None:
    if start().refusal(case.model) is not None:
        return
    vectors = [chosen(start(seed=seed), case).vector for seed in range(3)]
    assert not np.array_equal(vectors[0], vectors[1])
    assert not np.array_equal(vectors[1], vectors[2])


def test_random_starts_have_a_seed_setting() -> None:
    for cls in catalogue.find("starts").values():
        assert ("seed" in {each.name for each in settings_of(cls)}) is issubclass(cls, RandomStart)


@every_mixture
def test_symmetric_is_alike_and_stays_so(case: Case) -> None:
    parameters = chosen(catalogue.get("starts", "symmetric")(), case)
    expectation, _ = case.problem().gradient(parameters)
    for at in (parameters, case.model.m_step(expectation.statistics, parameters)):
        assert np.ptp(at["weights"]) == 0
        for block in at.layout.blocks[1:]:
            if block.shape[0] == case.model.components and block.name != "weights" and block.shape != (3, 3):
                assert np.array_equal(at[block.name], np.broadcast_to(at[block.name][:1], block.shape))


@every_case
def test_given_parameters_are_taken_as_they_are(case: Case) -> None:
    given = GivenParameters(**natural(case))
    assert chosen(given, case).vector == pytest.approx(case.parameters.vector, rel=1e-12, abs=1e-13)


@every_variant
def test_truth_is_refused_where_it_is_not_known(label: str, model: Any) -> None:
    case = Case(label, model, data_for(model, 2, False))
    start = catalogue.get("starts", "truth")()
    with pytest.raises(InputError, match=r"^\[start\]: the truth behind .* is not known"):
        start.choose(model, case.prepared)
    known = truthful(case)
    fewer = dataclasses.replace(model, components=2)
    with pytest.raises(InputError, match=r"has 3 true components; set components to 3"):
        start.choose(fewer, fewer.prepare(known.dataset))


@random_starts
@every_variant
def test_as_many_components_as_the_few_rows_allow(label: str, model: Any, start: type[RandomStart]) -> None:
    if start().refusal(model) is not None:
        return
    dataset = data_for(model, 2, False, rows=15)
    different = len(np.unique(filled_with_means(dataset.values.T), axis=1).T)
    assert different >= 6
    many = dataclasses.replace(model, components=min(12, different))
    case = Case(label, many, dataset)
    for seed in range(5):
        parameters = chosen(start(seed=seed), case)
        assert parameters.layout.violation(parameters.vector) is None
        assert np.isfinite(case.problem().log_likelihood(parameters))


@pytest.mark.parametrize("name", ["k-means++", "random-points"])
def test_rows_without_weight_and_repeated_rows_are_never_chosen(name: str) -> None:
    values = np.repeat([[0.0], [1.0], [2.0], [50.0]], [400, 1, 1, 400], axis=0)
    row_weights = np.where(values[:, 0] == 50.0, 0.0, 1.0)
    dataset = Dataset("repeated", ("x",), values, frozen(row_weights))
    model = catalogue.get("models", "gaussian-mixture")(components=3)
    case = Case(name, model, dataset)
    for seed in range(20):
        parameters = chosen(catalogue.get("starts", name)(seed=seed), case)
        means = model.describe(parameters)["means"][:, 0]
        assert sorted(np.round(means, 9)) == [0.0, 1.0, 2.0]


def test_responsibilities_of_rows_without_weight_do_not_count() -> None:
    model = catalogue.get("models", "gaussian-mixture")(components=2)
    near = np.random.Generator(np.random.Philox(1)).standard_normal((40, 1))
    values = np.concatenate((near, [[1e6]]))
    row_weights = frozen([1.0] * 40 + [0.0])
    case = Case("far", model, Dataset("far", ("x",), values, row_weights))
    start = catalogue.get("starts", "random-responsibilities")
    assert np.max(np.abs(model.describe(chosen(start(), case))["means"])) < 3


def test_a_stray_row_far_away_does_not_swallow_the_spread() -> None:
    """k-means++ places a centre on an outlier, and the others share the spread that remains."""
    generator = np.random.Generator(np.random.Philox(2))
    values = np.concatenate((generator.standard_normal((99, 2)), [[1e3, 1e3]]))
    model = catalogue.get("models", "gaussian-mixture")(components=2)
    case = Case("outlier", model, Dataset("outlier", ("x", "y"), values))
    parameters = chosen(catalogue.get("starts", "k-means++")(), case)
    assert np.max(np.abs(model.describe(parameters)["means"])) == pytest.approx(1e3)


@every_case
def test_the_models_own_start_fits_it(case: Case) -> None:
    start = catalogue.get("starts", case.model.default_start)()
    assert start.refusal(case.model) is None
    parameters = chosen(start, case)
    if isinstance(case.model, MixtureProportions):
        assert np.array_equal(
            parameters["weights"], np.full(len(case.dataset.columns), 1 / len(case.dataset.columns))
        )
