"""Numbers as they stand in a sentence."""

import math

POSITIONAL = (-4, 7)
"""Powers of ten between which a number is written without an exponent."""
MOST_DIGITS = 17


def number_text(value: float, digits: int = 3) -> str:
    """A number rounded to so many digits, as a person writes it: 0.0312, -43700, 8.1e-9."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    rounded = float(f"{value:.{digits}g}")
    power = math.floor(math.log10(abs(rounded)))
    if POSITIONAL[0] <= power < POSITIONAL[1]:
        return _without_end_zeros(f"{rounded:.{max(0, digits - 1 - power)}f}")
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{_without_end_zeros(mantissa)}e{int(exponent)}"


def counted(count: int, noun: str) -> str:
    """'1 row', '2 rows'."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def below_text(value: float, limit: float) -> str:
    """'8.1e-9 < 1e-8', with as many digits, two or more, as tell a value from the limit above it."""
    texts = [(number_text(value, digits), number_text(limit, digits)) for digits in range(2, MOST_DIGITS + 1)]
    return " < ".join(next((pair for pair in texts if pair[0] != pair[1]), texts[-1]))


def _without_end_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


SINGULAR = {
    "probabilities": "probability",
    "covariances": "covariance",
    "variances": "variance",
    "heads": "heads",
    "theta": "theta",
    "uniquenesses": "uniqueness",
    "degrees_of_freedom": "degrees of freedom",
}


def singular(block: str) -> str:
    """One number of a block of parameters: 'weight' of 'weights', 'probability' of 'probabilities'."""
    return SINGULAR.get(block, block.removesuffix("s").replace("_", " "))
