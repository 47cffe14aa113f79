"""What dlt makes of the names of tables and fields: several can become one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from dlt.common.normalizers.naming.direct import NamingConvention as _Direct
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
    "Rename one of them; or let dlt keep names as they are, with the environment variable "
    'SCHEMA__NAMING=direct or naming = "direct" in the section [schema] of its config.toml'
)


def by_written_name(names: Iterable[str], write: Callable[[str], str]) -> dict[str, list[str]]:
    """Group names by what dlt makes of them.

    Args:
        names: The names of tables or fields.
        write: What makes a name of dlt's of one.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(write(name), []).append(name)
    return found


def refuse_merged_tables(tables: Iterable[str], naming: NamingConvention) -> None:
    """Refuse tables that would be loaded into one.

    Args:
        tables: The names of all tables that are loaded together.
        naming: How the schema of the load changes names.

    Raises:
        SchemaError: Two have one name for dlt, or one has that of a table of dlt's own.
    """
    written = by_written_name([*_TABLES_OF_DLT, *tables], naming.normalize_tables_path)
    for name, (first, *others) in written.items():
        if others and first in _TABLES_OF_DLT:
            raise SchemaError(
                f"The table {others[0]!r} would be loaded into {name!r}, where dlt keeps its own "
                "notes. Rename it, or leave it out with tables=."
            )
        if others:
            raise SchemaError(
                f"The tables {first!r} and {others[0]!r} would both be loaded into {name!r}. "
                f"{_KEEP}; or load each into a dataset of its own."
            )


def refuse_merged_fields(
    table: str, fields: Iterable[str], added: Iterable[str], naming: NamingConvention
) -> None:
    """Refuse fields that would be loaded into one column: one value would replace the other.

    Args:
        table: The name of the table.
        fields: The names of its fields.
        added: The columns that are loaded for each record.
        naming: How the schema of the load changes names.

    Raises:
        SchemaError: Two have one name for dlt, or one has that of a column that is added.
    """
    more = (*added, *_COLUMNS_OF_DLT)
    for name, (first, *others) in by_written_name([*more, *fields], naming.normalize_path).items():
        if others and first in more:
            raise SchemaError(
                f"The field {others[0]!r} of the table {table!r} would be loaded into the column "
                f"{name!r}, which each record has anyway; rename the field."
            )
        if others:
            raise SchemaError(
                f"The fields {first!r} and {others[0]!r} of the table {table!r} would both be "
                f"loaded into the column {name!r}, and one be lost. {_KEEP}."
            )


def original_names(names: Iterable[str]) -> dict[str, list[str]]:
    """Find names again by what arrives at the destination: quotes, for example, have become "_".

    Args:
        names: The names of tables or fields in Airtable.
    """
    return by_written_name(names, _Direct().normalize_path)
