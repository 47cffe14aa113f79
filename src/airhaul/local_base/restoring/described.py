"""The description of a base in the form of the metadata API, read and validated.

The form is that of ``GET /v0/meta/bases/{baseId}/tables``, optionally with the base's ``id`` and
``name`` next to ``tables``. Anything without an id gets a new one, so that a file can be written by
hand. Views can have a ``formula`` and a ``sort``, which Airtable does not print.

Ids become parts of SQL statements, so malformed ones are refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from airhaul.errors import ConfigurationError, reason_of
from airhaul.wire.ids import IdPrefix, is_id

_MOST_REPORTED: Final = 3

Name = Annotated[str, StringConstraints(pattern=r"\S")]


def _id_of(prefix: IdPrefix) -> AfterValidator:
    def check(text: str | None) -> str | None:
        if text is not None and not is_id(text, prefix):
            raise ValueError(f"{text!r} is not an ID; expected {prefix} + 14 letters or digits")
        return text

    return AfterValidator(check)


class _Described(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class DescribedField(_Described):
    """A field of any type, with any options."""

    id: Annotated[str | None, _id_of("fld")] = None
    name: Name
    type: Name
    description: str | None = None
    options: dict[str, Any] | None = None


class DescribedView(_Described):
    """A view, with its filter, order and visible fields if they are known."""

    id: Annotated[str | None, _id_of("viw")] = None
    name: Name
    type: Name = "grid"
    visible_field_ids: list[Annotated[str, _id_of("fld")]] | None = None
    formula: str | None = None
    sort: list[dict[str, str]] | None = None


class DescribedTable(_Described):
    """A table; its primary field is the first one unless ``primary_field_id`` names another."""

    id: Annotated[str | None, _id_of("tbl")] = None
    name: Name
    description: str | None = None
    primary_field_id: str | None = None
    fields: Annotated[list[DescribedField], Field(min_length=1)]
    views: list[DescribedView] = Field(default_factory=list[DescribedView])
    date_dependency_settings: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        _refuse_doubles("field names", (field.name.lower() for field in self.fields))
        if self.primary_field_id is not None:
            first = [field for field in self.fields if field.id == self.primary_field_id]
            if not first:
                raise ValueError(f"the primary field {self.primary_field_id} does not exist")
            self.fields = first + [field for field in self.fields if field is not first[0]]
        return self


class DescribedBase(_Described):
    """A base with its tables."""

    id: Annotated[str | None, _id_of("app")] = Field(
        None, validation_alias=AliasChoices("id", "base")
    )

    name: Name | None = None
    created_time: str | None = None
    tables: list[DescribedTable]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _refuse_doubles("table names", (table.name.lower() for table in self.tables))
        ids = [table.id for table in self.tables]
        for table in self.tables:
            ids += [field.id for field in table.fields]
            ids += [view.id for view in table.views]
        _refuse_doubles("ids", (id_ for id_ in ids if id_ is not None))
        return self


def _refuse_doubles(what: str, texts: Iterable[str]) -> None:
    doubles = [text for text, count in Counter(texts).items() if count > 1]
    if doubles:
        raise ValueError(f"duplicate {what}: {', '.join(doubles)}")


def describe_base(source: str | Path | Mapping[str, Any]) -> DescribedBase:
    """Read the description of a base.

    Args:
        source: A JSON file, or its contents.

    Raises:
        ConfigurationError: The file cannot be read, or the description is invalid; the message
            says where and why.
    """
    where = "The description of the base"
    given: Any = source
    if isinstance(source, str | Path):
        where = str(source)
        try:
            given = json.loads(Path(source).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(f"{where} cannot be read: {error.strerror}.") from None
        except (ValueError, RecursionError):
            raise ConfigurationError(
                f"{where} is not JSON; expected the answer of GET /v0/meta/bases/{{id}}/tables."
            ) from None
    try:
        return DescribedBase.model_validate(given)
    except ValidationError as error:
        reports = [_report(one["loc"], reason_of(one)) for one in error.errors()[:_MOST_REPORTED]]
        more = error.error_count() - len(reports)
        rest = f"; and {more} more" if more else ""
        raise ConfigurationError(
            f"{where} does not describe a base: {'; '.join(reports)}{rest}."
        ) from None


def _report(place: tuple[int | str, ...], reason: str) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return f"{path.lstrip('.')}: {reason}" if path else reason
