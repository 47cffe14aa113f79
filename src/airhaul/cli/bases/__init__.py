"""Commands for bases: clone, doctor, schema, serve, tables."""
