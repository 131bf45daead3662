"""`main.py check`: runs experiments and tells which of their claims hold, with the numbers that were found."""

import math
import sys
import time
from collections.abc import Iterator

from commands.source import experiment_named
from engine.comparison import compare
from engine.errors import InputError
from engine.experiment import Experiment
from engine.preparation import Preparation, prepare
from engine.shipped_experiments import shipped_experiments
from engine.verdicts import Verdict
from engine.verdicts import check as verdicts_on
from engine.wording import counted

ALL_HOLD = 0
SOME_FAIL = 1


def check(names: tuple[str, ...], slow: bool = False) -> int:
    """Runs the experiments of these names (none: every shipped one); returns 0 only if all claims hold.

    What is slow runs if `slow` says so or if it was named. Raises InputError before anything is printed.
    """
    chosen = {name: experiment_named(name) for name in names} or dict(shipped_experiments())
    passed_over = [name for name, each in chosen.items() if each.slow and not (slow or names)]
    run = {name: each for name, each in chosen.items() if name not in passed_over}
    silent = next((name for name, each in run.items() if names and not each.claims), None)
    if silent is not None:
        raise InputError(f"{silent} claims nothing; write claims = [...] at the top of its file.")
    ready = {name: _prepared(name, each) for name, each in run.items()}
    began = time.perf_counter()
    found: list[Verdict] = []
    for name, experiment in run.items():
        verdicts = verdicts_on(compare(experiment, preparation=ready[name]))
        found += verdicts
        _say(*_report(name, experiment, verdicts))
    _say(*_summary(found, len(run), time.perf_counter() - began, passed_over))
    return ALL_HOLD if all(each.holds for each in found) else SOME_FAIL


def _prepared(name: str, experiment: Experiment) -> Preparation:
    try:
        return prepare(experiment)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _report(name: str, experiment: Experiment, verdicts: tuple[Verdict, ...]) -> Iterator[str]:
    yield f"{name}: {experiment.title}" if experiment.title else name
    width = max((len(each.claim.text) for each in verdicts), default=0)
    for each in verdicts:
        found = ", ".join(f"{quantity} = {_value_text(value)}" for quantity, value in each.found)
        yield f"  {'holds' if each.holds else 'FAILS'}  {each.claim.text:<{width}}  {found}"


def _summary(found: list[Verdict], experiments: int, seconds: float, passed_over: list[str]) -> Iterator[str]:
    yield ""
    if passed_over:
        yield f"Not run, because slow (--slow runs them too): {', '.join(passed_over)}."
    claims, subject = counted(len(found), "claim"), counted(experiments, "experiment")
    fail = sum(not each.holds for each in found)
    if fail:
        yield f"{fail} of {claims} of {subject} {'does' if fail == 1 else 'do'} not hold ({seconds:.1f} s)."
    else:
        yield f"{claims} of {subject}: {'it holds' if len(found) == 1 else 'all hold'} ({seconds:.1f} s)."


def _value_text(value: float | str) -> str:
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "never" if value > 0 else "-infinity"
    return f"{value:.8g}"


def _say(*lines: str) -> None:
    """Prints what is known so far at once: all experiments together take a while."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
