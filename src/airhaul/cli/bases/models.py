"""``airhaul models``: the tables of a base as Python models."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from airhaul.cli.connect import Base, Endpoint, Local, Token, connect
from airhaul.cli.exit_codes import ALL_WELL, SOME_FAILED
from airhaul.cli.output.printing import err
from airhaul.errors import ConfigurationError
from airhaul.messages import counted
from airhaul.model.generated.source import GeneratedModels, is_generated
from airhaul.record.generated import generate_models
from airhaul.wire.ids import is_id


def models(
    source: Annotated[
        str | None,
        typer.Argument(metavar="[BASE]", help="The base ID, or the file of a local base."),
    ] = None,
    *,
    tables: Annotated[
        list[str] | None,
        typer.Option(
            "--table", metavar="TABLE", help="Only this table, by name or ID; can be repeated."
        ),
    ] = None,
    field_ids: Annotated[
        bool,
        typer.Option("--field-ids", help="Name tables and fields by ID, which renaming keeps."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write this module, not to the output."
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; print how --output differs, and exit with 1."),
    ] = False,
    lock: Annotated[
        Path | None,
        typer.Option(
            "--lock",
            metavar="FILE",
            help="The file that keeps the names; by default next to --output, with suffix .lock.",
        ),
    ] = None,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
) -> int:
    """Print the tables of a base as Python models.

    With --output, the module is written to a file, and the names that its models and fields got to
    another one: when it is made again, they stay the same although a field was renamed.
    """
    if check and output is None:
        raise ConfigurationError("Name the module to check: --output models.py --check")
    if source is not None:
        if local is not None or base is not None:
            raise ConfigurationError("Name the base once: BASE, --base or --local.")
        local, base = (None, source) if is_id(source, "app") else (source, None)
    if lock is None and output is not None:
        lock = output.with_suffix(".lock")
    with connect(local, base, token, endpoint_url) as airtable:
        made = generate_models(
            airtable.schema(), tables or (), field_ids=field_ids, lock=_read(lock)
        )
    if output is None:
        _write(lock, made)
        print(made.source, end="")
        return ALL_WELL
    before = output.read_text(encoding="utf-8") if output.exists() else ""
    if check:
        return _differences(before, made.source, output)
    if before.strip() and not is_generated(before):
        raise ConfigurationError(
            f"{output} was not written by airhaul models, and would be overwritten. Set --output "
            "to another file, or remove this one."
        )
    output.write_text(made.source, encoding="utf-8")
    _write(lock, made)
    number = counted(len(made.models), "model")
    how = "unchanged" if before == made.source else "written"
    err().print(f"{output}: {number} {how}", markup=False)
    return ALL_WELL


def _read(lock: Path | None) -> Mapping[str, Any] | None:
    """Read the names that were chosen before; None if there are none.

    Raises:
        ConfigurationError: The file is not JSON.
    """
    if lock is None or not lock.exists():
        return None
    try:
        names: Mapping[str, Any] = json.loads(lock.read_text(encoding="utf-8"))
    except ValueError:  # also what is not UTF-8
        raise ConfigurationError(
            f"{lock} is not a file of names that airhaul models has written. Set --lock to another "
            "file."
        ) from None
    return names


def _write(lock: Path | None, made: GeneratedModels) -> None:
    if lock is not None:
        text = json.dumps(made.lock, indent=2, ensure_ascii=False)
        lock.write_text(f"{text}\n", encoding="utf-8")


def _differences(before: str, after: str, output: Path) -> int:
    """Print how a module differs from the base; the exit code is 1 if it does."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(output), "the base", lineterm=""
    )
    differences = list(lines)
    for line in differences:
        print(line)
    return SOME_FAILED if differences else ALL_WELL
