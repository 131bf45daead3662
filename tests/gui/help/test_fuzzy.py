"""Finding by a few letters."""

import math
from itertools import combinations

import pytest

from gui.help.fuzzy import AT_START, AT_WORD, GAP, IN_A_ROW, INSIDE, UNEVEN, match


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("step", "Step", "Half a step"),
        ("lr", "Learning rate", "Clear"),
        ("lrate", "Learning rate", "Measure the largest stable rate"),
        ("em", "EM", "Remember"),
        ("pin", "Pin this run", "Point in a plane"),
        ("rate", "Rate", "Rate of something else"),
    ],
)
def test_of_two_answers_the_closer_one_is_better(query: str, better: str, worse: str) -> None:
    one, two = match(query, better), match(query, worse)
    assert one is not None
    assert two is not None
    assert one[0] > two[0]


def test_words_in_any_order_and_without_capitals() -> None:
    assert match("RATE learn", "Learning rate") is not None
    assert match("rate xyz", "Learning rate") is None


def test_the_letters_that_answered_are_told() -> None:
    found = match("lr", "Learning rate")
    assert found is not None
    assert found[1] == (0, 9)
    assert match("zz", "Learning rate") is None


def test_an_empty_query_answers_everything_alike() -> None:
    found = match("  ", "Anything")
    assert found is not None
    assert found[1] == ()


@pytest.mark.parametrize("query", ["a", "ab", "abc", "aab"])
def test_the_best_places_are_found(query: str) -> None:
    """Against trying all ways to place the letters: none of them scores higher."""
    text = "ba abcb aab ca"
    best = -math.inf
    for places in combinations(range(len(text)), len(query)):
        if "".join(text[place] for place in places) != query:
            continue
        score = -UNEVEN * len(text)
        for number, place in enumerate(places):
            worth = AT_START if place == 0 else AT_WORD if not text[place - 1].isalnum() else INSIDE
            if number:
                skipped = place - places[number - 1] - 1
                worth = max(worth, IN_A_ROW) if skipped == 0 else worth - GAP * skipped
            score += worth
        best = max(best, score)
    found = match(query, text)
    assert found is not None
    assert found[0] == pytest.approx(best)
