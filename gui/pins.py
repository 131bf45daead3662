"""Runs that were pinned: what stays of them in the plots while settings change, and in a file. No Qt here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.experiment import Experiment, from_document
from engine.many_starts import CLOCKS
from engine.parameters import Array
from gui.clock import clock_column
from gui.lane_frame import LaneSource, last_likelihood
from gui.paths import paths
from gui.scene import Scene


@dataclass(frozen=True, eq=False)
class PinnedLane:
    """One lane of a pinned run, as far as it had come.

    `clocks` has the horizontal axes by their names; `weights_path` is (m, K) at `path_iterations` (m,);
    `means` (K, p) and `covariances` (K, p, p) are its last components on the canvas.
    """

    index: int
    title: str
    status: str
    iterations: int
    value: float
    clocks: dict[str, Array]
    log_likelihood: Array
    is_likelihood: npt.NDArray[np.bool_]
    path_iterations: npt.NDArray[np.intp]
    weights_path: Array
    means: Array
    covariances: Array

    @property
    def result(self) -> str:
        """What came out, in a few words."""
        value = f"{self.value:.4f}".replace("-", "\u2212") if np.isfinite(self.value) else "no likelihood"
        return f"{self.title} {value}, {self.status} at {self.iterations}"


@dataclass(frozen=True, eq=False)
class Pin:
    """A run that stays, faint and named, with the whole experiment that it came from."""

    name: str
    experiment: Experiment
    path: Path | None
    lanes: tuple[PinnedLane, ...]
    shown: bool = True

    def compares_with(self, experiment: Experiment) -> bool:
        """Whether its log-likelihoods are of the same data, so that the curves mean something together."""
        return self.experiment.data == experiment.data

    @property
    def result(self) -> str:
        """All lanes' results in a line."""
        return "; ".join(lane.result for lane in self.lanes)


def pinned_lanes(scene: Scene, sources: Sequence[LaneSource]) -> tuple[PinnedLane, ...]:
    """What stays of each lane that has begun when its run is pinned: everything up to its newest entry."""
    pinned = []
    for source in sources:
        if source.trace.count == 0:
            continue
        trace, last = source.trace, source.trace.count - 1
        best = last_likelihood(trace) or 0
        components = scene.components(trace.parameters(best))
        iterations, weights, _ = paths(scene, trace, last)
        pinned.append(
            PinnedLane(
                source.index,
                source.title,
                trace.status,
                last,
                float(trace.floats("log_likelihood")[best]),
                {clock: np.array(clock_column(trace, clock)) for clock in CLOCKS},
                np.array(trace.floats("log_likelihood")),
                np.array(trace.column("is_likelihood")),
                np.array(iterations),
                np.array(weights),
                components.means,
                components.covariances,
            )
        )
    return tuple(pinned)


class _Numbers(msgspec.Struct, forbid_unknown_fields=True):
    """An array as it stands in a file: numpy's name of its type, its shape, its bytes."""

    type: str
    shape: tuple[int, ...]
    content: bytes


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    """A pin as it stands in a file, its experiment as a document."""

    name: str
    shown: bool
    file: str | None
    experiment: dict[str, Any]
    lanes: tuple[PinnedLane, ...]


def pins_written(pins: Sequence[Pin]) -> bytes:
    """Pins as MessagePack, curves and all, so that nothing is run again to have them back."""
    records = [
        _Record(
            pin.name,
            pin.shown,
            None if pin.path is None else str(pin.path.absolute()),
            pin.experiment.to_document(),
            pin.lanes,
        )
        for pin in pins
    ]
    return msgspec.msgpack.encode(records, enc_hook=_array_written)


def pins_read(content: bytes) -> tuple[Pin, ...]:
    """What `pins_written` wrote; raises InputError where it is anything else."""
    try:
        records = msgspec.msgpack.decode(content, type=list[_Record], dec_hook=_array_read)
    except (msgspec.MsgspecError, ValueError) as error:
        raise InputError(f"The pinned runs cannot be read: {error}.") from None
    return tuple(
        Pin(
            record.name,
            from_document(record.experiment),
            None if record.file is None else Path(record.file),
            record.lanes,
            record.shown,
        )
        for record in records
    )


def _array_written(value: Any) -> _Numbers:
    array = np.ascontiguousarray(value)
    return _Numbers(array.dtype.str, array.shape, array.tobytes())


def _array_read(kind: Any, found: Any) -> npt.NDArray[Any]:
    """An array of the type that its field is declared to have; raises ValueError for another one."""
    numbers = msgspec.convert(found, _Numbers)
    wanted = np.dtype(kind.__args__[1].__args__[0])
    if np.dtype(numbers.type) != wanted:
        raise ValueError(f"an array of {wanted} is a {numbers.type}")
    return np.frombuffer(numbers.content, dtype=wanted).reshape(numbers.shape)
