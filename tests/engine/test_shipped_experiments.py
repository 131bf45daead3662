"""Every shipped experiment shows what it says: its claims are run, and there is one for each claim of the debate."""

import math

import pytest

from engine import catalogue
from engine.claims import parse
from engine.comparison import compare
from engine.experiment import from_toml, read_experiment
from engine.shipped_experiments import FOLDER, shipped_experiments, shipped_path
from engine.verdicts import check
from main import laboratory

QUICK = [name for name, each in shipped_experiments().items() if not each.slow]
SLOW = [name for name, each in shipped_experiments().items() if each.slow]

SHOWN = {
    "EM never goes down; a gradient step may": ("em-never-goes-down",),
    "the learning rate": ("learning-rate-too-small", "learning-rate-right", "learning-rate-too-large"),
    "leaving the simplex": ("leaving-the-simplex",),
    "raw weights": ("raw-weights",),
    "a true zero": ("true-zero-softmax", "true-zero-projected-gradient"),
    "separated clusters": ("em-in-five-steps",),
    "overlapping clusters": ("em-crawls",),
    "collapse": ("collapse",),
    "symmetric start": ("symmetric-start",),
    "wildly different axes": ("wild-axes", "wild-axes-standardised"),
    "not Gaussian at all": ("moons", "two-kinds-of-counts"),
    "stopping too early": ("stopping-too-early",),
}
"""What the issue asks for, in its order, and the experiments that show it."""


def unfulfilled(name: str) -> list[str]:
    """The claims that do not hold, each with what was found."""
    verdicts = check(compare(shipped_experiments()[name]))
    return [f"{each.claim.text}: {each.found}" for each in verdicts if not each.holds]


@pytest.mark.parametrize("name", QUICK)
def test_every_claim_holds(name: str) -> None:
    assert unfulfilled(name) == []


@pytest.mark.soak
@pytest.mark.skipif(not SLOW, reason="no shipped experiment is slow")
def test_every_claim_of_a_slow_one_holds() -> None:
    assert [failed for name in SLOW for failed in unfulfilled(name)] == []


@pytest.mark.parametrize("name", shipped_experiments())
def test_each_says_what_to_watch_and_claims_something(name: str) -> None:
    experiment = shipped_experiments()[name]
    assert experiment.title
    assert experiment.caption.endswith(".")
    assert experiment.caption.count(". ") <= 1, "one or two sentences"
    assert len(experiment.claims) >= 3
    assert from_toml(experiment.to_toml()) == experiment
    claimed = {each.lane for text in experiment.claims for each in parse(text, titles(name)).quantities}
    assert claimed == set(titles(name)), "a lane of which nothing is claimed could just as well be left out"


def titles(name: str) -> list[str]:
    return [lane.title for lane in shipped_experiments()[name].lanes]


def test_they_are_taught_in_order() -> None:
    names = list(shipped_experiments())
    wanted = [name for group in SHOWN.values() for name in group]
    assert [name for name in names if name in wanted] == wanted
    assert names[0] == "em-never-goes-down", "the first one that opens"
    places = [each.place or math.inf for each in shipped_experiments().values()]
    assert places == sorted(places)


def test_a_name_leads_to_its_file_and_to_nothing_else() -> None:
    for name, experiment in shipped_experiments().items():
        path = shipped_path(name)
        assert path == FOLDER / f"{name}.toml"
        assert read_experiment(path) == experiment
    for name in ("", ".", "nosuch", "../experiments/moons", "moons.toml", "moons\0", "x" * 5000):
        assert shipped_path(name) is None


def test_no_name_means_two_things_on_the_command_line() -> None:
    taken = {*catalogue.find("datasets"), *laboratory.commands}
    assert not taken & set(shipped_experiments())


def test_learning_rates_are_the_only_difference_of_their_lesson() -> None:
    small, right, large = (shipped_experiments()[name] for name in SHOWN["the learning rate"])
    assert (small.data, small.model, small.start) == (right.data, right.model, right.start)
    assert (large.data, large.model, large.start) == (right.data, right.model, right.start)


def test_standardising_is_the_only_difference_of_its_lesson() -> None:
    plain, standardised = (shipped_experiments()[name] for name in SHOWN["wildly different axes"])
    assert (plain.data, plain.model, plain.start) == (
        standardised.data,
        standardised.model,
        standardised.start,
    )
