"""Factors that begin anywhere."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.models.factor_model import FactorModel, FactorPrepared
from engine.parameters import Parameters
from engine.starts.base import RandomStart

EXPLAINED = 0.5
"""The share of the columns' variances that the factors explain at the start, on average."""


@dataclass(frozen=True)
class RandomLoadings(RandomStart):
    """Loadings drawn at random that explain half of the variances on average; the noise has the other half."""

    name: ClassVar[str] = "random-loadings"
    fits: ClassVar[type] = FactorModel

    def begin(self, model: FactorModel, prepared: FactorPrepared) -> Parameters:
        p, q = prepared.dimension, model.factors
        variances = np.diagonal(prepared.covariance)
        drawn = self.generator().standard_normal((p, q))
        loadings = np.sqrt(EXPLAINED * variances / q)[:, None] * drawn
        return model.layout(prepared).pack(
            {
                "mean": np.zeros(p),
                "loadings": loadings,
                model.noise_block: model.averaged((1.0 - EXPLAINED) * variances),
            }
        )
