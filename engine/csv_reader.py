"""Reading a CSV into a dataset: which columns play which role, with progress, and at any moment cancelled."""

import codecs
import io
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.csv_blocks import (
    BLOCK,
    LONGEST_ROW,
    Block,
    Codes,
    LateDecimalComma,
    Roles,
    blocks,
    careful_block,
    fast_block,
    whole_rows,
)
from engine.csv_format import Column, Format, recognise
from engine.dataset import Dataset
from engine.errors import InputError
from engine.parameters import Array
from engine.wording import number_text

SAMPLE = 1 << 14
"""How many bytes at the beginning decide how a file is written and which columns are text."""
ENOUGH_LINES = 20
"""With fewer whole lines than this, the sample grows."""
FAST_FROM = BLOCK
"""Files of at least so many bytes are worth the import of pyarrow."""
SMALLEST_WEIGHT, LARGEST_WEIGHT = 1e-100, 1e100
"""Between these the largest row weight must lie, or sums of weights and values leave the range of doubles."""
WORKERS = max(2, min(4, os.cpu_count() or 2))

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]


class ReadingCancelled(InputError):
    """The person cancelled the reading of a file."""


def read_csv(
    source: Path | str | bytes,
    *,
    name: str,
    columns: tuple[str, ...] = (),
    weights_column: str = "",
    drop_missing: bool = False,
    sequence_column: str = "",
    time_column: str = "",
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Dataset:
    """A dataset from a CSV file (Path) or from its content (str or bytes).

    Comma, semicolon or tab; decimal comma where the delimiter is another; quoted cells; UTF-8, UTF-16 with
    its mark, or Windows-1252. Without a header the columns are x1, x2, ...; a repeated name gets a number.
    `columns` chooses by name and in that order, else all columns of numbers are values. A column of text
    (the chosen one, else the first) becomes the labels, coded in order of first appearance.
    `weights_column` holds row weights and is then no value; so are `sequence_column`, which names the sequence of
    each row by words or numbers, and `time_column`, which holds numbers. Empty, NA and NaN cells are NaN;
    `drop_missing` leaves their rows out. What was decided on the way stands in the dataset's note.

    `progress` hears the fraction read, from 0 to 1; `cancelled` is asked before every block of 1 MiB. Fit
    for a thread beside a window: pyarrow works outside Python's lock, a block at a time.

    Raises InputError with the file, line and column for whatever cannot be used, and ReadingCancelled.
    """
    where = source.name if isinstance(source, Path) else name
    with _opened(source, where) as (stream, size):
        layout, start = _recognised(stream, where)
        apart = _Apart(weights_column, sequence_column, time_column)
        roles = _roles(layout, columns, apart, where)
        try:
            found = _read(stream, start, size, layout, roles, where, progress, cancelled)
        except LateDecimalComma:
            layout = replace(layout, decimal_mark=",", settled=True)
            found = _read(stream, start, size, layout, roles, where, progress, cancelled)
    numbers, codes, label_names = found
    if not len(numbers):
        raise InputError(f"{where} has no rows; choose a file with data.")
    values = (
        numbers if roles.numeric == roles.values else np.ascontiguousarray(numbers[:, : len(roles.values)])
    )
    weights = None
    if roles.weight is not None:
        weights = np.ascontiguousarray(numbers[:, -1])
        if not np.any(weights > 0):
            raise InputError(
                f"{where}: every row weight in column {weights_column!r} is 0; one must be above 0."
            )
        if not SMALLEST_WEIGHT < np.max(weights) < LARGEST_WEIGHT:
            raise InputError(
                f"{where}: the row weights in column {weights_column!r} are too large or too small to be summed; "
                "multiply them all by one number."
            )
    beside = {
        layout.columns[place].name: np.array(numbers[:, len(roles.values) + number])
        for number, place in enumerate(roles.beside)
    }
    sequences: Codes | None = None
    sequence_names: tuple[str, ...] = ()
    if sequence_column:
        if sequence_column in beside:
            sequences, sequence_names = _coded(beside[sequence_column])
        else:
            sequences, sequence_names, codes, label_names = codes, label_names, None, ()
        if sequences is None or np.min(sequences) < 0:
            row = 0 if sequences is None else int(np.argmin(sequences))
            raise InputError(
                f"{where}: row {row + 1} has no sequence in column {sequence_column!r}; fill it in or leave that row out."
            )
    note = _note(layout, roles, columns, apart)
    value_names = tuple(layout.columns[place].name for place in roles.values)
    dataset = Dataset(
        name,
        value_names,
        values,
        weights,
        codes,
        label_names,
        note=note,
        sequences=sequences,
        sequence_names=sequence_names,
        times=beside.get(time_column),
        time_name=time_column,
    )
    if drop_missing and dataset.missing:
        complete = dataset.without_missing()
        left_out = dataset.rows - complete.rows
        rows = "1 row with a missing cell is" if left_out == 1 else f"{left_out} rows with missing cells are"
        return replace(complete, note=f"{note} {rows} left out.".strip())
    return dataset


def describe_columns(source: Path | str | bytes, *, name: str = "the data") -> tuple[Column, ...]:
    """The columns of a CSV file (Path) or content, with names and kinds, from its beginning only.

    Raises InputError as `read_csv` does for a source that is no CSV at all.
    """
    where = source.name if isinstance(source, Path) else name
    with _opened(source, where) as (stream, _):
        return _recognised(stream, where)[0].columns


@contextmanager
def _opened(source: Path | str | bytes, where: str) -> Iterator[tuple[BinaryIO, int]]:
    """The source as a stream that is not UTF-16, and its size in bytes."""
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogatepass")
    if isinstance(source, bytes):
        stream: BinaryIO = io.BytesIO(source)
    else:
        stream = _open_file(source, where)
    with stream:
        try:
            readable = _as_utf8(stream, where)
            yield readable, readable.seek(0, io.SEEK_END)
        except OSError as error:
            raise InputError(f"{where} cannot be read ({error.strerror}); choose another file.") from None


def _open_file(path: Path, where: str) -> BinaryIO:
    try:
        if path.is_dir():
            raise InputError(f"{where or path} is a folder; choose a CSV file in it.")
        if path.exists() and not path.is_file():
            raise InputError(f"{where} is not a file; choose a CSV file.")
        return path.open("rb")
    except FileNotFoundError:
        raise InputError(f"There is no file {str(path)!r}; check its name and folder.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = error.strerror if isinstance(error, OSError) else "its name is impossible"
        raise InputError(f"{where} cannot be read ({reason}); choose another file.") from None


def _as_utf8(stream: BinaryIO, where: str) -> BinaryIO:
    mark = stream.read(3)
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        stream.seek(0)
        try:
            return io.BytesIO(stream.read().decode("utf-16").encode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            raise InputError(
                f"{where} is not a text file; export it as CSV (UTF-8) and choose that."
            ) from None
    return stream


def _recognised(stream: BinaryIO, where: str) -> tuple[Format, int]:
    """The format, and the byte at which the rows begin."""
    stream.seek(0)
    mark = len(codecs.BOM_UTF8) if stream.read(3) == codecs.BOM_UTF8 else 0
    stream.seek(mark)
    sample = piece = stream.read(SAMPLE)
    while piece and sample.count(b"\n", 0, whole_rows(sample)) < ENOUGH_LINES and len(sample) < LONGEST_ROW:
        piece = stream.read(len(sample))
        sample += piece
    if piece:
        end = whole_rows(sample)
        # A quotation mark that is never closed leaves few whole rows: plain lines then show more.
        end = end if sample.count(b"\n", 0, end) >= ENOUGH_LINES else sample.rfind(b"\n") + 1
        sample = sample[: end or len(sample)]
    layout = recognise(sample, where)
    return layout, mark + layout.offset


def _read(
    stream: BinaryIO,
    start: int,
    size: int,
    layout: Format,
    roles: Roles,
    where: str,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> tuple[Array, Codes | None, tuple[str, ...]]:
    """All rows: numbers (n, columns of `Roles.numeric`), label codes (n,) and label names."""
    stream.seek(start)
    pieces: list[Array] = []
    codes: list[Codes] = []
    labels: dict[str, int] = {}
    done = start
    with closing(_converted(stream, size, layout, roles)) as converted:
        for line, content, block in converted:
            if cancelled is not None and cancelled():
                raise ReadingCancelled(f"Reading {where} was cancelled.")
            if block is None:
                block = careful_block(content, line, layout, roles, where)
            pieces.append(block.numbers)
            if block.codes is not None:
                known = [labels.setdefault(each, len(labels)) for each in block.labels]
                codes.append(np.array([*known, -1], dtype=np.int64)[block.codes])
            done += len(content)
            if progress is not None:
                progress(min(1.0, done / max(1, size)))
    if progress is not None:
        progress(1.0)
    numbers = np.concatenate(pieces) if pieces else np.empty((0, len(roles.numeric)))
    return numbers, (np.concatenate(codes) if codes else None), tuple(labels)


def _converted(
    stream: BinaryIO, size: int, layout: Format, roles: Roles
) -> Generator[tuple[int, bytes, Block | None], None, None]:
    """The blocks in order, with what the fast way made of them: nothing, where the careful way must look."""
    if size < FAST_FROM:
        for line, content in blocks(stream, layout):
            yield line, content, None
        return
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="csv") as pool:
        waiting: deque[tuple[int, bytes, Future[Block | None]]] = deque()
        for line, content in blocks(stream, layout):
            waiting.append((line, content, pool.submit(fast_block, content, layout, roles)))
            if len(waiting) > WORKERS:
                line, content, future = waiting.popleft()
                yield line, content, future.result()
        for line, content, future in waiting:
            yield line, content, future.result()


@dataclass(frozen=True)
class _Apart:
    """The columns that are no values, by name; '' where there is none."""

    weights: str
    sequence: str
    time: str

    @property
    def named(self) -> tuple[str, ...]:
        return tuple(each for each in (self.weights, self.sequence, self.time) if each)


def _coded(numbers: Array) -> tuple[Codes, tuple[str, ...]]:
    """Codes (n,) of numbers in the order in which they first appear, -1 where missing, and the numbers as words."""
    distinct, firsts, places = np.unique(numbers, return_index=True, return_inverse=True)
    order = [place for place in np.argsort(firsts).tolist() if not np.isnan(distinct[place])]
    codes = np.full(len(distinct), -1, dtype=np.int64)
    codes[order] = np.arange(len(order))
    return codes[places], tuple(number_text(float(distinct[place]), 15) for place in order)


def _roles(layout: Format, columns: tuple[str, ...], apart: _Apart, where: str) -> Roles:
    """What each column is for; raises InputError for names that are not there or leave nothing to fit."""
    places = {column.name: place for place, column in enumerate(layout.columns)}
    weights_column = apart.weights
    for wanted in (*columns, *apart.named):
        if wanted not in places:
            raise InputError(f"{where} has no column {wanted!r}; its columns are {_listed(places)}.")
    for wanted in columns:
        if columns.count(wanted) > 1:
            raise InputError(f"Column {wanted!r} of {where} is chosen twice; name it once.")
    if len(set(apart.named)) < len(apart.named):
        raise InputError(
            f"{where}: one column cannot be two of row weights, sequence and time; name different ones."
        )
    weight = places[weights_column] if weights_column else None
    taken = [places[each] for each in apart.named]
    chosen = [places[each] for each in columns if each not in apart.named]
    texts = [j for j, column in enumerate(layout.columns) if column.kind == "text" and j not in taken]
    chosen_texts = [place for place in chosen if place in texts]
    if len(chosen_texts) > 1:
        names = " and ".join(repr(layout.columns[place].name) for place in chosen_texts[:2])
        raise InputError(f"{where}: columns {names} are both text; only one can give the labels.")
    if columns:
        values = [place for place in chosen if place not in texts]
    else:
        numeric = [j for j in range(len(layout.columns)) if j not in texts and j not in taken]
        # A column that the header does not name holds row numbers, or nothing behind a last delimiter.
        values = [j for j in numeric if layout.columns[j].named] or numeric
    if not values and texts and weight is None and not columns:
        raise InputError(
            f"{where} holds nothing but text; choose a file with columns of numbers, "
            "separated by comma, semicolon or tab."
        )
    if not values:
        raise InputError(f"{where}: no column of numbers is left as a value; choose other columns.")
    named_texts = [j for j in texts if layout.columns[j].named]
    label = next(iter(chosen_texts or named_texts), None)
    sequence = places[apart.sequence] if apart.sequence else None
    beside = [places[apart.time]] if apart.time else []
    if sequence is not None and layout.columns[sequence].kind == "text":
        # One column of text is read: where it names the sequences, no other one can give the labels.
        label = sequence
    elif sequence is not None:
        beside.append(sequence)
    return Roles(tuple(values), weight, label, tuple(beside))


def _note(layout: Format, roles: Roles, columns: tuple[str, ...], apart: _Apart) -> str:
    """What was decided about the file without being asked, in plain sentences."""
    sentences = []
    if layout.decimal_mark == ",":
        sentences.append("Commas are read as decimal marks.")
    if roles.label is not None and layout.columns[roles.label].name != apart.sequence:
        sentences.append(f"The labels are column {layout.columns[roles.label].name!r}.")
    if apart.sequence:
        sentences.append(f"The sequences are column {apart.sequence!r}.")
    if not columns:
        used = {*roles.numeric, roles.label}
        unused = {column.name: None for j, column in enumerate(layout.columns) if j not in used}
        if unused:
            sentences.append(f"Not used: {_listed(unused)}.")
    return " ".join(sentences)


def _listed(names: dict[str, int] | dict[str, None]) -> str:
    shown = list(names)[:20]
    return ", ".join(shown) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
