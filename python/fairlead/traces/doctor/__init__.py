"""The doctor: what is odd with a trace, what that does to a simulation, and what mends it."""

from __future__ import annotations

from fairlead.traces.doctor.diagnosis import Diagnosis, doctor
from fairlead.traces.doctor.finding import Finding
from fairlead.traces.doctor.remedies import remedy

__all__ = ["Diagnosis", "Finding", "doctor", "remedy"]
