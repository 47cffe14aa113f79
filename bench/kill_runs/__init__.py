"""Killing servers of a local base in the middle of their work, and what the file holds then."""
