"""Projections against brute force, sentences about what is wrong, and the flat vector."""

import itertools

import numpy as np
import pytest

from engine.parameters import (
    Array,
    Block,
    Layout,
    Positive,
    PositiveDefinite,
    Real,
    Simplex,
    Support,
    UnitInterval,
    Variance,
    frozen,
)


def nearest_on_simplex(point: Array) -> Array:
    """Brute force: on each face the nearest point of its hull; the best of those that are on the simplex."""
    best, distance = np.zeros_like(point), np.inf
    for size in range(1, point.size + 1):
        for face in map(list, itertools.combinations(range(point.size), size)):
            candidate = np.zeros_like(point)
            candidate[face] = point[face] + (1 - point[face].sum()) / size
            away = float(np.sum((candidate - point) ** 2))
            if np.min(candidate) >= -1e-12 and away < distance:
                best, distance = candidate, away
    return best


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_simplex_projection_is_the_nearest_point(size: int) -> None:
    generator = np.random.Generator(np.random.Philox(size))
    for scale in (0.1, 1.0, 30.0):
        for _ in range(10):
            point = scale * generator.standard_normal(size) + 1 / size
            projected = Simplex().project(point)
            assert projected == pytest.approx(nearest_on_simplex(point), abs=1e-12 * max(1.0, scale))
            assert np.min(projected) >= 0
            assert np.sum(projected) == pytest.approx(1.0, abs=1e-13)


@pytest.mark.parametrize("size", [1e16, 1e20, 1e150])
def test_simplex_projection_of_what_is_far_away_sums_to_one(size: float) -> None:
    assert Simplex().project(np.array([size, 1.0])).tolist() == [1.0, 0.0]
    rows = Simplex().project(np.array([[size, 1.0, size], [0.2, 0.3, 0.9]]))
    assert np.sum(rows, axis=1) == pytest.approx(1.0)
    assert rows[0].tolist() == [0.5, 0.0, 0.5]


def test_simplex_projection_works_row_by_row() -> None:
    rows = np.random.Generator(np.random.Philox(0)).standard_normal((4, 3))
    assert np.array_equal(Simplex().project(rows), np.array([Simplex().project(row) for row in rows]))


@pytest.mark.parametrize("weights", [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.25] * 4, [1.0]])
def test_simplex_projection_leaves_its_points_alone(weights: list[float]) -> None:
    assert Simplex().project(np.array(weights)) == pytest.approx(weights, abs=1e-16)


def test_simplex_projection_of_an_equal_shift_moves_nothing() -> None:
    weights = np.array([0.2, 0.3, 0.5])
    assert Simplex().project(weights + 1e6) == pytest.approx(weights, abs=1e-9)


@pytest.mark.parametrize("lower", [0.0, 0.3])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (4, 2, 2), (3, 5, 5)])
def test_matrix_projection_is_the_nearest_matrix(shape: tuple[int, ...], lower: float) -> None:
    generator = np.random.Generator(np.random.Philox(1))
    support = PositiveDefinite(lower)
    for _ in range(10):
        point = support.tangent(generator.standard_normal(shape))
        projected = support.project(point)
        assert np.min(np.linalg.eigvalsh(projected)) >= lower - 1e-12
        assert projected == pytest.approx(np.swapaxes(projected, -1, -2), abs=1e-15)
        # The nearest point of a convex set: no member lies at an acute angle behind it.
        for _ in range(10):
            root = generator.standard_normal(shape)
            member = root @ np.swapaxes(root, -1, -2) + lower * np.eye(shape[-1])
            assert float(np.sum((point - projected) * (member - projected))) <= 1e-10
        assert support.project(projected) == pytest.approx(projected, abs=1e-12)


def test_interior_points_are_projected_onto_themselves() -> None:
    matrix = np.array([[[2.0, 0.3], [0.3, 1.0]]])
    assert np.array_equal(PositiveDefinite().project(matrix), matrix)
    assert np.array_equal(PositiveDefinite(0.5).project(matrix), matrix)
    assert np.array_equal(Variance(0.1).project(matrix[0, 0]), matrix[0, 0])


def test_projection_onto_an_interval() -> None:
    assert list(Positive(0.5).project(np.array([-1.0, 0.5, 2.0]))) == [0.5, 0.5, 2.0]
    assert list(UnitInterval().project(np.array([-1.0, 0.5, 2.0]))) == [0.0, 0.5, 1.0]


def test_tangents() -> None:
    direction = np.arange(9.0).reshape(3, 3)
    assert np.array_equal(PositiveDefinite().tangent(direction), (direction + direction.T) / 2)
    assert Simplex().tangent(np.array([1.0, 2.0, 6.0])) == pytest.approx([-2, -1, 3])
    assert np.array_equal(Real().tangent(direction), direction)


NAN = float("nan")


@pytest.mark.parametrize(
    ("support", "values", "sentence"),
    [
        (Simplex(), [0.5, 0.5], None),
        (Simplex(), [1.0, 0.0], None),
        (Simplex(), [0.6, 0.431, -0.031], "weight 3 became -0.031"),
        (Simplex(), [0.6, 0.5], "the weights' sum became 1.1"),
        (Simplex(), [0.6, NAN], "a weight is not finite"),
        (Simplex(), [[0.5, 0.5], [1.25, -0.25]], "weight 2, 2 became -0.25"),
        (Simplex(("transition", "transitions")), [[0.5, 0.6]], "the transitions' sum became 1.1"),
        (Positive(), [0.0, 1.0], None),
        (Positive(), [1.0, -2.0], "rate 2 became -2"),
        (Positive(), [[1.0, 1.0], [1.0, 1.0], [1.0, -2.0]], "rate 3 became -2"),
        (Positive(), [1.0, float("inf")], "a value is not finite"),
        (Positive(0.5), [0.5, 0.4], "rate 2 became 0.4"),
        (Variance(), [1.0, 2.0], None),
        (Variance(), [1.0, 0.0], "the variance of component 2 became 0"),
        (Variance(), [1.0, -0.5], "the variance of component 2 became -0.5"),
        (Variance(), [[1.0, 2.0], [3.0, 0.0]], "the variance of component 2 became 0"),
        (UnitInterval(), [0.0, 1.0], None),
        (UnitInterval(), [0.0, 1.5], "a probability became 1.5"),
        (UnitInterval(), [-0.5, 1.5], "a probability became -0.5"),
        (PositiveDefinite(), [[1.0, 0.0], [0.0, 1.0]], None),
        (
            PositiveDefinite(),
            [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]]],
            "covariance 2 lost positive definiteness (smallest eigenvalue -1)",
        ),
        (
            PositiveDefinite(),
            [[1.0, 1.0], [1.0, 1.0]],
            "covariance 1 lost positive definiteness (smallest eigenvalue 0)",
        ),
        (PositiveDefinite(), [[1.0, NAN], [NAN, 1.0]], "a covariance is not finite"),
        (
            PositiveDefinite(0.3),
            [[1.0, 0.0], [0.0, 0.2]],
            "covariance 1 fell below its floor of 0.3 (smallest eigenvalue 0.2)",
        ),
        (PositiveDefinite(0.3), [[1.0, 0.0], [0.0, 0.3]], None),
        (Real(), [1.0, -1e300], None),
        (Real(), [1.0, NAN], "a value is not finite"),
    ],
)
def test_what_is_wrong_is_said_with_the_number(support: Support, values: list[float], sentence: str) -> None:
    said = support.violation(np.array(values))
    assert said is None if sentence is None else said is not None and said.startswith(sentence)


LAYOUT = Layout(
    (
        Block("weights", (2,), Simplex()),
        Block("means", (2, 2), Real(), True, np.array([10.0, 0.0]), np.array([2.0, 0.5])),
        Block(
            "covariances",
            (2, 2, 2),
            PositiveDefinite(),
            False,
            np.zeros(()),
            np.array([[4.0, 1.0], [1.0, 0.25]]),
        ),
    )
)
BLOCKS = {
    "weights": [0.25, 0.75],
    "means": [[12.0, 1.0], [8.0, 0.0]],
    "covariances": [[[4.0, 0.5], [0.5, 1.0]], [[8.0, 0.0], [0.0, 0.25]]],
}


def test_blocks_are_read_only_views_with_their_own_shapes() -> None:
    parameters = LAYOUT.pack_data_units(BLOCKS)
    assert parameters["means"].tolist() == [[1.0, 2.0], [-1.0, 0.0]]
    assert parameters["covariances"].shape == (2, 2, 2)
    assert np.shares_memory(parameters["means"], parameters.vector)
    with pytest.raises(ValueError, match="read-only"):
        parameters["means"][0, 0] = 7.0
    assert "means" in parameters
    assert "rates" not in parameters


def test_data_units_there_and_back() -> None:
    there = LAYOUT.pack_data_units(BLOCKS).in_data_units()
    assert {name: block.tolist() for name, block in there.items()} == BLOCKS


def test_replaced_leaves_the_others_and_the_original() -> None:
    before = LAYOUT.pack_data_units(BLOCKS)
    after = before.replaced({"weights": frozen([0.5, 0.5])})
    assert after["weights"].tolist() == [0.5, 0.5]
    assert before["weights"].tolist() == [0.25, 0.75]
    assert np.array_equal(after["means"], before["means"])
    assert not after.vector.flags.writeable


def test_layout_knows_its_free_blocks_and_projects_each() -> None:
    assert LAYOUT.free == ("weights", "covariances")
    assert LAYOUT.size == 2 + 4 + 8
    vector = np.array(LAYOUT.pack_data_units(BLOCKS).vector)
    assert np.array_equal(LAYOUT.project(vector), vector)
    assert LAYOUT.violation(vector) is None
    vector[:2] = [2.0, -0.5]
    assert LAYOUT.project(vector)[:2].tolist() == [1.0, 0.0]
    assert np.array_equal(LAYOUT.project(vector)[2:], vector[2:])
    assert LAYOUT.violation(vector) == "weight 2 became -0.5"


def test_frozen_copies() -> None:
    values = np.ones(3)
    copy = frozen(values)
    values[0] = 2.0
    assert copy.tolist() == [1.0, 1.0, 1.0]
    assert not copy.flags.writeable
