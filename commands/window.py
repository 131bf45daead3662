"""`main.py` and `main.py FILE`: the window, with its library imported only here."""

from pathlib import Path

from commands.display import WITHOUT, check_display, qt_needed


def open_window(source: str | None) -> int:
    """Opens the window on an experiment or a CSV, or on its first experiment; returns the exit code.

    The window reads the file itself, with progress; whether that can begin is found out here. Raises
    InputError where the file cannot be used or no window can open.
    """
    path = None if source is None else _checked(source)
    with qt_needed(WITHOUT):
        check_display()
        from gui.app import open_window as opened

        return opened(path)


def _checked(source: str) -> Path:
    """The path of a file whose beginning can be read; without a file the engine is not imported yet."""
    from commands.source import existing_file, is_experiment
    from engine.csv_reader import describe_columns
    from engine.experiment import read_experiment

    path = existing_file(source).absolute()
    if is_experiment(source):
        read_experiment(path)
    else:
        describe_columns(path)
    return path
