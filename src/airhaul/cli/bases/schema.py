"""``airhaul schema``: print the schema of a base, or compare it with models."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import typer

from airhaul.cli.connect import AsJson, Base, Endpoint, Local, Token, connect
from airhaul.cli.output.confirm import may_write
from airhaul.cli.output.printing import out, print_json, print_lines
from airhaul.cli.writing import DryRun, Yes
from airhaul.client.sync.airtable import Airtable
from airhaul.errors import ConfigurationError
from airhaul.messages import counted
from airhaul.model.base import table_name_of
from airhaul.model.table_check import plan_table
from airhaul.record import Record


def schema(
    action: Annotated[
        Literal["diff", "apply"] | None,
        typer.Argument(
            metavar="[diff|apply]",
            help="Compare the tables with models, or create the tables and fields that they lack.",
        ),
    ] = None,
    module: Annotated[
        str | None,
        typer.Argument(metavar="[MODULE]", help="The models: a file, or the name of a module."),
    ] = None,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    local: Local = None,
    base: Base = None,
    token: Token = None,
    endpoint_url: Endpoint = None,
    as_json: AsJson = False,
) -> int:
    """Print the schema of a base in the format of the metadata API, for `serve --schema`.

    With diff or apply, compare its tables with the models of a Python module. Apply creates what
    is missing; it changes and deletes nothing.
    """
    if action is None:
        # Imported here: it loads the whole local base, which other commands do not need.
        from airhaul.cli.bases.copy_base import describe

        with connect(local, base, token, endpoint_url) as airtable:
            print_json(describe(airtable))
        return 0
    if module is None:
        raise ConfigurationError(f"Name the models, as in: airhaul schema {action} models.py")
    models = _models_in(module)
    if action == "diff":
        with connect(local, base, token, endpoint_url) as airtable:
            return _print_differences(airtable, models, as_json=as_json)
    # A new local base is created once there is something to create in it.
    with connect(local, base, token, endpoint_url, if_missing="pretend") as airtable:
        tables = airtable.schema()
        plans = [plan_table(model, tables, table_name_of(model), models) for model in models]
    if not as_json:
        for plan in plans:
            out().print(plan.summary(), markup=False)
            print_lines(plan.details(), out())
    if not dry_run and any(not plan.is_empty for plan in plans):
        if not may_write("Create this?", yes=yes):
            return 0
        with connect(local, base, token, endpoint_url, if_missing="make") as airtable:
            both = list(zip(models, plans, strict=True))
            airtable.create_tables(*(model for model, plan in both if plan.creates_table))
            for model, plan in both:
                if plan.fields and not plan.creates_table:
                    airtable.table(model).sync_table()
    if as_json:
        print_json([asdict(plan) for plan in plans])
    return 1 if any(plan.by_hand for plan in plans) else 0


def _print_differences(airtable: Airtable, models: Sequence[type[Record]], *, as_json: bool) -> int:
    found = {table_name_of(model): airtable.table(model).check_table() for model in models}
    if as_json:
        print_json({name: [asdict(one) for one in these] for name, these in found.items()})
    else:
        for name, these in found.items():
            how = counted(len(these), "difference") if these else "fits"
            out().print(f"{name}: {how}", markup=False)
            print_lines((difference.text() for difference in these), out())
    return 1 if any(found.values()) else 0


def _models_in(module: str) -> Sequence[type[Record]]:
    """Import a module, and return the models with a table that it declares.

    Raises:
        ConfigurationError: It cannot be imported, or declares none.
    """
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        imported = _import_file(Path(module)) if module.endswith(".py") else None
        imported = imported or importlib.import_module(module)
    except Exception as error:  # whatever the module raises
        what = f"{type(error).__name__}: {error}"
        raise ConfigurationError(f"{module} cannot be imported: {what}") from error
    models = [
        one
        for one in vars(imported).values()
        if isinstance(one, type)
        and issubclass(one, Record)
        and one.__module__ == imported.__name__
        and one.__airhaul_table__ is not None
    ]
    if not models:
        raise ConfigurationError(
            f'{module} declares no model with a table: class User(Record, table="Users")'
        )
    return models


def _import_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None, "a name that ends with .py has a loader"
    assert spec.loader is not None, "a name that ends with .py has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # pydantic resolves annotations by the module's name
    spec.loader.exec_module(module)
    return module
