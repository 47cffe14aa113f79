"""``@airtable_model``: binds a model to a table, and gives a pydantic model the verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel, SecretStr

from airhaul.errors import ConfigurationError
from airhaul.model.columns import check_columns
from airhaul.model.reserved import refuse_names_of_verbs
from airhaul.record.record import Record

if TYPE_CHECKING:
    from airhaul.client.config import Config

B = TypeVar("B", bound=BaseModel)


def airtable_model(
    *,
    table_name: str,
    field_ids: bool | None = None,
    config: Config | None = None,
    access_token: str | SecretStr | None = None,
    base_id: str | None = None,
) -> Callable[[type[B]], type[B]]:
    """Bind a model to a table; a pydantic model becomes a ``Record`` as well.

    Type checkers see the verbs only on models that derive from ``Record``.

    Args:
        table_name: The table's name or id.
        field_ids: Whether each field names its column by field ID, so that it may be renamed in
            Airtable; None for what the model does already.
        config: The model's own connection; None for the default one.
        access_token: The model's own personal access token, ``pat...``, instead of ``config``.
        base_id: The id of the model's own base, ``app...``; None for that of the connection.

    Returns:
        A decorator for the model's class.

    Raises:
        ConfigurationError: Both ``config`` and ``access_token`` are given, or a value is invalid;
            or, from the decorator, a field has the name of a verb.
        SchemaError: From the decorator: no field type of Airtable holds the values of a field.
    """
    if config is not None and access_token is not None:
        raise ConfigurationError("Pass config= or access_token=, not both.")
    if access_token is not None:
        from airhaul.client.config import make_config

        config = make_config(access_token=access_token, base_id=base_id)
    elif config is not None and base_id is not None:
        config = replace(config, base_id=base_id)

    def bind(model: type[B]) -> type[B]:
        bound = model if issubclass(model, Record) else _with_verbs(model)
        bound.__airhaul_table__ = table_name
        if field_ids is not None:
            bound.__airhaul_field_ids__ = field_ids
        bound.__airhaul_config__ = config
        bound.__airhaul_base_id__ = base_id
        check_columns(bound)
        return cast("type[B]", bound)

    return bind


def _with_verbs(model: type[BaseModel]) -> type[Record]:
    taken = frozenset(dir(Record)) - frozenset(Record.model_fields)
    refuse_names_of_verbs(model.__name__, model.model_fields, taken)
    body = {"__module__": model.__module__, "__qualname__": model.__qualname__}
    body["__doc__"] = model.__doc__ or ""
    metaclass: Any = type(model)
    return cast("type[Record]", metaclass(model.__name__, (model, Record), body))
