"""A covariance matrix in place of rows: read from a CSV, checked, and refused in the person's words."""

from pathlib import Path

import numpy as np
import pytest

from engine.algorithms.em import ExpectationMaximization
from engine.covariance_matrix import covariance_dataset
from engine.csv_reader import read_csv
from engine.dataset import Dataset
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import Experiment, Lane, from_toml
from engine.models.factor_analysis import FactorAnalysis
from engine.models.gaussian_mixture import GaussianMixture
from engine.preparation import prepare
from engine.starts.k_means_plus_plus import KMeansPlusPlus
from engine.starts.squared_multiple_correlations import SquaredMultipleCorrelations

PLAIN = "a,b,c\n4,1,1\n1,9,2\n1,2,1\n"


def read(text: str, observations: float = 50, columns: tuple[str, ...] = ()) -> Dataset:
    return covariance_dataset(read_csv(text, name="S"), observations, columns)


def test_what_is_kept_of_it() -> None:
    data = read(PLAIN)
    assert data.covariance is not None
    assert data.covariance.tolist() == [[4, 1, 1], [1, 9, 2], [1, 2, 1]]
    assert not data.covariance.flags.writeable
    assert (data.rows, data.dimension, data.total_weight, data.missing) == (0, 3, 50.0, 0)
    assert data.note == "A covariance matrix of 50 observations."


def test_a_column_of_names_and_a_missing_header_do_no_harm() -> None:
    named = read("test,a,b,c\na,4,1,1\nb,1,9,2\nc,1,2,1\n")
    assert named.columns == ("a", "b", "c")
    assert named.labels is None
    assert read("1,.5\n.5,1\n").columns == ("x1", "x2")


def test_rows_that_are_named_in_another_order_are_refused() -> None:
    with pytest.raises(
        InputError, match="the rows are named b, a, c, but the columns a, b, c; put them in one order"
    ):
        read("test,a,b,c\nb,4,1,1\na,1,9,2\nc,1,2,1\n")
    assert read("test,a,b,c\nx,4,1,1\ny,1,9,2\nz,1,2,1\n").columns == ("a", "b", "c")


def test_columns_are_chosen_with_their_rows() -> None:
    data = read(PLAIN, columns=("c", "a"))
    assert data.covariance is not None
    assert data.columns == ("c", "a")
    assert data.covariance.tolist() == [[1, 1], [1, 4]]


def test_digits_as_they_are_printed_are_symmetric_enough() -> None:
    data = read("a,b\n1,.3333333\n.3333334,1\n")
    assert data.covariance is not None
    assert np.array_equal(data.covariance, data.covariance.T)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "a,b\n1,.5\n.4,1\n",
            "S: row 1 of column 'b' is 0.5, but its mirror image is 0.4; a covariance matrix is",
        ),
        ("a,b\n1,.5\n.5,1\n.1,.1\n", "S has 3 rows and 2 columns of numbers"),
        ("a,b\n1,.5\n,1\n", "S: row 2 of column 'a' is no number"),
        ("a,b\n1,0\n0,-1\n", "S: row 2 of column 'b' is -1; a variance must be above 0"),
        ("a,b\n1,0\n0,0\n", "S: row 2 of column 'b' is 0; a variance must be above 0"),
        ("a,b\n1,2\n2,1\n", "S is not positive definite: the smallest eigenvalue of its correlations is -1"),
        ("a,b\n1,1\n1,1\n", "S is not positive definite"),
    ],
)
def test_what_is_no_covariance_matrix_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        read(text)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("observations", "columns", "sentence"),
    [
        (0, (), r"not of how many observations; say it \(--observations 112\)"),
        (1, (), "not of how many observations"),
        (50, ("a", "z"), "S has no column 'z'; its columns are a, b, c"),
        (50, ("a", "a"), "chosen twice"),
    ],
)
def test_what_is_said_of_it_is_checked(observations: int, columns: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read(PLAIN, observations, columns)


def test_a_file_says_that_it_is_one(tmp_path: Path) -> None:
    path = tmp_path / "S.csv"
    path.write_text(PLAIN, encoding="utf-8")
    story = File(str(path), matrix=True, observations=50, columns=("b", "a"))
    assert story.generate().columns == ("b", "a")
    assert story.setup() == {"model": {"name": "factor-analysis"}}
    assert File(str(path)).setup() == {}
    assert story.pinned().generate().covariance is not None
    for wrong, sentence in (
        (File(str(path), matrix=True, observations=50, weights_column="a"), "has no row weights"),
        (File(str(path), matrix=True, observations=50, drop_missing=True), "has no incomplete rows"),
    ):
        with pytest.raises(InputError, match=sentence):
            wrong.generate()


def test_an_experiment_holds_it_and_only_models_that_need_no_rows_take_it() -> None:
    lanes = (Lane(ExpectationMaximization()),)
    data = File("S.csv", content=PLAIN, matrix=True, observations=50)
    experiment = Experiment(data, FactorAnalysis(), SquaredMultipleCorrelations(), lanes)
    assert from_toml(experiment.to_toml()) == experiment
    assert prepare(experiment).prepared.total_weight == 50
    with pytest.raises(
        InputError, match="is a covariance matrix, and gaussian-mixture needs rows"
    ) as refused:
        prepare(experiment.replace(model=GaussianMixture(components=2), start=KMeansPlusPlus()))
    assert str(refused.value).endswith(".")
