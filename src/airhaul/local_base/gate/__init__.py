"""What a request passes first: tokens, rate limits, faults; and the log of requests."""
