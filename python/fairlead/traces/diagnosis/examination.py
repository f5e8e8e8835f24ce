"""The doctor's round: which checks a trace goes through."""

from __future__ import annotations

import pandas as pd

from fairlead.cluster import Cluster, as_cluster
from fairlead.errors import InvalidInputError
from fairlead.traces.diagnosis.capacity import check_capacity
from fairlead.traces.diagnosis.demand import check_demand, demand_measures
from fairlead.traces.diagnosis.demand_diagnosis import DemandDiagnosis
from fairlead.traces.diagnosis.demand_view import DemandView
from fairlead.traces.diagnosis.diagnosis import Diagnosis
from fairlead.traces.diagnosis.estimates import check_estimates
from fairlead.traces.diagnosis.finding import SEVERITIES
from fairlead.traces.diagnosis.made import check_made
from fairlead.traces.diagnosis.people import check_people
from fairlead.traces.diagnosis.recorded import check_account, check_recorded
from fairlead.traces.diagnosis.records import check_records
from fairlead.traces.diagnosis.shape import check_shape, measures
from fairlead.traces.diagnosis.times import check_times
from fairlead.traces.diagnosis.units import check_units
from fairlead.traces.diagnosis.view import View
from fairlead.traces.trace import Trace

__all__ = ["doctor"]

_CHECKS = (
    check_units,
    check_times,
    check_records,
    check_capacity,
    check_people,
    check_estimates,
    check_shape,
    check_made,
    check_recorded,
)


def doctor(trace: Trace, cluster: Cluster | pd.DataFrame | None = None) -> Diagnosis:
    """Look for what is wrong or odd with a trace, and say what it does to a simulation.

    Parameters
    ----------
    trace : Trace
        Its tables may be broken: what a simulation would refuse is a finding here. Of a trace
        without jobs the demand series are looked at.
    cluster : Cluster or nodes frame, optional
        What capacity is judged by; else the trace's nodes; without either, load and fit are not
        judged.

    Returns
    -------
    Diagnosis
        Findings, worst first, each with the call that mends it; figures; pictures; a page.

    Raises
    ------
    InvalidInputError
        The trace has neither jobs nor demand, or the nodes cannot be used.

    Notes
    -----
    Looked for: load against capacity over time, jobs that can never fit, gaps in collection, cut
    ends, missing, unsorted and repeated records, run times above the limit, users and queues that
    dominate, flurries [1]_, limits as estimates [2]_, units, what distributions leave out, and
    signs that a list was drawn or cut by its publisher.
    Thresholds stand at the head of each file of ``fairlead.traces.diagnosis``.
    O(n_jobs log n_jobs).

    References
    ----------
    .. [1] Feitelson, Tsafrir, Krakov, "Experience with using the Parallel Workloads Archive", J.
       Parallel and Distributed Computing 74(10), 2014.
    .. [2] Tsafrir, Etsion, Feitelson, "Modeling user runtime estimates", JSSPP 2005.

    Examples
    --------
    >>> import fairlead
    >>> trace = fairlead.traces.generate(2000, nodes=4, load=1.4, seed=1)
    >>> found = doctor(trace)
    >>> found.findings["finding"].iloc[0], found.findings["remedy"].iloc[0]
    ('overload', "traces.remedy(trace, 'thin', keep=0.6422)")
    """
    if not isinstance(trace, Trace):
        raise InvalidInputError(f"trace must be a Trace, got {type(trace).__name__}")
    if len(trace.jobs) == 0 and len(trace.demand):
        return _of_demand(trace)
    if len(trace.jobs) == 0:
        raise InvalidInputError(f"the trace has no jobs to look at{_instead_of_jobs(trace)}")
    machine = None
    if cluster is not None:
        machine = as_cluster(cluster)
    elif len(trace.nodes):
        machine = Cluster.from_frame(trace.nodes)
    view = View(trace, machine, cluster is not None)
    found = [finding for check in _CHECKS for finding in check(view)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Diagnosis(trace, machine, tuple(found), measures(view), view)


def _of_demand(trace: Trace) -> DemandDiagnosis:
    demand = DemandView(trace)
    found = (*check_demand(demand), *check_account(trace.meta))
    return DemandDiagnosis(trace, None, found, demand_measures(demand), View(trace, None), demand)


def _instead_of_jobs(trace: Trace) -> str:
    if trace.meta.dropped:
        told = ", ".join(f"{n:,} {reason}" for reason, n in trace.meta.dropped.items())
        return f": of {trace.meta.read:,} records, {told} were left out; read it with other options"
    return ""
