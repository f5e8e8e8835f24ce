"""Workloads: one reader for each public format, and a generator.

`load` reads a file, `generate` makes a workload up; both return a `Trace`.
"""

from __future__ import annotations

from fairlead.traces.alibaba_genai import read_alibaba_genai, read_alibaba_genai_metric
from fairlead.traces.alibaba_nodes import read_alibaba_nodes
from fairlead.traces.alibaba_pai import read_alibaba_pai
from fairlead.traces.anonymising import anonymise, pseudonym, reidentify
from fairlead.traces.diagnosis import DemandDiagnosis, Diagnosis, doctor, remedy
from fairlead.traces.fitting import fit
from fairlead.traces.gavel import read_gavel
from fairlead.traces.generator import generate
from fairlead.traces.generator_model import WorkloadModel
from fairlead.traces.generator_modes import modes
from fairlead.traces.helios import read_helios
from fairlead.traces.helios_nodes import read_helios_demand, read_helios_nodes
from fairlead.traces.inference import read_azure_llm, read_burstgpt
from fairlead.traces.inference_servegen import read_servegen
from fairlead.traces.itp import read_itp
from fairlead.traces.kubernetes import read_kubernetes
from fairlead.traces.m4 import read_m4
from fairlead.traces.openb import read_openb, read_openb_nodes
from fairlead.traces.philly import read_philly
from fairlead.traces.philly_metrics import read_philly_metric
from fairlead.traces.pollux import read_pollux
from fairlead.traces.pollux_tables import read_goodputs
from fairlead.traces.prometheus import monitoring_frame, read_prometheus
from fairlead.traces.registry import formats, load
from fairlead.traces.series import read_series
from fairlead.traces.shockwave import read_shockwave
from fairlead.traces.sia import read_sia
from fairlead.traces.slurm import read_slurm
from fairlead.traces.slurm_nodes import read_slurm_nodes
from fairlead.traces.supercloud import read_supercloud
from fairlead.traces.swf import read_swf
from fairlead.traces.tabular import read_csv, read_parquet
from fairlead.traces.throughputs import read_throughputs
from fairlead.traces.tiresias import read_tiresias, read_tiresias_nodes
from fairlead.traces.trace import Trace, TraceMeta

__all__ = [
    "DemandDiagnosis",
    "Diagnosis",
    "Trace",
    "TraceMeta",
    "WorkloadModel",
    "anonymise",
    "doctor",
    "fit",
    "formats",
    "generate",
    "load",
    "modes",
    "monitoring_frame",
    "pseudonym",
    "read_alibaba_genai",
    "read_alibaba_genai_metric",
    "read_alibaba_nodes",
    "read_alibaba_pai",
    "read_azure_llm",
    "read_burstgpt",
    "read_csv",
    "read_gavel",
    "read_goodputs",
    "read_helios",
    "read_helios_demand",
    "read_helios_nodes",
    "read_itp",
    "read_kubernetes",
    "read_m4",
    "read_openb",
    "read_openb_nodes",
    "read_parquet",
    "read_philly",
    "read_philly_metric",
    "read_pollux",
    "read_prometheus",
    "read_series",
    "read_servegen",
    "read_shockwave",
    "read_sia",
    "read_slurm",
    "read_slurm_nodes",
    "read_supercloud",
    "read_swf",
    "read_throughputs",
    "read_tiresias",
    "read_tiresias_nodes",
    "reidentify",
    "remedy",
]
