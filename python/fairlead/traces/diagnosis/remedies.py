"""What mends a trace: one function for each finding that can be mended, called by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fairlead.errors import InvalidInputError
from fairlead.traces.diagnosis import mend_load, mend_records
from fairlead.traces.trace import Trace

__all__ = ["remedy"]


def remedy(trace: Trace, name: str, **options: Any) -> Trace:
    """The trace with one thing mended; each finding of `doctor` names its call.

    Parameters
    ----------
    trace : Trace
        It stays as it is.
    name : str
        - ``sort``: jobs by submission, those of one instant as they stood.
        - ``drop_missing_times``, ``drop_missing_run_times``, ``drop_negative_run_times``,
          ``drop_zero_run_times``, ``drop_repeated_rows`` (the first stays),
          ``drop_empty_requests``, ``drop_flurries``: leave jobs out.
        - ``drop_odd_dates``: with ``earliest=`` and ``latest=`` (dates).
        - ``drop_infeasible``: jobs that ``cluster=`` (default: the trace's nodes) can never run.
        - ``drop_limits``: the column ``limit_s``.
        - ``longest_stretch``: only the jobs between two gaps in collection that last longest.
        - ``trim_end``: without the jobs submitted in the last ``seconds=``.
        - ``shift_weeks``: dates later by ``weeks=``.
        - ``renumber``: new ids to all but the first of jobs with one id.
        - ``cap_run_times``: run times cut to the limit.
        - ``fill_run_times``: a missing run time becomes the limit, else ``seconds=``.
        - ``fill_limits``: a missing limit becomes the longest of the job's queue, else of all.
        - ``scale``: ``column=`` times ``factor=``.
        - ``add_request``: ``amount=`` of ``resource=`` for every job.
        - ``thin``: a part ``keep=`` (0 to 1) of the jobs, evenly over the log, so that the daily
          cycle stays; ``thin_user``: the same for ``user=`` until ``share=`` is left of the
          ``of=`` ``"work"`` or ``"jobs"``.
        - ``predict_run_times``: a column ``predicted_s`` (s) to plan with,
          ``schedule(..., run_times="predicted_s")``: the mean of the last two run times of the user
          that had ended, at most the limit [1]_.
    **options
        As named above.

    Returns
    -------
    Trace
        Jobs left out are counted in ``meta.dropped``, changed values in ``meta.repaired``.

    Raises
    ------
    InvalidInputError
        An unknown name, or options that do not fit it.

    References
    ----------
    .. [1] Tsafrir, Etsion, Feitelson, "Backfilling using system-generated predictions rather than
       user runtime estimates", IEEE TPDS 18(6), 2007. There a run has ended when the scheduler saw
       it end; a log does not say when it started, so here it has ended a run time after submission.

    Examples
    --------
    >>> import fairlead
    >>> trace = fairlead.traces.generate(1000, nodes=4, seed=1)
    >>> half = remedy(trace, "thin", keep=0.5)
    >>> len(half), half.meta.dropped
    (500, {'thin': 500})
    """
    if name not in _REMEDIES:
        raise InvalidInputError(f"name must be one of {', '.join(_REMEDIES)}; got {name!r}")
    function = _REMEDIES[name]
    wanted = list(inspect.signature(function).parameters)[1:]
    needed = [w for w in wanted if w != "cluster"]
    if set(options) - set(wanted) or set(needed) - set(options):
        raise InvalidInputError(
            f"the remedy {name!r} takes {', '.join(wanted) or 'no options'}; got "
            f"{', '.join(options) or 'none'}"
        )
    return function(trace, **options)


_REMEDIES: dict[str, Callable[..., Trace]] = {
    "sort": mend_records.sort,
    "drop_missing_times": mend_records.drop_missing_times,
    "drop_odd_dates": mend_records.drop_odd_dates,
    "longest_stretch": mend_records.longest_stretch,
    "trim_end": mend_records.trim_end,
    "shift_weeks": mend_records.shift_weeks,
    "renumber": mend_records.renumber,
    "drop_repeated_rows": mend_records.drop_repeated_rows,
    "drop_missing_run_times": mend_records.drop_missing_run_times,
    "drop_negative_run_times": mend_records.drop_negative_run_times,
    "drop_zero_run_times": mend_records.drop_zero_run_times,
    "drop_empty_requests": mend_records.drop_empty_requests,
    "fill_run_times": mend_records.fill_run_times,
    "drop_limits": mend_records.drop_limits,
    "cap_run_times": mend_records.cap_run_times,
    "fill_limits": mend_records.fill_limits,
    "scale": mend_records.scale,
    "add_request": mend_records.add_request,
    "drop_infeasible": mend_load.drop_infeasible,
    "drop_flurries": mend_load.drop_flurries,
    "thin": mend_load.thin,
    "thin_user": mend_load.thin_user,
    "predict_run_times": mend_load.predict_run_times,
}
