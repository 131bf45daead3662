"""Every algorithm on every data set that comes with the program, from three starts, as a person would run it.

Each run ends at a stationary point or with a status that is true of where it stands; none raises, and none loses
what it promises not to. All of them together take minutes and are run by hand; in every run each algorithm meets
three data sets, each from another start, and each data set meets several algorithms.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from engine import catalogue
from engine.algorithms.annealed_em import AnnealedState
from engine.algorithms.base import Algorithm
from engine.algorithms.em_variant import ObjectiveState
from engine.algorithms.gradient import GradientState, block_gradient
from engine.datasets.base import DataStory
from engine.datasets.file import File
from engine.experiment import from_document
from engine.models.base import UndefinedLikelihood
from engine.objective import Problem
from engine.parameters import Parameters
from engine.preparation import Preparation, prepare
from engine.roundoff import roundoff_bound
from engine.run import Route, run
from engine.shipped_experiments import shipped_experiments
from engine.starts.base import RandomStart
from engine.stopping import Stop
from engine.trace import Step
from tests.engine.models.cases import random_parameters

ALGORITHMS = tuple(catalogue.find("algorithms").values())
STARTS = 3
IN_EACH_RUN = Stop(max_iterations=120)
BY_HAND = Stop(max_iterations=200, max_seconds=1.0)
STATIONARY_RISE = 1e-6
"""One EM step from a stationary point raises the log-likelihood by no more."""
HARDLY_ANY_WEIGHT = 1e-6


def data_sets() -> dict[str, dict[str, Any]]:
    """The sections 'data' and 'model' of every story, and of every experiment on a file."""
    found: dict[str, dict[str, Any]] = {}
    for name, cls in catalogue.find("datasets").items():
        story = cls()
        assert isinstance(story, DataStory)
        if name not in ("file", "drawn"):
            found[name] = {
                "data": {"name": name},
                "model": {"name": story.suits[0], **story.setup().get("model", {})},
            }
    for name, experiment in shipped_experiments().items():
        if isinstance(experiment.data, File):
            document = experiment.to_document()
            found[name] = {"data": document["data"], "model": document["model"]}
    return found


DATA_SETS = data_sets()


@cache
def prepared(name: str) -> Preparation:
    return prepare(from_document({**DATA_SETS[name], "lanes": [{"algorithm": "em"}]}))


@cache
def starts(name: str) -> tuple[Parameters, ...]:
    """Three starts: the random ones that fit the model, else random parameters."""
    ready = prepared(name)
    model, there = ready.model, ready.prepared
    found = [
        cls(seed=place).choose(model, there)
        for place, cls in enumerate(catalogue.find("starts").values())
        if issubclass(cls, RandomStart) and cls().refusal(model) is None
    ]
    found += [ready.start_parameters, *(random_parameters(model, there, seed) for seed in range(STARTS))]
    return tuple(found[:STARTS])


@dataclass(frozen=True)
class Run:
    """An algorithm as it comes, on a data set, from the start with a number."""

    algorithm: type[Algorithm]
    data: str
    start: int

    def __str__(self) -> str:
        return f"{self.algorithm.name} on {self.data} from start {self.start}"

    def steps(self, stop: Stop) -> list[Step]:
        return list(run(self.problem(), Route(self.algorithm()), starts(self.data)[self.start], stop))

    def problem(self) -> Problem:
        return prepared(self.data).problem()


def all_runs() -> Iterator[Run]:
    for algorithm, data, start in itertools.product(ALGORITHMS, DATA_SETS, range(STARTS)):
        yield Run(algorithm, data, start)


def some_runs() -> Iterator[Run]:
    """Each algorithm from each start, on one data set after the other."""
    names = itertools.cycle(DATA_SETS)
    for algorithm, start in itertools.product(ALGORITHMS, range(STARTS)):
        yield Run(algorithm, next(names), start)


def judge(case: Run, stop: Stop) -> None:
    """Fails where the end is not what the status says, or a promise was broken."""
    steps, problem = case.steps(stop), case.problem()
    last = steps[-1]
    assert last.reason
    if last.status == "converged":
        an_em_step_gains_nothing(problem, last)
    elif last.status == "stuck":
        assert ", but " in last.reason
        its_own_step_moves_nothing(case, problem, last)
    elif last.status == "stopped":
        its_own_step_gains_nothing(case, problem, last)
    elif last.status == "iteration-limit":
        assert last.iteration == stop.max_iterations
    elif last.status == "time-limit":
        assert stop.max_seconds is not None
        assert last.cpu_seconds >= stop.max_seconds
    elif last.status == "refused":
        assert last.passes == 0
        assert last.reason.endswith(".")
    elif last.status == "left-constraints":
        assert not last.is_likelihood
        assert isinstance(last.state, GradientState)
        assert not last.state.chart.keeps_support
    else:
        assert last.status in ("collapsed", "diverged")
        with pytest.raises(UndefinedLikelihood):
            value_and_gradient(problem, last.parameters)
    promises_are_kept(case, problem, steps)


def value_and_gradient(problem: Problem, parameters: Parameters) -> None:
    """Both where they exist; an infinite variance has a density, of 0, and no gradient. Raises UndefinedLikelihood."""
    block_gradient(problem, parameters)
    problem.expect(parameters)


def an_em_step_gains_nothing(problem: Problem, last: Step) -> None:
    """A stationary point is a fixed point of EM, whatever method came there."""
    assert last.state is not None
    position = last.state.position
    found = problem.expect(position.parameters)
    assert found.log_likelihood == position.log_likelihood
    weights = position.parameters["weights"] if "weights" in position.parameters else np.ones(1)
    if found.ratios is not None and np.min(weights) < HARDLY_ANY_WEIGHT:
        # EM would fit a component that has hardly any weight to one row; what counts is that none wants more.
        assert np.max(found.ratios) / problem.total_weight < 1 + STATIONARY_RISE
        return
    better = problem.expect(problem.m_step(found.statistics, position.parameters)).log_likelihood
    assert better - found.log_likelihood < STATIONARY_RISE


def its_own_step_moves_nothing(case: Run, problem: Problem, last: Step) -> None:
    """Where a method is stuck it stays, though others may get away."""
    assert last.state is not None
    again, _ = case.algorithm().step(problem, last.state)
    value = case.algorithm().measured(problem, again).position.log_likelihood
    assert abs(value - last.log_likelihood) <= STATIONARY_RISE * max(1.0, abs(value))


def its_own_step_gains_nothing(case: Run, problem: Problem, last: Step) -> None:
    """What climbs something else than the log-likelihood is at a maximum of that."""
    assert isinstance(last.state, ObjectiveState)
    again, _ = case.algorithm().step(problem, last.state)
    assert isinstance(again, ObjectiveState)
    allowed = roundoff_bound(again.objective, problem.total_weight)
    assert again.objective <= last.state.objective + allowed


def promises_are_kept(case: Run, problem: Problem, steps: list[Step]) -> None:
    promise = case.algorithm().promises
    states = [step.state for step in steps if step.state is not None]
    if promise == "log-likelihood":
        assert not any(step.decreased for step in steps)
    elif promise is not None:
        for before, after in itertools.pairwise(states):
            assert isinstance(before, ObjectiveState)
            assert isinstance(after, ObjectiveState)
            # Another temperature is another objective.
            if (
                isinstance(before, AnnealedState)
                and isinstance(after, AnnealedState)
                and before.beta != after.beta
            ):
                continue
            allowed = roundoff_bound(after.objective, problem.total_weight)
            assert after.objective >= before.objective - allowed


@pytest.mark.parametrize("case", tuple(some_runs()), ids=str)
def test_it_ends_as_it_says(case: Run) -> None:
    judge(case, IN_EACH_RUN)


def test_every_data_set_has_three_starts_that_differ() -> None:
    for name in DATA_SETS:
        vectors = [each.vector for each in starts(name)]
        assert len(vectors) == STARTS
        assert all(not np.array_equal(one, other) for one, other in itertools.combinations(vectors, 2)), name


@pytest.mark.soak
@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda cls: cls.name)
def test_it_ends_as_it_says_everywhere(algorithm: type[Algorithm]) -> None:
    failed = []
    for case in all_runs():
        if case.algorithm is algorithm:
            try:
                judge(case, BY_HAND)
            except AssertionError as error:
                failed.append(f"{case}: {error}")
    assert failed == []
