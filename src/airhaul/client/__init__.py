"""The faces: ``aio/`` is written by hand, its synchronous twin beside it is generated from it."""
