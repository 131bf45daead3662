"""`main.py`, `main.py FILE` and `main.py NAME`: the window, with its library imported only here."""

from pathlib import Path

from commands.display import WITHOUT, check_display, qt_needed


def open_window(source: str | None, fresh: bool = False) -> int:
    """Opens the window on a CSV or an experiment, a shipped one also by its name; returns the exit code.

    Without a source it opens on its first experiment, or on the session that ended without being closed; `fresh`
    forgets what the window remembers of itself.

    The window reads the file itself, with progress; whether that can begin is found out here. Raises
    InputError where the file cannot be used or no window can open.
    """
    path = None if source is None else _checked(source)
    with qt_needed(WITHOUT):
        check_display()
        from gui.app import open_window as opened

        return opened(path, fresh)


def _checked(source: str) -> Path:
    """The path of a file whose beginning can be read; without a file the engine is not imported yet."""
    from commands.source import EXPERIMENT, existing_file, experiment_path
    from engine.csv_reader import describe_columns
    from engine.experiment import read_experiment

    expected = f"give a CSV file or {EXPERIMENT}, or one of the commands that `main.py --help` lists"
    experiment = experiment_path(source, expected)
    if experiment is not None:
        read_experiment(experiment)
        return experiment.absolute()
    path = existing_file(source, expected)
    describe_columns(path)
    return path.absolute()
