"""``python -m airhaul`` is ``airhaul``."""

from airhaul.cli.app import main

main()
