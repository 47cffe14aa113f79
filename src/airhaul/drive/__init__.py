"""The only code that waits: it asks a job what to do, does it, and says what came of it."""
