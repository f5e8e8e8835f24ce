"""The numbers that the README of each folder of public traces states, read out of that README."""

from __future__ import annotations

import gzip
import json
import re

import numpy as np
import pandas as pd
import pytest

from fairlead import traces
from fairlead.traces.swf_header import split_header
from fairlead.traces.swf_parse import parse
from python.readme_tables import folder, table, text

SWF = (
    "KTH-SP2-1996-2.1-cln", "CTC-SP2-1996-3.1-cln", "SDSC-SP2-1998-4.2-cln",
    "HPC2N-2002-2.2-cln", "CEA-Curie-2011-2.1-cln", "NASA-iPSC-1993-3.1-cln",
)  # fmt: skip
NAB = (
    "ec2_cpu_utilization_24ae8d", "ec2_cpu_utilization_53ea38", "ec2_cpu_utilization_5f5533",
    "ec2_cpu_utilization_77c1ca", "ec2_disk_write_bytes_1ef3de", "ec2_network_in_257a54",
    "elb_request_count_8c0756", "grok_asg_anomaly", "rds_cpu_utilization_cc0c53",
    "cpu_utilization_asg_misconfiguration", "nyc_taxi",
)  # fmt: skip
CLOUD = (
    "ingress-01", "ingress-02", "ingress-03", "mongo-01", "mongo-02", "api-01",
    "purchase-01", "purchase-02", "purchase-03",
)  # fmt: skip
EARTH = ("vc6YE", "vchbv", "vcLJZ", "vc3sl", "vcTJs", "vcSoL", "vcdI0", "vcJkd")
ITP = ("01", "02", "03", "04", "05", "10")


def agree(found, stated):
    """Each figure is the stated one as far as it is printed; six digits are the most printed."""
    for name, value in found.items():
        told = str(stated[name])
        decimals = len(told.partition(".")[2])
        slack = max(0.51 * 10**-decimals, 6e-6 * abs(float(told)))
        assert abs(value - float(told)) <= slack, f"{name}: found {value}, README {told}"


# ---- batch logs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SWF)
def test_workload_archive_logs_have_the_figures_of_their_readme(shared_dir, name):
    """Records, span, core hours, run times, waits, sizes, users, load; counts of oddities."""
    path = folder(shared_dir, "swf-pwa") / f"{name}.swf.gz"
    trace = traces.load(path, missing_limit="run")
    fields = raw_fields(path)
    submit, wait, run, allocated, requested = (fields[:, i] for i in (1, 2, 3, 4, 7))
    size = np.where(allocated > 0, allocated, requested)
    ran, span = run[run >= 0], float(np.ptp(submit))
    work = float((np.maximum(run, 0) * np.maximum(size, 0)).sum())
    stated = table(path.parent, "log", "records").loc[name]
    found = {
        "records": len(fields), "span_d": span / 86400, "core_hours": work / 3600,
        "mean_run_s": ran.mean(), "median_run_s": np.median(ran),
        "p99_run_s": np.quantile(ran, 0.99), "jobs_per_h": len(fields) / span * 3600,
        "median_procs": np.median(size), "max_procs": size.max(),
        "users": len(np.unique(fields[:, 11])),
        "offered_load": work / (float(stated["procs"]) * span),
    }  # fmt: skip
    if stated["mean_wait_s"] != "-":
        found["mean_wait_s"] = wait[wait >= 0].mean()
    agree(found, stated)
    limit, status = fields[:, 8], fields[:, 10]
    counted = {
        "wait_missing": (wait < 0).sum(), "run_le_0": (run <= 0).sum(),
        "no_requested_time": (limit <= 0).sum(),
        "run_over_request": ((limit > 0) & (run > limit)).sum(),
        "cancelled_status_5": (status == 5).sum(), "failed_status_0": (status == 0).sum(),
        "out_of_order_submits": (np.diff(submit) < 0).sum(),
    }  # fmt: skip
    odd = table(path.parent, "log", "wait_missing").loc[name]
    agree(counted, odd)
    # What the reader says of the same records; one without processors counts only as that.
    told = {**trace.meta.dropped, **trace.meta.repaired}
    assert trace.meta.read == int(stated["records"])
    assert told.get("processors missing", 0) == (size <= 0).sum()
    assert told.get("run time missing or 0", 0) == ((run <= 0) & (size > 0)).sum()
    assert told.get("run time cut to the requested time", 0) == int(odd["run_over_request"])
    assert [trace.meta.header[k] for k in ("StartTime", "EndTime")] == [odd["start"], odd["end"]]


def raw_fields(path):
    """All 18 fields of all records, before any filter."""
    header, body = split_header(gzip.decompress(path.read_bytes()))
    assert header
    return np.column_stack(parse(path.name, body, 0, "raise").fields).astype(np.float64)


@pytest.mark.parametrize("cluster", ITP)
def test_itp_clusters_have_the_load_and_peak_of_their_readme(shared_dir, cluster):
    """Jobs an hour, mean GPUs in use, and most GPUs at once if no job had waited."""
    path = folder(shared_dir, "itp-2021")
    jobs = traces.load(path / f"raw_cluster{cluster}.csv.gz").jobs
    submit, run = (jobs[c].to_numpy(np.float64) for c in ("submit_time", "duration_s"))
    gpus = (jobs["tasks"] * jobs["gpus"]).to_numpy(np.float64)
    span = float(np.ptp(submit))
    times, steps = np.concatenate((submit, submit + run)), np.concatenate((gpus, -gpus))
    # Ends before starts of the same second.
    used = np.cumsum(steps[np.lexsort((steps, times))])
    found = {
        "jobs": len(jobs), "span_d": span / 86400, "jobs_per_h": len(jobs) / span * 3600,
        "offered_gpus": (gpus * run).sum() / span, "peak_gpus_no_queue": used.max(),
    }  # fmt: skip
    agree(found, table(path, "cluster", "jobs").loc[cluster])
    # "Sorted, ids unique, no missing values, no zero durations; powers of two."
    assert (np.diff(submit) >= 0).all()
    assert jobs["job_id"].is_unique
    assert jobs.notna().all(axis=None)
    assert (run > 0).all()
    assert np.log2(gpus).tolist() == np.log2(gpus).round().tolist()


def test_itp_clusters_add_up_to_the_totals_of_their_readme(shared_dir):
    """Jobs and GPU hours of all six."""
    path = folder(shared_dir, "itp-2021")
    all_jobs = [traces.load(path / f"raw_cluster{cluster}.csv.gz").jobs for cluster in ITP]
    hours = sum((j["tasks"] * j["gpus"] * j["duration_s"]).sum() / 3600 for j in all_jobs)
    told = re.search(r"Total (\d+) jobs, (\d+) GPU hours", text(path))
    assert told is not None
    assert sum(map(len, all_jobs)) == int(told[1])
    assert hours == pytest.approx(int(told[2]), rel=6e-6)


def test_shockwave_lists_have_the_rates_of_their_readme(shared_dir):
    """Jobs an hour and number of fields of every list."""
    path = folder(shared_dir, "shockwave-2022")
    for name, stated in table(path, "trace", "jobs").iterrows():
        jobs = traces.load(path / f"{name}.gz").jobs
        hours = np.ptp(jobs["submit_time"]) / 3600
        agree({"jobs": len(jobs), "jobs_per_h": len(jobs) / hours}, stated)


def test_supercloud_has_the_rates_and_sizes_of_its_readme(shared_dir):
    """Jobs an hour, span, most processors and nodes asked by one job."""
    path = folder(shared_dir, "mit-supercloud-2021")
    keep = ["cpus_req", "nodes_alloc"]
    jobs = traces.load(path / "slurm-log-queueing-clean.csv.gz", keep=keep).jobs
    hours = np.ptp(jobs["submit_time"].dt.as_unit("ns").astype("int64")) / 3.6e12
    words = text(path)
    assert f"{len(jobs)} jobs" in words
    assert f"({hours / 24:.1f} d), {len(jobs) / hours:.2f} jobs/h" in words
    most = [int(jobs[f"source_{c}"].astype("int64").max()) for c in keep]
    assert f"max {most[0]}; nodes max {most[1]}" in words


# ---- demand -------------------------------------------------------------------------------------


def steps_s(demand):
    """Seconds between neighbouring values."""
    return np.diff(demand["ds"].dt.as_unit("ns").astype("int64")) / 1e9


def check_series(trace, stated):
    """Points, step, span, mean, maximum, and steps that are not the usual one."""
    demand, steps = trace.demand, steps_s(trace.demand)
    usual = pd.Timedelta(stated["step"]).total_seconds()
    assert np.median(steps) == usual
    # A record dropped for its time is a step that does not go forward.
    odd_steps = int((steps != usual).sum()) + sum(trace.meta.dropped.values())
    agree({"points": trace.meta.read, "irregular_steps": odd_steps}, stated)
    ends = [pd.Timestamp(stated[c], tz="UTC") for c in ("first", "last")]
    assert demand["ds"].iloc[[0, -1]].tolist() == ends
    # The README's figures include the values of times that came before.
    slack = 1e-4 if not trace.meta.dropped else 3e-3
    for name, value in (("mean", demand["y"].mean()), ("max", demand["y"].max())):
        assert value == pytest.approx(float(stated[name]), rel=slack, abs=6e-4)


@pytest.mark.parametrize("name", NAB)
def test_nab_series_have_the_figures_of_their_readme(shared_dir, name):
    """Points, step, span, mean, deviation, maximum, irregular steps, labelled anomalies."""
    path = folder(shared_dir, "nab-cloud-metrics")
    rows = table(path, "series", "points")
    assert set(rows.index) == set(NAB)
    trace = traces.load(path / f"{name}.csv.gz", on_error="drop")
    check_series(trace, rows.loc[name])
    assert trace.demand["y"].std() == pytest.approx(float(rows.loc[name, "sd"]), rel=2e-3, abs=6e-4)
    labels = json.loads((path / "labels.json").read_text())
    marked = next(times for key, times in labels.items() if key.endswith(f"/{name}.csv"))
    assert len(marked) == int(rows.loc[name, "labelled_anomalies"])


@pytest.mark.parametrize("name", CLOUD)
def test_cloud_monitoring_series_have_the_figures_of_their_readme(shared_dir, name):
    """Points, step, span, mean, maximum, missing values, irregular steps, labelled points."""
    path = folder(shared_dir, "ms-cloud-monitoring")
    rows = table(path, "series", "folder")
    assert set(rows.index) == set(CLOUD)
    trace = traces.load(path / f"{name}.csv.gz", on_error="drop")
    check_series(trace, rows.loc[name])
    labels = traces.read_series(path / f"{name}.csv.gz", values="Label", on_error="drop").demand
    found = {"missing": trace.demand["y"].isna().sum(), "labelled": labels["y"].sum()}
    agree(found, rows.loc[name])


@pytest.mark.parametrize("vc", EARTH)
def test_earth_has_the_queues_of_its_readme(shared_dir, vc):
    """Share of minutes in which GPUs are waited for, and mean number of GPU jobs running."""
    path = folder(shared_dir, "helios-earth-vc-2020")
    names = ["pending_gpu_num", "running_gpujob_num"]
    file = path / f"{vc}_cluster_sequence_vc.csv.gz"
    demand = traces.read_helios_demand(file, series=names).demand
    wide = demand.pivot_table(index="ds", columns="unique_id", values="y")
    found = {
        "minutes": len(wide),
        "share_minutes_with_queue": (wide["pending_gpu_num"] > 0).mean(),
        "mean_jobs": wide["running_gpujob_num"].mean(),
    }
    agree(found, table(path, "vc", "minutes").loc[vc])


def test_venus_forecast_has_the_errors_of_its_readme(shared_dir):
    """Absolute and squared error and explained variance of the published forecast."""
    path = folder(shared_dir, "helios-venus-throughput-2020")
    names = [f"{kind}_gpu_{what}" for kind in ("submit", "pred") for what in ("job", "num")]
    demand = traces.load(path / "Venus_throughput_pred.csv.gz", series=names).demand
    wide = demand.pivot_table(index="ds", columns="unique_id", values="y")
    rows = table(path, "target", "method")
    for what in ("job", "num"):
        stated = rows.loc[f"submit_gpu_{what}"].iloc[0]
        assert stated["method"] == "published (Lucid, GA2M)"
        true = wide[f"submit_gpu_{what}"]
        miss = (true - wide[f"pred_gpu_{what}"]).abs()
        rest = miss[true <= true.quantile(0.99)]
        found = {
            "MAE": miss.mean(), "RMSE": np.sqrt((miss**2).mean()),
            "R2": 1 - (miss**2).sum() / ((true - true.mean()) ** 2).sum(),
            "MAE_no_top_1pct": rest.mean(),
        }  # fmt: skip
        agree(found, stated)
    assert (wide["pred_gpu_num"] < 0).any()
    assert len(pd.read_csv(path / "vc_config.csv")) == 15


@pytest.mark.parametrize("name", ["code", "conv"])
def test_azure_requests_have_the_figures_of_their_readme(shared_dir, name):
    """Rate, burstiness, medians and tails of the tokens; arrivals in order."""
    path = folder(shared_dir, "azure-llm-2023")
    jobs = traces.load(path / f"AzureLLMInferenceTrace_{name}.csv.gz", jobs=True).jobs
    pauses = steps_s(jobs.rename(columns={"submit_time": "ds"}))
    found = {
        "requests": len(jobs), "req_per_s": len(jobs) / pauses.sum(),
        "interarrival_cv": pauses.std(ddof=1) / pauses.mean(),
    }  # fmt: skip
    for what in ("context", "generated"):
        tokens = jobs[f"{what}_tokens"]
        found |= {
            f"{what}_mean": tokens.mean(), f"{what}_median": tokens.median(),
            f"{what}_p99": tokens.quantile(0.99),
        }  # fmt: skip
    stated = table(path, "file", "requests").loc[name]
    agree(found, stated)
    assert stated["sorted"] == str(bool((pauses >= 0).all()))


def test_servegen_models_have_the_days_of_their_readme(shared_dir):
    """Days, and the first window that is not idle."""
    path = folder(shared_dir, "servegen-rates-2025")
    for name, stated in table(path, "model", "clients").iterrows():
        demand = traces.load(path / f"{name}.csv.gz").demand
        first = float(demand.loc[demand["y"] > 0, "ds"].iloc[0])
        agree({"windows": len(demand), "days": len(demand) / 144, "first_nonzero_s": first}, stated)


def test_ett_has_the_figures_of_its_readme(shared_dir):
    """Mean, deviation, minimum, median and maximum of all seven columns."""
    path = folder(shared_dir, "ett-hourly")
    demand = traces.load(path / "ETTh1.csv.gz", format="series").demand
    told = demand.groupby("unique_id")["y"].describe()
    for name, stated in table(path, "index", "mean").iterrows():
        agree(told.loc[name, ["mean", "std", "min", "50%", "max"]].to_dict(), stated)


def test_m4_naive_forecasts_have_the_errors_of_their_readme(shared_dir):
    """The last season and the last value, repeated: sMAPE and MASE of all 414 series."""
    path = folder(shared_dir, "m4-hourly")
    train, test = (traces.load(path / f"Hourly-{part}.csv.gz").demand for part in ("train", "test"))
    past = {name: y.to_numpy() for name, y in train.groupby("unique_id")["y"]}
    errors = {"sNaive": [], "Naive": []}
    for name, y in test.groupby("unique_id")["y"]:
        true, seen = y.to_numpy(), past[name]
        scale = np.abs(seen[24:] - seen[:-24]).mean()
        guesses = {"sNaive": np.tile(seen[-24:], 2), "Naive": np.full(48, seen[-1])}
        for method, guess in guesses.items():
            miss = np.abs(true - guess)
            share = 200 * miss / (np.abs(true) + np.abs(guess))
            errors[method].append((share.mean(), miss.mean() / scale))
    rows = table(path, "method", "sMAPE")
    for method, each in errors.items():
        share, scaled = np.mean(each, axis=0)
        agree({"sMAPE": share, "MASE": scaled}, rows.loc[method])


# ---- tables and published results ---------------------------------------------------------------


def test_gavel_speeds_are_those_of_the_readme(shared_dir):
    """Every job of the extract, on all three types."""
    path = folder(shared_dir, "throughput-tables")
    speeds = traces.read_throughputs(path / "gavel_simulation_throughputs.json.gz")
    one = speeds[(speeds["gpus"] == 1) & (speeds["placement"] == "consolidated")]
    for job, stated in table(path, "job", "k80").iterrows():
        name, batch = re.match(r"\('([^(]+?)(?: \(batch size (\d+)\))?', 1\)", job).groups()
        wanted = one["batch_size"].isna() if batch is None else one["batch_size"] == int(batch)
        rows = one[(one["model"] == name) & wanted].set_index("gpu_type")["throughput"]
        found = rows.to_dict() | {"v100_over_k80": rows["v100"] / rows["k80"]}
        agree({kind: found[kind] for kind in ("k80", "p100", "v100", "v100_over_k80")}, stated)


def test_openb_published_allocations_are_those_of_the_readme(shared_dir):
    """Means of ten seeds at four arrived demands, for every workload and policy."""
    path = folder(shared_dir, "alibaba-openb-2023")
    file = pd.read_csv(path / "published_allo_discrete.csv.gz")
    file["workload"] = file["workload"].str.removeprefix("openb_pod_list_")
    means = file.groupby(["workload", "sc_policy"])[["90", "100", "110", "130"]].mean()
    rows = table(path, "workload", "sc_policy").reset_index()
    assert len(rows) == len(means) == 54
    for _, stated in rows.iterrows():
        mean = means.loc[(stated["workload"], stated["sc_policy"])]
        agree(mean.to_dict(), stated)


def test_pollux_published_times_are_those_of_the_readme(shared_dir):
    """Mean completion time over the eight workloads of every experiment."""
    path = folder(shared_dir, "pollux-2021")
    file = pd.read_csv(path / "published_jct.csv")
    means = file.groupby(["experiment", "setting"])["avg_jct_s"].mean()
    rows = table(path, "experiment", "setting").reset_index()
    assert len(rows) == len(means) == 21
    for _, stated in rows.iterrows():
        mean = means[stated["experiment"], stated["setting"]]
        agree({"avg_jct_s_mean_of_8_workloads": mean}, stated)
