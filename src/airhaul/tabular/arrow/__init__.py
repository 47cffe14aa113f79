"""Columns of Arrow data, made of cells."""
