"""Commands that read and write rows: import, export, sync, delete."""
