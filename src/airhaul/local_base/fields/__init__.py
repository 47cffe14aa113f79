"""Creates fields, and checks their options."""
