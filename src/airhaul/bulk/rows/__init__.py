"""Turns rows into changes: encoding, values, keys, differences, and the requests for them."""
