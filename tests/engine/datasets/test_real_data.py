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


def test_role_conflict_counts_students_by_their_answers() -> None:
    data = shipped("role-conflict")
    assert (data.rows, data.total_weight, data.columns) == (16, 216.0, ("A", "B", "C", "D"))
    assert data.row_weights is not None
    assert data.row_weights[0] == 42
    assert data.values[0].tolist() == [1.0] * 4
    # Everybody's answers to each dilemma: Goodman (1974), table 1.
    assert (data.row_weights @ data.values).tolist() == [171.0, 108.0, 111.0, 67.0]


def test_two_coins_have_the_coin_for_a_label() -> None:
    data = shipped("two-coins")
    assert data.values[:, 0].tolist() == [5.0, 9.0, 8.0, 4.0, 7.0]
    assert data.labels is not None
    assert [data.label_names[code] for code in data.labels] == ["B", "A", "A", "B", "A"]


def test_linkage_counts_animals_by_their_cell() -> None:
    data = shipped("linkage")
    assert data.values[:, 0].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert data.row_weights is not None
    assert data.row_weights.tolist() == [125.0, 18.0, 20.0, 34.0]


def test_matrices_are_of_their_observations() -> None:
    ability = shipped("ability")
    assert ability.covariance is not None
    assert (ability.rows, ability.total_weight) == (0, 112.0)
    assert ability.columns == ("general", "picture", "blocks", "maze", "reading", "vocab")
    # As R has them in ability.cov.
    assert ability.covariance[0].tolist() == [24.641, 5.991, 33.52, 6.023, 20.755, 29.701]
    subjects = shipped("school-subjects")
    assert subjects.covariance is not None
    assert subjects.total_weight == 220.0
    assert subjects.columns == ("Gaelic", "English", "history", "arithmetic", "algebra", "geometry")
    assert subjects.covariance[3].tolist() == [0.288, 0.354, 0.164, 1.0, 0.595, 0.47]
