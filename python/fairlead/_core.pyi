"""
The C++ core of fairlead; private, use the functions of the package.
"""

from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing

__all__: list[str] = [
    "CostRecommender",
    "DECILES",
    "Engine",
    "FeatureStream",
    "NOT_YET",
    "Nodes",
    "RunTimeLearner",
    "ScoreBatch",
    "Simulation",
    "SmoothingStream",
    "TreeEnsemble",
    "UsageRecommender",
    "WindowRecommender",
    "bucket_of",
    "bucket_starts",
    "calendar_column",
    "cuda_build_reason",
    "device_feature_columns",
    "device_forecasters",
    "error_quantiles",
    "feature_columns",
    "find_alerts",
    "follow_present",
    "forecast",
    "forecast_scores",
    "forecasters",
    "harmonic_column",
    "job_history",
    "machine_peaks",
    "match",
    "match_by_type",
    "match_methods",
    "network_inputs",
    "orders",
    "placement_rules",
    "point_forecasts",
    "presets",
    "run_all",
    "score_terms",
    "seasonal_scale",
    "smoothing_fits",
    "use_by_interval",
]

class FeatureStream:
    """
    Features of series that grow value by value.
    """
    def __init__(
        self,
        specs: collections.abc.Sequence[
            tuple[
                str,
                str,
                typing.SupportsInt | typing.SupportsIndex,
                typing.SupportsInt | typing.SupportsIndex,
                typing.SupportsInt | typing.SupportsIndex,
                typing.SupportsInt | typing.SupportsIndex,
                typing.SupportsFloat | typing.SupportsIndex,
            ]
        ],
        series: typing.SupportsInt | typing.SupportsIndex,
    ) -> None: ...
    def observe(
        self, values: numpy.typing.NDArray[numpy.float64]
    ) -> numpy.typing.NDArray[numpy.float64]:
        """
        What is known after the next values: a row a feature.
        """

class TreeEnsemble:
    """
    Trained trees, evaluated for many rows at a time.
    """
    def __init__(
        self,
        columns: dict,
        *,
        features: typing.SupportsInt | typing.SupportsIndex,
        outputs: typing.SupportsInt | typing.SupportsIndex,
    ) -> None: ...
    def predict(
        self,
        rows: numpy.typing.NDArray[numpy.float64],
        *,
        threads: typing.SupportsInt | typing.SupportsIndex,
    ) -> numpy.typing.NDArray[numpy.float64]:
        """
        Sums of the leaf values by output.
        """

class UsageRecommender:
    """
    Decaying histograms by target, and requests from them.
    """
    def __init__(
        self,
        *,
        buckets: tuple[
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
        ],
        half_life_ns: typing.SupportsInt | typing.SupportsIndex,
        sample_weight: typing.SupportsFloat | typing.SupportsIndex,
        peak_window_ns: typing.SupportsInt | typing.SupportsIndex,
        percentiles: tuple[
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
        ],
        margin: typing.SupportsFloat | typing.SupportsIndex,
        least: typing.SupportsFloat | typing.SupportsIndex,
        bump_ratio: typing.SupportsFloat | typing.SupportsIndex,
        bump_amount: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...
    def load(
        self,
        target: typing.SupportsInt | typing.SupportsIndex,
        reference_ns: typing.SupportsInt | typing.SupportsIndex,
        total: typing.SupportsFloat | typing.SupportsIndex,
        bucket: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
        weight: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
        first_ns: typing.SupportsInt | typing.SupportsIndex,
        last_ns: typing.SupportsInt | typing.SupportsIndex,
        samples: typing.SupportsInt | typing.SupportsIndex,
    ) -> None: ...
    def observe(
        self,
        target: numpy.typing.NDArray[numpy.int32],
        member: numpy.typing.NDArray[numpy.int32],
        time_ns: numpy.typing.NDArray[numpy.int64],
        value: numpy.typing.NDArray[numpy.float64],
        members: typing.SupportsInt | typing.SupportsIndex,
    ) -> int:
        """
        How many samples counted.
        """
    def out_of_memory(
        self,
        target: numpy.typing.NDArray[numpy.int32],
        member: numpy.typing.NDArray[numpy.int32],
        time_ns: numpy.typing.NDArray[numpy.int64],
        value: numpy.typing.NDArray[numpy.float64],
        members: typing.SupportsInt | typing.SupportsIndex,
    ) -> int:
        """
        How many events counted.
        """
    def recommend(self) -> dict[str, numpy.ndarray]: ...
    def resize(
        self,
        targets: typing.SupportsInt | typing.SupportsIndex,
        members: typing.SupportsInt | typing.SupportsIndex,
    ) -> None: ...
    def save(self, now_ns: typing.SupportsInt | typing.SupportsIndex) -> list:
        """
        By target: reference_ns, total, buckets, weights, first_ns, last_ns, samples.
        """
    def weights(
        self, arg0: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.float64]: ...

class WindowRecommender:
    """
    Limits by the statistics of moving windows.
    """
    def __init__(
        self,
        *,
        buckets: tuple[
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
        ],
        window_ns: typing.SupportsInt | typing.SupportsIndex,
        half_life_ns: typing.SupportsInt | typing.SupportsIndex,
        windows: typing.SupportsInt | typing.SupportsIndex,
        peaks: bool,
        statistic: tuple[
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
        ],
        margin: typing.SupportsFloat | typing.SupportsIndex,
        hold: typing.SupportsInt | typing.SupportsIndex,
        least: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...
    def observe(
        self,
        target: numpy.typing.NDArray[numpy.int32],
        time_ns: numpy.typing.NDArray[numpy.int64],
        value: numpy.typing.NDArray[numpy.float64],
    ) -> None: ...
    def recommend(self) -> dict[str, numpy.ndarray]: ...
    def resize(self, targets: typing.SupportsInt | typing.SupportsIndex) -> None: ...

class CostRecommender:
    """
    Limits by least cost over models.
    """
    def __init__(
        self,
        *,
        buckets: tuple[
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
        ],
        window_ns: typing.SupportsInt | typing.SupportsIndex,
        peaks: bool,
        half_lives_ns: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
        margins: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex],
        cost_half_life_ns: typing.SupportsInt | typing.SupportsIndex,
        prices: tuple[
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
        ],
        least: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...
    def observe(
        self,
        target: numpy.typing.NDArray[numpy.int32],
        time_ns: numpy.typing.NDArray[numpy.int64],
        value: numpy.typing.NDArray[numpy.float64],
    ) -> None: ...
    def recommend(self) -> dict[str, numpy.ndarray]: ...
    def resize(self, targets: typing.SupportsInt | typing.SupportsIndex) -> None: ...

class RunTimeLearner:
    """
    Predicts run times and learns from the jobs that have ended.
    """
    def __init__(
        self,
        name: str,
        params: collections.abc.Sequence[tuple[str, typing.SupportsFloat | typing.SupportsIndex]],
        quantiles: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex],
    ) -> None: ...
    def clone(self) -> RunTimeLearner: ...
    def predict(
        self, columns: dict
    ) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float32]]:
        """
        Run times in s and bounds, bound by bound of each job; learns nothing.
        """
    def replay(
        self,
        columns: dict,
        end_s: numpy.typing.NDArray[numpy.float64],
        run_s: numpy.typing.NDArray[numpy.float64],
    ) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float32]]:
        """
        The same for jobs in order, each from those that had ended by its submission.
        """
    @property
    def learned(self) -> int:
        """
        Jobs learnt from.
        """

class Nodes:
    def __init__(self, columns: dict) -> None: ...
    @property
    def counted(self) -> list[str]: ...
    @property
    def devices(self) -> list[str]: ...
    @property
    def n(self) -> int: ...

class Simulation:
    def __init__(self, nodes: Nodes, options: dict) -> None: ...
    def add_events(self, columns: dict) -> None: ...
    def add_jobs(self, columns: dict, traits: dict | None = None) -> None: ...
    def capacity(self) -> dict: ...
    def digest(self) -> int: ...
    def fork(self, arrivals: bool = True) -> Simulation: ...
    def outcomes(self) -> dict: ...
    def placements(self) -> dict: ...
    def predict_with(self, learner: RunTimeLearner) -> None: ...
    def run_until(
        self, until_ns: typing.SupportsInt | typing.SupportsIndex, progress: typing.Any = None
    ) -> None: ...
    def runs(self) -> dict: ...
    def set_plan(
        self, columns: dict, startup_ns: typing.SupportsInt | typing.SupportsIndex
    ) -> None: ...
    @property
    def ignored_events(self) -> int: ...
    @property
    def jobs(self) -> int: ...
    @property
    def now_ns(self) -> int: ...
    @property
    def running(self) -> int: ...
    @property
    def waiting(self) -> int: ...

class Engine:
    def __init__(self, nodes: Nodes, options: dict) -> None: ...
    def advance(self, now_ns: typing.SupportsInt | typing.SupportsIndex) -> bool: ...
    def blocked_by(
        self,
        job: typing.SupportsInt | typing.SupportsIndex,
        now_ns: typing.SupportsInt | typing.SupportsIndex,
    ) -> str: ...
    def cancel(
        self,
        job: typing.SupportsInt | typing.SupportsIndex,
        now_ns: typing.SupportsInt | typing.SupportsIndex,
    ) -> bool: ...
    def capacity(
        self,
        node: typing.SupportsInt | typing.SupportsIndex,
        resource: typing.SupportsInt | typing.SupportsIndex,
        amount: typing.SupportsInt | typing.SupportsIndex,
        now_ns: typing.SupportsInt | typing.SupportsIndex,
    ) -> None: ...
    def decide(self, now_ns: typing.SupportsInt | typing.SupportsIndex) -> list: ...
    def digest(self) -> int: ...
    def estimate(
        self,
        job: typing.SupportsInt | typing.SupportsIndex,
        estimate_ns: typing.SupportsInt | typing.SupportsIndex,
        now_ns: typing.SupportsInt | typing.SupportsIndex,
    ) -> bool: ...
    def finish(
        self,
        job: typing.SupportsInt | typing.SupportsIndex,
        status: str,
        now_ns: typing.SupportsInt | typing.SupportsIndex,
    ) -> bool: ...
    def fork(self) -> Engine: ...
    def node_add(self, nodes: Nodes, now_ns: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def node_drain(self, node: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def node_fail(
        self,
        node: typing.SupportsInt | typing.SupportsIndex,
        now_ns: typing.SupportsInt | typing.SupportsIndex,
    ) -> list[int]: ...
    def node_resume(self, node: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def submit(self, columns: dict, now_ns: typing.SupportsInt | typing.SupportsIndex) -> int: ...
    @property
    def running(self) -> int: ...
    @property
    def waiting(self) -> int: ...

class ScoreBatch:
    """
    One task of every job against every node, ready to be scored.
    """
    def __init__(
        self,
        nodes: Nodes,
        jobs: dict,
        terms: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex],
    ) -> None: ...
    def score(
        self, *, top_k: typing.SupportsInt | typing.SupportsIndex, driver: typing.Any
    ) -> dict:
        """
        Best nodes by job. `driver`: the capsule of _cuda, or None for the CPU. Where it fails: `error`, and whether CUDA is `lost` to this process.
        """
    @property
    def columns(self) -> list:
        """
        (name, unit, exact) by column.
        """
    @property
    def pairs(self) -> int:
        """
        Distinct requests times nodes.
        """
    @property
    def requests(self) -> int:
        """
        Distinct requests.
        """

class SmoothingStream:
    def __init__(
        self,
        alpha: numpy.typing.NDArray[numpy.float64],
        beta: numpy.typing.NDArray[numpy.float64],
        phi: numpy.typing.NDArray[numpy.float64],
        gamma: numpy.typing.NDArray[numpy.float64],
        *,
        season: typing.SupportsInt | typing.SupportsIndex,
        horizon: typing.SupportsInt | typing.SupportsIndex,
        memory: typing.SupportsFloat | typing.SupportsIndex,
        probabilities: numpy.typing.NDArray[numpy.float64],
        season_factors: bool = False,
    ) -> None: ...
    def forecast(
        self, steps: typing.SupportsInt | typing.SupportsIndex
    ) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
    def observe(
        self,
        tick: typing.SupportsInt | typing.SupportsIndex,
        values: numpy.typing.NDArray[numpy.float64],
    ) -> None: ...
    def start(
        self,
        levels: numpy.typing.NDArray[numpy.float64],
        seasons: numpy.typing.NDArray[numpy.float64],
    ) -> None: ...
    @property
    def tick(self) -> int: ...

def bucket_of(
    buckets: tuple[
        typing.SupportsFloat | typing.SupportsIndex,
        typing.SupportsFloat | typing.SupportsIndex,
        typing.SupportsFloat | typing.SupportsIndex,
    ],
    value: numpy.typing.NDArray[numpy.float64],
) -> numpy.typing.NDArray[numpy.int32]:
    """
    The bucket of each value of 0 or more.
    """

def bucket_starts(
    buckets: tuple[
        typing.SupportsFloat | typing.SupportsIndex,
        typing.SupportsFloat | typing.SupportsIndex,
        typing.SupportsFloat | typing.SupportsIndex,
    ],
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Starts of the buckets (first, most, ratio).
    """

def calendar_column(
    local_ns: numpy.typing.NDArray[numpy.int64], field: str
) -> numpy.typing.NDArray[numpy.float64]:
    """
    One field of times on the wall clock.
    """

def device_feature_columns(
    values: numpy.typing.NDArray[numpy.float64],
    offsets: numpy.typing.NDArray[numpy.int64],
    specs: collections.abc.Sequence[
        tuple[
            str,
            str,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
        ]
    ],
    *,
    first_origin: typing.SupportsInt | typing.SupportsIndex,
    more: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
    single: bool,
    driver: typing.Any,
) -> dict:
    """
    The same `columns` by a CUDA device, and device_s: copies in, kernels, copies out. `driver`: the capsule of _cuda. Where it fails: `error`, and whether CUDA is `lost` to this process.
    """

def device_forecasters() -> list[str]:
    """
    The models that a CUDA device can fit.
    """

def error_quantiles(
    made: numpy.typing.NDArray[numpy.float64],
    errors: numpy.typing.NDArray[numpy.float64],
    origins: numpy.typing.NDArray[numpy.int64],
    horizon: typing.SupportsInt | typing.SupportsIndex,
    known: typing.SupportsInt | typing.SupportsIndex,
    probabilities: numpy.typing.NDArray[numpy.float64],
    intervals: str,
    values: numpy.typing.NDArray[numpy.float64],
    seasons: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Quantiles of the errors of forecasts (origins x horizon) of the values, by step: what to add to the last.
    """

def feature_columns(
    values: numpy.typing.NDArray[numpy.float64],
    offsets: numpy.typing.NDArray[numpy.int64],
    specs: collections.abc.Sequence[
        tuple[
            str,
            str,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsInt | typing.SupportsIndex,
            typing.SupportsFloat | typing.SupportsIndex,
        ]
    ],
    *,
    first_origin: typing.SupportsInt | typing.SupportsIndex,
    more: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
    single: bool,
) -> list:
    """
    One array per (statistic, memory, lag, window, stride, min_samples, parameter); row r of a series is what is known at the origin first_origin + r.
    """

def find_alerts(
    time_ns: numpy.typing.NDArray[numpy.int64],
    values: numpy.typing.NDArray[numpy.float64],
    *,
    kind: str,
    limit: typing.SupportsFloat | typing.SupportsIndex,
    above: bool,
    window_ns: typing.SupportsInt | typing.SupportsIndex,
    for_ns: typing.SupportsInt | typing.SupportsIndex,
    clear_ns: typing.SupportsInt | typing.SupportsIndex,
) -> dict:
    """
    Alerts of one threshold over a stream of samples: columns pending_ns, firing_ns, resolved_ns (-1: firing still), value, worst.
    """

def follow_present(
    made: numpy.typing.NDArray[numpy.float64],
    values: numpy.typing.NDArray[numpy.float64],
    ends: numpy.typing.NDArray[numpy.float64],
    origins: numpy.typing.NDArray[numpy.int64],
    horizon: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Forecasts (origins x horizon) moved towards the values at the ends of the intervals, as far as would have paid.
    """

def forecast(
    values: numpy.typing.NDArray[numpy.float64],
    offsets: numpy.typing.NDArray[numpy.int64],
    phase: numpy.typing.NDArray[numpy.int64],
    ends: numpy.typing.NDArray[numpy.float64],
    series: numpy.typing.NDArray[numpy.int32],
    known: numpy.typing.NDArray[numpy.int64],
    *,
    model: str,
    seasons: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    window: typing.SupportsInt | typing.SupportsIndex,
    horizon: typing.SupportsInt | typing.SupportsIndex,
    probabilities: numpy.typing.NDArray[numpy.float64],
    intervals: str = "adaptive",
    vectors: typing.SupportsInt | typing.SupportsIndex = 0,
    threads: typing.SupportsInt | typing.SupportsIndex = 1,
    driver: typing.Any = None,
) -> dict:
    """
    Forecasts per origin: columns point, quantiles, model, weights, errors, vectors; by a device also device_s: copies in, kernels, copies out. `driver`: the capsule of _cuda, or None for the CPU. Where it fails: `error`, and whether CUDA is `lost` to this process. `ends`: the value at the end of each interval, or empty.
    """

def forecast_scores(
    series: numpy.typing.NDArray[numpy.int32],
    actual: numpy.typing.NDArray[numpy.float64],
    point: numpy.typing.NDArray[numpy.float64],
    quantiles: numpy.typing.NDArray[numpy.float64],
    *,
    n_series: typing.SupportsInt | typing.SupportsIndex,
    bands: typing.SupportsInt | typing.SupportsIndex,
) -> dict[str, numpy.ndarray]:
    """
    Accuracy per series; quantiles are DECILES, then lower and upper per band.
    """

def forecasters() -> dict[str, str]:
    """
    Model names and what they do, in registry order.
    """

def harmonic_column(
    first_places: numpy.typing.NDArray[numpy.int64],
    offsets: numpy.typing.NDArray[numpy.int64],
    *,
    season: typing.SupportsInt | typing.SupportsIndex,
    harmonic: typing.SupportsInt | typing.SupportsIndex,
    sine: bool,
) -> numpy.typing.NDArray[numpy.float64]:
    """
    A wave of a season along each series.
    """

def job_history(
    submit_ns: numpy.typing.NDArray[numpy.int64],
    start_ns: numpy.typing.NDArray[numpy.int64],
    end_ns: numpy.typing.NDArray[numpy.int64],
    group: numpy.typing.NDArray[numpy.int32],
    *,
    groups: typing.SupportsInt | typing.SupportsIndex,
    last: typing.SupportsInt | typing.SupportsIndex,
    weight: typing.SupportsFloat | typing.SupportsIndex,
    window: typing.SupportsInt | typing.SupportsIndex,
    probabilities: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex],
) -> list:
    """
    Columns ended, running, waiting, since_end_s, since_submit_s, geometric_mean_s, the last run times and the quantiles of what was known of each job's group at its submission.
    """

def machine_peaks(
    time_ns: numpy.typing.NDArray[numpy.int64],
    machine: numpy.typing.NDArray[numpy.int32],
    task: numpy.typing.NDArray[numpy.int32],
    usage: numpy.typing.NDArray[numpy.float64],
    limit: numpy.typing.NDArray[numpy.float64],
    *,
    machines: typing.SupportsInt | typing.SupportsIndex,
    tasks: typing.SupportsInt | typing.SupportsIndex,
    share: typing.SupportsFloat | typing.SupportsIndex,
    percentile: typing.SupportsFloat | typing.SupportsIndex,
    sigmas: typing.SupportsFloat | typing.SupportsIndex,
    history: typing.SupportsInt | typing.SupportsIndex,
    warm_up: typing.SupportsInt | typing.SupportsIndex,
) -> dict[str, numpy.ndarray]:
    """
    Peak predictions per time and machine, rows in order of time.
    """

def match(nodes: Nodes, jobs: dict, method: str) -> dict:
    """
    Tasks to nodes: status and reason by job, a row a placed task.
    """

def match_by_type(
    nodes: Nodes,
    jobs: dict,
    types: typing.SupportsInt | typing.SupportsIndex,
    type_of_node: numpy.typing.NDArray[numpy.int32],
    order: numpy.typing.NDArray[numpy.int32],
) -> dict:
    """
    As `match`, each job on the first type in its row of `order` (jobs x types) with room.
    """

def match_methods() -> dict[str, str]: ...
def network_inputs(
    values: numpy.typing.NDArray[numpy.float64],
    seasons: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    origins: numpy.typing.NDArray[numpy.int64],
    horizon: typing.SupportsInt | typing.SupportsIndex,
) -> dict[str, numpy.ndarray]:
    """
    What the network of `pretrained` sees (origins x horizon x inputs), and per origin the last value and the unit that its answer counts in. scripts/pretrain.py trains on it.
    """

def orders() -> list: ...
def placement_rules() -> dict: ...
def point_forecasts(
    values: numpy.typing.NDArray[numpy.float64],
    offsets: numpy.typing.NDArray[numpy.int64],
    phase: numpy.typing.NDArray[numpy.int64],
    *,
    model: str,
    seasons: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    window: typing.SupportsInt | typing.SupportsIndex,
    horizon: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]:
    """
    Forecasts from the end of each series, without bands; NaN where it is too short.
    """

def presets() -> list: ...
def run_all(
    simulations: collections.abc.Sequence[Simulation],
    until_ns: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
    progress: typing.Any = None,
) -> None: ...
def score_terms() -> dict[str, str]: ...
def seasonal_scale(
    values: numpy.typing.NDArray[numpy.float64], season: typing.SupportsInt | typing.SupportsIndex
) -> float:
    """
    Mean |y_t - y_(t - season)|; NaN without a pair.
    """

def smoothing_fits(
    values: numpy.typing.NDArray[numpy.float64],
    offsets: numpy.typing.NDArray[numpy.int64],
    phase: numpy.typing.NDArray[numpy.int64],
    *,
    trend: bool,
    damped: bool,
    seasons: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
    error_factors: bool = False,
    season_factors: bool = False,
) -> dict[str, numpy.ndarray]:
    """
    The fit of a form of exponential smoothing per series: columns alpha, beta, phi, gamma, squares, level, trend, and season by place.
    """

def use_by_interval(
    start_ns: numpy.typing.NDArray[numpy.int64],
    end_ns: numpy.typing.NDArray[numpy.int64],
    amount: numpy.typing.NDArray[numpy.int64],
    group: numpy.typing.NDArray[numpy.int32],
    *,
    groups: typing.SupportsInt | typing.SupportsIndex,
    origin_ns: typing.SupportsInt | typing.SupportsIndex,
    step_ns: typing.SupportsInt | typing.SupportsIndex,
    intervals: typing.SupportsInt | typing.SupportsIndex,
    unit: typing.SupportsInt | typing.SupportsIndex,
) -> dict[str, numpy.ndarray]:
    """
    Amount in use over `unit`, per group and interval, group by group: columns mean, at_end.
    """

DECILES: tuple = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
NOT_YET: int = 9223372036854775807
__version__: str
cuda_build_reason: str
