"""The doctor: what is odd with a trace, what that does to a simulation, and what mends it."""

from __future__ import annotations

from fairlead.traces.diagnosis.demand_diagnosis import DemandDiagnosis
from fairlead.traces.diagnosis.diagnosis import Diagnosis
from fairlead.traces.diagnosis.examination import doctor
from fairlead.traces.diagnosis.finding import Finding
from fairlead.traces.diagnosis.remedies import remedy

__all__ = ["DemandDiagnosis", "Diagnosis", "Finding", "doctor", "remedy"]
