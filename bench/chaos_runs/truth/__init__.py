"""Whether what a call says is so: its outcomes against what the base did and holds."""
