"""Many IDs, cells and records in little memory."""
