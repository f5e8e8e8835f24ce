"""Many independent simulations at once: what-ifs on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fairlead import _core
from fairlead.errors import InvalidInputError
from fairlead.scheduling.simulation import Simulation
from fairlead.threads import thread_count

__all__ = ["run_all"]

_FOREVER = int(np.iinfo(np.int64).max)


def run_all(
    simulations: Sequence[Simulation],
    time: Any = None,
    *,
    threads: int | None = None,
    progress: bool = False,
) -> None:
    """Run simulations up to and including ``time``, several at once and without the GIL.

    Each ends as it would with `Simulation.run_until`, whatever the number of threads.

    Parameters
    ----------
    simulations : sequence of Simulation
        Such as forks of one; no two the same object.
    time : datetime or float, optional
        In the kind of the jobs' ``submit_time``; to the end without it.
    threads : int, optional
        As many as there are cores for this process by default. An order written in Python holds
        the GIL, so its simulations gain nothing from more than one.
    progress : bool
        Show a progress bar.

    Raises
    ------
    InvalidInputError
        Fewer than one thread, or a simulation given twice.
    KeyboardInterrupt
        Ctrl-C; each simulation stays usable, between two instants.

    Examples
    --------
    When does my job start, if one more comes before it that runs for 0, 60 or 600 s?

    >>> import pandas as pd
    >>> from fairlead import Cluster, Simulation, run_all
    >>> jobs = pd.DataFrame({"submit_time": [0, 1], "duration_s": 60, "limit_s": 60, "gpus": 8})
    >>> now = Simulation(jobs.iloc[:1], Cluster.homogeneous(nodes=1, gpus=8))
    >>> what_ifs = []
    >>> for seconds in (0, 60, 600):
    ...     fork = now.fork()
    ...     other = jobs.iloc[:1].assign(submit_time=0.5, duration_s=seconds, limit_s=600)
    ...     fork.submit(pd.concat([other, jobs.iloc[1:]]))
    ...     what_ifs.append(fork)
    >>> run_all(what_ifs)
    >>> [float(sim.result().jobs["start_time"].iloc[-1]) for sim in what_ifs]
    [60.0, 120.0, 660.0]
    """
    workers = thread_count(threads)
    cores = [simulation._core for simulation in simulations]
    if len({id(core) for core in cores}) < len(cores):
        raise InvalidInputError("simulations must not hold one twice; fork it")
    if not cores:
        return
    kind = simulations[0]._columns[0].time
    until = _FOREVER if time is None else kind.to_ns(time)
    workers = min(workers, len(cores))
    if not progress:
        _core.run_all(cores, until, workers)
        return
    from tqdm.auto import tqdm

    with tqdm(total=1.0, desc="run_all", bar_format="{l_bar}{bar}| {elapsed}") as bar:
        _core.run_all(cores, until, workers, lambda share: bar.update(share - bar.n))
        bar.update(1.0 - bar.n)
