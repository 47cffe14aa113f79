"""Restoring bases and records from their JSON."""
