"""One request: its session, its changes, and the lists that are being read."""
