"""The synchronous clients, generated from ``client/aio``."""
