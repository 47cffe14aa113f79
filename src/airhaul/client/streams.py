"""Streams of Arrow data, of which each batch is read when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from airhaul.errors import ConfigurationError
from airhaul.tabular.arrow.library import arrow_library


def capsule_of(
    schema: Any, batches: Iterator[Any] | AsyncIterator[Any], requested_schema: object | None
) -> object:
    """Return a stream in a capsule, for ``__arrow_c_stream__``.

    Args:
        schema: The types of the columns by name, as pyarrow has them.
        batches: The batches; each is asked for when it is needed.
        requested_schema: The types that the caller would like, in a capsule; None for any.

    Raises:
        ConfigurationError: The batches have to be awaited, which a stream cannot do.
    """
    if isinstance(batches, AsyncIterator):
        raise ConfigurationError(
            "A query of the asynchronous client is no stream of Arrow data; use "
            "await query.to_arrow()."
        )
    arrow = arrow_library("A stream of Arrow data")
    reader = arrow.RecordBatchReader.from_batches(schema, batches)
    capsule: object = reader.__arrow_c_stream__(requested_schema)
    return capsule
