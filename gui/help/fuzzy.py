"""Finding by a few letters: they must stand in the text in their order, and the better the closer together."""

import math

AT_START, IN_A_ROW, AT_WORD, INSIDE = 14.0, 11.0, 10.0, 1.0
GAP = 0.15
"""What a letter earns at the beginning of the text, right behind the one before, at the beginning of a word, or
elsewhere; what a letter costs that was skipped."""
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
    worth = [AT_WORD if not text[place - 1].isalnum() else INSIDE for place in range(len(text))]
    worth[0] = AT_START
    before: dict[int, float] = {}
    came: list[dict[int, int]] = []
    for row, letter in enumerate(word):
        here: dict[int, float] = {}
        origin: dict[int, int] = {}
        # Of all places of the letter before, the best one so far, as if nothing had been skipped since.
        best, best_at, earlier = -math.inf, -1, iter(before.items())
        waiting = next(earlier, None)
        place = text.find(letter)
        while place >= 0:
            while waiting is not None and waiting[0] < place:
                if waiting[1] + GAP * waiting[0] > best:
                    best, best_at = waiting[1] + GAP * waiting[0], waiting[0]
                waiting = next(earlier, None)
            if row == 0:
                here[place] = worth[place]
            elif best_at >= 0:
                here[place], origin[place] = best - GAP * (place - 1) + worth[place], best_at
                if place - 1 in before and before[place - 1] + IN_A_ROW > here[place]:
                    here[place], origin[place] = before[place - 1] + IN_A_ROW, place - 1
            place = text.find(letter, place + 1)
        came.append(origin)
        before = here
    end = max(before, key=before.__getitem__)
    places = [end]
    for origin in reversed(came[1:]):
        places.append(origin[places[-1]])
    return before[end], tuple(reversed(places))


def _is_subsequence(word: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in word)
