"""Runs the engine on reference data: columns of a small CSV, one lane, the EM map and its rate."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.algorithms.base import Algorithm
from engine.algorithms.em import ExpectationMaximization
from engine.dataset import Dataset
from engine.objective import Problem
from engine.parameters import Array, Parameters, PositiveDefinite, frozen
from engine.run import Route, run
from engine.stopping import Stop
from engine.trace import Trace

DATA = Path(__file__).parent / "data"


def columns(file: str) -> dict[str, Array]:
    """The columns of a CSV of numbers with a header, by name."""
    with (DATA / file).open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def dataset(values: Any, row_weights: Any = None) -> Dataset:
    """A dataset of values (n,) or (n, d)."""
    table = np.array(values, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    names = tuple(f"x{j + 1}" for j in range(table.shape[1]))
    return Dataset("reference", names, table, None if row_weights is None else frozen(row_weights))


class Bench:
    """A model on a dataset, with parameters in the data's units."""

    def __init__(self, model: Any, data: Dataset) -> None:
        model.check(data)
        self.model = model
        self.prepared = model.prepare(data)
        self.problem = Problem(model, self.prepared)

    def accept(self, start: Mapping[str, Any]) -> Parameters:
        parameters = self.model.accept(self.prepared, start)
        assert isinstance(parameters, Parameters)
        return parameters

    def trace(
        self, start: Mapping[str, Any], steps: int, algorithm: Algorithm | None = None, tolerance: float = 0.0
    ) -> Trace:
        """A lane of `steps` iterations from natural parameters; EM unless an algorithm is given."""
        problem, trace = Problem(self.model, self.prepared), Trace(self.problem.layout)
        route = Route(algorithm or ExpectationMaximization())
        stop = Stop(tolerance=tolerance, max_iterations=steps)
        for step in run(problem, route, self.accept(start), stop):
            trace.append(step)
        return trace

    def em_map(self, parameters: Parameters) -> Parameters:
        statistics = self.problem.expect(parameters).statistics
        moved = self.model.m_step(statistics, parameters)
        assert isinstance(moved, Parameters)
        return moved

    def em_rate(self, at: Parameters) -> float:
        """The largest eigenvalue of the EM map's Jacobian, by central differences of its free entries."""
        places, partners = _free_entries(at)
        jacobian = np.empty((len(places), len(places)))
        for column, (place, partner) in enumerate(zip(places, partners, strict=True)):
            step = 1e-6 * max(0.1, abs(float(at.vector[place])))
            ends = []
            for sign in (1, -1):
                vector = np.array(at.vector)
                vector[list({place, partner})] += sign * step
                ends.append(self.em_map(Parameters(at.layout, vector)).vector)
            jacobian[:, column] = (ends[0] - ends[1])[places] / (2 * step)
        return float(np.max(np.linalg.eigvals(jacobian).real))


def _free_entries(at: Parameters) -> tuple[list[int], list[int]]:
    """Places of the free numbers in the flat vector, and of each one's mirror image in a symmetric matrix."""
    places, partners = [], []
    for block in at.layout.blocks:
        indices = np.arange(at.layout.size)[at.layout.places[block.name]].reshape(block.shape)
        mirrored = np.swapaxes(indices, -1, -2) if isinstance(block.support, PositiveDefinite) else indices
        for place, partner in zip(indices.ravel().tolist(), mirrored.ravel().tolist(), strict=True):
            if place <= partner:
                places.append(place)
                partners.append(partner)
    return places, partners
