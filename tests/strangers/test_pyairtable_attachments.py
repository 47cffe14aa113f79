"""pyairtable gives the served local base files, and gets them back."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests


@pytest.fixture
def files(base):
    fields = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Files", "type": "multipleAttachments"},
    ]
    return base.create_table("Folder", fields)


def content_of(attachment: dict) -> bytes:
    reply = requests.get(attachment["url"], timeout=10)
    reply.raise_for_status()
    return reply.content


def test_a_file_is_uploaded_and_read_again(files) -> None:
    """What was uploaded comes back by its URL, named by the id of its field."""
    field = files.schema().field("Files").id
    record_id = files.create({"Name": "a"})["id"]
    told = files.upload_attachment(record_id, "Files", "a.txt", "Hello, World!", "text/plain")
    assert told["id"] == record_id
    (attachment,) = told["fields"][field]
    assert (attachment["filename"], attachment["type"], attachment["size"]) == (
        "a.txt",
        "text/plain",
        13,
    )
    (held,) = files.get(record_id)["fields"]["Files"]
    assert held["id"] == attachment["id"]
    assert content_of(held) == b"Hello, World!"


def test_uploads_are_added_behind_the_others(files, tmp_path: Path) -> None:
    """A second file does not replace the first; the type of a file is told by its name."""
    record_id = files.create({})["id"]
    files.upload_attachment(record_id, "Files", "first.bin", bytes(range(256)))
    (tmp_path / "second.csv").write_text("a,b\n")
    files.upload_attachment(record_id, files.schema().field("Files").id, tmp_path / "second.csv")
    first, second = files.get(record_id)["fields"]["Files"]
    assert content_of(first) == bytes(range(256))
    assert (second["filename"], second["type"]) == ("second.csv", "text/csv")


def test_files_are_named_by_url(files) -> None:
    """A file may be somewhere else; its name is told, or is that of the URL."""
    url = "https://files.invalid/folder/photo.png"
    cells = {"Files": [{"url": url, "filename": "own.png"}, {"url": url}]}
    made = files.create(cells)["fields"]["Files"]
    assert [one["filename"] for one in made] == ["own.png", "photo.png"]
    assert all(one["id"].startswith("att") for one in made)


def test_files_are_kept_by_id_and_dropped_without(files) -> None:
    """The list that is written replaces the list that was there."""
    record_id = files.create({})["id"]
    for name in ("a.txt", "b.txt", "c.txt"):
        files.upload_attachment(record_id, "Files", name, name)
    first, _, third = files.get(record_id)["fields"]["Files"]
    kept = files.update(record_id, {"Files": [{"id": third["id"]}, {"id": first["id"]}]})
    assert [one["filename"] for one in kept["fields"]["Files"]] == ["c.txt", "a.txt"]
    assert content_of(kept["fields"]["Files"][0]) == b"c.txt"
    assert files.update(record_id, {"Files": []})["fields"] == {}


def test_uploads_that_cannot_be(files, table) -> None:
    """There must be such a record and such a field, and it must hold files."""
    record_id = files.create({})["id"]
    for record, field in (
        ("rec00000000000000", "Files"),
        (record_id, "None"),
        (record_id, "Name"),
    ):
        with pytest.raises(requests.HTTPError, match="40[34]|422"):
            files.upload_attachment(record, field, "a.txt", "x", "text/plain")
    assert files.get(record_id)["fields"] == {}
