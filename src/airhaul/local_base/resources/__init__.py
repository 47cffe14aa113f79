"""The endpoints: one module for each resource, with ``ROUTES`` and a function for each route."""

from __future__ import annotations

from airhaul.local_base.resources import (
    account,
    attachments,
    bases,
    comments,
    lists,
    records,
    sync_csv,
    tables,
    views,
    webhooks,
)
from airhaul.local_base.resources.route import Route

ROUTES: tuple[Route, ...] = (
    *account.ROUTES,
    *bases.ROUTES,
    *tables.ROUTES,
    *views.ROUTES,
    *webhooks.ROUTES,
    *attachments.ROUTES,
    *comments.ROUTES,
    *sync_csv.ROUTES,
    *lists.ROUTES,
    *records.ROUTES,
)
"""Every endpoint; the first one that matches a request answers it."""
