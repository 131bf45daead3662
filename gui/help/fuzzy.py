"""Finding by a few letters: they must stand in the text in their order, and the better the closer together."""

import math

AT_WORD, IN_A_ROW, INSIDE = 10.0, 8.0, 1.0
GAP = 0.15
"""What a letter earns at the beginning of a word, right behind the one before, or elsewhere; what a letter costs
that was skipped."""
UNEVEN = 0.02
"""What each letter of the text costs, so that of two that match alike the shorter one comes first."""


def match(query: str, text: str) -> tuple[float, tuple[int, ...]] | None:
    """How well a text answers a query, and the places of its letters that did; None where it does not.

    The query's words are looked for one by one, in any order, without regard to capitals.
    """
    score, places = -UNEVEN * len(text), set[int]()
    for word in query.lower().split():
        found = _best(word, text.lower())
        if found is None:
            return None
        score += found[0]
        places.update(found[1])
    return score, tuple(sorted(places))


def _best(word: str, text: str) -> tuple[float, tuple[int, ...]] | None:
    """The best way to find the letters of a word in a text in their order (Smith & Waterman's recursion)."""
    if not _is_subsequence(word, text):
        return None
    at_word = [place == 0 or not text[place - 1].isalnum() for place in range(len(text))]
    before = [0.0] * len(text)
    came: list[list[int]] = []
    for row, letter in enumerate(word):
        here, origin = [-math.inf] * len(text), [-1] * len(text)
        best, best_at = -math.inf, -1
        for place, other in enumerate(text):
            if place and row and before[place - 1] + GAP * place > best:
                best, best_at = before[place - 1] + GAP * place, place - 1
            if other != letter:
                continue
            if row == 0:
                here[place] = AT_WORD if at_word[place] else INSIDE
                continue
            jumped = best - GAP * place + (AT_WORD if at_word[place] else INSIDE)
            here[place], origin[place] = jumped, best_at
            if place and before[place - 1] + IN_A_ROW > jumped:
                here[place], origin[place] = before[place - 1] + IN_A_ROW, place - 1
        came.append(origin)
        before = here
    end = max(range(len(text)), key=before.__getitem__)
    places = [end]
    for origin in reversed(came[1:]):
        places.append(origin[places[-1]])
    return before[end], tuple(reversed(places))


def _is_subsequence(word: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in word)
