"""What became of each row: outcomes, results, and the policy for rows that fail."""
