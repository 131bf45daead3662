"""`uv run --group bench python -m tests.benchmarks`: prints a row for each figure and keeps the raw samples."""

import importlib
import json
import platform
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from engine.one_thread import use_one_thread
from tests.benchmarks.measurement import Row

FILES = (
    "em_iterations",
    "latent_variable_models",
    "steps",
    "compiled",
    "processes",
    "csv_reading",
    "crossover",
    "chains",
    "frames",
)
LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "stepmix",
    "hmmlearn",
    "pandas",
    "numba",
    "jax",
    "PySide6-Essentials",
)


def machine() -> dict[str, str]:
    """The machine and the libraries that were measured."""
    found = {"python": platform.python_version(), "system": platform.platform(), "processor": _processor()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def table_of(rows: list[Row]) -> Table:
    """A table as the terminal shows it."""
    table = Table()
    for heading in ("figure", "ours", "reference", "", "goal", "met", "note"):
        table.add_column(heading, justify="right" if heading in ("ours", "reference", "") else "left")
    for row in rows:
        reference = "" if row.reference is None else f"{row.reference:.4g} {row.unit}"
        table.add_row(
            row.name,
            f"{row.ours:.4g} {row.unit}",
            reference,
            f"{row.figure:.3g}",
            row.goal,
            "yes" if row.met else "NO",
            row.note,
        )
    return table


@click.command()
@click.option("--only", metavar="NAME", help=f"One of {', '.join(FILES)}, or words of a figure's name.")
@click.option("--json", "json_file", metavar="FILE", help="Write all rows with their raw samples.")
@click.option("--picture", metavar="FILE", help="Draw the frame times, where they were measured, into a PNG.")
def main(only: str | None, json_file: str | None, picture: str | None) -> None:
    """Measure the laboratory's speed."""
    use_one_thread()
    console = Console(width=200)
    console.print(", ".join(f"{key} {value}" for key, value in machine().items()))
    rows: list[Row] = []
    for name in FILES if only not in FILES else (only,):
        module = importlib.import_module(f"tests.benchmarks.{name}")
        for figure, measure in module.figures():
            if only not in (None, name) and only.lower() not in figure.lower():
                continue
            for row in measure():
                rows.append(row)
                outcome = "met" if row.met else "NOT met"
                print(f"{row.name}: {row.figure:.3g} ({row.goal}) {outcome}", file=sys.stderr)
    console.print(table_of(rows))
    if json_file is not None:
        document = {"machine": machine(), "rows": [asdict(row) for row in rows]}
        Path(json_file).write_text(json.dumps(document, indent=1), encoding="utf-8")
    if picture is not None:
        frames = importlib.import_module("tests.benchmarks.frames")
        drawing = importlib.import_module("tests.benchmarks.frame_picture")
        times = frames.frame_times(rows)
        if not times:
            raise click.UsageError("No frame times were measured: leave --only out, or say --only frames.")
        drawing.write_picture(times, Path(picture))


if __name__ == "__main__":
    main()
