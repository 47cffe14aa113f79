"""Links to records, and what is read through them; people; and files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from airhaul.fields.arrow import ATTACHMENT, PERSON, TEXTS, list_of
from airhaul.fields.card import FieldCard, as_objects
from airhaul.fields.encode import encode, encode_many


def _encode_links(value: Any) -> Any:
    if type(value) is list:
        return encode_many(value)  # most cells
    cell = encode(value)
    return [cell] if isinstance(cell, str) else cell


def _people_as_written(cell: Any) -> Any:
    if isinstance(cell, list):
        return [_people_as_written(person) for person in cell]
    return {"id": cell.get("id")} if isinstance(cell, dict) else cell


def _is_person(sent: Any, stored: Any) -> bool:
    return isinstance(stored, Mapping) and isinstance(sent, str) and sent in stored.values()


def _are_people(sent: Any, stored: Any) -> bool:
    if not isinstance(stored, list):
        return False
    given = sent if isinstance(sent, list) else str(sent).split(",")
    names = list(dict.fromkeys(one.strip() for one in given if isinstance(one, str)))
    return len(names) == len(given) == len(stored) and all(
        any(_is_person(name, person) for person in stored) for name in names
    )


def _files_as_written(cell: Any) -> Any:
    if not isinstance(cell, list):
        return cell
    # An id is valid only in the same cell; a URL uploads the file again.
    return [_as_new(file) for file in cell]


def _is_same_people(sent: Any, stored: Any) -> bool:
    wanted, there = as_objects(sent), list(as_objects(stored))
    if len(wanted) != len(there):
        return False
    for one in wanted:
        name = "id" if "id" in one else "email"
        match = next((other for other in there if other.get(name) == one.get(name)), None)
        if match is None:
            return False
        there.remove(match)
    return True


def _files_as_sent(cell: Any, stored: Any) -> Any:
    if not isinstance(cell, list):
        return cell
    kept = {file.get("id") for file in as_objects(stored)}
    return [file if _is_kept(file, kept) else _as_new(file) for file in cell]


def _is_kept(file: Any, kept: Collection[Any]) -> bool:
    # A file that is named by its id alone cannot be uploaded.
    return not isinstance(file, dict) or "url" not in file or file.get("id") in kept


def _as_new(file: Mapping[str, Any]) -> dict[str, Any]:
    return {name: file[name] for name in ("url", "filename") if name in file}


def _is_same_files(sent: Any, stored: Any) -> bool:
    # By file name: the URL changes with every answer, and an id is valid in one cell only.
    wanted, there = as_objects(sent), as_objects(stored)
    if len(wanted) != len(there):
        return False
    return all(_is_same_file(one, other) for one, other in zip(wanted, there, strict=True))


def _is_same_file(sent: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    if "id" in sent and sent["id"] == stored.get("id"):
        return True
    return "url" in sent and _file_name(sent) == _file_name(stored)


def _file_name(attachment: Mapping[str, Any]) -> str:
    named = attachment.get("filename")
    if named:
        return str(named)
    return unquote(urlsplit(str(attachment.get("url", ""))).path.rpartition("/")[2])


CARDS: Final = (
    FieldCard(
        type="multipleRecordLinks",
        python=list[str],
        lookup="links",
        is_list=True,
        arrow=TEXTS,
        encode=_encode_links,
    ),
    FieldCard(type="multipleLookupValues", is_computed=True, lookup="list", is_list=True),
    FieldCard(
        type="singleCollaborator",
        python=dict[str, Any],
        arrow=PERSON,
        as_written=_people_as_written,
        is_same=_is_same_people,
        is_converted=_is_person,
    ),
    FieldCard(
        type="multipleCollaborators",
        python=list[dict[str, Any]],
        lookup="list",
        is_list=True,
        arrow=list_of(PERSON),
        as_written=_people_as_written,
        is_same=_is_same_people,
        is_converted=_are_people,
    ),
    FieldCard(type="createdBy", is_computed=True, python=dict[str, Any], arrow=PERSON),
    FieldCard(type="lastModifiedBy", is_computed=True, python=dict[str, Any], arrow=PERSON),
    FieldCard(
        type="multipleAttachments",
        python=list[dict[str, Any]],
        is_list=True,
        arrow=list_of(ATTACHMENT),
        as_sent=_files_as_sent,
        as_written=_files_as_written,
        is_same=_is_same_files,
    ),
)
