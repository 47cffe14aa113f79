"""For tests: local bases to test against, and a simulator that runs jobs on a simulated clock.

pytest finds the fixtures ``airtable`` and ``airtable_server`` by itself.
"""

from airhaul.testing.seed import seed
from airhaul.testing.server import TestServer, serving
from airhaul.testing.simulator import Sent, Service, Simulation, StuckError, simulate

__all__ = [
    "Sent",
    "Service",
    "Simulation",
    "StuckError",
    "TestServer",
    "seed",
    "serving",
    "simulate",
]
