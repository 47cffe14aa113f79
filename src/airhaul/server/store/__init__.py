"""What the local base holds, in an SQLite file or in memory."""

from airhaul.server.store.attachment_rows import Attachment
from airhaul.server.store.comment_rows import Comment
from airhaul.server.store.database import MEMORY
from airhaul.server.store.people_rows import Person
from airhaul.server.store.record_rows import StoredRecord
from airhaul.server.store.record_scans import Scanned
from airhaul.server.store.store import Session, Store
from airhaul.server.store.webhook_rows import Webhook

__all__ = [
    "MEMORY",
    "Attachment",
    "Comment",
    "Person",
    "Scanned",
    "Session",
    "Store",
    "StoredRecord",
    "Webhook",
]
