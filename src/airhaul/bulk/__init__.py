"""The decisions of bulk work, pure: what to send, when, how often, and what became of each row.

Nothing here waits, sends or opens anything; the drivers in ``airhaul.drive`` do.
"""
