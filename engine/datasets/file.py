"""A person's own CSV."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from engine.covariance_matrix import covariance_dataset
from engine.csv_format import decoded
from engine.csv_reader import Cancelled, Progress, ReadingCancelled, read_csv
from engine.dataset import Dataset
from engine.datasets.base import DataStory
from engine.errors import InputError
from engine.settings import setting

INSIDE_UP_TO = 64 * 1024
"""Files of at most so many bytes are saved inside the experiment."""
HASHED_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class File(DataStory):
    """Data from your own CSV file, with the columns that you choose.

    `content` goes before `path`, which then only gives the name. Life of a story: `pinned` when the file is
    loaded, `relative_to` the experiment's folder when it is saved, `resolved` from there when it is opened.
    """

    name: ClassVar[str] = "file"
    suits: ClassVar[tuple[str, ...]] = ()
    """Any model: which of them can be fitted to a person's own data their checks tell."""
    path: str = setting("", label="File", help="The CSV file; from the experiment's folder if not absolute.")
    columns: tuple[str, ...] = setting(
        (), label="Columns", help="Names of the columns to fit, in this order; none named: all of numbers."
    )
    weights_column: str = setting(
        "", label="Row weights", help="The column that says how often each row counts; it is then not fitted."
    )
    drop_missing: bool = setting(
        False, label="Drop incomplete rows", help="Leave out the rows in which a cell is missing."
    )
    sequence_column: str = setting(
        "",
        label="Sequence",
        help="The column that names the sequence of each row, where the rows are several sequences in time.",
    )
    time_column: str = setting(
        "", label="Time", help="The column of times, which must rise from row to row; it is then not fitted."
    )
    matrix: bool = setting(
        False,
        label="A matrix",
        help="The file holds no rows of observations but a covariance or correlation matrix of the columns.",
    )
    observations: int = setting(
        0,
        label="Observations",
        help="How many observations a matrix is of, the divisor of its sums of squares.",
        minimum=0,
        maximum=10**12,
    )
    content: str = setting(
        "", label="Content", help="The text of the CSV, where the data are saved inside the experiment."
    )
    sha256: str = setting(
        "", label="SHA-256", help="The file's hash when it was saved; a file that has changed is refused."
    )

    def generate(self) -> Dataset:
        """The file's rows as a dataset named as the file is; raises InputError as `read` does."""
        return self.read()

    def read(self, progress: Progress | None = None, cancelled: Cancelled | None = None) -> Dataset:
        """As `generate`, with progress and cancelling as in `engine.csv_reader.read_csv`.

        Raises InputError where no file is named, where it cannot be used or has changed since it was
        saved, and ReadingCancelled.
        """
        source = self.source()
        if isinstance(source, Path) and self.sha256:
            self._check_hash(source, cancelled)
        if self.matrix:
            return self._read_matrix(source, progress, cancelled)
        return read_csv(
            source,
            name=self._stem,
            columns=self.columns,
            weights_column=self.weights_column,
            drop_missing=self.drop_missing,
            sequence_column=self.sequence_column,
            time_column=self.time_column,
            progress=progress,
            cancelled=cancelled,
        )

    def _read_matrix(
        self, source: Path | str, progress: Progress | None, cancelled: Cancelled | None
    ) -> Dataset:
        if self.weights_column or self.drop_missing or self.sequence_column or self.time_column:
            which = "row weights" if self.weights_column else "incomplete rows to leave out"
            which = "sequences in time" if self.sequence_column or self.time_column else which
            raise InputError(f"{self._stem}: a covariance matrix has no {which}; leave that option out.")
        table = read_csv(source, name=self._stem, progress=progress, cancelled=cancelled)
        return covariance_dataset(table, self.observations, self.columns)

    def setup(self) -> Mapping[str, Mapping[str, Any]]:
        return {"model": {"name": "factor-analysis"}} if self.matrix else {}

    def source(self) -> Path | str:
        """What `describe_columns` and `read_csv` read: the content where there is one, else the path."""
        if self.content:
            return self.content
        if not self.path:
            raise InputError("No data file is named; give the path of a CSV file.")
        return _expanded(self.path)

    def pinned(self, cancelled: Cancelled | None = None) -> "File":
        """The same data for good: a small file's text taken in, else the absolute path and the file's hash.

        To be asked for when the file is loaded, so that what is saved later is what was read. Raises
        InputError where the file cannot be read or has another hash than the one already noted, and
        ReadingCancelled.
        """
        source = self.source()
        if isinstance(source, str):
            return self
        digest, beginning = _hashed(source, cancelled)
        if self.sha256 and digest != self.sha256.lower():
            raise self._changed()
        text = _text(beginning) if len(beginning) <= INSIDE_UP_TO else ""
        if not text:
            # Too large to be taken in, or empty: then the reader has the sentence for it.
            return replace(self, path=source.resolve().as_posix(), sha256=digest)
        return replace(self, path=source.name, content=text, sha256="")

    def relative_to(self, folder: Path) -> "File":
        """As it stands in an experiment saved in `folder`: a file below it is named from there."""
        path = _expanded(self.path)
        if self.content or not self.path or not path.is_absolute():
            return self
        path, folder = path.resolve(), folder.resolve()
        if not path.is_relative_to(folder):
            return self
        return replace(self, path=path.relative_to(folder).as_posix())

    def resolved(self, folder: Path) -> "File":
        """As it is meant in an experiment that was opened from `folder`: with an absolute path."""
        if self.content or not self.path:
            return self
        return replace(self, path=(folder.absolute() / _expanded(self.path)).as_posix())

    @property
    def _stem(self) -> str:
        return Path(self.path).stem or "data"

    def _check_hash(self, path: Path, cancelled: Cancelled | None) -> None:
        if _hashed(path, cancelled)[0] != self.sha256.lower():
            raise self._changed()

    def _changed(self) -> InputError:
        return InputError(
            f"{Path(self.path).name} has changed since the experiment was saved; "
            "put the old file back, or remove sha256 from the experiment to use the new one."
        )


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _hashed(path: Path, cancelled: Cancelled | None) -> tuple[str, bytes]:
    """A file's SHA-256 in hexadecimal, and its beginning: all of it where it may be saved inside."""
    digest, beginning = hashlib.sha256(), b""
    try:
        if not path.is_file():
            # Whatever else stands there, the reader has the sentence for it.
            read_csv(path, name=path.stem)
        with path.open("rb") as stream:
            while piece := stream.read(HASHED_AT_ONCE):
                if cancelled is not None and cancelled():
                    raise ReadingCancelled(f"Reading {path.name} was cancelled.")
                beginning = beginning or piece[: INSIDE_UP_TO + 1]
                digest.update(piece)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}); choose another file.") from None
    return digest.hexdigest(), beginning


def _text(content: bytes) -> str:
    """A CSV's bytes as text that reads back to the same dataset."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return decoded(content)
