"""Webhooks: what they watch, what they are told, and how."""
