"""The async client (``client/aio/``), the sync client generated from it, and what both share."""
