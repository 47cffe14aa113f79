"""Copying a base into the file of a local base, completely or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airhaul.client.sync.airtable import Airtable
from airhaul.errors import ConfigurationError, IteratorExpiredError
from airhaul.local_base.base import LocalBase
from airhaul.wire import endpoints
from airhaul.wire.endpoints import ListParameters
from airhaul.wire.replies import list_in, records_in
from airhaul.wire.shapes import RecordJson, TableJson

_MOST_RESTARTS = 5


@dataclass(slots=True)
class Copied:
    """What was copied.

    Args:
        base_id: The base.
        records: The number of records, by the table's name.
        files: The number of attachments that were downloaded.
        missing: The attachments that could not be downloaded: name and reason.
    """

    base_id: str
    records: dict[str, int] = field(default_factory=dict[str, int])
    files: int = 0
    missing: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def describe(source: Airtable) -> dict[str, Any]:
    """Describe a base as the metadata API does, so that a local base can be created from it.

    Args:
        source: The base.
    """
    names = {base["id"]: base["name"] for base in source.bases()}
    answer = source.call(endpoints.base_schema(source.base_id, visible_fields=True))
    return {
        "id": source.base_id,
        "name": names.get(source.base_id, source.base_id),
        "tables": list_in(answer, "tables"),
    }


def copy_base(
    source: Airtable,
    path: Path,
    *,
    with_files: bool = False,
    on_progress: Callable[[str, int], object],
) -> Copied:
    """Copy a base into a file, which appears when it is complete.

    Args:
        source: The base.
        path: The file, which must not exist yet.
        with_files: Whether to download attachments too.
        on_progress: Called with a table's name and the number of its records copied so far.

    Raises:
        ConfigurationError: The file exists already, or the base changed while it was read.
        AirhaulError: The base could not be read.
    """
    if path.exists():
        raise ConfigurationError(f"{path} exists already. Choose another file, or delete it.")
    part = path.with_name(f"{path.name}.part")
    _delete(part)
    copied = Copied(source.base_id)
    try:
        described = describe(source)
        with LocalBase.open(part, schema=described) as target:
            for table in described["tables"]:
                _copy_table(source, target, table, copied, with_files, on_progress)
        part.replace(path)
    finally:
        _delete(part)
    return copied


def _copy_table(
    source: Airtable,
    target: LocalBase,
    table: TableJson,
    copied: Copied,
    with_files: bool,
    on_progress: Callable[[str, int], object],
) -> None:
    name = table["name"]
    copied.records[name] = 0
    attachments = [
        one["id"] for one in table["fields"] if one["type"] == "multipleAttachments" and "id" in one
    ]
    for records in _pages(source, table["id"]):
        target.restore_records(source.base_id, table["id"], records)
        if with_files:
            held = [
                file
                for record in records
                for field_id in attachments
                for file in record["fields"].get(field_id, ())
            ]
            _copy_files(source, target, held, copied)
        copied.records[name] += len(records)
        on_progress(name, copied.records[name])
    # The list came in the order of the ids, and views show records as they were created.
    target.sort_by_creation(source.base_id, table["id"])


def _pages(source: Airtable, table_id: str) -> Iterator[list[RecordJson]]:
    """Read a table page by page; each record once, even if the list has to be read again."""
    parameters = ListParameters(by_field_id=True)
    seen: set[str] = set()
    offset: str | None = None
    restarts = 0
    while True:
        call = endpoints.list_records(source.base_id, table_id, parameters, offset)
        try:
            page = source.call(call)
        except IteratorExpiredError:
            if restarts == _MOST_RESTARTS:
                raise
            restarts, offset = restarts + 1, None
            continue
        fresh = [record for record in records_in(page) if record["id"] not in seen]
        seen.update(record["id"] for record in fresh)
        yield fresh
        offset = page.get("offset")
        if not offset:
            return


def _copy_files(
    source: Airtable, target: LocalBase, files: list[Mapping[str, Any]], copied: Copied
) -> None:
    """Download attachments one by one; note those that fail, and continue with the others.

    A file may be larger than the memory, so it passes through a temporary file. The URLs are
    signed, so the token is not sent.
    """
    import httpx2

    from airhaul.drive.http.endpoint import USER_AGENT

    with httpx2.Client(
        headers={"User-Agent": USER_AGENT},
        follow_redirects=True,
        timeout=source.config.timeout_s,
    ) as client:
        for file in files:
            try:
                with (
                    tempfile.TemporaryFile() as content,
                    client.stream("GET", file["url"]) as reply,
                ):
                    reply.raise_for_status()
                    for piece in reply.iter_bytes():
                        content.write(piece)
                    size = content.tell()
                    content.seek(0)
                    target.restore_file(file["id"], content, size)
            except (httpx2.HTTPError, httpx2.InvalidURL, ConfigurationError) as error:
                copied.missing.append((file["filename"], str(error) or type(error).__name__))
            else:
                copied.files += 1


def _delete(part: Path) -> None:
    for name in (part.name, f"{part.name}-wal", f"{part.name}-shm"):
        part.with_name(name).unlink(missing_ok=True)
