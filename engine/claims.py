"""What an experiment claims to show, in a small closed language that is parsed and never evaluated.

A claim compares a quantity of a lane with a number, a status or another quantity, or a difference of two:

    em.decreases == 0
    gradient-ascent.status == "left-constraints"
    "to its limit".log_likelihood - em.log_likelihood > 6
    em.first_decrease == never

A lane stands by its title, in quotes where that holds a space. The operators are == != < <= > >= and, with a
space on both sides, one minus on a side; `never` is the infinite iteration. What is not in `QUANTITIES`
cannot be said.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from engine.errors import InputError
from engine.trace import RUNNING, STATUSES

QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "status": "how the lane ended, as a text such as 'converged'",
        "iterations": "how many steps it took",
        "log_likelihood": "at its last entry that has a likelihood",
        "value": "what it climbs, at its last entry, even where that is no likelihood any more",
        "gap": "how far its log_likelihood lies below the best known maximum",
        "arrival": "the first iteration within 0.001 of the best known maximum, or never",
        "passes_to_arrival": "passes over the data up to its arrival, or never",
        "stationarity": "the largest component of the projected gradient at its last entry",
        "passes": "passes over the data, up to its end",
        "e_steps": "E steps, up to its end",
        "gradients": "gradients, up to its end",
        "log_likelihoods": "evaluations of the log-likelihood alone, up to its end",
        "m_steps": "M steps, up to its end",
        "decreases": "how many steps lowered the log-likelihood by more than rounding can",
        "first_decrease": "the first iteration that did, or never",
        "left_at": "the iteration at which it left the constraints, or never",
        "smallest_weight": "the smallest weight at its last entry, exactly 0 where it is",
        "weight_sum": "the sum of the weights at its last entry",
        "smallest_uniqueness": "the smallest uniqueness at its last entry, as a share of its column's variance",
    }
)
"""Everything that can be said of a lane. No clock is among them: a claim holds on every machine or on none."""
TEXTS = ("status",)
"""The quantities that are a text; all others are numbers."""
OPERATORS = ("==", "!=", "<=", ">=", "<", ">")
OUTCOMES = tuple(status for status in STATUSES if status != RUNNING)
MOST_CLAIMS = 50
LONGEST = 300

_TOKEN = re.compile(
    r"""(?P<space>[ ]+)
    | (?: "(?P<quoted>[^"']*)" | '(?P<single>[^"']*)' | (?P<bare>[A-Za-z0-9][A-Za-z0-9-]*) )
      \.(?P<quantity>[A-Za-z_]+)
    | "(?P<text>[^"']*)" | '(?P<text_single>[^"']*)'
    | (?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9A-Za-z._])
    | (?P<never>never)(?![0-9A-Za-z._-])
    | (?P<operator>==|!=|<=|>=|<|>)
    | (?P<minus>-)(?=[ ])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Quantity:
    """A quantity of the lane with this title."""

    lane: str
    name: str

    def __str__(self) -> str:
        return f'"{self.lane}".{self.name}' if " " in self.lane else f"{self.lane}.{self.name}"


Operand = Quantity | float | str
"""What a side is made of: a quantity, a number or a text."""


@dataclass(frozen=True)
class Side:
    """One operand, or the difference of two that are numbers."""

    first: Operand
    minus: Operand | None = None

    @property
    def operands(self) -> tuple[Operand, ...]:
        return (self.first,) if self.minus is None else (self.first, self.minus)

    @property
    def is_text(self) -> bool:
        return any(_is_text(each) for each in self.operands)


@dataclass(frozen=True)
class Claim:
    """A comparison of two sides, with the text that it was written as."""

    text: str
    left: Side
    operator: str
    right: Side

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities that the claim speaks of, each once, in their order."""
        operands = (*self.left.operands, *self.right.operands)
        return tuple(dict.fromkeys(each for each in operands if isinstance(each, Quantity)))


def parse(text: str, titles: Sequence[str]) -> Claim:
    """The claim in a text, about lanes with these titles.

    Raises InputError, in one sentence that names the claim, where the text is no claim, where there is no
    such lane or quantity, and where a text is compared with a number.
    """
    tokens = list(_tokens(text))
    places = [place for place, (kind, _) in enumerate(tokens) if kind == "operator"]
    if len(places) != 1:
        wanted = f"it needs one comparison ({', '.join(OPERATORS)}), such as em.decreases == 0"
        raise _refused(text, wanted)
    place = places[0]
    claim = Claim(
        text,
        _side(tokens[:place], text, "left"),
        str(tokens[place][1]),
        _side(tokens[place + 1 :], text, "right"),
    )
    _check(claim, titles)
    return claim


def _tokens(text: str) -> Iterator[tuple[str, Operand]]:
    if len(text) > LONGEST:
        raise _refused(text, f"it is longer than {LONGEST} letters; say it in several claims")
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _refused(text, f"{_short(text[place:])} is not understood; write it as em.decreases == 0")
        place, parts = found.end(), found.groupdict()
        if parts["quantity"] is not None:
            lane = next(parts[key] for key in ("quoted", "single", "bare") if parts[key] is not None)
            yield "operand", Quantity(lane, parts["quantity"])
        elif parts["text"] is not None or parts["text_single"] is not None:
            yield "operand", str(parts["text"] if parts["text"] is not None else parts["text_single"])
        elif parts["number"] is not None:
            yield "operand", _finite(float(parts["number"]), text)
        elif parts["never"] is not None:
            yield "operand", math.inf
        elif parts["operator"] is not None:
            yield "operator", parts["operator"]
        elif parts["minus"] is not None:
            yield "minus", "-"


def _side(tokens: list[tuple[str, Operand]], text: str, where: str) -> Side:
    kinds = [kind for kind, _ in tokens]
    if kinds == ["operand"]:
        return Side(tokens[0][1])
    if kinds == ["operand", "minus", "operand"]:
        return Side(tokens[0][1], tokens[2][1])
    raise _refused(text, f"its {where} side must be one quantity or value, or the difference of two")


def _check(claim: Claim, titles: Sequence[str]) -> None:
    text, sides = claim.text, (claim.left, claim.right)
    for quantity in claim.quantities:
        if quantity.lane not in titles:
            raise _refused(
                text, f"there is no lane {quantity.lane!r}; the lanes are {', '.join(map(repr, titles))}"
            )
        if quantity.name not in QUANTITIES:
            raise _refused(
                text, f"a lane has no {quantity.name!r}; what can be said of one is {', '.join(QUANTITIES)}"
            )
    if not isinstance(claim.left.first, Quantity):
        raise _refused(text, "its left side must begin with a lane's quantity, such as em.decreases")
    operands = [each for side in sides for each in side.operands]
    if any(side.is_text and side.minus is not None for side in sides):
        raise _refused(text, "only numbers can be subtracted")
    if claim.left.is_text != claim.right.is_text:
        raise _refused(text, "it compares a text with a number; a status stands in quotes, a number does not")
    if claim.left.is_text and claim.operator not in ("==", "!="):
        raise _refused(text, "a status can only be compared by == or !=")
    for each in operands:
        if isinstance(each, str) and each not in OUTCOMES:
            raise _refused(text, f"{each!r} is no status; give one of {', '.join(OUTCOMES)}")


def _finite(number: float, text: str) -> float:
    if not math.isfinite(number):
        raise _refused(text, "a number in it is too large")
    return number


def _is_text(operand: Operand) -> bool:
    return operand.name in TEXTS if isinstance(operand, Quantity) else isinstance(operand, str)


def _refused(text: str, why: str) -> InputError:
    return InputError(f"The claim {_short(text)} cannot be used: {why}.")


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 80 else shown[:77] + "..."
