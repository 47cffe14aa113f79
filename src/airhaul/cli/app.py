"""The program ``airhaul``: its commands, and how it ends."""

from __future__ import annotations

import sys
from typing import Annotated

import click
import typer

from airhaul import __version__
from airhaul.cli.console import err, print_error
from airhaul.cli.doctor import doctor
from airhaul.cli.export_file import export_file
from airhaul.cli.import_file import import_file
from airhaul.cli.serve import serve
from airhaul.cli.tables import tables
from airhaul.errors import AirhaulError

app = typer.Typer(
    name="airhaul",
    help="Move data in and out of Airtable in bulk, safely.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("import")(import_file)
app.command("export")(export_file)
app.command("tables")(tables)
app.command("serve")(serve)
app.command("doctor")(doctor)


@app.callback(invoke_without_command=True)
def program(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Move data in and out of Airtable in bulk, safely."""
    if version:
        print(f"airhaul {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the program and end it: 0 all well, 1 some rows failed, 2 nothing done, 130 Ctrl-C."""
    sys.exit(_run())


def _run() -> int:
    try:
        code = app(standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return 2
    except AirhaulError as error:
        print_error(str(error))
        return 2
    except OSError as error:
        print_error(f"{error.filename or 'the system'}: {error.strerror or error}")
        return 2
    except (KeyboardInterrupt, click.Abort) as interrupted:
        err().print(str(interrupted) or "Interrupted.", markup=False)
        return 130
    return code if isinstance(code, int) else 0
