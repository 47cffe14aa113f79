"""Airtable's limits, each with its source."""

from __future__ import annotations

from typing import Final

# https://airtable.com/developers/web/api/rate-limits
REQUESTS_PER_SECOND_PER_BASE: Final = 5
REQUESTS_PER_SECOND_PER_TOKEN: Final = 50
RATE_LIMIT_PENALTY_S: Final = 30.0

NO_RATE_LIMIT_HEADER: Final = "x-airhaul-no-rate-limit"
"""A header that a local base without a rate limit sends, and Airtable does not."""

# https://airtable.com/developers/web/api/post-sync-api-endpoint
SYNCS_PER_BASE: Final = 20
SYNCS_PERIOD_S: Final = 300.0

# https://airtable.com/developers/web/api/update-multiple-records (in older versions of the page;
# the service still refuses 11)
RECORDS_PER_WRITE: Final = 10

# https://airtable.com/developers/web/api/list-records
RECORDS_PER_PAGE: Final = 100

# https://airtable.com/developers/web/api/update-multiple-records
MERGE_FIELDS: Final = 3

# https://support.airtable.com/docs/enforcement-of-url-length-limit-for-web-api-requests
URL_LENGTH: Final = 16_000
# airtable.js uses the POST form of "list records" from here on; this leaves room for the host.
URL_LENGTH_FOR_GET: Final = 15_000

# https://airtable.com/developers/web/api/update-table
DESCRIPTION_LENGTH: Final = 20_000
