"""Forward-backward, Viterbi's path and random paths side by side in pieces, against plain recursions over time."""

import math

import numpy as np
import pytest

from engine.models import chains
from engine.models.chains import Found, expected, filtered, most_probable_path, partition
from engine.models.posterior import EXACT, Hard, Posterior, Sampled, Tempered
from engine.parameters import Array
from tests.textbook import Extended
from tests.textbook_chains import Chain, chain

LENGTHS = ([1], [2], [16], [17], [40], [300], [1, 2, 3, 1], [30, 1, 17, 120, 16, 3, 2, 90])
KINDS = ("plain", "left to right", "faint")
STATES = 3


def numbers(lengths: list[int], kind: str, seed: int = 0) -> tuple[Array, Array, Array]:
    """Initial (K,), transitions (K, K) and log densities (K, n), the rows sequence after sequence.

    From left to right no state leads back, so that many messages are 0; what is faint lies so far from all but one
    state that densities underflow.
    """
    random = np.random.Generator(np.random.Philox(seed))
    initial, transitions = random.dirichlet(np.ones(STATES)), random.dirichlet(np.ones(STATES), STATES)
    log_densities = 2.0 * random.standard_normal((STATES, sum(lengths)))
    if kind != "plain":
        transitions = np.triu(transitions) / np.sum(np.triu(transitions), axis=1, keepdims=True)
        initial = np.array([1.0, 0.0, 0.0])
    return initial, transitions, log_densities * (400.0 if kind == "faint" else 1.0)


def found(lengths: list[int], kind: str, posterior: Posterior = EXACT) -> Found:
    initial, transitions, logs = numbers(lengths, kind)
    cut = partition(np.array(lengths))
    return expected(cut, initial, transitions, logs[:, cut.order], posterior)


def textbooks(lengths: list[int], kind: str) -> list[Chain]:
    initial, transitions, logs = numbers(lengths, kind)
    parts = np.split(logs, np.cumsum(lengths)[:-1], axis=1)
    return [chain(initial, transitions, part.T) for part in parts]


def in_order(lengths: list[int], arrays: list[Extended]) -> Array:
    """(K, n) in the partition's order from one (T, K) for each sequence."""
    rows: Array = np.concatenate(arrays).astype(np.float64)
    return rows.T[:, partition(np.array(lengths)).order]


every_case = pytest.mark.parametrize("kind", KINDS)
all_lengths = pytest.mark.parametrize("lengths", LENGTHS, ids=str)


@all_lengths
def test_a_partition_has_every_row_once_and_keeps_neighbours(lengths: list[int]) -> None:
    cut = partition(np.array(lengths))
    assert sorted(cut.order.tolist()) == list(range(sum(lengths)))
    begins = set((np.cumsum(lengths) - lengths).tolist())
    seen = {int(cut.order[place]) for place in np.flatnonzero(cut.first)}
    assert seen == begins
    for place in range(1, cut.longest):
        before, after = cut.order[cut.going_on(place - 1)], cut.order[cut.position(place)]
        assert np.array_equal(before + 1, after)
    for one, other in zip(cut.waves[:-1], cut.waves[1:], strict=True):
        assert np.array_equal(cut.order[cut.ends[one[: len(other)]]] + 1, cut.order[other])
    assert cut.longest <= max(16, 0.8 * math.sqrt(max(lengths)) + 1)


@all_lengths
@every_case
def test_forward_and_backward_are_the_textbooks(lengths: list[int], kind: str) -> None:
    plain, here = textbooks(lengths, kind), found(lengths, kind)
    total = sum(each.log_likelihood for each in plain)
    assert here.value == pytest.approx(total, rel=1e-13)
    np.testing.assert_allclose(here.shares, in_order(lengths, [each.smoothed for each in plain]), atol=1e-12)
    np.testing.assert_allclose(
        here.counts[0], sum(each.smoothed[0] for each in plain).astype(float), atol=1e-12
    )
    moved = np.sum([each.moved for each in plain], axis=0).astype(float)
    np.testing.assert_allclose(here.counts[1:], moved, rtol=1e-11, atol=1e-11)
    assert here.ratios is not None
    initial, transitions, _ = numbers(lengths, kind)
    both = np.concatenate((initial[None], transitions))
    np.testing.assert_allclose(here.ratios * both, here.counts, rtol=1e-9, atol=1e-13)


@all_lengths
@every_case
def test_filtering_and_viterbi_are_the_textbooks(lengths: list[int], kind: str) -> None:
    plain = textbooks(lengths, kind)
    initial, transitions, logs = numbers(lengths, kind)
    cut = partition(np.array(lengths))
    seen = filtered(cut, initial, transitions, logs[:, cut.order])
    np.testing.assert_allclose(seen, in_order(lengths, [each.filtered for each in plain]), atol=1e-12)
    with np.errstate(divide="ignore"):
        path = most_probable_path(cut, np.log(initial), np.log(transitions), logs[:, cut.order])
    assert path.tolist() == np.concatenate([each.path for each in plain])[cut.order].tolist()
    hard = found(lengths, kind, Hard())
    assert hard.value == pytest.approx(sum(each.path_value for each in plain), rel=1e-12)
    assert hard.ratios is None


def test_logarithms_are_taken_only_where_numbers_underflow(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    plain = chains._chains

    def noted(ring: chains.Ring, *rest: object) -> chains.Chains:
        taken.append(type(ring).__name__)
        return plain(ring, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(chains, "_chains", noted)
    found([300], "plain")
    assert taken == ["Linear"]
    taken.clear()
    found([300], "faint")
    assert taken == ["Linear", "Logarithms"]


def test_an_impossible_sequence_has_no_likelihood() -> None:
    initial, transitions, logs = numbers([40], "plain")
    logs[:, 20] = -np.inf
    cut = partition(np.array([40]))
    assert expected(cut, initial, transitions, logs[:, cut.order]).value == -math.inf
    left = np.array([[0.0, 1.0], [0.0, 1.0]])
    nowhere = np.array([[0.0, 0.0, 0.0], [-np.inf, -np.inf, -np.inf]])
    assert expected(partition(np.array([3])), np.array([0.5, 0.5]), left, nowhere).value == -math.inf


@pytest.mark.parametrize("lengths", [[5], [40], [4, 30, 1]], ids=str)
def test_draws_have_the_posteriors_means(lengths: list[int]) -> None:
    """Shares and transitions over 600 draws, to 5 standard errors."""
    exact, draws = found(lengths, "plain"), 600
    drawn = [found(lengths, "plain", Sampled(1, count)) for count in range(draws)]
    shares = np.mean([each.shares for each in drawn], axis=0)
    errors = np.sqrt(exact.shares * (1 - exact.shares) / draws)
    assert np.all(np.abs(shares - exact.shares) <= 5 * errors + 1e-9)
    counts = np.array([each.counts for each in drawn])
    assert np.all(
        np.abs(np.mean(counts, axis=0) - exact.counts) <= 5 * np.std(counts, axis=0) / math.sqrt(draws) + 1e-2
    )
    for each in drawn[:20]:
        assert np.array_equal(np.unique(each.shares), [0.0, 1.0])
        assert np.sum(each.counts[0]) == len(lengths)
        assert np.sum(each.counts[1:]) == sum(lengths) - len(lengths)
        assert each.value < exact.value


def test_a_draw_is_a_function_of_its_key_and_number() -> None:
    once, again, other = (found([40], "plain", Sampled(3, count)) for count in (0, 0, 1))
    assert np.array_equal(once.shares, again.shares)
    assert not np.array_equal(once.shares, other.shares)


@pytest.mark.parametrize("kind", ["plain", "left to right"])
def test_tempering_falls_to_the_most_probable_path(kind: str) -> None:
    objectives = [found([90, 7], kind, Tempered(beta)).value for beta in (0.3, 0.9, 1.0, 1.1, 5.0)]
    assert objectives == sorted(objectives, reverse=True)
    assert objectives[-1] >= found([90, 7], kind, Hard()).value
    assert found([90, 7], kind, Tempered(0.5)).ratios is None
