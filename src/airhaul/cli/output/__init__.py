"""What the commands print: plans, results, progress, errors."""
