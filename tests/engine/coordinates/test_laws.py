"""The laws of every way to write every support that it says it can write."""

from dataclasses import dataclass

import numpy as np
import pytest

from engine import catalogue
from engine.coordinates.base import Chart, Coordinates
from engine.errors import CannotRun
from engine.parameters import (
    Array,
    Block,
    Parameters,
    Positive,
    PositiveDefinite,
    Real,
    Simplex,
    Support,
    UnitInterval,
    Variance,
)
from tests.engine.models.cases import CASES, Case

SHAPES: dict[type[Support], tuple[tuple[int, ...], ...]] = {
    Simplex: ((2,), (3,), (12,), (4, 3)),
    PositiveDefinite: ((1, 1), (2, 2), (3, 1, 1), (3, 2, 2), (2, 5, 5)),
    Variance: ((3,), (3, 2)),
    Positive: ((3,), (3, 2)),
    UnitInterval: ((3,), (3, 2)),
    Real: ((3,), (3, 2)),
}


def inside(support: Support, shape: tuple[int, ...], seed: int) -> Array:
    """A random block well inside the support."""
    generator = np.random.Generator(np.random.Philox(seed))
    if isinstance(support, Simplex):
        return np.asarray(generator.dirichlet(np.full(shape[-1], 2.0), size=shape[:-1] or None))
    if isinstance(support, PositiveDefinite):
        root = generator.standard_normal(shape)
        return np.asarray(root @ np.swapaxes(root, -1, -2) + 0.1 * np.eye(shape[-1]))
    if isinstance(support, UnitInterval):
        return np.asarray(generator.random(shape))
    return np.asarray(generator.gamma(2.0, size=shape))


@dataclass(frozen=True)
class Writing:
    """One way to write one block."""

    label: str
    coordinates: Coordinates
    support: Support
    shape: tuple[int, ...]


def writings() -> tuple[Writing, ...]:
    found = []
    for name, cls in catalogue.find("coordinates").items():
        for support in cls.supports:
            for shape in SHAPES[support]:
                block = Block("block", shape, support())
                label = f"{name}-{support.__name__}-{'x'.join(map(str, shape))}"
                found.append(Writing(label, cls.of(block), block.support, shape))
    return tuple(found)


every_writing = pytest.mark.parametrize("writing", writings(), ids=lambda writing: writing.label)


@every_writing
def test_round_trip(writing: Writing) -> None:
    for seed in range(5):
        block = inside(writing.support, writing.shape, seed)
        assert writing.coordinates.refusal(block) is None
        x = writing.coordinates.write(block)
        again = writing.coordinates.read(x)
        assert again.shape == block.shape
        assert again == pytest.approx(block, rel=1e-12, abs=1e-14)
        assert writing.coordinates.write(again) == pytest.approx(x, rel=1e-9, abs=1e-11)


@every_writing
def test_lands_in_the_support_if_it_says_so(writing: Writing) -> None:
    size = writing.coordinates.write(inside(writing.support, writing.shape, 0)).shape
    generator = np.random.Generator(np.random.Philox(1))
    far = [scale * generator.standard_normal(size) for scale in (0.1, 1.0, 3.0) for _ in range(20)]
    problems = [writing.support.violation(writing.coordinates.read(x)) for x in far]
    if writing.coordinates.keeps_support:
        assert not any(problems)
    elif not isinstance(writing.support, Real):
        assert any(problems)


@every_writing
def test_pull_back_is_that_of_finite_differences(writing: Writing) -> None:
    generator = np.random.Generator(np.random.Philox(2))
    block = inside(writing.support, writing.shape, 3)
    if isinstance(writing.support, Simplex):
        slopes = generator.standard_normal(writing.shape)
    else:
        slopes = writing.support.tangent(generator.standard_normal(writing.shape))
    x = writing.coordinates.write(block)
    pulled = writing.coordinates.pull_back(x, slopes)
    assert pulled.shape == x.shape
    for _ in range(4):
        direction = generator.standard_normal(x.shape)
        ahead = writing.coordinates.read(x + 1e-5 * direction)
        behind = writing.coordinates.read(x - 1e-5 * direction)
        wanted = float(np.sum(slopes * (ahead - behind))) / 2e-5
        assert float(np.sum(pulled * direction)) == pytest.approx(wanted, rel=1e-7, abs=1e-7)


@every_writing
def test_refuses_the_boundary_unless_it_reaches_it(writing: Writing) -> None:
    block = inside(writing.support, writing.shape, 4)
    edge = np.array(block)
    if isinstance(writing.support, Simplex):
        edge[..., 0] = 0.0
        edge /= np.sum(edge, axis=-1, keepdims=True)
    elif isinstance(writing.support, PositiveDefinite):
        edge[..., 0, :] = 0.0
        edge[..., :, 0] = 0.0
    else:
        edge[0] = 0.0
    refused = writing.coordinates.refusal(edge)
    if writing.coordinates.reaches_boundary:
        assert refused is None
        again = writing.coordinates.read(writing.coordinates.write(edge))
        assert again == pytest.approx(edge, rel=1e-15, abs=1e-15)
    else:
        assert refused is not None
        assert refused.endswith(".")


def coordinates_of(case: Case, keeping: bool) -> dict[str, Coordinates]:
    """For each block the catalogue's first coordinates that keep (or do not keep) its support."""
    chosen, known = {}, catalogue.find("coordinates").values()
    for block in case.parameters.layout.blocks:
        # A support without coordinates of its own is written as the one that it is a kind of.
        kind = next(
            each for each in type(block.support).__mro__ if any(each in cls.supports for cls in known)
        )
        able = [cls.of(block) for cls in known if kind in cls.supports]
        chosen[block.name] = next((each for each in able if each.keeps_support is keeping), able[0])
    return chosen


SOME = tuple(case for place, case in enumerate(CASES) if place % 3 == 0)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("keeping", [True, False])
@pytest.mark.parametrize("case", SOME, ids=lambda case: case.label)
def test_chart_reads_back_and_pulls_back(case: Case, keeping: bool, standardize: bool) -> None:
    start, problem = case.parameters, case.problem()
    chart = Chart(start, coordinates_of(case, keeping), standardize, "lane")
    x = chart.write(start)
    assert x.shape == (chart.size,)
    again = chart.read(x)
    assert again.vector == pytest.approx(start.vector, rel=1e-9, abs=1e-11)
    for name in case.held:
        assert np.array_equal(again[name], start[name])
    _, natural = problem.gradient(again)
    pulled = chart.pull_back(x, natural)
    generator = np.random.Generator(np.random.Philox(5))
    for name in start.layout.free:
        place = chart.place(name)
        direction = np.zeros(chart.size)
        scale = np.maximum(1e-3, np.abs(x[place]))
        direction[place] = (
            _symmetric(generator.standard_normal(scale.size), start.layout.by_name[name]) * scale
        )
        wanted = _slope(problem.log_likelihood, chart, x, direction)
        size = float(np.sum(np.abs(pulled * direction)))
        assert float(pulled @ direction) == pytest.approx(wanted, rel=1e-6, abs=1e-6 * size)


def _symmetric(direction: Array, block: Block) -> Array:
    """A direction among symmetric matrices where the matrix itself is what is written."""
    if not isinstance(block.support, PositiveDefinite) or direction.size != block.size:
        return direction
    return block.support.tangent(direction.reshape(block.shape)).ravel()


def _slope(value: object, chart: Chart, x: Array, direction: Array) -> float:
    assert callable(value)

    def difference(step: float) -> float:
        ahead, behind = chart.read(x + step * direction), chart.read(x - step * direction)
        return float(value(ahead) - value(behind)) / (2 * step)

    return (4 * difference(2e-4) - difference(4e-4)) / 3


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("case", SOME, ids=lambda case: case.label)
def test_keeping_chart_never_leaves_the_supports_and_floors(case: Case, standardize: bool) -> None:
    chart = Chart(case.parameters, coordinates_of(case, True), standardize, "lane")
    generator = np.random.Generator(np.random.Philox(6))
    assert chart.keeps_support
    x = chart.write(case.parameters)
    for _ in range(20):
        there = chart.read(x + 0.7 * generator.standard_normal(chart.size))
        assert case.parameters.layout.violation(there.vector) is None


@pytest.mark.parametrize("name", ["log-cholesky", "matrix-logarithm", "cholesky"])
def test_a_start_on_the_floor_is_refused_with_the_lanes_name_unless_it_can_be_written(name: str) -> None:
    case = next(case for case in CASES if case.label == "gaussian-mixture-full-floor-d2")
    covariances = np.array(case.parameters["covariances"])
    covariances[1] = 0.3 * np.eye(2)
    start = case.parameters.replaced({"covariances": covariances})
    assert start.layout.violation(start.vector) is None
    chosen = coordinates_of(case, True)
    chosen["covariances"] = catalogue.get("coordinates", name).of(start.layout.by_name["covariances"])
    if chosen["covariances"].reaches_boundary:
        chart = Chart(start, chosen, True, "slow climber")
        assert chart.read(chart.write(start)).vector == pytest.approx(start.vector, rel=1e-12)
    else:
        with pytest.raises(CannotRun, match=r"^slow climber cannot start here: a covariance .* floor"):
            Chart(start, chosen, True, "slow climber")
    Chart(start, coordinates_of(case, False), True, "slow climber")


def test_a_start_with_a_weight_of_nothing_is_refused_by_softmax_with_its_number() -> None:
    case = next(case for case in CASES if case.label == "gaussian-mixture-d2")
    start = case.parameters.replaced({"weights": np.array([0.4, 0.0, 0.6])})
    softmax = coordinates_of(case, True) | {"weights": catalogue.get("coordinates", "softmax")()}
    with pytest.raises(CannotRun, match="weight 2, which is 0"):
        Chart(start, softmax, True, "slow climber")


def test_blocks_left_out_stay_as_they_are() -> None:
    case = next(case for case in CASES if case.label == "gaussian-mixture-d2")
    chart = Chart(case.parameters, coordinates_of(case, True), True, "lane", without=("means",))
    moved: Parameters = chart.read(chart.write(case.parameters) + 0.1)
    assert np.array_equal(moved["means"], case.parameters["means"])
    assert not np.array_equal(moved["covariances"], case.parameters["covariances"])
