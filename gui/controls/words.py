"""How names and numbers of the engine are written for a reader."""

import html
import math
import re

PROPER = {
    "adam": "Adam",
    "anderson": "Anderson",
    "bernoulli": "Bernoulli",
    "fisher": "Fisher",
    "louis": "Louis",
    "markov": "Markov",
    "nesterov": "Nesterov",
    "nile": "Nile",
    "saxon": "Saxon",
    "student": "Student",
    "em": "EM",
    "lbfgs": "L-BFGS",
    "bfgs": "BFGS",
    "ecm": "ECM",
    "ecme": "ECME",
    "pca": "PCA",
    "heywood": "Heywood",
    "sgd": "SGD",
    "sqp": "SQP",
    "svrg": "SVRG",
    "squarem": "SQUAREM",
    "rmsprop": "RMSProp",
    "newton": "Newton",
    "gaussian": "Gaussian",
    "poisson": "Poisson",
    "cholesky": "Cholesky",
    "k": "k",
    "cpu": "CPU",
    "png": "PNG",
    "svg": "SVG",
    "pdf": "PDF",
}
WITH_HYPHENS = {
    "k-means++": "k-means++",
    "lbfgs-b": "L-BFGS-B",
    "frank-wolfe": "Frank-Wolfe",
    "barzilai-borwein": "Barzilai-Borwein",
    "quasi-newton-em": "quasi-Newton EM",
    "mini-batch-em": "mini-batch EM",
    "over-relaxed-em": "over-relaxed EM",
    "px-em": "PX-EM",
}
"""Names that keep hyphens."""
MINUS = "\N{MINUS SIGN}"


def plain(name: str) -> str:
    """A name of the catalogue or a choice without its hyphens: 'drop last', 'log Cholesky'."""
    if name in WITH_HYPHENS:
        return WITH_HYPHENS[name]
    return " ".join(PROPER.get(word, word) for word in name.split("-"))


def plain_title(name: str) -> str:
    """The same with a capital: 'Gaussian mixture', 'EM', 'Drop last'."""
    words = plain(name)
    return words if name.split("-")[0] in PROPER else words[:1].upper() + words[1:]


def tooltip(*sentences: str) -> str:
    """Sentences as a tooltip that wraps; '' where there is nothing to say."""
    said = " ".join(each for each in sentences if each)
    return f"<qt>{html.escape(said)}</qt>" if said else ""


def number_text(value: float | int | None) -> str:
    """A number as it may be typed: exact, and no longer than that needs; '' for None."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    short = f"{value:.6g}"
    text = short if float(short) == value else repr(value)
    return _plain_exponent(text)


def rounded_text(value: float, digits: int) -> str:
    """A number for reading, with so many significant digits and a true minus; a dash where there is none."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    return _plain_exponent(f"{value:.{digits}g}").replace("-", MINUS)


def log_likelihood_text(value: float) -> str:
    """A log-likelihood with three decimals, so that its digits keep their places while it climbs."""
    if not math.isfinite(value) or abs(value) >= 1e8:
        return rounded_text(value, 8)
    return f"{value:.3f}".replace("-", MINUS)


def small_text(value: float) -> str:
    """A positive number that falls by decades, always as '1.2e−5'."""
    if not math.isfinite(value):
        return rounded_text(value, 2)
    return _plain_exponent(f"{value:.1e}").replace("-", MINUS)


def seconds_text(value: float) -> str:
    """A time in the unit that suits it: '480 µs', '12.3 ms', '1.24 s'."""
    if not math.isfinite(value):
        return "–"
    for limit, factor, unit in ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms")):
        if value < limit:
            scaled = value * factor
            return f"{scaled:.1f} {unit}" if scaled < 99.95 else f"{scaled:.0f} {unit}"
    return f"{value:.2f} s" if value < 99.995 else f"{value:.0f} s"


def _plain_exponent(text: str) -> str:
    """'1e-08' as '1e-8'."""
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else text


OF_FILES = re.compile(r"^\[[a-z ]+\d*\]: | \(--[^)]*\)")
"""The section of a file that a sentence begins with, and options of the command line in it."""


def for_the_window(sentence: str) -> str:
    """What is refused, without what only files and the command line have: sections and options."""
    said = OF_FILES.sub("", sentence)
    return said[:1].upper() + said[1:] if sentence.startswith("[") else said
