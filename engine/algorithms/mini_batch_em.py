"""Mini-batch EM: a few rows at a time, with a memory that fades at a constant rate."""

from dataclasses import dataclass
from typing import ClassVar

from engine.algorithms.stepwise import StepwiseEM
from engine.settings import setting


@dataclass(frozen=True)
class MiniBatchEM(StepwiseEM):
    """EM from a few rows at a time and a memory of earlier ones, which fades at a constant rate.

    With s the running statistics, s_t those of mini-batch t at the newest parameters:
    s <- memory s + (1 - memory) s_t, theta <- the M step from s (Neal & Hinton 1998, the exponentially decaying
    average; by mini-batches: Nguyen, Forbes & McLachlan 2020, Statist. Comput. 30, 731-748). About
    1 / (1 - memory) mini-batches are remembered. It climbs fast, and then the parameters tremble around the
    maximum as those of a sample of that many rows would; a larger memory or batch makes that smaller, also in
    flight. One iteration is `updates` mini-batches; it does not stop by itself.

    The right one where the data may change with time, or for a fast first climb before EM takes over.
    """

    name: ClassVar[str] = "mini-batch-em"
    source: ClassVar[str] = "Neal & Hinton (1998), Learning in Graphical Models, 355-368"
    formula: ClassVar[str] = r"""
        s \leftarrow m\, s + (1 - m)\, s_t, \qquad \theta_t = \arg\max_\theta Q(s, \theta)
    """
    try_it: ClassVar[str] = "Let it tremble around the maximum, then raise the memory: it trembles less."

    memory: float = setting(
        0.9,
        label="Memory",
        help="The share of the running statistics that each update keeps; 0 forgets all that was known.",
        minimum=0.0,
        maximum=0.9999,
        adjustable=True,
    )

    def share(self, update: int) -> float:
        return 1.0 - self.memory
