"""Comments: what is said about records, by whom, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyairtable
import pytest

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.store.people_rows import Person
from tests.local_base.asking import AS_CREATED, Asking
from tests.local_base.clock import Clock

EVE = Person("usrEve0000000000x", "eve@example.com", "Eve")


class Ticking(Clock[datetime]):
    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def ask() -> Iterator[Asking]:
    clock = Ticking(datetime(2024, 5, 1, 12, tzinfo=UTC))
    with Asking(LocalBase.open(wall_clock=clock)) as ask:
        ask.table("T")
        with ask.store.session(write=True) as session:
            session.people.add(EVE)
        yield ask


@pytest.fixture
def record(ask: Asking) -> str:
    return ask.add_record("T", {"Name": "a"})


def comments_of(ask: Asking, record: str) -> str:
    return f"{ask.base}/T/{record}/comments"


def test_a_comment_is_kept_with_author_and_time(ask: Asking, record: str) -> None:
    """What was answered is what is listed; it was never edited."""
    made = ask("POST", comments_of(ask, record), {"text": "Hello"})
    assert made == {
        "id": made["id"],
        "author": {"id": ask.store.user_id, "email": "owner@example.com", "name": "Owner"},
        "text": "Hello",
        "createdTime": made["createdTime"],
        "lastUpdatedTime": None,
    }
    assert made["createdTime"].startswith("2024-05-01T12:00:")
    assert ask("GET", comments_of(ask, record)) == {"comments": [made], "offset": None}


def test_mentions_are_people_who_are_known(ask: Asking, record: str) -> None:
    """Somebody unknown is mere text."""
    text = f"See @[{EVE.id}] and @[usrNobody00000000]"
    made = ask("POST", comments_of(ask, record), {"text": text})
    assert made["text"] == text
    assert made["mentioned"] == {
        EVE.id: {"id": EVE.id, "type": "user", "displayName": "Eve", "email": "eve@example.com"}
    }


def test_answers_name_a_comment_of_the_same_record(ask: Asking, record: str) -> None:
    """A parent on another record, or none at all, is refused, and nothing is stored."""
    first = ask("POST", comments_of(ask, record), {"text": "first"})
    body = {"text": "answer", "parentCommentId": first["id"]}
    assert ask("POST", comments_of(ask, record), body)["parentCommentId"] == first["id"]
    other = ask.add_record("T", {"Name": "b"})
    ask("POST", comments_of(ask, other), body, status=404)
    assert ask("GET", comments_of(ask, other))["comments"] == []
    ask("DELETE", f"{comments_of(ask, record)}/{first['id']}")
    (left,) = ask("GET", comments_of(ask, record))["comments"]
    assert left["text"] == "answer"


def test_pages_come_newest_first_and_survive_a_deletion(ask: Asking, record: str) -> None:
    """No comment is lost or seen twice when the last of a page is deleted between two pages."""
    url = comments_of(ask, record)
    ids = [ask("POST", url, {"text": str(n)})["id"] for n in range(5)]
    page = ask("GET", url, None, ("pageSize", "2"))
    assert [comment["text"] for comment in page["comments"]] == ["4", "3"]
    ask("DELETE", f"{url}/{ids[3]}")
    page = ask("GET", url, None, ("pageSize", "2"), ("offset", page["offset"]))
    assert [comment["text"] for comment in page["comments"]] == ["2", "1"]
    page = ask("GET", url, None, ("pageSize", "2"), ("offset", page["offset"]))
    assert [comment["text"] for comment in page["comments"]] == ["0"]
    assert page["offset"] is None


def test_only_the_author_edits_and_deletes(ask: Asking, record: str) -> None:
    """Another's comment stays as it is."""
    with ask.store.session(write=True) as session:
        session.comments.add(record, EVE.id, "mine", "2024-05-01T00:00:00.000Z")
    url = comments_of(ask, record)
    (hers,) = ask("GET", url)["comments"]
    assert hers["author"]["name"] == "Eve"
    refused = ask("PATCH", f"{url}/{hers['id']}", {"text": "no"}, status=403)
    assert refused["error"]["type"] == "INVALID_PERMISSIONS"
    ask("DELETE", f"{url}/{hers['id']}", status=403)
    assert ask("GET", url)["comments"] == [hers]


def test_an_edit_changes_the_text_and_tells_when(ask: Asking, record: str) -> None:
    """The time of creation stays."""
    url = comments_of(ask, record)
    made = ask("POST", url, {"text": "old"})
    changed = ask("PATCH", f"{url}/{made['id']}", {"text": "new"})
    assert changed == {**made, "text": "new", "lastUpdatedTime": changed["lastUpdatedTime"]}
    assert changed["lastUpdatedTime"] > made["createdTime"]
    assert ask("DELETE", f"{url}/{made['id']}") == {"id": made["id"], "deleted": True}
    ask("DELETE", f"{url}/{made['id']}", status=404)


def test_lists_count_comments(ask: Asking, record: str) -> None:
    """``recordMetadata`` asks for it; without it there is no such key."""
    ask.add_record("T", {"Name": "b"})
    for text in ("x", "y"):
        ask("POST", comments_of(ask, record), {"text": text})
    for name in ("recordMetadata", "recordMetadata[]", "recordMetadata[0]"):
        listed = ask("GET", f"{ask.base}/T", None, (name, "commentCount"), AS_CREATED)["records"]
        assert [shown["commentCount"] for shown in listed] == [2, 0]
    assert all("commentCount" not in shown for shown in ask("GET", f"{ask.base}/T")["records"])


def test_a_deleted_record_takes_its_comments_along(ask: Asking, record: str) -> None:
    """They are gone from the file too."""
    made = ask("POST", comments_of(ask, record), {"text": "x"})
    ask("DELETE", f"{ask.base}/T/{record}")
    ask("GET", comments_of(ask, record), status=404)
    with ask.store.session(write=False) as session:
        assert session.comments.one(made["id"]) is None


@pytest.mark.parametrize(
    "body", [None, [], {}, {"text": ""}, {"text": "  "}, {"text": 1}, {"text": "x" * 100_001},
             {"text": "x", "parentCommentId": 1}]
)  # fmt: skip
def test_bad_bodies_are_refused(ask: Asking, record: str, body: object) -> None:
    """Airtable's 422, and nothing stored."""
    ask("POST", comments_of(ask, record), body, status=422)
    assert ask("GET", comments_of(ask, record))["comments"] == []


def test_bad_addresses_are_refused(ask: Asking, record: str) -> None:
    """Malformed ids are no routes; well-formed ones that are not there are unknown."""
    url = comments_of(ask, record)
    ask("GET", f"{ask.base}/T/junk/comments", status=404)
    ask("GET", f"{ask.base}/Nowhere/{record}/comments", status=403)
    ask("PATCH", f"{url}/junk", {"text": "x"}, status=404)
    ask("PATCH", f"{url}/com00000000000000", {"text": "x"}, status=404)
    ask("GET", url, None, ("offset", "junk"), status=422)
    ask("GET", url, None, ("pageSize", "101"), status=422)


def test_another_client_comments(ask: Asking, record: str) -> None:
    """pyairtable adds, lists, edits, answers and deletes over HTTP."""
    with LocalServer(ask.local_base) as server:
        api = pyairtable.Api("pat.x", endpoint_url=server.url)
        table = api.table(ask.base, "T")
        comment = table.add_comment(record, f"Hi @[{EVE.id}]")
        assert comment.mentioned[EVE.id].display_name == "Eve"
        answer = table.add_comment(record, "Ho", parent_comment_id=comment.id)
        assert answer.parent_comment_id == comment.id
        comment.text = "Never mind"
        comment.save()
        assert comment.last_updated_time is not None
        assert [found.text for found in table.comments(record)] == ["Ho", "Never mind"]
        for number in range(120):
            table.add_comment(record, str(number))
        assert len(table.comments(record)) == 122
        answer.delete()
        assert len(table.comments(record)) == 121
        assert table.all(count_comments=True)[0]["commentCount"] == 121
        api.session.close()
