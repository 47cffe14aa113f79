"""The version of airhaul: the package, its distribution and its requests all take it from here."""

__version__ = "0.1.0"
