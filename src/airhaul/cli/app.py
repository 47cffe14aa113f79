"""The program ``airhaul``: its commands and its exit codes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec

import typer
from typer.core import TyperGroup

from airhaul import __version__
from airhaul.cli.bases.clone import clone
from airhaul.cli.bases.doctor import doctor
from airhaul.cli.bases.schema import schema
from airhaul.cli.bases.serve import serve
from airhaul.cli.bases.tables import tables
from airhaul.cli.exit_codes import INTERRUPTED, NOTHING_DONE
from airhaul.cli.output.printing import err, print_error
from airhaul.cli.output.warnings import warnings_shown
from airhaul.cli.rows.delete import delete
from airhaul.cli.rows.export_file import export_file
from airhaul.cli.rows.import_file import import_file
from airhaul.cli.rows.sync_file import sync_file
from airhaul.cli.runs.resume import resume
from airhaul.cli.runs.retry import retry
from airhaul.cli.runs.runs import runs
from airhaul.cli.runs.undo import undo
from airhaul.errors import AirhaulError

P = ParamSpec("P")


def command(verb: Callable[P, int]) -> Callable[P, None]:
    """Make a command of a function that returns an exit code.

    An error is printed as one line and exits with 2, Ctrl-C exits with 130; neither prints a
    traceback.

    Args:
        verb: The function. It returns 0 for success, 1 if some rows failed.
    """

    @functools.wraps(verb)
    def run(*args: P.args, **options: P.kwargs) -> None:
        try:
            with warnings_shown():
                code = verb(*args, **options)
        except AirhaulError as error:
            print_error(error.message)
            code = NOTHING_DONE
        except OSError as error:
            print_error(f"{error.filename or 'the system'}: {error.strerror or error}")
            code = NOTHING_DONE
        except KeyboardInterrupt as interrupted:
            err().print(str(interrupted) or "Interrupted.", markup=False)
            code = INTERRUPTED
        raise typer.Exit(code)

    return run


class _Program(TyperGroup):
    """The program, whose errors about options have no "Value error," of pydantic in front."""

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
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("import")(command(import_file))
app.command("export")(command(export_file))
app.command("sync")(command(sync_file))
app.command("delete")(command(delete))
app.command("runs")(command(runs))
app.command("resume", short_help="Resume a run that was interrupted.")(command(resume))
app.command("retry", short_help="Send the corrected rejected rows of a run again.")(command(retry))
app.command("undo", short_help="Undo a run, except for what changed since.")(command(undo))
app.command("tables")(command(tables))
app.command("schema", short_help="Print the schema of a base, for `serve --schema`.")(
    command(schema)
)
app.command("clone")(command(clone))
app.command("serve")(command(serve))
app.command("doctor")(command(doctor))


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

    Exit codes: 0 for success, 1 if some rows failed, 2 if nothing was done, 130 after Ctrl-C.
    """
    app()
