"""For tests: local bases to test against, and a simulator that runs jobs on a simulated clock.

pytest finds the fixtures ``airtable`` and ``airtable_server`` by itself.
"""

from airhaul.client.default import models_on
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
    "models_on",
    "seed",
    "serving",
    "simulate",
    "simulate_flow",
]
