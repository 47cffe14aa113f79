"""The program ``airhaul``: its commands and its exit codes."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final, ParamSpec

import typer
import typer.main
from typer.core import TyperGroup

from airhaul import __version__
from airhaul.cli.exit_codes import INTERRUPTED, NOTHING_DONE
from airhaul.cli.output.printing import err, print_error
from airhaul.cli.output.streams import expect_readers_to_go
from airhaul.cli.output.warnings import warnings_shown
from airhaul.cli.output.wording import with_journal
from airhaul.errors import AirhaulError

P = ParamSpec("P")

COMMANDS: Final = {
    "import": ("rows.import_file", "Create or update a record for each row of FILE."),
    "export": ("rows.export_file", "Write the records of TABLE to FILE."),
    "sync": ("rows.sync_file", "Make TABLE equal to FILE, and send only the differences."),
    "delete": ("rows.delete", "Delete the records of TABLE that match a formula, or all."),
    "runs": ("runs.runs", "List the runs in the journal, or show one."),
    "resume": ("runs.resume", "Resume a run that was interrupted."),
    "retry": ("runs.retry", "Send the corrected rejected rows of a run again."),
    "undo": ("runs.undo", "Undo a run, except for what changed since."),
    "tables": ("bases.tables", "List the tables of a base with their fields."),
    "schema": ("bases.schema", "Print the schema of a base, for `serve --schema`."),
    "models": ("bases.models", "Print the tables of a base as Python models."),
    "clone": (
        "bases.clone",
        "Copy the schema and the records of BASE into FILE, with their IDs.",
    ),
    "serve": ("bases.serve", "Serve a local base over HTTP until Ctrl-C."),
    "doctor": (
        "bases.doctor",
        "Check the configuration, the connection, the token and the base.",
    ),
}
"""The commands in the order of the list, each with its module and its line there. The module has a
function of the same last name."""


def command(verb: Callable[P, int]) -> Callable[P, None]:
    """Make a command of a function that returns an exit code.

    An error is printed as one line and exits with 2, Ctrl-C exits with 130; neither prints a
    traceback.

    Args:
        verb: The function. It returns 0 for success, 1 if some rows failed.
    """

    @functools.wraps(verb)
    def run(*args: P.args, **options: P.kwargs) -> None:
        journal = options.get("journal")
        with with_journal(journal if isinstance(journal, str) else None):
            raise typer.Exit(_exit_code(functools.partial(verb, *args, **options)))

    return run


def _exit_code(verb: Callable[[], int]) -> int:
    """Run a command, and report what ends it."""
    try:
        with warnings_shown():
            code = verb()
        sys.stdout.flush()
    except AirhaulError as error:
        print_error(error.message)
        return NOTHING_DONE
    except OSError as error:
        print_error(f"{error.filename or 'the system'}: {error.strerror or error}")
        return NOTHING_DONE
    except KeyboardInterrupt as interrupted:
        err().print(str(interrupted) or "Interrupted.", markup=False)
        return INTERRUPTED
    return code


_STYLE: Final[dict[str, Any]] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
}


class _Commands(Mapping[str, Any]):
    """The commands by name; each is imported when it is needed, so that the program starts fast."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            place, _ = COMMANDS[name]
            module = importlib.import_module(f"airhaul.cli.{place}")
            alone = typer.Typer(**_STYLE)
            alone.command(name)(command(getattr(module, place.rpartition(".")[2])))
            self._made[name] = typer.main.get_command(alone)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Program(TyperGroup):
    """The program: it knows what its commands are for without importing them.

    Its errors about options have no "Value error," of pydantic in front.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()  # type: ignore[assignment] # none is added later

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - they are always the same
        return [*COMMANDS]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    name="airhaul",
    cls=_Program,
    help="Move data in and out of Airtable in bulk, safely.",
    no_args_is_help=True,
    **_STYLE,
)


@app.callback(invoke_without_command=True)
def program(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Move data in and out of Airtable in bulk, safely."""
    if version:
        print(f"airhaul {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the program.

    Exit codes: 0 for success, 1 if some rows failed, 2 if nothing was done, 130 after Ctrl-C, 141
    if nobody reads the output to its end.
    """
    expect_readers_to_go()
    try:
        app()
    finally:
        sys.stdout.flush()
