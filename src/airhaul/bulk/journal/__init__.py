"""The journal: what every run was asked, what it was about to send, and what came of it.

A run that was killed goes on from here, and one that was a mistake is taken back from here.
"""

from airhaul.bulk.journal.file import Journal
from airhaul.bulk.journal.log import RunLog
from airhaul.bulk.journal.runs import Asked, Run, Source

__all__ = ["Asked", "Journal", "Run", "RunLog", "Source"]
