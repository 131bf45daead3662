"""Numbers in sentences look as a person writes them, and never claim that a value lies below itself."""

import math

import pytest

from engine.wording import below_text, number_text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.031234, 3, "0.0312"),
        (-43723.4, 3, "-43700"),
        (8.1e-9, 3, "8.1e-9"),
        (-2.5e-17, 2, "-2.5e-17"),
        (1e-4, 2, "0.0001"),
        (10.0, 2, "10"),
        (100.0, 3, "100"),
        (999.6, 3, "1000"),
        (1234567.0, 2, "1200000"),
        (9_999_999.0, 3, "1e7"),
        (1e300, 3, "1e300"),
        (0.1 + 0.2, 6, "0.3"),
        (0.0, 2, "0"),
        (math.inf, 2, "inf"),
        (math.nan, 2, "nan"),
    ],
)
def test_numbers(value: float, digits: int, text: str) -> None:
    assert number_text(value, digits) == text


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [
        (8.1e-9, 1e-8, "8.1e-9 < 1e-8"),
        (9.97e-9, 1e-8, "9.97e-9 < 1e-8"),
        (math.nextafter(1e-8, 0), 1e-8, "9.999999999999999e-9 < 1e-8"),
        (0.0, 1e-8, "0 < 1e-8"),
    ],
)
def test_a_value_differs_from_the_limit_above_it(value: float, limit: float, text: str) -> None:
    assert below_text(value, limit) == text
