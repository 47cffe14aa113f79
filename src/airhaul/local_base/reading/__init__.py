"""Reads cells: stored, linked and computed ones."""
