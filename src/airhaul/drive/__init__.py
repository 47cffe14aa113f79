"""The only code that waits: it asks a job what to do, does it, and reports the result."""
