"""Whole processes: memory of a large fit, a small fit from the command line, the window's first paint."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measurement import Figure, Row, at_most

PROJECT = Path(__file__).resolve().parents[2]

PEAK = """
import resource, sys
sys.path.insert(0, {project!r})
from tests.benchmarks.em_iterations import Case, generated, ground
from engine.algorithms.em import ExpectationMaximization
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
case = Case(1_000_000, 2, 8, 1.0)
{work}
print(peak())
"""
OURS = """
here = ground(case)
algorithm = ExpectationMaximization()
state = algorithm.init(here.problem, here.start, 0)
for _ in range(3):
    state, _ = algorithm.step(here.problem, state)
"""
DATA_ALONE = "values = generated(1_000_000, 2, 8); import engine.models.gaussian_mixture"
THEIRS = """
from sklearn.mixture import GaussianMixture
import warnings; warnings.simplefilter("ignore")
GaussianMixture(8, max_iter=3, init_params="random", random_state=0).fit(generated(1_000_000, 2, 8))
"""

STARTED = """
import os, sys, time
sys.path.insert(0, {project!r})
began = float(os.environ["BEGAN"])
from gui import app as program
from PySide6.QtCore import QTimer
class Painted(program.Shell):
    told = False
    def paintEvent(self, event):
        super().paintEvent(event)
        if not Painted.told:
            Painted.told = True
            print(time.time() - began, flush=True)
def answers(window):
    def tell():
        print(time.time() - began, flush=True)
        os._exit(0)
    QTimer.singleShot(0, tell)
program.Shell = Painted
program._close_on_signals = answers
program.open_window(None)
"""


def _environment(**more: str) -> dict[str, str]:
    """That of a person's second start: Python may keep and use its compiled files."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **more}


def _python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=_environment(**environment),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _peak(work: str) -> float:
    return float(_python(PEAK.format(project=str(PROJECT), work=work)).split()[-1])


def memory() -> Row:
    """Peak memory of a fit above that of a process that only made the data."""
    alone, ours, theirs = _peak(DATA_ALONE), _peak(OURS), _peak(THEIRS)
    mebibytes = (ours - alone) / 2**20
    goal, met = at_most(mebibytes, 100)
    return Row(
        "peak memory of a fit above its data, n = 1,000,000, d = 2, K = 8",
        "MiB",
        mebibytes,
        (theirs - alone) / 2**20,
        mebibytes,
        goal,
        met,
        "reference: scikit-learn",
        {"bytes": [alone, ours, theirs]},
    )


def small_fit() -> Row:
    """`main.py fit` of Old Faithful, the whole process."""
    command = [sys.executable, "main.py", "fit", "assets/data/faithful.csv", "--json"]
    samples = []
    for _ in range(6):
        began = time.perf_counter()
        done = subprocess.run(
            command, cwd=PROJECT, env=_environment(), capture_output=True, text=True, check=True
        )
        samples.append(time.perf_counter() - began)
    assert json.loads(done.stdout)["lanes"]
    figure = statistics.median(samples[1:])
    goal, met = at_most(figure, 0.4)
    return Row("main.py fit of a 272-row CSV", "s", figure, None, figure, goal, met, "", {"seconds": samples})


def first_paint() -> Iterator[Row]:
    """The empty window's first paint, and the first moment at which it answers."""
    painted, ready = [], []
    for _ in range(6):
        told = _python(
            STARTED.format(project=str(PROJECT)), BEGAN=repr(time.time()), QT_QPA_PLATFORM="offscreen"
        ).split()
        painted.append(float(told[0]))
        ready.append(float(told[1]))
    for name, samples, most in (
        ("first paint, from process start", painted, 0.25),
        ("first interaction possible, from process start", ready, 1.0),
    ):
        figure = statistics.median(samples[1:])
        goal, met = at_most(figure, most)
        yield Row(name, "s", figure, None, figure, goal, met, "offscreen", {"seconds": samples})


def figures() -> Iterator[Figure]:
    """All figures of this file."""
    yield "peak memory of a fit", lambda: [memory()]
    yield "main.py fit of a 272-row CSV", lambda: [small_fit()]
    yield "first paint", lambda: list(first_paint())
