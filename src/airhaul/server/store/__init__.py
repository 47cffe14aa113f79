"""What the local base holds, in an SQLite file or in memory."""

from airhaul.server.store.database import MEMORY
from airhaul.server.store.record_rows import Scanned, StoredRecord
from airhaul.server.store.store import Session, Store

__all__ = ["MEMORY", "Scanned", "Session", "Store", "StoredRecord"]
