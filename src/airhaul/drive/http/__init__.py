"""HTTP: the service's address, connections that stay open, and replies from their bytes."""
