"""When each job runs: the engine's Python face."""

from __future__ import annotations

from fairlead.scheduling.engine import Decision, Engine
from fairlead.scheduling.parallel import run_all
from fairlead.scheduling.policy import PolicySpec, policies, policy_key
from fairlead.scheduling.result import Schedule
from fairlead.scheduling.saving import read_schedule
from fairlead.scheduling.simulation import Simulation, schedule

__all__ = [
    "Decision",
    "Engine",
    "PolicySpec",
    "Schedule",
    "Simulation",
    "policies",
    "policy_key",
    "read_schedule",
    "run_all",
    "schedule",
]
