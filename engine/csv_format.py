"""How a CSV file is written: its delimiter, decimal mark, header and columns, and what a cell means."""

import csv
import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from engine.errors import InputError

DELIMITERS = ("\t", ";", ",")
MISSING = ("", "na", "nan")
"""Lower-case spellings of a missing cell."""
MOST_COLUMNS = 10_000

_DECIMAL = {mark: re.compile(rf"[+-]?\d*{re.escape(mark)}\d+([eE][+-]?\d+)?") for mark in ".,"}
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")


@dataclass(frozen=True)
class Column:
    """A column of a file: its name, what it holds, and whether the file itself names it."""

    name: str
    kind: Literal["number", "text"]
    named: bool = True


@dataclass(frozen=True)
class Format:
    """How one file is written.

    `offset` (bytes) and `line` (from 1) tell where the rows after the header begin; `settled` says whether
    a decimal mark was seen; `carriage_returns` that lines end in a carriage return alone.
    """

    delimiter: str
    decimal_mark: str
    settled: bool
    columns: tuple[Column, ...]
    header: bool
    offset: int
    line: int
    carriage_returns: bool


def decoded(content: bytes) -> str:
    """Text from UTF-8, or from Windows-1252 where it is not UTF-8 (what spreadsheets wrote for decades)."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def cell_text(cell: str) -> str:
    """A cell as a name or label: without the space around it, bytes that are not UTF-8 repaired.

    Numbers are ASCII, so rows are decoded with `surrogateescape` and only what is shown needs repair.
    """
    text = cell.strip()
    return text if text.isascii() else decoded(text.encode("utf-8", "surrogateescape"))


def is_missing(cell: str) -> bool:
    """Whether a cell is empty, NA or NaN."""
    return cell.strip().lower() in MISSING


def number(cell: str, decimal_mark: str) -> float:
    """The number in a cell, NaN where it is missing; raises ValueError for anything else."""
    if decimal_mark == ",":
        if "." in cell:
            raise ValueError(cell)
        cell = cell.replace(",", ".")
    # float() knows digits of other scripts and underscores between digits; no file means those.
    if not cell.isascii() or "_" in cell:
        cell = cell.strip()
        if not cell.isascii() or "_" in cell:
            raise ValueError(cell)
    try:
        return float(cell)
    except ValueError:
        if is_missing(cell):
            return math.nan
        raise


def blank(row: list[str]) -> bool:
    """Whether a parsed row stands for a line with nothing on it (a quoted empty cell is something)."""
    return not row or (len(row) == 1 and row[0] != "" and row[0].isspace())


def recognise(sample: bytes, where: str) -> Format:
    """The format of a file from whole lines at its beginning; `where` is its name in sentences.

    Raises InputError for a file that is empty, no text, or a header with nothing under it.
    """
    if _NOT_TEXT.search(sample):
        raise InputError(f"{where} is not a text file; export it as CSV (UTF-8) and choose that.")
    text = sample.decode("utf-8", "surrogateescape")
    lines = list(io.StringIO(text, newline=""))
    delimiter = _delimiter(lines)
    reader = csv.reader(lines, delimiter=delimiter)
    rows, ends = [], []
    for row in _parsed(reader):
        if not blank(row):
            rows.append(row)
            ends.append(reader.line_num)
    if not rows and not text.strip():
        raise InputError(f"{where} is empty; choose a file with columns of numbers.")
    if not rows or (len(rows) == 1 and any("\n" in cell for cell in rows[0])):
        raise InputError(
            f"{where}: a quotation mark or a cell in the first row does not end; "
            "choose a file with rows of numbers."
        )
    width = len(rows[0])
    if width > MOST_COLUMNS:
        raise InputError(f"{where} has more than {MOST_COLUMNS} columns; leave some out of the file.")
    decimal_mark, settled = _decimal_mark(rows, delimiter)
    header = _is_header(rows[0], decimal_mark)
    skipped = ends[0] if header else 0
    body = rows[1:] if header else rows
    if not body and not "".join(lines[skipped:]).strip():
        raise InputError(f"{where} has a header line but no rows; choose a file with data.")
    texts = [cell_text(cell) for cell in rows[0]] if header else [f"x{j + 1}" for j in range(width)]
    kinds = [_kind((row[j] for row in body if j < len(row)), decimal_mark) for j in range(width)]
    columns = tuple(
        Column(name, kind, bool(text)) for name, kind, text in zip(_unique(texts), kinds, texts, strict=True)
    )
    offset = len("".join(lines[:skipped]).encode("utf-8", "surrogateescape"))
    carriage_returns = b"\r" in sample and b"\n" not in sample
    return Format(delimiter, decimal_mark, settled, columns, header, offset, skipped + 1, carriage_returns)


def _parsed(reader: Iterable[list[str]]) -> Iterable[list[str]]:
    """The rows up to the first that cannot be parsed; reading the file proper says what is wrong there."""
    try:
        yield from reader
    except csv.Error:
        return


def _delimiter(lines: list[str]) -> str:
    """The first delimiter that cuts most rows into as many cells as the first row, and into several."""
    widest, fallback = 1, ","
    for delimiter in DELIMITERS:
        widths = [len(row) for row in _parsed(csv.reader(lines, delimiter=delimiter)) if not blank(row)]
        first = widths[0] if widths else 0
        if first > 1 and 2 * widths.count(first) > len(widths):
            return delimiter
        if first > widest:
            widest, fallback = first, delimiter
    # Nothing cuts the first row: commas in a lone column of numbers are decimal marks.
    return ";" if widest == 1 and _decimal_commas(_parsed(csv.reader(lines, delimiter=";"))) else fallback


def _decimal_commas(rows: Iterable[list[str]]) -> bool:
    """Whether every row after the first is one number or missing, and some have a decimal comma."""
    cells = [row[0].strip() for row in rows if not blank(row)][1:]
    known = [cell for cell in cells if not is_missing(cell)]
    return any("," in cell for cell in known) and all(_is_number(cell, ",") for cell in known)


def _decimal_mark(rows: list[list[str]], delimiter: str) -> tuple[str, bool]:
    """The decimal mark, and whether that is settled: it is where any was seen, or commas are the delimiter.

    A comma is both only where numbers are quoted, and not where it may just as well group thousands.
    """
    cells = [cell.strip() for row in rows for cell in row]
    points, commas = (sum(bool(_DECIMAL[mark].fullmatch(cell)) for cell in cells) for mark in ".,")
    if delimiter == "," and all(
        _THOUSANDS.fullmatch(cell) for cell in cells if _DECIMAL[","].fullmatch(cell)
    ):
        return ".", True
    return "," if commas > points else ".", delimiter == "," or points + commas > 0


def _is_number(cell: str, decimal_mark: str) -> bool:
    try:
        return not is_missing(cell) and number(cell, decimal_mark) is not None
    except ValueError:
        return False


def _is_header(row: list[str], decimal_mark: str) -> bool:
    """A header has words and no numbers."""
    if any(_is_number(cell, decimal_mark) for cell in row):
        return False
    return any(not is_missing(cell) for cell in row)


def _kind(cells: Iterable[str], decimal_mark: str) -> Literal["number", "text"]:
    """Text only where most cells are: a few words among numbers are mistakes, to be told with their line."""
    known = [_is_number(cell, decimal_mark) for cell in cells if not is_missing(cell)]
    return "text" if 2 * sum(known) < len(known) else "number"


def _unique(texts: list[str]) -> list[str]:
    """Names for the columns: a missing one from its place, a repeated one with a number behind it."""
    given = set(texts)
    names: dict[str, None] = {}
    for place, text in enumerate(texts, 1):
        name = stem = text or f"x{place}"
        again = 1
        while name in names or (name != text and name in given):
            again += 1
            name = f"{stem}_{again}"
        names[name] = None
    return list(names)
