"""Requests and refusals, as the API has them."""
