"""The outcome of each row, the result of a call, and the policy for rows that fail."""
