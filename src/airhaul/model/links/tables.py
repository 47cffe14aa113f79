"""The link fields of models: which model creates them, in which order, and what the other side is.

Airtable makes a link field in both tables: creating ``Deals.company`` creates a field in
``Companies``, too (https://airtable.com/developers/web/api/field/link-to-another-record). A model
that names it declares it as the inverse: ``airtable_field(inverse="company")``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from airhaul.errors import SchemaError
from airhaul.model.base import RecordBase, table_name_of
from airhaul.model.columns import Column, columns_of
from airhaul.wire.ids import is_id
from airhaul.wire.shapes import TableJson

TableIds = Mapping[str, str]
"""The ids of the tables of a base, by name and by id."""


def table_ids(tables: Iterable[TableJson]) -> dict[str, str]:
    """Return the ids of tables by name and by id.

    Args:
        tables: The tables as "get base schema" returns them.
    """
    return {key: table["id"] for table in tables for key in (table["id"], table["name"])}


def linked_model(column: Column) -> type[RecordBase]:
    """Return the model that a column links to.

    Raises:
        SchemaError: No model has the name that the column's annotation has.
    """
    assert column.link is not None, "the column has links"
    return column.link.model


def linked_table_id(column: Column, known: TableIds) -> str | None:
    """Return the id of the table that a column links to; None if the base does not have it.

    Args:
        column: A column of links.
        known: The tables of the base.
    """
    name = table_name_of(linked_model(column))
    return known.get(name) or (name if is_id(name, "tbl") else None)


def links_to_create(model: type[RecordBase]) -> list[Column]:
    """Return the columns of links that are created for a model.

    These are not the inverse of another model's link, which Airtable creates with that one.

    Args:
        model: The model.
    """
    return [
        column
        for column in columns_of(model).linked
        if column.type == "multipleRecordLinks" and column.info.inverse is None
    ]


def inverse_of(model: type[RecordBase], column: Column) -> Column | None:
    """Find the column that is declared as the inverse of a column of links.

    Args:
        model: The model.
        column: One of its columns of links.

    Returns:
        The column of the linked model; None if it declares none.
    """
    found = [
        other
        for other in columns_of(linked_model(column)).linked
        if other.info.inverse is not None
        and columns_of(model).by_name.get(other.info.inverse) is column
        and table_name_of(linked_model(other)) == table_name_of(model)
    ]
    return found[0] if found else None


def check_inverses(model: type[RecordBase]) -> None:
    """Check that each inverse that a model declares is the inverse of a link to this model.

    Raises:
        SchemaError: One is not.
    """
    for column in columns_of(model).linked:
        if column.info.inverse is None:
            continue
        linked = linked_model(column)
        other = columns_of(linked).by_name.get(column.info.inverse)
        whose = f"{model.__name__}.{column.name}"
        if linked is model:
            raise SchemaError(
                f"{whose}: Airtable makes no inverse of a link from a table to itself; leave "
                "inverse= out."
            )
        if other is None or other.link is None:
            raise SchemaError(
                f"{whose}: {linked.__name__} has no link {column.info.inverse!r}, whose inverse "
                "this is to be."
            )
        if table_name_of(linked_model(other)) != table_name_of(model) or other.info.inverse:
            raise SchemaError(
                f"{whose}: {linked.__name__}.{other.name} is no link to {model.__name__} that "
                "could have this inverse."
            )


def in_order_of_links(models: Sequence[type[RecordBase]]) -> list[type[RecordBase]]:
    """Sort models so that, as far as possible, a model comes after those that it links to.

    Args:
        models: The models, each of another table.
    """
    given = {table_name_of(model): model for model in models}
    ordered: list[type[RecordBase]] = []
    begun: set[str] = set()

    def visit(name: str) -> None:
        if name in begun:
            return  # done, or in a circle
        begun.add(name)
        for other in _linked_names(given[name], given):
            visit(other)
        ordered.append(given[name])

    for name in given:
        visit(name)
    return ordered


def _linked_names(model: type[RecordBase], given: Collection[str]) -> list[str]:
    names = [table_name_of(linked_model(column)) for column in links_to_create(model)]
    return [name for name in names if name in given]


def missing_tables(models: Iterable[type[RecordBase]], known: TableIds) -> None:
    """Refuse links to tables that the base does not have, and that are not created now.

    Args:
        models: The models whose tables are created.
        known: The tables of the base.

    Raises:
        SchemaError: There is such a link; the message has the call that creates both tables.
    """
    models = list(models)
    created = {table_name_of(model) for model in models}
    for model in models:
        for column in links_to_create(model):
            if column.info.options is not None:
                continue  # which name the table by its id
            linked = linked_model(column)
            name = table_name_of(linked)
            if name not in created and linked_table_id(column, known) is None:
                raise SchemaError(
                    f"{model.__name__}.{column.name} links to the table {name!r}, which the base "
                    f"does not have. Create both with create_tables({linked.__name__}, "
                    f"{model.__name__})."
                )
