"""Latent classes: four yes/no answers of 216 people (Stouffer & Toby 1951; Goodman 1974)."""

import numpy as np
import pytest

from engine.models.bernoulli_mixture import BernoulliMixture
from engine.starts.random_responsibilities import RandomResponsibilities
from tests.reference.lanes import Bench, columns, dataset


def bench(classes: int) -> Bench:
    table = columns("stouffer_toby.csv")
    answers = np.stack([table[name] for name in "ABCD"], axis=1)
    return Bench(BernoulliMixture(components=classes), dataset(answers, table["count"]))


def test_one_class() -> None:
    on = bench(1)
    last = on.trace({"weights": [1.0], "probabilities": [[0.5] * 4]}, 2).last
    assert last.log_likelihood == pytest.approx(-543.6498247814, abs=1e-9)


def test_two_classes_best_of_some_starts() -> None:
    on = bench(2)
    found = []
    for seed in range(5):
        start = on.model.describe(RandomResponsibilities(seed=seed).choose(on.model, on.prepared))
        found.append(on.trace(start, 3000).last)
    best = max(found, key=lambda step: step.log_likelihood)
    assert best.log_likelihood == pytest.approx(-504.4676701184, abs=1e-9)
    assert sorted(best.parameters["weights"]) == pytest.approx([0.2792461279, 0.7207538721], abs=1e-8)
