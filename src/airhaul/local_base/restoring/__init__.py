"""Rebuilds bases and records from their JSON."""
