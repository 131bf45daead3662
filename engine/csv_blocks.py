"""CSV in blocks of whole rows, and two ways to turn a block into numbers: one careful, one fast.

`careful_block` defines what a file means and says what is wrong with it, line by line. `fast_block`
(pyarrow) either arrives at the same numbers, bit for bit, or declines the block.
"""

import codecs
import csv
import io
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from engine.csv_format import MISSING, Format, blank, cell_text, decoded, is_missing, number
from engine.errors import InputError
from engine.parameters import Array

Codes = npt.NDArray[np.int64]
BLOCK = 1 << 20
LONGEST_ROW = 1 << 22


@dataclass(frozen=True)
class Roles:
    """Which columns (by place) are values, row weights and labels, and which numbers are read `beside` the values."""

    values: tuple[int, ...]
    weight: int | None = None
    label: int | None = None
    beside: tuple[int, ...] = ()

    @property
    def numeric(self) -> tuple[int, ...]:
        """The columns of numbers in the order of a block's columns: values, those beside, then the row weights."""
        return (*self.values, *self.beside, *(() if self.weight is None else (self.weight,)))


@dataclass(frozen=True)
class Block:
    """Some rows: numbers (rows, columns of `Roles.numeric`), and codes into the block's own `labels`."""

    numbers: Array
    codes: Codes | None = None
    labels: tuple[str, ...] = ()


class LateDecimalComma(Exception):
    """A decimal comma turned up in a file whose beginning had no decimal mark at all."""


def blocks(stream: BinaryIO, layout: Format) -> Iterator[tuple[int, bytes]]:
    """Whole rows of about `BLOCK` bytes at a time, each with the number of its first line.

    `stream` stands at the first row. The last block may lack its line end.
    """
    line, rest = layout.line, b""
    while True:
        piece = stream.read(BLOCK)
        if layout.carriage_returns:
            piece = piece.replace(b"\r", b"\n")
        content = rest + piece
        end = whole_rows(content) if piece else len(content)
        if end == 0 and len(content) > LONGEST_ROW:
            end = content.rfind(b"\n") + 1 or len(content)
        block, rest = content[:end], content[end:]
        if block:
            yield line, block
            line += line_ends(block)
        if not piece:
            return


def line_ends(content: bytes) -> int:
    """How many lines end here: by a line feed, a carriage return, or both together."""
    # numpy counts several times faster than bytes.count, and outside Python's lock.
    count = int(np.count_nonzero(np.frombuffer(content, np.uint8) == ord("\n")))
    if b"\r" in content:
        count += content.count(b"\r") - content.count(b"\r\n")
    return count


def unbalanced(content: bytes) -> bool:
    """Whether one quotation mark has no partner."""
    return b'"' in content and content.count(b'"') % 2 == 1


def whole_rows(content: bytes) -> int:
    """Where the last whole row ends: after a line end with an even number of quotation marks before it.

    Right for cells that are quoted as a whole, also across lines, and for stray marks in cells (5"), but not
    for a file with both.
    """
    end = content.rfind(b"\n") + 1
    odd = content.count(b'"', 0, end) % 2 if b'"' in content else 0
    while odd:
        quote = content.rfind(b'"', 0, end)
        earlier = content.rfind(b"\n", 0, quote) + 1
        odd = (odd + content.count(b'"', earlier, end)) % 2
        end = earlier
    return end


def careful_block(content: bytes, line: int, layout: Format, roles: Roles, where: str) -> Block:
    """The numbers of a block cell by cell; `line` is its first line's number, `where` the file's name.

    Raises InputError with line and column for the first cell or row that cannot be used, and
    LateDecimalComma where the whole file has to be read with decimal commas.
    """
    width, mark, label = len(layout.columns), layout.decimal_mark, roles.label
    numbers: list[float] = []
    codes: list[int] = []
    labels: dict[str, int] = {}
    # Only then is the parser strict, because it would otherwise swallow a line without a word; pyarrow is
    # as lenient about the rest.
    strict = unbalanced(content)
    text = io.StringIO(content.decode("utf-8", "surrogateescape"), newline="")
    reader = csv.reader(text, delimiter=layout.delimiter, strict=strict)
    while True:
        start = line + reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:
            raise InputError(
                f"{where}, line {start}: a quotation mark is not closed where the cell ends; "
                "close it, and double those inside a quoted cell."
            ) from None
        if len(row) != width:
            if blank(row):
                continue
            raise InputError(
                f"{where}, line {start}: {_cells(len(row))} found, {width} expected; correct that line."
            )
        for place in roles.numeric:
            try:
                value = number(row[place], mark)
            except ValueError:
                raise _not_a_number(row[place], start, layout, place, where) from None
            if math.isinf(value):
                raise _refused(row[place], "is not finite", start, layout, place, where)
            if place == roles.weight and not value >= 0:
                raise _bad_weight(row[place], start, layout, place, where)
            numbers.append(value)
        if label is not None:
            codes.append(
                -1 if is_missing(row[label]) else labels.setdefault(cell_text(row[label]), len(labels))
            )
    array = np.array(numbers, dtype=np.float64).reshape(-1, len(roles.numeric))
    return Block(array, None if label is None else np.array(codes, dtype=np.int64), tuple(labels))


def fast_block(content: bytes, layout: Format, roles: Roles) -> Block | None:
    """The numbers of a block by pyarrow, outside Python's lock; None where the careful way must decide."""
    import pyarrow  # type: ignore[import-untyped]
    import pyarrow.csv  # type: ignore[import-untyped]

    if content.startswith(codecs.BOM_UTF8) or unbalanced(content):
        return None
    names = [str(place) for place in range(len(layout.columns))]
    types: dict[str, Any] = {names[place]: pyarrow.float64() for place in roles.numeric}
    if roles.label is not None:
        types[names[roles.label]] = pyarrow.dictionary(pyarrow.int32(), pyarrow.binary())
    try:
        table = pyarrow.csv.read_csv(
            pyarrow.BufferReader(content),
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False, block_size=len(content) + 1, column_names=names
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=layout.delimiter),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=_MISSING_SPELLINGS,
                strings_can_be_null=True,
                decimal_point=layout.decimal_mark,
            ),
        )
    except (pyarrow.ArrowException, OSError):
        return None
    numbers = np.empty((table.num_rows, len(roles.numeric)))
    nulls = 0
    for place, column in enumerate(table.column(names[each]) for each in roles.numeric):
        numbers[:, place] = column.to_numpy()
        nulls += column.null_count
    if numbers.size - np.count_nonzero(np.isfinite(numbers)) != nulls:
        return None
    if roles.weight is not None and not np.all(numbers[:, -1] >= 0):
        return None
    if roles.label is None:
        return Block(numbers)
    return _with_labels(numbers, table.column(names[roles.label]))


def _with_labels(numbers: Array, column: Any) -> Block | None:
    """A block whose codes lead to cleaned labels: spellings that differ only in space are one label."""
    if column.num_chunks != 1:
        return None
    places = column.chunk(0).indices.to_numpy(zero_copy_only=False)
    spellings = [decoded(entry).strip() for entry in column.chunk(0).dictionary.to_pylist()]
    labels: dict[str, int] = {}
    codes = [-1 if is_missing(each) else labels.setdefault(each, len(labels)) for each in spellings]
    # Missing cells have no place in the dictionary; they take the extra last one.
    filled = np.where(np.isnan(places), len(codes), places).astype(np.int64)
    return Block(numbers, np.array([*codes, -1], dtype=np.int64)[filled], tuple(labels))


_MISSING_SPELLINGS = sorted(
    "".join(letters) for word in MISSING for letters in itertools.product(*({c, c.upper()} for c in word))
)


def _refused(cell: str, what: str, line: int, layout: Format, place: int, where: str) -> InputError:
    shown = cell_text(cell)
    shown = shown if len(shown) <= 40 else shown[:37] + "..."
    column = layout.columns[place].name
    return InputError(
        f"{where}, line {line}, column {column!r}: {shown!r} {what}; correct it or choose other columns."
    )


def _not_a_number(cell: str, line: int, layout: Format, place: int, where: str) -> Exception:
    other = "," if layout.decimal_mark == "." else "."
    try:
        number(cell, other)
    except ValueError:
        return _refused(cell, "is not a number", line, layout, place, where)
    if layout.delimiter != "," and not layout.settled:
        return LateDecimalComma()
    mark = "point" if layout.decimal_mark == "." else "comma"
    return _refused(cell, f"is not a number (the decimal mark here is a {mark})", line, layout, place, where)


def _bad_weight(cell: str, line: int, layout: Format, place: int, where: str) -> InputError:
    what = "a row weight is missing" if is_missing(cell) else f"{cell.strip()!r} is not a row weight"
    column = layout.columns[place].name
    return InputError(f"{where}, line {line}, column {column!r}: {what}; give a number of at least 0.")


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"
