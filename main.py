"""The command line: reads the words and hands them to `commands`; with none of them it opens the window.

What a person may get wrong ends in one sentence on standard error and exit code 2. Exit codes: 0 done, 1 a claim
that does not hold (or a defect of this program), 2 input that cannot be used, 130 stopped by Ctrl+C, 141 the
reader of the output went away.
"""

import os
import sys
import warnings
from typing import Any

import click

BAD_INPUT = 2
DEFECT = 1
INTERRUPTED = 130
READER_GONE = 141
SPECIFICATION = "NAME:SETTING=VALUE,..."
FRESH = "--fresh"
WINDOW = "the window"
"""No word that a person types, so that a file of any name but a command's can be opened."""


class CommandOrFile(click.Group):
    """Commands, or else a file to be opened in the window."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        words = [word for word in arguments if word != FRESH]
        first = words[0] if words else ""
        if first not in self.commands and (not first.startswith("-") or first == "-"):
            if len(words) > 1:
                raise click.UsageError(
                    f"There is no command {first!r}; the commands are {', '.join(self.list_commands(context))}, "
                    "and a single FILE or NAME opens in the window."
                )
            fresh = [FRESH] if FRESH in arguments else []
            arguments = [*fresh, WINDOW, *words]
        return super().parse_args(context, arguments)

    def list_commands(self, context: click.Context) -> list[str]:
        return [name for name in super().list_commands(context) if name != WINDOW]


@click.group(
    cls=CommandOrFile,
    invoke_without_command=False,
    subcommand_metavar="[FILE | NAME] | COMMAND ...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(FRESH, is_flag=True, help="Open the window as on the first day: its own settings forgotten.")
@click.pass_context
def laboratory(context: click.Context, fresh: bool) -> None:
    """Watch expectation-maximization and gradients climb one log-likelihood.

    Without a command the window opens, with the experiment or the CSV in FILE, or with the shipped experiment
    called NAME (`main.py list experiments`), if one is given.
    """
    if fresh and context.invoked_subcommand != WINDOW:
        raise click.UsageError(f"{FRESH} is for the window; leave it out here.")
    context.obj = fresh


@laboratory.command(name=WINDOW)
@click.argument("file", required=False)
@click.pass_obj
def window(fresh: bool, file: str | None) -> int:
    """Open the window."""
    from commands.window import open_window

    return open_window(file, fresh)


@laboratory.command()
@click.argument("source", required=False)
@click.option("--model", metavar=SPECIFICATION, help="Default: gaussian-mixture:components=3.")
@click.option(
    "--algorithm",
    "algorithms",
    multiple=True,
    metavar=SPECIFICATION,
    help="A lane; repeat it for more. name=... names the lane. Default: em and gradient-ascent.",
)
@click.option(
    "--start",
    metavar=f"{SPECIFICATION}|FILE.json",
    help="Default: k-means++, or uniform for known components. A JSON file holds "
    '{"weights": ..., "means": ..., "covariances": ...}.',
)
@click.option("--tolerance", metavar="T", help="The rule's tolerance; 0 switches it off. Default: 1e-8.")
@click.option("--rule", metavar="R", help="gradient, gain or change. Default: gradient.")
@click.option("--max-iterations", metavar="N", help="Default: 1000.")
@click.option("--columns", metavar="a,b", help="The columns of the CSV to fit. Default: all of numbers.")
@click.option("--weights-column", metavar="w", help="The column of the CSV that holds row weights.")
@click.option("--drop-missing", is_flag=True, help="Leave out rows with a missing cell.")
@click.option("--sequence-column", metavar="s", help="The column of the CSV that names each row's sequence.")
@click.option("--time-column", metavar="t", help="The column of the CSV that holds times, which must rise.")
@click.option("--matrix", is_flag=True, help="The CSV is a covariance or correlation matrix, not rows.")
@click.option("--observations", metavar="N", help="How many observations the matrix is of.")
@click.option("--starts", metavar="R", help="Run the lanes from R random starts instead of one.")
@click.option("--processes", metavar="P", help="Share the starts out over P processes. Default: one a core.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program instead of a table.")
@click.option("--trace", "with_trace", is_flag=True, help="Add what happened at every iteration.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write every lane's trace as a CSV.")
@click.option(
    "--assignments", metavar="FILE", help="Write each row's responsibilities under the best lane as a CSV."
)
@click.option(
    "--imputed",
    metavar="FILE",
    help="Write the rows with missing cells as the best lane expects them, and how far that may be off, as a CSV.",
)
def fit(
    source: str | None,
    as_json: bool,
    with_trace: bool,
    csv_file: str | None,
    assignments: str | None,
    imputed: str | None,
    starts: str | None,
    processes: str | None,
    **said: Any,
) -> None:
    """Run SOURCE without a window and compare its lanes.

    SOURCE is a CSV file, an experiment (a .toml file, or the name of a shipped one) or a data story with
    settings, such as three-clusters:size=1000,seed=3. What an experiment says stands unless an option
    overrides it. A data story's own model stands unless --model is given, its own start unless --model or
    --start is.

    Models, algorithms, starts and stories are written name:setting=value,setting=value, each value as TOML
    writes it, plain words without quotes; `main.py list` has them all.
    """
    from commands.fit import fit as run_fit
    from commands.source import Options

    if starts is not None or processes is not None:
        from commands.many_starts import fit_many

        if with_trace or any(each is not None for each in (csv_file, assignments, imputed)):
            raise click.UsageError(
                "--trace, --csv, --assignments and --imputed tell of one start; leave --starts out."
            )
        if starts is None:
            raise click.UsageError("--processes shares out many starts; give --starts R too.")
        fit_many(_required(source, "fit"), Options(**said), starts, processes, as_json)
        return
    run_fit(_required(source, "fit"), Options(**said), as_json, with_trace, csv_file, assignments, imputed)


@laboratory.command()
@click.argument("source", required=False)
@click.option("--output", metavar="FILE", help="The picture to write: a .png, .svg or .pdf.")
@click.option("--at", metavar="ITERATION", help="Default: the last iteration of the longest lane.")
@click.option(
    "--size", default="1366x768", metavar="WxH", show_default=True, help="Width and height in pixels."
)
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True)
@click.option("--lecture", is_flag=True, help="Large type, thick lines, high contrast.")
@click.option(
    "--view",
    type=click.Choice(["window", "data", "likelihood", "simplex"]),
    default="window",
    show_default=True,
)
def render(
    source: str | None, output: str | None, at: str | None, size: str, theme: str, lecture: bool, view: str
) -> None:
    """Draw the window's picture of SOURCE into a PNG, SVG or PDF, without a display."""
    from commands.render import render as run_render
    from engine.errors import InputError

    source = _required(source, "render")
    if output is None:
        raise InputError("render needs --output FILE, the picture to write.")
    run_render(source, output, at, size, theme, lecture, view)


@laboratory.command()
@click.argument("names", nargs=-1, metavar="[NAME | FILE.toml]...")
@click.option("--slow", is_flag=True, help="Run those that are marked slow as well.")
def check(names: tuple[str, ...], slow: bool) -> int:
    """Run experiments and tell which of their claims hold.

    Without a NAME every shipped experiment is run; one that is marked slow only with --slow, or by its name.
    The exit code is 0 only if every claim holds.
    """
    from commands.check import check as run_check

    return run_check(names, slow)


@laboratory.command(name="list")
@click.argument("kind", required=False, metavar="[models|algorithms|coordinates|starts|data|experiments]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
def list_(kind: str | None, as_json: bool) -> None:
    """List what there is to choose from, with settings, ranges and sources."""
    from commands.listing import list_kinds

    list_kinds(kind, as_json)


def _required(source: str | None, command: str) -> str:
    from commands.source import EXPECTED
    from engine.errors import InputError

    if not source:
        raise InputError(f"{command} needs a SOURCE; {EXPECTED}.")
    return source


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit code; `arguments` are those of the process unless given."""
    if sys.stdout is None:
        # Closed by the shell, or never there where a window is started without a terminal.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a letter of a sentence shows a question mark instead.
        sys.stdout.reconfigure(errors="replace")
    if not sys.warnoptions:
        warnings.filterwarnings("ignore", category=RuntimeWarning)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with laboratory.make_context("main.py", list(words)) as context:
            code = laboratory.invoke(context)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        command = words[0] if words and words[0] in laboratory.commands else ""
        return _told(_usage_sentence(error, f"main.py {command}".rstrip()))
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered must go nowhere, or Python complains once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> int:
    from engine.errors import InputError

    if isinstance(error, InputError):
        return _told(str(error))
    if isinstance(error, MemoryError):
        return _told("There is not enough memory for this; ask for fewer rows or components.")
    if isinstance(error, OSError) and error.errno is not None and error.filename is None:
        return _told(f"The output cannot be written: {error.strerror}.")
    if sys.flags.dev_mode:
        raise error
    _told(
        f"This should not have happened ({type(error).__name__}: {error}); please report it, with what "
        "`python -X dev main.py ...` tells for the same words."
    )
    return DEFECT


def _told(sentence: str) -> int:
    """Prints a sentence as one line on standard error; returns the exit code of bad input."""
    if sys.stderr is not None:
        print(" ".join(sentence.split()), file=sys.stderr)
    return BAD_INPUT


def _usage_sentence(error: click.ClickException, command: str) -> str:
    if isinstance(error, click.NoSuchOption):
        meant = [option for option in error.possibilities or () if option != "--help"]
        near = f"did you mean {meant[0]}?" if meant else f"see {command} --help."
        return f"{command} has no option {error.option_name}; {near}"
    text = error.format_message().rstrip(".")
    return f"{text}." if "; " in text else f"{text}; see {command} --help."


if __name__ == "__main__":
    sys.exit(main())
