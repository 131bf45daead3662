"""What the files hold of the experiments that were opened from them or saved to them."""

from contextlib import suppress
from pathlib import Path

from engine.datasets.base import DataStory
from engine.datasets.file import File
from engine.errors import InputError
from engine.experiment import Experiment, read_experiment
from engine.saving import write_whole


class Files:
    """Knows what each file held when it was read or written last; None stands for an experiment without a file."""

    def __init__(self) -> None:
        self._held: dict[Path | None, Experiment] = {}
        self._csv_files: dict[str, Path] = {}

    def hold(self, path: Path | None, experiment: Experiment) -> None:
        """This is what the file holds."""
        self._held[path] = experiment

    def read_again(self, path: Path | None) -> None:
        """What the file holds now; nothing is known of one that cannot be read."""
        self._held.pop(path, None)
        if path is not None:
            with suppress(InputError):
                self._held[path] = read_experiment(path)

    def write(self, path: Path, experiment: Experiment) -> None:
        """Writes an experiment; raises InputError where it cannot be written."""
        data = experiment.data
        written = (
            experiment.replace(data=data.relative_to(path.parent)) if isinstance(data, File) else experiment
        )
        write_whole(path, written.to_toml())
        self._held[path] = experiment

    def holds(self, path: Path | None, experiment: Experiment | None) -> bool:
        """Whether the file holds this experiment, to the last setting."""
        return experiment == self._held.get(path)

    def holds_work(self, path: Path | None, experiment: Experiment) -> bool:
        """Whether the file holds this experiment, whatever it says of how it is shown."""
        held = self._held.get(path)
        return held is not None and experiment.replace(show=held.show) == held

    def remember_csv(self, story: File, path: Path) -> None:
        """Data that are saved inside an experiment came from this file."""
        if story.content:
            self._csv_files[story.content] = path

    def csv_of(self, data: DataStory) -> Path | None:
        """Where data came from that are saved inside an experiment; None where that file is another now."""
        path = self._csv_files.get(data.content) if isinstance(data, File) else None
        try:
            same = path is not None and File(path=str(path)).pinned().content == getattr(
                data, "content", None
            )
        except InputError:
            return None
        return path if same else None
