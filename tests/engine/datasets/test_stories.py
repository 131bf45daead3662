"""Laws that every generated data story keeps; the catalogue finds the stories."""

import dataclasses
import time
import tracemalloc

import numpy as np
import pytest

from engine.catalogue import find, summary
from engine.dataset import Dataset
from engine.datasets.base import ROWS_AT_ONCE, GeneratedStory, draw_labels, row_blocks
from engine.errors import InputError
from engine.objective import Problem
from engine.parameters import Array
from engine.settings import configure, settings_of, written

STORIES = {name: cls for name, cls in find("datasets").items() if issubclass(cls, GeneratedStory)}
EXPECTED = {
    "three-clusters",
    "separated-clusters",
    "overlapping-clusters",
    "unequal-weights",
    "zero-weight",
    "elongated-clusters",
    "different-scales",
    "heavy-tails",
    "two-moons",
    "one-gaussian",
    "two-bumps",
    "ten-dimensions",
    "poisson-counts",
    "latent-classes",
    "binomial-counts",
    "word-counts",
    "coin-tosses",
    "linkage-crosses",
    "hidden-chain",
    "moving-level",
}
GAUSSIAN = sorted(
    name
    for name, cls in STORIES.items()
    if cls.suits[0] == "gaussian-mixture" and name not in ("heavy-tails", "two-moons")
)
every_story = pytest.mark.parametrize("name", sorted(STORIES))


def story(name: str, **settings: object) -> GeneratedStory:
    made = configure(STORIES[name], settings, "[data]")
    assert isinstance(made, GeneratedStory)
    return made


def same(one: Dataset, other: Dataset) -> bool:
    assert one.labels is not None
    assert other.labels is not None
    return np.array_equal(one.values, other.values, equal_nan=True) and np.array_equal(
        one.labels, other.labels
    )


def test_the_stories_of_the_house_are_found() -> None:
    assert set(STORIES) >= EXPECTED


@every_story
def test_the_same_settings_give_the_same_points_and_another_seed_others(name: str) -> None:
    first = story(name, size=300, seed=3).generate()
    assert same(first, story(name, size=300, seed=3).generate())
    assert not same(first, story(name, size=300, seed=4).generate())


@every_story
@pytest.mark.parametrize("size", [1, 5, 600, ROWS_AT_ONCE + 1])
def test_shapes_roles_and_names(name: str, size: int) -> None:
    data = story(name, size=size).generate()
    assert data.name == name
    assert data.values.shape == (size, len(data.columns))
    assert data.values.dtype == np.float64
    assert data.values.flags.c_contiguous
    assert not np.any(np.isinf(data.values))
    assert not data.missing or hasattr(story(name), "missing")
    assert data.row_weights is None
    assert data.labels is not None
    assert data.labels.shape == (size,)
    assert data.labels.dtype == np.int64
    assert data.labels.min() >= 0
    assert data.labels.max() < len(data.label_names)
    assert len(set(data.columns)) == data.dimension
    assert not any("," in column or " " in column for column in data.columns)


@every_story
def test_nothing_that_crosses_threads_can_be_written_to(name: str) -> None:
    data = story(name, size=10).generate()
    assert data.labels is not None
    blocks = data.truth.parameters.values() if data.truth else ()
    assert not any(array.flags.writeable for array in (data.values, data.labels, *blocks))


@every_story
def test_the_truth_is_a_point_of_its_model(name: str) -> None:
    data = story(name, size=10).generate()
    if data.truth is None:
        assert name == "two-moons"
        return
    assert data.truth.model in STORIES[name].suits
    accepted_by_the_model_of_its_setup(name)
    if "weights" not in data.truth.parameters:
        return
    weights = data.truth.parameters["weights"]
    assert np.all(weights >= 0)
    assert abs(weights.sum() - 1) <= 1e-9
    if data.truth.model == "poisson-mixture":
        rates = data.truth.parameters["rates"]
        assert rates.shape == (len(weights), data.dimension)
        assert np.all(rates > 0)
        return
    if "covariances" not in data.truth.parameters:
        return
    d = data.dimension
    covariances = data.truth.parameters["covariances"]
    assert data.truth.parameters["means"].shape == (len(weights), d)
    assert covariances.shape == (len(weights), d, d)
    np.testing.assert_array_equal(covariances, np.swapaxes(covariances, 1, 2))
    assert np.linalg.eigvalsh(covariances).min() > 0


def accepted_by_the_model_of_its_setup(name: str) -> None:
    """A few hundred points are data for the model that the story names, and the truth is a start for it."""
    data, setup = story(name, size=300).generate(), STORIES[name]().setup()["model"]
    assert data.truth is not None
    settings = {key: value for key, value in setup.items() if key != "name"}
    if "components" in settings and "weights" in data.truth.parameters:
        settings["components"] = len(data.truth.parameters["weights"])
    if data.truth.model != setup["name"]:
        return
    model = configure(find("models")[setup["name"]], settings, "[model]")
    model.check(data)
    prepared = model.prepare(data)
    parameters = model.accept(prepared, data.truth.parameters)
    assert np.isfinite(Problem(model, prepared, 1).log_likelihood(parameters))


def frequencies_are_those_of(chances: Array, seen: Array, trials: float) -> None:
    """Whether shares of successes (d,) are their probabilities, to 5 standard errors."""
    error = np.sqrt(chances * (1 - chances) / trials)
    assert np.all(np.abs(seen - chances) <= 5 * error + 1e-12)


@pytest.mark.parametrize(
    ("name", "block", "settings"),
    [
        ("latent-classes", "probabilities", {"items": 5, "certainty": 0.9}),
        ("binomial-counts", "probabilities", {"trials": 7, "dimension": 3}),
        ("word-counts", "probabilities", {"words": 7, "length": 20}),
        ("coin-tosses", "heads", {"coins": 3, "tosses": 6}),
    ],
)
def test_counts_have_the_probabilities_of_the_truth(
    name: str, block: str, settings: dict[str, float]
) -> None:
    data = story(name, size=100_000, seed=2, **settings).generate()
    assert data.truth is not None
    assert data.labels is not None
    trials = settings.get("trials", settings.get("length", settings.get("tosses", 1)))
    assert np.array_equal(data.values, np.rint(data.values))
    assert np.min(data.values) >= 0
    assert np.max(data.values) <= trials
    for k, chances in enumerate(data.truth.parameters[block]):
        rows = data.values[data.labels == k]
        weight = data.truth.parameters["weights"][k]
        frequencies_are_those_of(np.array([weight]), np.array([len(rows) / data.rows]), data.rows)
        frequencies_are_those_of(np.atleast_1d(chances), np.mean(rows, axis=0) / trials, trials * len(rows))
    if name == "word-counts":
        assert np.all(np.sum(data.values, axis=1) == trials)


def test_linkage_crosses_fall_into_their_cells() -> None:
    data = story("linkage-crosses", size=100_000, theta=0.3).generate()
    seen = np.array([np.mean(data.values == cell) for cell in (1, 2, 3, 4)])
    frequencies_are_those_of(np.array([0.575, 0.175, 0.175, 0.075]), seen, data.rows)
    assert data.labels is not None
    assert np.array_equal(np.unique(data.values[data.labels <= 1]), [1.0])


@pytest.mark.parametrize("name", GAUSSIAN)
def test_many_points_have_the_moments_of_the_truth(name: str) -> None:
    data = story(name, size=100_000, seed=1).generate()
    assert data.truth is not None
    assert data.labels is not None
    truth = data.truth.parameters
    for k, weight in enumerate(truth["weights"]):
        points = data.values[data.labels == k]
        assert abs(len(points) / data.rows - weight) <= 5 * np.sqrt(weight * (1 - weight) / data.rows)
        if weight == 0:
            continue
        # Which cells are missing has nothing to do with what they were.
        points = points[~np.isnan(points).any(axis=1)]
        # Compared in whitened units, where a standard error is 1/√n in every direction.
        factor = np.linalg.cholesky(truth["covariances"][k])
        whitened = np.linalg.solve(factor, (points - truth["means"][k]).T)
        error = 1 / np.sqrt(len(points))
        assert np.abs(whitened.mean(axis=1)).max() <= 5 * error
        excess = whitened @ whitened.T / len(points) - np.eye(data.dimension)
        assert np.abs(excess).max() <= 6 * np.sqrt(2) * error


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_poisson_counts_are_counts_with_the_rates_of_the_truth(dimension: int) -> None:
    data = story("poisson-counts", size=100_000, dimension=dimension).generate()
    assert data.truth is not None
    assert data.labels is not None
    assert data.dimension == dimension
    assert np.all(data.values >= 0)
    assert np.array_equal(data.values, np.rint(data.values))
    for k, rates in enumerate(data.truth.parameters["rates"]):
        counts = data.values[data.labels == k]
        error = np.sqrt(rates / len(counts))
        assert np.all(np.abs(counts.mean(axis=0) - rates) <= 5 * error)
        assert np.all(np.abs(counts.var(axis=0) / rates - 1) <= 0.05)


def test_heavy_tails_have_their_centres_their_outliers_and_their_tails() -> None:
    data = story("heavy-tails", size=100_000, degrees_of_freedom=3.0, outliers=0.1).generate()
    assert data.truth is not None
    assert data.labels is not None
    means, scatters = (data.truth.parameters[name] for name in ("means", "covariances"))
    for k, (mean, scatter) in enumerate(zip(means, scatters, strict=True)):
        points = data.values[data.labels == k] - mean
        assert np.abs(np.median(points, axis=0)).max() <= 0.05
        distances = np.sum(points * np.linalg.solve(scatter, points.T).T, axis=1)
        # x'Σ⁻¹x/2 has an F distribution with 2 and 3 degrees of freedom: median .8811, 95 % below 9.552.
        assert abs(np.median(distances) / 2 - 0.8811) <= 0.03
        assert abs(np.mean(distances / 2 > 9.552) - 0.05) <= 0.006
    assert abs(np.mean(data.labels == 3) - 0.1) <= 0.005
    assert np.abs(data.values[data.labels == 3]).max() <= 20.0


def test_two_moons_lie_on_their_half_circles() -> None:
    data = story("two-moons", size=2000, noise=0.0).generate()
    assert data.labels is not None
    upper, lower = data.values[data.labels == 0], data.values[data.labels == 1]
    np.testing.assert_allclose(np.hypot(upper[:, 0], upper[:, 1]), 1.0, atol=1e-12)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1.0, lower[:, 1] - 0.5), 1.0, atol=1e-12)
    assert upper[:, 1].min() >= 0
    assert lower[:, 1].max() <= 0.5


def test_separation_is_the_distance_between_the_means() -> None:
    for name, separation in (("overlapping-clusters", 1.5), ("two-bumps", 3.0), ("ten-dimensions", 7.0)):
        truth = story(name, size=1, separation=separation).generate().truth
        assert truth is not None
        means = truth.parameters["means"]
        distances = [np.linalg.norm(a - b) for i, a in enumerate(means) for b in means[:i]]
        np.testing.assert_allclose(distances, separation, rtol=1e-12)


def test_three_clusters_come_together_as_separation_goes_down() -> None:
    for separation in (0.0, 0.5, 1.0, 3.0):
        truth = story("three-clusters", size=1, separation=separation).generate().truth
        assert truth is not None
        expected = separation * np.array([[-3.0, -1.0], [3.0, -1.0], [0.0, 3.0]])
        np.testing.assert_allclose(truth.parameters["means"], expected)


@every_story
def test_the_extremes_of_every_setting_can_be_drawn(name: str) -> None:
    for setting in settings_of(STORIES[name]):
        for bound in (setting.minimum, setting.maximum):
            if setting.name != "size" and bound is not None:
                data = story(name, size=20, **{setting.name: setting.kind(bound)}).generate()
                assert not np.any(np.isinf(data.values))
                assert data.missing == 0 or hasattr(story(name), "missing")


@every_story
def test_a_story_says_how_it_is_shown_best(name: str) -> None:
    setup = STORIES[name]().setup()
    assert set(setup) <= {"model", "start"}
    assert setup["model"]["name"] in STORIES[name].suits
    components = setup["model"].get("components", 1)
    assert 1 <= components <= 12
    if "start" in setup:
        assert setup["start"]["name"] == "parameters"
        assert len(setup["start"]["weights"]) == components
        assert abs(sum(setup["start"]["weights"]) - 1) <= 1e-9


@every_story
def test_settings_describe_themselves_and_are_written_and_read_back(name: str) -> None:
    assert len(summary(STORIES[name])) <= 80
    described = settings_of(STORIES[name])
    assert [each.name for each in described[:2]] == ["size", "seed"]
    assert all(each.label and each.help and each.range_text for each in described)
    made = STORIES[name]()
    assert configure(STORIES[name], written(made), "[data]") == made
    assert dataclasses.replace(made, size=7).generate().rows == 7
    with pytest.raises(InputError, match="size = 0 is out of range"):
        story(name, size=0)
    with pytest.raises(InputError, match="size = 10000001 is out of range"):
        story(name, size=10_000_001)


@pytest.mark.parametrize("name", ["three-clusters", "heavy-tails", "poisson-counts"])
def test_a_million_points_come_quickly(name: str) -> None:
    began = time.process_time()
    assert story(name, size=1_000_000).generate().rows == 1_000_000
    assert time.process_time() - began < 10


@pytest.mark.parametrize("name", ["three-clusters", "heavy-tails", "two-moons", "poisson-counts"])
def test_drawing_needs_little_more_memory_than_the_points(name: str) -> None:
    tracemalloc.start()
    try:
        data = story(name, size=500_000).generate()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert data.labels is not None
    assert peak < 1.5 * (data.values.nbytes + data.labels.nbytes)


def test_rows_are_covered_once_and_in_order() -> None:
    for size in (1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 3):
        rows = [row for block in row_blocks(size) for row in range(block.start, block.stop)]
        assert rows == list(range(size))


def test_a_component_of_weight_zero_is_never_drawn() -> None:
    generator = np.random.Generator(np.random.Philox(0))
    labels = draw_labels(generator, 200_000, np.array([0.0, 0.1, 0.2, 0.0, 0.7, 0.0]))
    assert set(np.unique(labels)) == {1, 2, 4}
