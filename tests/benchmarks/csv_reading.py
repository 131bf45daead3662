"""Reading a CSV of a million rows against pandas."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.csv_reader import read_csv
from tests.benchmarks.em_iterations import generated
from tests.benchmarks.measurement import Figure, Row, at_most, compared, in_pairs, median_ratio


def million_rows() -> Row:
    """Ours against pandas' default parser, on a file that was just written."""
    import pandas

    values = generated(1_000_000, 2, 5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.csv"
        np.savetxt(path, values, fmt="%.9g", delimiter=",", header="x,y", comments="")
        np.testing.assert_array_equal(
            read_csv(path, name="million").values,
            pandas.read_csv(path, float_precision="round_trip").to_numpy(),
        )
        ours, reference = in_pairs(
            lambda: read_csv(path, name="million"), lambda: pandas.read_csv(path).to_numpy(), 5
        )
    ratio = median_ratio(ours, reference)
    outcome = at_most(ratio, 1.0)
    return compared(
        "reading a CSV of 1,000,000 rows x 2 columns / pandas",
        "s",
        {"ours": ours, "pandas": reference},
        ratio,
        outcome,
        "pandas with its default parser",
    )


def figures() -> Iterator[Figure]:
    """All figures of this file."""
    yield "reading a CSV", lambda: [million_rows()]
