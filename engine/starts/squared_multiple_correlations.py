"""Where factor analysis begins in the literature."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.models.factor_analysis import FactorAnalysis
from engine.models.factor_model import FactorPrepared
from engine.parameters import Parameters
from engine.starts.base import Start


@dataclass(frozen=True)
class SquaredMultipleCorrelations(Start):
    """Uniquenesses from what the other columns do not explain of a column, and the loadings that fit them best.

    1 - R_j^2 = 1 / (R^-1)_jj of a column's regression on all others is an upper bound of its uniqueness; times
    1 - q / 2p (Jöreskog 1963; 1967, Psychometrika 32, 443-482, equation 26), loadings at their maximum given them.
    """

    name: ClassVar[str] = "squared-multiple-correlations"
    formula: ClassVar[str] = r"""
        \psi_j = \left(1 - \frac{q}{2p}\right) \frac{1}{(R^{-1})_{jj}}
    """
    fits: ClassVar[type] = FactorAnalysis

    def begin(self, model: FactorAnalysis, prepared: FactorPrepared) -> Parameters:
        p, q = prepared.dimension, model.factors
        root = np.linalg.cholesky(prepared.covariance)
        whitening = np.linalg.solve(root, np.eye(p))
        uniquenesses = (1.0 - q / (2.0 * p)) / np.sum(np.square(whitening), axis=0)
        start = model.layout(prepared).pack(
            {"mean": np.zeros(p), "loadings": np.zeros((p, q)), "uniquenesses": uniquenesses}
        )
        return model.profiled(prepared, start)
