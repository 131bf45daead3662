"""Linear algebra in one thread: products here are small, and a fixed order of summation needs it.

The environment's variables are free of charge, but count only before numpy is loaded; where numpy came first
(in a test, say) threadpoolctl does the same at run time, for 20 ms.
"""

import os
import sys

VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
)


def use_one_thread() -> None:
    """Makes every linear-algebra library of this process work in the thread that calls it."""
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        threadpool_limits(1)
    for name in VARIABLES:
        os.environ[name] = "1"
