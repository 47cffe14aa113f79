"""What the local base holds, in an SQLite file or in memory."""

from airhaul.server.store.attachment_rows import Attachment
from airhaul.server.store.comment_rows import Comment
from airhaul.server.store.database import MEMORY
from airhaul.server.store.people_rows import Person
from airhaul.server.store.record_rows import StoredRecord
from airhaul.server.store.store import Session, Store

__all__ = ["MEMORY", "Attachment", "Comment", "Person", "Session", "Store", "StoredRecord"]
