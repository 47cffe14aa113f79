"""Models as Python source, made from the tables of a base."""
