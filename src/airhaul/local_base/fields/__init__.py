"""Creating fields, and checking their options."""
