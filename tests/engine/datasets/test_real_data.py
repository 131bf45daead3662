"""The real data that come with the laboratory are those that everyone else has."""

import numpy as np
import pytest

from engine import catalogue
from engine.dataset import Dataset


def shipped(name: str) -> Dataset:
    dataset: Dataset = catalogue.get("datasets", name)().generate()
    return dataset


def test_old_faithful() -> None:
    data = shipped("faithful")
    assert (data.rows, data.columns, data.missing) == (272, ("eruptions", "waiting"), 0)
    assert np.mean(data.values, axis=0) == pytest.approx([3.4877830882, 70.8970588235], abs=1e-10)
    assert data.values[0].tolist() == [3.6, 79.0]


def test_iris_as_r_and_scikit_learn_have_it() -> None:
    data = shipped("iris")
    assert data.rows == 150
    assert data.label_names == ("setosa", "versicolor", "virginica")
    assert data.labels is not None
    assert np.bincount(data.labels).tolist() == [50, 50, 50]
    # UCI's file has 0.1 and 3.1 here (Bezdek et al. 1999, IEEE Trans. Fuzzy Systems 7, 368-369).
    assert data.values[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert data.values[37].tolist() == [4.9, 3.6, 1.4, 0.1]
    assert np.mean(data.values, axis=0) == pytest.approx([5.843333, 3.057333, 3.758, 1.199333], abs=1e-6)


def test_deaths_count_days_as_row_weights() -> None:
    data = shipped("deaths")
    assert (data.rows, data.total_weight, data.columns) == (10, 1096.0, ("deaths",))
    assert data.row_weights is not None
    assert float(np.dot(data.row_weights, data.values[:, 0])) == 2364.0
