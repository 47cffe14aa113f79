"""The local base: an embedded service that speaks Airtable's API, in a SQLite file or in memory."""
