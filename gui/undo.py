"""The undo stack: what an experiment was before each edit, under the edit's name."""

from dataclasses import dataclass
from pathlib import Path

from engine.experiment import Experiment

DEEPEST_UNDO = 200


@dataclass(frozen=True, eq=False)
class Moment:
    """An experiment as it stood before an edit, with the edit's name and the file that it belongs to."""

    name: str
    experiment: Experiment
    path: Path | None


class UndoStack:
    """What undo takes back and redo does again; edits of one name that are not final are one entry."""

    def __init__(self) -> None:
        self._undo: list[Moment] = []
        self._redo: list[Moment] = []
        self._merging: str | None = None

    @property
    def undo_name(self) -> str | None:
        """What undo would take back, None where there is nothing."""
        return self._undo[-1].name if self._undo else None

    @property
    def redo_name(self) -> str | None:
        """What redo would do again, None where there is nothing."""
        return self._redo[-1].name if self._redo else None

    @property
    def by_file(self) -> dict[Path | None, Moment]:
        """For each file the newest moment at which its experiment was there."""
        return {moment.path: moment for moment in self._undo}

    def clear(self) -> None:
        """Nothing to undo, nothing to do again."""
        self._undo.clear()
        self._redo.clear()

    def record(self, before: Moment, final: bool = True) -> None:
        """An edit has come about: an entry, or part of the one before where that was not final."""
        if self._merging != before.name:
            self._undo.append(before)
            del self._undo[:-DEEPEST_UNDO]
            self._redo.clear()
        self._merging = None if final else before.name

    def end_merging(self) -> None:
        """What comes next is an entry of its own, whatever its name."""
        self._merging = None

    def newest(self, back: bool) -> Moment | None:
        """What undo (`back`) or redo would bring; None where there is nothing."""
        moments = self._undo if back else self._redo
        return moments[-1] if moments else None

    def exchange(self, present: Moment, back: bool) -> None:
        """The newest moment has been brought: what stood there then takes its place on the other side."""
        source, target = (self._undo, self._redo) if back else (self._redo, self._undo)
        source.pop()
        target.append(present)
