"""The stationary law of a chain, its slopes, and the transitions that are best where sequences begin in it."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from engine.models.stationary_law import NotOneLaw, best_transitions, stationary_law
from engine.parameters import Array
from tests.textbook_chains import best_stationary_transitions, stationary

NEARLY_APART = np.array(
    [
        [0.0, 0.3, 1e-12, 0.0],
        [0.6, 0.0, 0.0, 3e-12],
        [0.0, 5e-12, 0.0, 0.25],
        [2e-12, 0.0, 0.5, 0.0],
    ]
)
"""Two pairs of states, each of which is hardly ever left for the other; what is missing to 1 is on the diagonal."""

RARE = np.array([[0.0, 1e-60, 1e-90], [0.2, 0.0, 1e-30], [0.5, 0.4, 0.0]])


def exact_law(rates: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """delta from transitions out of the diagonal, by elimination in whole numbers and their quotients."""
    count = len(rates)
    # Columns of delta (Gamma - I) = 0 but the last, which follows from them, and sum delta = 1.
    table = [[rates[i][j] - (sum(rates[i]) if i == j else 0) for i in range(count)] for j in range(count - 1)]
    rows = [[*row, Fraction(0)] for row in table] + [[Fraction(1)] * (count + 1)]
    for pivot in range(count):
        swap = next(row for row in range(pivot, count) if rows[row][pivot])
        rows[pivot], rows[swap] = rows[swap], rows[pivot]
        rows[pivot] = [each / rows[pivot][pivot] for each in rows[pivot]]
        for row in range(count):
            if row != pivot:
                factor = rows[row][pivot]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[pivot], strict=True)]
    return [row[-1] for row in rows]


def fractions(rates: Array) -> list[list[Fraction]]:
    return [[Fraction(0) if i == j else Fraction(x) for j, x in enumerate(r)] for i, r in enumerate(rates)]


def random_transitions(states: int, seed: int) -> Array:
    return np.random.Generator(np.random.Philox(seed)).dirichlet(np.ones(states), states)


@pytest.mark.parametrize("states", [1, 2, 3, 5, 12])
def test_the_law_stays_as_it_is(states: int) -> None:
    transitions = random_transitions(states, seed=states)
    law = stationary_law(transitions).probabilities
    np.testing.assert_allclose(law @ transitions, law, rtol=1e-13)
    np.testing.assert_allclose(law, stationary(transitions), rtol=1e-10)


@pytest.mark.parametrize("rates", [NEARLY_APART, RARE], ids=["nearly apart", "rare"])
def test_the_law_has_all_its_digits(rates: Array) -> None:
    wanted = [float(each) for each in exact_law(fractions(rates))]
    np.testing.assert_allclose(stationary_law(rates).probabilities, wanted, rtol=1e-14)


def test_slopes_have_their_digits_where_states_are_nearly_apart() -> None:
    """Against exact arithmetic, where differences over a step of 1e-200 are slopes."""
    slopes, exact = stationary_law(NEARLY_APART).slopes(), fractions(NEARLY_APART)
    step = Fraction(1, 10**200)
    for i, j in np.argwhere(NEARLY_APART > 0):
        exact[i][j] += step
        ahead = exact_law(exact)
        exact[i][j] -= step
        slope = [float((a - b) / step) for a, b in zip(ahead, exact_law(exact), strict=True)]
        np.testing.assert_allclose(slopes[:, i, j], slope, rtol=1e-11, atol=1e-14 * np.max(np.abs(slope)))


def test_a_state_that_is_left_for_ever_has_no_share() -> None:
    law = stationary_law(np.array([[0.5, 0.25, 0.25], [0.0, 0.2, 0.8], [0.0, 0.6, 0.4]]))
    np.testing.assert_allclose(law.probabilities, [0.0, 3 / 7, 4 / 7], rtol=1e-15)
    # To come back to the first state has a slope, as any other transition has.
    towards = law.slope(np.array([1.0, 0.0, 0.0]))
    assert towards[1, 0] == pytest.approx(2 * 3 / 7)
    assert towards[0, 1] == 0.0


def test_a_chain_that_takes_turns_has_a_law_too() -> None:
    turns = np.roll(np.eye(4), 1, axis=1)
    np.testing.assert_allclose(stationary_law(turns).probabilities, 0.25)


@pytest.mark.parametrize(
    ("transitions", "sentence"),
    [
        (np.eye(2), "states 1 and 2 never lead to a common state"),
        (
            [[1.0, 0.0, 0.0], [0.3, 0.3, 0.4], [0.0, 0.0, 1.0]],
            "states 1 and 3 never lead to a common state",
        ),
        ([[1.0, 1e-200], [1e-200, 1.0]], "state 2 is left too rarely for numbers to tell how often"),
    ],
)
def test_where_there_are_several_laws_there_is_none(transitions: Array, sentence: str) -> None:
    with pytest.raises(NotOneLaw, match=sentence):
        stationary_law(np.array(transitions))


def value(transitions: Array, begun: Array, moved: Array) -> float:
    seen, stayed = begun > 0, moved > 0
    law = stationary_law(transitions).probabilities
    with np.errstate(divide="ignore"):
        both = begun[seen] @ np.log(law[seen]) + moved[stayed] @ np.log(transitions[stayed])
    return float(both)


def counts(states: int, sequences: float, moves: float, seed: int) -> tuple[Array, Array, Array]:
    """Transitions, and what was counted: unequal beginnings, and transitions of all sizes."""
    random = np.random.Generator(np.random.Philox(seed))
    begun, moved = random.dirichlet(np.ones(states)), random.gamma(0.5, size=(states, states))
    return (
        random_transitions(states, seed + 50),
        sequences * begun,
        moves * moved / np.sum(moved) + 1e-3,
    )


SIZES = [(1.0, 200.0), (20.0, 20.0), (40.0, 4.0)]


@pytest.mark.parametrize(("sequences", "moves"), SIZES)
@pytest.mark.parametrize("states", [2, 3, 4])
def test_the_best_transitions_are_scipys(states: int, sequences: float, moves: float) -> None:
    here, begun, moved = counts(states, sequences, moves, seed=states)
    found = best_transitions(here, begun, moved)
    wanted = best_stationary_transitions(found, begun, moved)
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-7)
    other = best_stationary_transitions(here, begun, moved)
    assert value(found, begun, moved) >= value(other, begun, moved) - 1e-7


@pytest.mark.parametrize(("sequences", "moves"), SIZES)
@pytest.mark.parametrize("states", [2, 3, 12])
def test_no_inner_step_lowers_what_is_maximised(states: int, sequences: float, moves: float) -> None:
    here, begun, moved = counts(states, sequences, moves, seed=10 + states)
    before = value(here, begun, moved)
    for steps in range(9):
        after = value(best_transitions(here, begun, moved, steps), begun, moved)
        assert after >= before - 1e-13 * abs(before)
        before = after


@pytest.mark.parametrize("states", [2, 4])
def test_near_the_maximum_each_inner_step_doubles_the_digits(states: int) -> None:
    """Which only the right curvature does."""
    here, begun, moved = counts(states, 20.0, 20.0, seed=30 + states)
    best = best_transitions(best_transitions(here, begun, moved), begun, moved)
    near = best * np.exp(1e-2 * np.random.Generator(np.random.Philox(1)).standard_normal(best.shape))
    near /= np.sum(near, axis=1, keepdims=True)
    gaps = [np.max(np.abs(np.log(best_transitions(near, begun, moved, steps) / best))) for steps in range(4)]
    assert gaps[1] < 30 * gaps[0] ** 2
    assert gaps[2] < 30 * gaps[1] ** 2
    assert gaps[3] < 1e-12


def test_without_beginnings_transitions_are_what_was_counted() -> None:
    here, begun, moved = counts(3, 1.0, 50.0, seed=2)
    found = best_transitions(here, 0.0 * begun, moved)
    np.testing.assert_array_equal(found, moved / np.sum(moved, axis=1, keepdims=True))


def test_a_transition_of_0_stays_0() -> None:
    here, begun, moved = counts(3, 30.0, 20.0, seed=3)
    here[0, 2] = moved[0, 2] = 0.0
    here /= np.sum(here, axis=1, keepdims=True)
    found = best_transitions(here, begun, moved)
    assert found[0, 2] == 0.0
    assert np.count_nonzero(found) == 8
    assert value(found, begun, moved) > value(here, begun, moved)


def test_states_that_nothing_leaves_still_tell_the_law() -> None:
    """Sequences of a single row have no transitions, and say by their beginnings alone what the law is."""
    here, begun, _ = counts(3, 30.0, 20.0, seed=4)
    found = best_transitions(here, begun, np.zeros((3, 3)))
    np.testing.assert_allclose(stationary_law(found).probabilities, begun / np.sum(begun), rtol=1e-8)


def test_what_was_counted_below_0_has_no_maximum_and_is_told() -> None:
    here, begun, moved = counts(2, 3.0, 20.0, seed=5)
    moved[0, 1] = -1.0
    assert best_transitions(here, begun, moved)[0, 1] < 0.0


@pytest.mark.parametrize("rarely", [1e-3, 1e-14, 1e-60])
def test_the_best_transitions_of_states_that_are_nearly_apart_are_found_too(rarely: float) -> None:
    """Two states that change places often, and a third that is hardly ever reached or left."""
    moved = np.array([[20.0, 30.0, rarely], [10.0, 15.0, 2 * rarely], [3 * rarely, rarely, 40.0]])
    begun = np.array([2.0, 1.0, 3.0])
    found = best_transitions(random_transitions(3, seed=1), begun, moved)
    law = stationary_law(found)
    together = law.probabilities[:2].sum()
    assert together == pytest.approx(0.5, rel=10 * rarely + 1e-6)
    # What moves most has no slope left, in its logarithm.
    slope = moved / found + law.slope(begun / law.probabilities)
    slope = found * (slope - np.sum(found * slope, axis=1, keepdims=True))
    assert np.max(np.abs(slope)) < 1e-6


def test_a_wrong_sign_of_the_curvature_is_overcome() -> None:
    """Many sequences begin where the transitions given hardly ever lead, and few transitions were seen."""
    here = np.array([[0.98, 0.01, 0.01], [0.98, 0.01, 0.01], [0.01, 0.01, 0.98]])
    begun, moved = np.array([1.0, 80.0, 1.0]), 0.3 * np.ones((3, 3))
    values = [value(best_transitions(here, begun, moved, steps), begun, moved) for steps in range(12)]
    assert np.all(np.diff(values) >= -1e-12)
    wanted = best_stationary_transitions(here, begun, moved)
    assert values[-1] >= value(wanted, begun, moved) - 1e-6
