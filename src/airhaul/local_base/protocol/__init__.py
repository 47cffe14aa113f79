"""The protocol of the API: requests, refusals, and how values are written."""
