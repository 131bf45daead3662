"""The real data that come with the laboratory are those that everyone else has."""

import numpy as np
import pytest

from engine import catalogue
from engine.dataset import Dataset
from engine.datasets.blue_crabs import BlueCrabs


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


def test_saxon_families_are_counted_by_their_boys() -> None:
    data = shipped("saxon-families")
    assert (data.rows, data.total_weight, data.columns) == (13, 6115.0, ("boys",))
    assert data.row_weights is not None
    # The share of boys, .5192, as this table is usually printed with.
    assert float(data.row_weights @ data.values[:, 0]) / (12 * 6115) == pytest.approx(0.519215, abs=5e-7)


def test_carbon_dioxide_has_the_country_for_a_label() -> None:
    data = shipped("carbon-dioxide")
    assert (data.rows, data.columns) == (28, ("gnp", "co2"))
    assert len(set(data.label_names)) == 28
    assert data.labels is not None
    switzerland = [data.label_names[code] for code in data.labels].index("CH")
    assert data.values[switzerland].tolist() == [44.35, 5.5]


def test_water_levels_count_eight_answers_a_child() -> None:
    data = shipped("water-levels")
    assert data.values.shape == (405, 14)
    assert np.sum(data.values, axis=1).tolist() == [8.0] * 405
    assert (data.columns[0], data.columns[6], data.columns[-1]) == ("to -63", "to 0", "over 63")
    assert np.argmax(np.sum(data.values, axis=0)) == 6


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


def test_blue_crabs_are_fifty_of_each_sex_and_one_may_lie_far_out() -> None:
    data = shipped("blue-crabs")
    assert (data.rows, data.label_names, data.missing) == (100, ("male", "female"), 0)
    assert data.columns == ("frontal_lobe", "rear_width", "carapace_length", "carapace_width", "body_depth")
    assert data.labels is not None
    assert np.bincount(data.labels).tolist() == [50, 50]
    # As R's package MASS has them in crabs.
    assert data.values[0].tolist() == [8.1, 6.7, 16.1, 19.0, 7.0]
    assert np.mean(data.values, axis=0) == pytest.approx([14.056, 11.928, 30.058, 34.717, 12.583], abs=1e-9)
    far = BlueCrabs(outlier=15.0).generate()
    moved = np.argwhere(far.values != data.values)
    assert moved.tolist() == [[24, 1]]
    assert far.values[24, 1] == pytest.approx(11.9 + 15.0)
    assert not far.values.flags.writeable
    elsewhere = BlueCrabs(columns=("body_depth",), outlier=15.0).generate()
    assert np.array_equal(elsewhere.values, data.values[:, 4:])


def test_ground_beef_is_as_the_package_fitdistrplus_has_it() -> None:
    data = shipped("ground-beef")
    assert (data.rows, data.columns, data.labels) == (254, ("serving",), None)
    assert float(np.mean(data.values)) == pytest.approx(73.645669, abs=1e-6)
    assert (float(np.min(data.values)), float(np.max(data.values))) == (10.0, 200.0)
