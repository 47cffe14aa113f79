"""What a request passes first: faults, tokens and rate limits; and the log of requests."""
