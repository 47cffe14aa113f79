"""One request at work: its session, what it changes, and the lists being read."""
