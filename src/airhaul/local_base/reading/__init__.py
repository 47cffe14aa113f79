"""Reading cells: stored, linked and computed ones."""
