"""What the texts of a file mean, beyond what every file may write: dates, numbers, durations."""
