"""Forecast figures on the shared data, by the rules under which others' are known.

M4 hourly as the competition scored it; cluster demand by the rules of the `baseline_check.csv`
beside the data: hourly means, one origin a day at 00:00, 24 steps ahead, only the past.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

import fairlead

_CLUSTERS = ("vc6YE", "vchbv", "vcLJZ", "vc3sl", "vcTJs", "vcSoL", "vcdI0", "vcJkd")
_SUM = "sum of the 8"
_SCORED_DAYS = (7, 4)  # the last ones of Earth and of ServeGen
_VENUS = {"jobs": "submit_gpu_job", "gpus": "submit_gpu_num"}
_SEPTEMBER = 4032  # the last windows of Venus, of ten minutes
_PART = 1000  # hours of a log
# Of Naive2, the measure of the competition's average of sMAPE and MASE.
_NAIVE2_SMAPE, _NAIVE2_MASE = 18.383, 2.395
_AT_ONCE = 500  # windows of Venus in one frame


def long_frame(
    series: dict[str, np.ndarray], start: str = "2020-05-01", freq: str = "1h"
) -> pd.DataFrame:
    """Series of one start and step as a demand frame."""
    parts = [
        pd.DataFrame(
            {"unique_id": name, "ds": pd.date_range(start, periods=len(y), freq=freq), "y": y}
        )
        for name, y in series.items()
    ]
    return pd.concat(parts, ignore_index=True)


def hourly_frame(series: dict[str, np.ndarray], samples: int) -> pd.DataFrame:
    """Hourly means of series with so many samples an hour, and the last sample of each hour."""
    hours = {name: values.reshape(-1, samples) for name, values in series.items()}
    ends = np.concatenate([hour[:, -1] for hour in hours.values()])
    return long_frame({name: hour.mean(axis=1) for name, hour in hours.items()}).assign(y_end=ends)


def m4_series(shared: Path, part: str) -> list[np.ndarray]:
    """The hourly series of M4, ``train`` or ``test``."""
    table = pd.read_csv(shared / "traces" / "m4-hourly" / f"Hourly-{part}.csv.gz")
    return [row[~np.isnan(row)] for row in table.iloc[:, 1:].to_numpy(float)]


def m4_figures(
    shared: Path, model: str = "auto", every: int = 1, threads: int | None = 1
) -> dict[str, float]:
    """MASE, sMAPE (per cent) and OWA over the series, and CPU ms a series."""
    train, test = m4_series(shared, "train")[::every], m4_series(shared, "test")[::every]
    demand = long_frame({f"H{i:03d}": y for i, y in enumerate(train)})
    started = time.process_time()
    forecast = fairlead.predict(demand, 48, model=model, season_lengths=(24, 168), threads=threads)
    cpu_s = time.process_time() - started
    made = forecast.frame[model].to_numpy().reshape(len(train), 48)
    actual = np.stack([y[:48] for y in test])
    scale = np.array([np.abs(y[24:] - y[:-24]).mean() for y in train])
    mase = (np.abs(actual - made).mean(axis=1) / scale).mean()
    smape = (200 * np.abs(actual - made) / (np.abs(actual) + np.abs(made))).mean()
    owa = (smape / _NAIVE2_SMAPE + mase / _NAIVE2_MASE) / 2
    return {"mase": mase, "smape": smape, "owa": owa, "cpu_ms": 1e3 * cpu_s / len(train)}


def earth_demand(shared: Path) -> pd.DataFrame:
    """GPUs wanted (running and pending) in eight virtual clusters of Earth and in all of them."""
    folder = shared / "traces" / "helios-earth-vc-2020"
    series = {}
    for name in _CLUSTERS:
        minutes = pd.read_csv(folder / f"{name}_cluster_sequence_vc.csv.gz")
        series[name] = (minutes["running_gpu_num"] + minutes["pending_gpu_num"]).to_numpy(float)
    series[_SUM] = np.sum(list(series.values()), axis=0)
    return hourly_frame(series, samples=60)


def servegen_demand(shared: Path) -> pd.DataFrame:
    """Requests per second of all clients of m-small."""
    table = pd.read_csv(shared / "traces" / "servegen-rates-2025" / "m-small.csv.gz")
    rate = table.groupby("timestamp")["rate"].sum().to_numpy()
    return hourly_frame({"m-small": rate}, samples=6)


def best_rows(shared: Path) -> pd.Series:
    """The smallest MAE of the naive rules per series."""
    files = (shared / "traces").glob("*/baseline_check.csv")
    rows = pd.concat([pd.read_csv(file) for file in files])
    return rows.groupby("series")["MAE"].min()


def cluster_demand(shared: Path, at_end: bool) -> list[pd.DataFrame]:
    """Earth and ServeGen, with or without the values at the ends of the hours."""
    demand = [earth_demand(shared), servegen_demand(shared)]
    return demand if at_end else [each.drop(columns="y_end") for each in demand]


def cluster_figures(shared: Path, model: str = "auto", at_end: bool = False) -> pd.DataFrame:
    """MAE, MASE and pinball loss per series of Earth and ServeGen, and the best row's MAE."""
    parts = [
        fairlead.backtest(demand, 24, model=model, n_windows=windows).metrics
        for demand, windows in zip(cluster_demand(shared, at_end), _SCORED_DAYS, strict=True)
    ]
    table = pd.concat(parts).set_index("unique_id")[["mae", "mase", "pinball"]]
    table["best_row"] = best_rows(shared).reindex(table.index)
    return pd.DataFrame(table)


def cluster_means(table: pd.DataFrame) -> dict[str, float]:
    """The figures with aims, of `cluster_figures`."""
    seven = table.loc[[name for name in _CLUSTERS if name != "vcJkd"]]
    above = table["mae"] - np.maximum(1.1 * table["best_row"], table["best_row"] + 0.2)
    return {
        "mase_of_seven": seven["mase"].mean(),
        "pinball_of_seven": seven["pinball"].mean(),
        "sum_mae": float(table["mae"][_SUM]),
        "sum_pinball": float(table["pinball"][_SUM]),
        "servegen_mae": float(table["mae"]["m-small"]),
        "servegen_pinball": float(table["pinball"]["m-small"]),
        "series_above_their_best_row": float((above > 0).sum()),
    }


def band_figures(
    shared: Path, model: str = "auto", step: int = 1, window: int | None = None
) -> pd.DataFrame:
    """Share inside the 90 % band and pinball loss per series: origins of the last 14 days."""
    parts = [
        fairlead.backtest(
            demand,
            24,
            model=model,
            n_windows=1 + (14 * 24 - 24 - 1) // step,  # m-small is that long
            step_size=step,
            level=90,
            window=window,
        ).metrics
        for demand in cluster_demand(shared, at_end=False)
    ]
    table = pd.concat(parts).set_index("unique_id")
    return pd.DataFrame(table[["coverage_90", "width_90", "pinball", "mae"]])


def log_demand(
    files: list[Path], places: tuple[float, ...] = (0.5,), at_end: bool = False
) -> pd.DataFrame:
    """What the jobs of each log want, GPUs or else cores, in 1,000 hours around such places.

    A place is a share of the log's hours; where too few lie around it there is no such part.
    """
    parts = []
    for file in files:
        jobs = fairlead.traces.load(file).jobs
        resource = "gpus" if "gpus" in jobs else "cpus"
        demand = fairlead.demand_series(jobs, "1h", resource=resource, at_end=at_end)
        for place in places:
            middle = int(len(demand) * place)
            part = demand.iloc[max(middle - _PART // 2, 0) : middle + _PART // 2]
            if len(part) == _PART and part["y"].any():
                ds = pd.date_range("2020-05-01", periods=_PART, freq="1h")
                name = f"{file.name.split('.')[0]} at {place}"
                parts.append(part.assign(unique_id=name, ds=ds))
    return pd.concat(parts, ignore_index=True)


def unscored_clusters(shared: Path, at_end: bool) -> list[pd.DataFrame]:
    """Earth and ServeGen before their scored days."""
    return [
        demand[demand["ds"] <= demand["ds"].max() - pd.Timedelta(days=days)]
        for demand, days in zip(cluster_demand(shared, at_end), _SCORED_DAYS, strict=True)
    ]


def unscored_demand(shared: Path) -> list[tuple[pd.DataFrame, int]]:
    """Demand that no aim is on, and from how many of its last hours to forecast.

    Earth's clusters and m-small before their scored days, three ITP clusters and four HPC logs.
    """
    files = [shared / "traces" / "itp-2021" / f"raw_cluster{n}.csv.gz" for n in ("02", "03", "04")]
    for log in ("CTC-SP2", "HPC2N", "KTH-SP2", "SDSC-SP2"):
        files += (shared / "traces" / "swf-pwa").glob(f"{log}*.swf.gz")
    earth, small = unscored_clusters(shared, at_end=True)
    return [(earth, 240), (small, 90), (log_demand(files, at_end=True), 240)]


def end_figures(shared: Path, step: int = 1) -> pd.DataFrame:
    """What the values at the ends of the hours change on demand that is not scored.

    Per series the MAE with them over that without, of a day ahead and of its first three hours,
    from origins `step` hours apart.
    """
    return pd.concat(
        [
            _missed(demand, hours, step) / _missed(demand.drop(columns="y_end"), hours, step)
            for demand, hours in unscored_demand(shared)
        ]
    )


def _missed(demand: pd.DataFrame, hours: int, step: int) -> pd.DataFrame:
    """The MAE per series from every `step`-th of the last origins."""
    frame = fairlead.backtest(demand, 24, n_windows=hours // step, step_size=step).frame
    missed = (frame["y"] - frame["auto"]).abs()
    early = frame["ds"] <= frame["cutoff"] + pd.Timedelta(hours=3)
    parts = {"day": missed, "first three hours": missed[early]}
    return pd.DataFrame({k: v.groupby(frame["unique_id"]).mean() for k, v in parts.items()})


def venus_throughput(shared: Path) -> pd.DataFrame:
    """Jobs and GPUs submitted on Venus in windows of ten minutes."""
    folder = shared / "traces" / "helios-venus-throughput-2020"
    return pd.read_csv(folder / "cluster_throughput.csv.gz")


def unscored_venus(shared: Path, windows: int) -> pd.DataFrame:
    """The same before September, of so many windows together: their last 6,048 sums."""
    table = venus_throughput(shared).iloc[:-_SEPTEMBER]
    freq = f"{10 * windows}min"
    series = {}
    for column in _VENUS.values():
        y = table[column].to_numpy(float)
        sums = y[: len(y) // windows * windows].reshape(-1, windows).sum(axis=1)
        series[f"{column}, {freq}"] = sums[-6 * 7 * 144 :]
    return long_frame(series, freq=freq)


def venus_figures(
    shared: Path, model: str = "auto", every: int = 1, window: int | None = None
) -> dict[str, float]:
    """MAE of jobs and GPUs submitted in 10 minutes of September, from data 10 min and 1 h old.

    Of every `every`-th window, each from the four weeks before; others' figures are of all.
    """
    table = venus_throughput(shared)
    september = len(table) - _SEPTEMBER
    figures = {}
    for name, column in _VENUS.items():
        y = table[column].to_numpy(float)
        origins = np.arange(september, len(y) - 5, every)
        made = np.concatenate(
            [
                _venus_forecasts(y, origins[i : i + _AT_ONCE], model, window)
                for i in range(0, len(origins), _AT_ONCE)
            ]
        )
        figures[f"{name}, 1 h old"] = float(np.abs(made[:, 5] - y[origins + 5]).mean())
        figures[f"{name}, 10 min old"] = float(np.abs(made[:, 0] - y[origins]).mean())
    return figures


def venus_tree_figures(shared: Path) -> dict[str, float]:
    """The same figures for LightGBM, fitted once, to all months before September."""
    from fairlead.prediction.extras import LightGBMModel

    table = venus_throughput(shared)
    windows = _SEPTEMBER - 5
    model = LightGBMModel(refit_every=windows)
    figures = {}
    for name, column in _VENUS.items():
        demand = pd.DataFrame({"ds": pd.to_datetime(table["time"]), "y": table[column]})
        frame = fairlead.backtest(demand, 6, model=model, n_windows=windows, step_size=1).frame
        missed = (frame["y"] - frame[model.name]).abs().to_numpy().reshape(windows, 6)
        figures[f"{name}, 1 h old"] = float(missed[:, 5].mean())
        figures[f"{name}, 10 min old"] = float(missed[:, 0].mean())
    return figures


def _venus_forecasts(
    y: np.ndarray, origins: np.ndarray, model: str, window: int | None
) -> np.ndarray:
    """Six values after each origin, as if each were a series of its own."""
    weeks = 4 * 7 * 144
    demand = pd.DataFrame(
        {
            "unique_id": np.repeat(origins, weeks),
            "ds": np.tile(600.0 * np.arange(weeks), len(origins)),
            "y": np.concatenate([y[o - weeks : o] for o in origins]),
        }
    )
    forecast = fairlead.predict(demand, 6, model=model, window=window)
    return forecast.frame[model].to_numpy().reshape(-1, 6)
