"""For tests: bases to test against, and a simulator that runs jobs on a clock of its own.

The fixtures ``airtable`` and ``airtable_server`` come with the package; pytest finds them itself.
"""

from airhaul.testing.seed import seed
from airhaul.testing.server import TestServer, serving
from airhaul.testing.simulator import (
    KilledError,
    Sent,
    Service,
    SimulatedClock,
    Simulation,
    StuckError,
    simulate,
    simulate_flow,
)

__all__ = [
    "KilledError",
    "Sent",
    "Service",
    "SimulatedClock",
    "Simulation",
    "StuckError",
    "TestServer",
    "seed",
    "serving",
    "simulate",
    "simulate_flow",
]
