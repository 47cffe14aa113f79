"""What dlt makes of the names of tables and fields: several can become one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Final, TypeVar

from dlt.common.normalizers.naming.direct import NamingConvention as _Direct
from dlt.common.normalizers.naming.snake_case import NamingConvention as _SnakeCase
from dlt.common.schema.typing import (
    C_DLT_ID,
    C_DLT_LOAD_ID,
    LOADS_TABLE_NAME,
    PIPELINE_STATE_TABLE_NAME,
    VERSION_TABLE_NAME,
)

from airhaul.errors import SchemaError

if TYPE_CHECKING:
    from dlt.common.normalizers.naming import NamingConvention

_TABLES_OF_DLT: Final = (LOADS_TABLE_NAME, PIPELINE_STATE_TABLE_NAME, VERSION_TABLE_NAME)
_COLUMNS_OF_DLT: Final = (C_DLT_ID, C_DLT_LOAD_ID)
_KEEP: Final = (
    "; or let dlt keep names as they are, with the environment variable SCHEMA__NAMING=direct or "
    'naming = "direct" in the section [schema] of its config.toml'
)

Path = tuple[str, ...]
"""The name of a table or field, and then of a part that dlt loads elsewhere: its list, for example,
into a table ``deals__tags``, or a member of its objects into a column ``owner__email``."""

_Name = TypeVar("_Name", bound=Hashable)


def by_written_name(
    names: Iterable[_Name], write: Callable[[_Name], str]
) -> dict[str, list[_Name]]:
    """Group names by what dlt makes of them.

    Args:
        names: The names of tables or fields.
        write: What makes a name of dlt's of one.
    """
    found: dict[str, list[_Name]] = {}
    for name in names:
        found.setdefault(write(name), []).append(name)
    return found


def refuse_merged_tables(tables: Iterable[Path], naming: NamingConvention) -> None:
    """Refuse tables that would be loaded into one.

    Args:
        tables: All tables that are loaded together, and those of their lists.
        naming: How the schema of the load changes names.

    Raises:
        SchemaError: Two have one name for dlt, or one has none or that of a table of dlt's own.
    """
    own = [(name,) for name in _TABLES_OF_DLT]
    written = by_written_name([*own, *tables], _writer(naming.normalize_tables_path, naming))
    for name, (first, *others) in written.items():
        if not name:
            raise SchemaError(
                f"dlt keeps no character of the name of the table {_shown(first)}; "
                "rename it, or leave it out with tables=."
            )
        if others and first in own:
            raise SchemaError(
                f"The table {_shown(others[0])} would be loaded into {name!r}, where dlt keeps its "
                "own notes. Rename it, or leave it out with tables=."
            )
        if others:
            raise SchemaError(
                f"The tables {_shown(first)} and {_shown(others[0])} would both be loaded into "
                f"{name!r}. {_rename_one(naming)}; or load each into a dataset of its own."
            )


def refuse_merged_fields(
    table: str, fields: Iterable[Path], added: Iterable[str], naming: NamingConvention
) -> None:
    """Refuse fields that would be loaded into one column: one value would replace the other.

    Args:
        table: The name of the table.
        fields: Its fields, and the members of their objects.
        added: The columns that are loaded for each record.
        naming: How the schema of the load changes names.

    Raises:
        SchemaError: Two have one name for dlt, or one has none or that of a column that is added.
    """
    own = [(name,) for name in (*added, *_COLUMNS_OF_DLT)]
    written = by_written_name([*own, *fields], _writer(naming.normalize_path, naming))
    for name, (first, *others) in written.items():
        if not name:
            raise SchemaError(
                f"dlt keeps no character of the name of the field {_shown(first)} of the table "
                f"{table!r}; rename it."
            )
        if others and first in own:
            raise SchemaError(
                f"The field {_shown(others[0])} of the table {table!r} would be loaded into the "
                f"column {name!r}, which each record has anyway; rename the field."
            )
        if others:
            raise SchemaError(
                f"The fields {_shown(first)} and {_shown(others[0])} of the table {table!r} would "
                f"both be loaded into the column {name!r}, and one be lost. {_rename_one(naming)}."
            )


def _writer(write: Callable[[str], str], naming: NamingConvention) -> Callable[[Path], str]:
    """Return what makes a name of dlt's of a path; an empty one if nothing of it is left."""

    def written(path: Path) -> str:
        parts = [write(one) for one in path]
        return naming.shorten_fragments(*parts) if all(parts) else ""

    return written


def _shown(path: Path) -> str:
    name, *parts = path
    return f"{name!r} ({', '.join(parts)})" if parts else repr(name)


def _rename_one(naming: NamingConvention) -> str:
    return "Rename one of them" + ("" if isinstance(naming, _Direct) else _KEEP)


def original_names(names: Iterable[str]) -> dict[str, list[str]]:
    """Find names again by what arrives at the destination: quotes, for example, have become "_".

    Args:
        names: The names of tables or fields in Airtable.
    """
    return by_written_name(names, _Direct().normalize_path)


def names_in_warehouses(names: Iterable[str]) -> dict[str, list[str]]:
    """Find names by the columns into which dlt loads them, as long as nothing else is configured.

    Args:
        names: The names of fields in Airtable.
    """
    return by_written_name(names, _SnakeCase().normalize_path)
