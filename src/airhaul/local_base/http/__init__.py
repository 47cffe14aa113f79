"""Serving a local base over HTTP, with its console."""
