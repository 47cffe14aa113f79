"""The columns of a frame of Spark: one for each field of the tables, and those of each record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from airhaul.bulk.values.frame_columns import arrow_type_of
from airhaul.errors import SchemaError, UnknownFieldError
from airhaul.fields.arrow import JSON, ArrowType, Kind
from airhaul.model.columns import Column, columns_of
from airhaul.model.schema import model_of_table
from airhaul.wire.shapes import TableJson

ID: Final = "_airtable_id"
CREATED: Final = "_created_time"
BASE: Final = "_base_id"
TABLE: Final = "_table"
RESCUED: Final = "_rescued"
SYSTEM: Final[Mapping[str, DataType]] = {
    ID: StringType(),
    CREATED: TimestampType(),
    BASE: StringType(),
    TABLE: StringType(),
    RESCUED: StringType(),
}
"""The columns that are not fields: which record it is, and its cells that do not fit, as JSON."""

_SIMPLE: Final[Mapping[Kind, DataType]] = {
    "text": StringType(),
    "choice": StringType(),
    "json": StringType(),
    "integer": LongType(),
    "number": DoubleType(),
    "checkbox": BooleanType(),
    "day": DateType(),
    "moment": TimestampType(),
    "duration": DayTimeIntervalType(),
}


def spark_type(type_: ArrowType) -> DataType:
    """Return a type of frames as Spark has it."""
    if type_.kind == "list":
        assert type_.item is not None, "the type of a list has that of its items"
        return ArrayType(spark_type(type_.item))
    if type_.kind == "object":
        return StructType([StructField(name, spark_type(one)) for name, one in type_.members])
    return _SIMPLE[type_.kind]


def fields_of(table: TableJson) -> Mapping[str, Column]:
    """Return the fields of a table by name, computed ones included."""
    return columns_of(model_of_table(table)).by_column


def frame_schema(
    tables: Sequence[tuple[str, TableJson]], columns: Sequence[str] | None
) -> StructType:
    """Make the schema of a frame that holds the records of some tables.

    Args:
        tables: The tables, each with the ID of its base.
        columns: The fields to read; None for all.

    Returns:
        The schema: what identifies a record, then the fields in the order in which they come.

    Raises:
        SchemaError: A field has different types in two tables, or the name of another column.
        UnknownFieldError: No table has a field that is asked for.
    """
    found: dict[str, tuple[DataType, str]] = {}
    for base_id, table in tables:
        where = f"the table {table['name']!r} of the base {base_id}"
        for name, column in fields_of(table).items():
            if columns is not None and name not in columns:
                continue
            if name in SYSTEM:
                raise SchemaError(
                    f"The field {name!r} in {where} has the name of a column that the frame has "
                    "for each record; rename it, or name the fields to read in the option columns."
                )
            type_ = spark_type(arrow_type_of(column))
            known, first = found.setdefault(name, (type_, where))
            if known != type_:
                raise SchemaError(
                    f"The field {name!r} is {known.simpleString()} in {first}, and "
                    f"{type_.simpleString()} in {where}. Read the tables separately, leave the "
                    "field out (option columns), or declare it as STRING in a schema of your own: "
                    "it then holds the JSON of the cells."
                )
    for name in columns or ():
        if name not in found:
            raise UnknownFieldError(f"None of the tables has a field {name!r}.")
    names = [name for name in columns or found if name in found]
    every = {**SYSTEM, **{name: found[name][0] for name in names}}
    return StructType([StructField(name, type_) for name, type_ in every.items()])


def type_for(column: Column, asked: Any, table: str) -> ArrowType:
    """Return as what the cells of a field are read.

    Args:
        column: The field.
        asked: The type that the frame has for it.
        table: The name of the table, for the message.

    Raises:
        SchemaError: The cells of the field cannot be read as that type.
    """
    own = arrow_type_of(column)
    if spark_type(own) == asked:
        return own
    if isinstance(asked, StringType):
        return JSON
    raise SchemaError(
        f"The field {column.column!r} of the table {table!r} is "
        f"{spark_type(own).simpleString()}, and the schema that was given has "
        f"{asked.simpleString()}; declare it as it is, or as STRING for the JSON of the cells."
    )
