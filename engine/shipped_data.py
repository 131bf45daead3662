"""The real data that come with the laboratory, in `assets/data`."""

from pathlib import Path

from engine.covariance_matrix import covariance_dataset
from engine.csv_reader import read_csv
from engine.dataset import Dataset

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "data"


def read_shipped(
    file_name: str, columns: tuple[str, ...], weights_column: str = "", time_column: str = ""
) -> Dataset:
    """A shipped CSV as a dataset, with the chosen columns or all of numbers; errors as `read_csv`."""
    path = FOLDER / file_name
    return read_csv(
        path, name=path.stem, columns=columns, weights_column=weights_column, time_column=time_column
    )


def read_shipped_matrix(file_name: str, observations: int) -> Dataset:
    """A shipped CSV as the covariance or correlation matrix of so many observations; errors as `read_csv`."""
    return covariance_dataset(read_shipped(file_name, ()), observations)
