"""The storage of the local base: an SQLite file, or memory."""

from airhaul.local_base.store.attachment_rows import Attachment
from airhaul.local_base.store.comment_rows import Comment
from airhaul.local_base.store.database import MEMORY
from airhaul.local_base.store.people_rows import Person
from airhaul.local_base.store.record_rows import StoredRecord
from airhaul.local_base.store.record_scans import Scanned
from airhaul.local_base.store.store import Session, Store
from airhaul.local_base.store.webhook_rows import Webhook

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
