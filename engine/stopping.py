"""When a lane is done: one rule for every lane, and limits."""

from dataclasses import dataclass

from engine.algorithms.base import State
from engine.objective import Meter, Problem
from engine.settings import setting
from engine.wording import below_text, counted, number_text


@dataclass(frozen=True)
class Stop:
    """The stopping rule and the limits, the same for every lane of an experiment.

    `gradient`: the largest component of P(phi + grad/n) - phi in standardised natural blocks; `gain`: the
    relative change of the log-likelihood; `change`: the largest change of phi. Tolerance 0 switches the
    rule off.
    """

    rule: str = setting(
        "gradient",
        label="Stop by",
        help="What must be small: the projected gradient, the gain in log-likelihood, or the change.",
        choices=("gradient", "gain", "change"),
    )
    tolerance: float = setting(
        1e-8,
        label="Tolerance",
        help="The rule stops a lane below this; 0 switches the rule off.",
        minimum=0.0,
        maximum=1.0,
        logarithmic=True,
    )
    max_iterations: int = setting(
        1000,
        label="Iterations at most",
        help="Every lane ends here.",
        minimum=1,
        maximum=10_000_000,
        logarithmic=True,
    )
    max_passes: float | None = setting(
        None, label="Passes at most", help="A limit of passes over the data; empty for none.", above=0.0
    )
    max_seconds: float | None = setting(
        None,
        label="CPU seconds at most",
        help="A limit of CPU time for each lane; empty for none.",
        above=0.0,
    )

    def satisfied(
        self, problem: Problem, state: State, before: State | None, stationarity: float
    ) -> str | None:
        """The sentence that says why the rule holds at `state`; None where it does not."""
        if self.rule == "gradient":
            if stationarity < self.tolerance:
                return f"stationary: projected gradient {below_text(stationarity, self.tolerance)}"
            return None
        if before is None:
            return None
        new, old = state.position, before.position
        if self.rule == "gain":
            gain = abs(new.log_likelihood - old.log_likelihood) / max(abs(new.log_likelihood), 1e-300)
            if gain < self.tolerance:
                return f"almost no gain: relative gain {below_text(gain, self.tolerance)}"
            return None
        change = problem.free_change(new.parameters.vector, old.parameters.vector)
        if change < self.tolerance:
            return f"almost no change: largest change {below_text(change, self.tolerance)}"
        return None

    def limit_reached(self, iteration: int, meter: Meter, cpu_seconds: float) -> tuple[str, str] | None:
        """Status and sentence of the first limit that is reached; None while there is none."""
        if iteration >= self.max_iterations:
            return "iteration-limit", f"reached the limit of {counted(self.max_iterations, 'iteration')}"
        if self.max_passes is not None and meter.passes >= self.max_passes:
            return (
                "iteration-limit",
                f"reached the limit of {number_text(self.max_passes, 6)} passes over the data",
            )
        if self.max_seconds is not None and cpu_seconds >= self.max_seconds:
            return "time-limit", f"reached the limit of {number_text(self.max_seconds, 6)} CPU seconds"
        return None
