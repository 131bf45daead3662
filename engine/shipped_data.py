"""The real data that come with the laboratory, in `assets/data`."""

from pathlib import Path

from engine.csv_reader import read_csv
from engine.dataset import Dataset

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "data"


def read_shipped(file_name: str, columns: tuple[str, ...], weights_column: str = "") -> Dataset:
    """A shipped CSV as a dataset, with the chosen columns or all of numbers; errors as `read_csv`."""
    path = FOLDER / file_name
    return read_csv(path, name=path.stem, columns=columns, weights_column=weights_column)
