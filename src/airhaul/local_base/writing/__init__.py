"""Writing cells, links and records."""
