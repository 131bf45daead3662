"""Claims are parsed, never evaluated: what can be said is said, everything else gets a sentence."""

import pytest

from engine.claims import LONGEST, OPERATORS, QUANTITIES, Claim, Quantity, parse
from engine.errors import InputError
from engine.verdicts import FROM_BEST, FROM_LANE

TITLES = ("em", "to its limit", "gradient-ascent")


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("quantity", [name for name in QUANTITIES if name != "status"])
def test_every_quantity_with_every_comparison(quantity: str, operator: str) -> None:
    claim = parse(f"em.{quantity} {operator} -1.5e3", TITLES)
    assert (claim.left.first, claim.operator, claim.right.first) == (
        Quantity("em", quantity),
        operator,
        -1500,
    )
    assert claim.quantities == (Quantity("em", quantity),)


def test_every_quantity_is_measured() -> None:
    assert {*FROM_LANE, *FROM_BEST} == set(QUANTITIES)


def test_differences_quotes_and_never() -> None:
    claim = parse("\"to its limit\".log_likelihood - em.log_likelihood > 'gradient-ascent'.gap - 2", TITLES)
    lanes = [each.lane for each in claim.quantities]
    assert lanes == ["to its limit", "em", "gradient-ascent"]
    assert claim.right.minus == 2
    assert str(claim.quantities[0]) == '"to its limit".log_likelihood'
    assert parse("em.arrival==never", TITLES).right.first == float("inf")
    assert parse("em.passes  <  gradient-ascent.passes", TITLES).right.first == Quantity(
        "gradient-ascent", "passes"
    )
    assert isinstance(parse('em.status != "converged"', TITLES), Claim)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "needs one comparison"),
        ("em.decreases", "needs one comparison"),
        ("1 < em.passes < 3", "needs one comparison"),
        ("em.decreases = 0", "not understood"),
        ("nosuch.decreases == 0", "nosuch"),
        ("em.beauty > 0", "beauty"),
        ("em.cpu_seconds < 1", "cpu_seconds"),
        ("0 == em.decreases", "left side"),
        ("em.decreases == ", "cannot be used"),
        ("em.decreases == 0 - 1 - 2", "cannot be used"),
        ("em.decreases == 0 1", "cannot be used"),
        ('em.status == "happy"', "happy"),
        ('em.status == "running"', "running"),
        ('em.status < "converged"', "== or !="),
        ("em.status == 3", "text with a number"),
        ('em.decreases == "converged"', "text with a number"),
        ('em.status - em.status == "converged"', "subtracted"),
        ("em.passes < 1e999", "too large"),
        ("em.passes < __import__('os')", "not understood"),
        ("em.passes < (3)", "not understood"),
        ("em.passes < em.passes * 2", "not understood"),
        ("em.passes < " + "1" * LONGEST, "longer than"),
    ],
)
def test_what_cannot_be_said(text: str, why: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(text, TITLES)
    sentence = str(refused.value)
    assert why in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
