"""The asynchronous face, by hand; ``tools/sync_face.py`` makes the synchronous one of it."""
