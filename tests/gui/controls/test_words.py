"""Names and numbers as a reader sees them."""

import math

import pytest

from engine import catalogue
from gui.controls.words import (
    for_the_window,
    log_likelihood_text,
    number_text,
    plain,
    plain_title,
    rounded_text,
    seconds_text,
    small_text,
)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("gaussian-mixture", "Gaussian mixture"),
        ("em", "EM"),
        ("lbfgs", "L-BFGS"),
        ("k-means++", "k-means++"),
        ("three-clusters", "Three clusters"),
        ("hidden-markov", "Hidden Markov"),
        ("student-t-mixture", "Student t mixture"),
        ("fisher-scoring", "Fisher scoring"),
        ("px-em", "PX-EM"),
    ],
)
def test_names_are_shown_plainly(name: str, title: str) -> None:
    assert plain_title(name) == title


def test_titles_of_one_kind_stay_different() -> None:
    for kind in catalogue.KINDS:
        names = list(catalogue.find(kind))
        assert len({plain_title(name) for name in names}) == len(names)


def test_people_keep_their_capitals_within_a_sentence() -> None:
    assert plain("hidden-markov") == "hidden Markov"
    assert plain("bernoulli-mixture") == "Bernoulli mixture"
    assert plain("nesterov") == "Nesterov"


def test_choices_lose_their_hyphens() -> None:
    assert plain("drop-last") == "drop last"
    assert plain("log-cholesky") == "log Cholesky"


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e-8, 1 / 3, 1.2, 600.0, 1e7, -2.5e-17, 123456.789])
def test_a_number_is_written_so_that_it_reads_back_exactly(value: float) -> None:
    assert float(number_text(value)) == value


def test_numbers_are_short_where_that_is_exact() -> None:
    assert (number_text(1e-8), number_text(0.5), number_text(3), number_text(None)) == (
        "1e-8",
        "0.5",
        "3",
        "",
    )


def test_readings() -> None:
    assert log_likelihood_text(-2486.0157) == "−2486.016"
    assert small_text(8.06e-9) == "8.1e−9"
    assert rounded_text(math.nan, 3) == "–"
    assert rounded_text(-math.inf, 3) == "−∞"
    assert [seconds_text(each) for each in (4.8e-4, 0.0123, 1.239, 250.0)] == [
        "480 µs",
        "12.3 ms",
        "1.24 s",
        "250 s",
    ]


def test_sections_of_files_and_options_are_not_for_the_window() -> None:
    said = for_the_window("[start]: weights must sum to 1 (--start); type others.")
    assert said == "Weights must sum to 1; type others."
    assert for_the_window("faithful has gaps; drop rows (--drop-missing).") == "faithful has gaps; drop rows."
    assert (
        for_the_window("faithful has 3 missing cells (in 2 rows).")
        == "faithful has 3 missing cells (in 2 rows)."
    )
