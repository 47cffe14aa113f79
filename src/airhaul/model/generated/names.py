"""The names of generated models and fields: valid, different, and the same when made again."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from airhaul.errors import ConfigurationError
from airhaul.wire.shapes import TableJson

USED_IN_MODULES: Final = frozenset(
    {"Any", "Link", "Literal", "Record", "airtable_field", "bool", "dict", "dt", "float", "int"}
    | {"list", "str"}
)
"""The names that generated modules use themselves."""

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class TableNames:
    """The names of the model of one table.

    Args:
        model: The name of the class.
        fields: The names of its fields by the ID of their columns.
    """

    model: str
    fields: Mapping[str, str]


Names = Mapping[str, TableNames]
"""The names of the models of a base, by the ID of their tables."""


def names_of(tables: Sequence[TableJson], reserved: Container[str], locked: Names) -> Names:
    """Choose the names of the models of some tables, and of their fields.

    Args:
        tables: The tables.
        reserved: The names that no field can have, because every record uses them.
        locked: The names that were chosen before; they stay, also if a field was renamed.
    """
    models = _different(
        [(table["id"], table["name"]) for table in tables],
        {id_: names.model for id_, names in locked.items()},
        class_name,
        lambda name: name in USED_IN_MODULES,
    )
    classes = set(models.values())
    nothing = TableNames("", {})

    def is_taken(name: str) -> bool:
        return name in USED_IN_MODULES or name in classes or name in reserved

    return {
        table["id"]: TableNames(
            models[table["id"]],
            _different(
                [(field.get("id", field["name"]), field["name"]) for field in table["fields"]],
                locked.get(table["id"], nothing).fields,
                field_name,
                is_taken,
                # A row may name a column, too, and this comes first: see ``Columns.by_any_name``.
                {field["name"]: field.get("id", field["name"]) for field in table["fields"]},
            ),
        )
        for table in tables
    }


def _different(
    titles: Iterable[tuple[str, str]],
    locked: Mapping[str, str],
    name_of: Callable[[str], str],
    is_taken: Callable[[str], bool],
    owners: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Choose a different name for each of some titles, by ID; locked names come first.

    Args:
        titles: The titles, with their IDs.
        locked: The names that were chosen before, by ID.
        name_of: Turns a title into a name.
        is_taken: Whether no title can have a name.
        owners: The IDs of the only titles that can have some names.
    """
    owned = owners or {}
    titles = list(titles)
    ids = {id_ for id_, _ in titles}
    chosen: dict[str, str] = {}
    used: set[str] = set()
    for id_, name in locked.items():
        if id_ not in ids:
            continue
        is_own = owned.get(name, id_) == id_
        if is_own and is_name(name) and not is_taken(name) and name not in used:
            chosen[id_] = name
        used.add(name)  # a name that is given up means nothing else from now on
    for id_, title in titles:
        if id_ in chosen:
            continue
        plain = name_of(title)
        name, number = plain, 2
        if is_taken(name):
            name = f"{plain}_"
        while name in used or is_taken(name) or owned.get(name, id_) != id_:
            name, number = f"{plain}_{number}", number + 1
        chosen[id_] = name
        used.add(name)
    return {id_: chosen[id_] for id_, _ in titles}


def is_name(text: str) -> bool:
    """Return whether a text is a name in Python, exactly as Python sees it."""
    is_normal = unicodedata.normalize("NFKC", text) == text
    return is_normal and text.isidentifier() and not keyword.iskeyword(text)


def field_name(title: str) -> str:
    """Turn the name of a column into that of a field: ``"First Name"`` becomes ``first_name``."""
    text = _normal(_normal(title).lower())
    name = re.sub(r"_+", "_", "".join(_allowed(char) for char in text)).strip("_")
    if keyword.iskeyword(name):
        name = f"{name}_"
    elif not is_name(name) or name.startswith("model_"):
        name = f"field_{name}".rstrip("_")
    return name


def class_name(title: str) -> str:
    """Turn the name of a table into that of a class: ``"Open tasks"`` becomes ``OpenTasks``."""
    words = "".join(_allowed(char) for char in _normal(title)).split("_")
    name = _normal("".join(word[:1].upper() + word[1:] for word in words))
    return name if is_name(name) else f"Table{name}"


def _normal(text: str) -> str:
    """Return a text in the form in which Python compares names."""
    return unicodedata.normalize("NFKC", text)


def _allowed(char: str) -> str:
    """Return a character that may be within a name, or an underscore in its place."""
    return char if f"a{char}".isidentifier() else "_"


def lock_of(names: Names, tables: Sequence[TableJson]) -> dict[str, Any]:
    """Return names as JSON, to be kept in a file.

    Args:
        names: The names.
        tables: Their tables, whose current names are kept for readers.
    """
    return {
        "version": _VERSION,
        "tables": {
            table["id"]: {
                "name": table["name"],
                "model": names[table["id"]].model,
                "fields": dict(names[table["id"]].fields),
            }
            for table in tables
        },
    }


def names_in(lock: object) -> Names:
    """Read what ``lock_of`` has returned.

    Args:
        lock: The JSON; None for no names.

    Raises:
        ConfigurationError: It is no such JSON.
    """
    if lock is None:
        return {}
    match lock:
        case {"version": 1, "tables": dict(tables)}:
            return {id_: _table_names(names) for id_, names in tables.items()}
        case _:
            raise _not_a_lock()


def _table_names(given: object) -> TableNames:
    match given:
        case {"model": str(model), "fields": dict(fields)} if all(
            isinstance(name, str) for name in fields.values()
        ):
            return TableNames(model, fields)
        case _:
            raise _not_a_lock()


def _not_a_lock() -> ConfigurationError:
    return ConfigurationError(
        "This is not a file of names that airhaul models has written. Remove it, and the names are "
        "chosen again."
    )
