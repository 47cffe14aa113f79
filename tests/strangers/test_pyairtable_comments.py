"""pyairtable comments on records of the served local base."""

from __future__ import annotations

import pytest
import requests


@pytest.fixture
def record_id(table) -> str:
    return table.create({"Name": "Ada"})["id"]


def test_comments_are_made_changed_and_deleted(api, table, record_id) -> None:
    """A comment knows its author and whom it mentions, and its text can be changed."""
    me = api.whoami()["id"]
    made = table.add_comment(record_id, f"Ask @[{me}]")
    (comment,) = table.comments(record_id)
    assert comment.model_dump() == made.model_dump()
    assert (comment.author.id, comment.last_updated_time) == (me, None)
    assert comment.mentioned[me].id == me
    comment.text = "Never mind!"
    comment.save()
    (changed,) = table.comments(record_id)
    assert changed.text == "Never mind!"
    assert changed.mentioned == {}
    assert changed.last_updated_time is not None
    changed.delete()
    assert table.comments(record_id) == []
    with pytest.raises(requests.HTTPError, match="404|403"):
        comment.delete()


def test_comments_are_paged_from_the_newest(table, record_id) -> None:
    """All pages are read, and the newest comment comes first."""
    for number in range(105):
        table.add_comment(record_id, str(number))
    told = [comment.text for comment in table.comments(record_id)]
    assert told == [str(number) for number in reversed(range(105))]


def test_answers_know_what_they_answer(api, table, record_id) -> None:
    """A comment may be an answer to another."""
    asked = table.add_comment(record_id, "Why?")
    url = table.urls.record_comments(record_id)
    api.post(url, json={"text": "Because", "parentCommentId": asked.id})
    answer, question = table.comments(record_id)
    assert (answer.parent_comment_id, question.parent_comment_id) == (asked.id, None)


def test_comments_go_with_their_record(table, record_id) -> None:
    """A record that is not there has no comments and takes none."""
    table.add_comment(record_id, "gone soon")
    table.delete(record_id)
    with pytest.raises(requests.HTTPError, match="404"):
        table.comments(record_id)
    with pytest.raises(requests.HTTPError, match="404"):
        table.add_comment(record_id, "late")
