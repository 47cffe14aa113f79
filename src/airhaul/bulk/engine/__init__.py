"""Decides what is sent and when: jobs, pace, retries, events."""
