"""Webhooks: what they watch, their payloads, and notifications."""
