"""Commands for bases: serve, clone, inspect, check."""
