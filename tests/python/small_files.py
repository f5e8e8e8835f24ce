"""A small sound file of each format that can be read, and how many records come out of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from fairlead.traces import Trace
from python.damage import records_of


@dataclass(frozen=True)
class Sample:
    """A file, the options it is read with, and the records that came out of a trace."""

    data: bytes
    options: Mapping[str, Any] = field(default_factory=dict)
    count: Callable[[Trace], int] = records_of


def text(*lines: str, count: Callable[[Trace], int] = records_of, **options: Any) -> Sample:
    """A file of lines."""
    return Sample("".join(f"{line}\n" for line in lines).encode(), options, count)


def left(trace: Trace) -> int:
    """What the account says is left, where one record is many rows, or none."""
    return trace.meta.read - sum(trace.meta.dropped.values())


def gangs_and_nodes(trace: Trace) -> int:
    """Pods, which are tasks of jobs, and nodes."""
    return int(trace.jobs["tasks"].sum()) + len(trace.nodes)


def values(trace: Trace) -> int:
    """One record a value of the demand."""
    return len(trace.demand)


def _parquet() -> bytes:
    frame = pd.DataFrame(
        {"submit_time": range(40), "duration_s": 60.0, "gpus": [1, 2] * 20, "user": "ada"}
    )
    packed = io.BytesIO()
    frame.to_parquet(packed)
    return packed.getvalue()


def _pod(name: str, minutes: int) -> dict[str, Any]:
    ended = {"terminated": {"finishedAt": f"2026-01-05T09:{minutes:02}:00Z"}}
    request = {"cpu": "500m", "memory": "2Gi", "nvidia.com/gpu": "1"}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "creationTimestamp": "2026-01-05T09:00:00Z"},
        "spec": {"containers": [{"name": "main", "resources": {"requests": request}}]},
        "status": {
            "phase": "Succeeded",
            "startTime": "2026-01-05T09:01:00Z",
            "containerStatuses": [{"name": "main", "state": ended}],
        },
    }


_NODE = {
    "kind": "Node",
    "metadata": {"name": "n1"},
    "status": {"allocatable": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "8"}},
}
_LISTING = {"kind": "List", "items": [_pod("a", 2), _pod("b", 9), _NODE]}
_ANSWER = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [{"metric": {"node": "a"}, "values": [[1767600000 + 60 * i, "0.5"]
                                                        for i in range(5)]}],
    },
}  # fmt: skip
_PHILLY = [
    {
        "status": "Pass",
        "vc": "ee9e8c",
        "jobid": f"application_{i}",
        "attempts": [{"start_time": "2017-10-05 10:01:00", "end_time": "2017-10-05 11:01:00",
                      "detail": [{"ip": "m1", "gpus": ["gpu0", "gpu1"]}]}],
        "submitted_time": "2017-10-05 10:00:00",
        "user": "ce2b83",
    }
    for i in range(3)
]  # fmt: skip
_GAVEL = "ResNet-18 (batch size 64)\tpython3 main.py\timage\t--num_steps\t1\t600"
_POLLUX = ("name,time,application,num_replicas,batch_size", "bert-0,107,bert,1,8",
           "bert-1,110.5,bert,4,32", "ncf-2,111,ncf,1,64")  # fmt: skip

SAMPLES = {
    "swf": text("; MaxProcs: 8", *(f"{i} {9 * i} -1 60 2 -1 -1 2 90 -1 1 7 1 -1 1 -1 -1 -1"
                                   for i in range(1, 5)), count=len),
    "kubernetes": Sample(json.dumps(_LISTING, indent=1).encode(), count=gangs_and_nodes),
    "slurm": text("JobID|User|State|Submit|Start|End|Timelimit|NNodes|AllocTRES",
                  *(f"{i}|ada|COMPLETED|2026-01-05T09:00:0{i}|2026-01-05T09:01:00|"
                    f"2026-01-05T10:01:00|1-12:00:00|1|cpu=8,gres/gpu=4,mem=32G,node=1"
                    for i in range(5))),
    "slurm_nodes": text("NODELIST|CPUS|MEMORY|GRES|PARTITION|STATE",
                        "gpu1|96|1048576|gpu:a100:8|normal|idle", "cpu1|64|262144|(null)|cpu|idle"),
    "azure_llm": text("TIMESTAMP,ContextTokens,GeneratedTokens", "2023-11-16 18:17:03.97,4808,10",
                      "2023-11-16 18:17:04,3180,8", "2023-11-16 18:19:59.5,110,27", jobs=True),
    "burstgpt": text("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type",
                     "5,ChatGPT,472,18,490,Conversation log", "118,GPT-4,417,276,693,API log",
                     "120.5,GPT-4,10,3,13,API log", jobs=True),
    "servegen": text("client,timestamp,rate,cv,pattern,pattern_arg1,pattern_arg2",
                     "0,0,0.5,1,Gamma,0.5,9", "0,600,0,0,,0,0", "1,600,2,3,Weibull,0.7,9",
                     count=left, by="client"),
    "supercloud": text("id_job,id_user,state,timelimit,time_submit,time_start,time_end,tres_alloc,"
                       "tres_req,partition,id_array_job,id_array_task,time_suspended",
                       *(f"16{i},42,3,60,1609535912,1609535922,16095365{i}2,"
                         f"\"1=40,2=8192,4=2,1002=4\",\"1=20,4=1\",normal,0,4294967294,0"
                         for i in range(3))),
    "prometheus": Sample(json.dumps(_ANSWER).encode(), count=left),
    "helios": text("job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time",
                   *(f"{i},u1,vcA,16,32,2,COMPLETED,2020-04-01 08:00:00,2020-04-01 08:00:09,"
                     f"2020-04-01 08:01:09" for i in range(4))),
    "helios_nodes": text(",num", "vcA,3", "vcB,1", count=left),
    "helios_demand": text("time,running_gpu_num,pending_gpu_num", "2020-05-01 00:00:00,59,8",
                          "2020-05-01 00:01:00,58,9", "2020-05-01 00:02:00,58,9",
                          count=lambda trace: len(trace.demand) // 2),
    "itp": text("job_id,submission_time,duration,num_gpu", "a,10,60,4", "b,20,70,64", "c,30,80,8"),
    "philly": text("[", ",\n".join(json.dumps(job) for job in _PHILLY), "]"),
    "philly_metric": text("time,machineId,gpu0_util,gpu1_util", "2017-10-03 01:30:00 PDT,m1,75.5,1",
                          "2017-10-03 01:31:00 PDT,m1,0.0,1.0", count=left),
    "gavel": text(f"{_GAVEL}\t1\t1\t-1.0\t0", f"{_GAVEL}\t2\t1\t-1.0\t7.5"),
    "shockwave": text(*(f"LM (batch size 10)\tmain.py\tlm\t--steps\t1\t99\t2\tgns\t1\t-1.0\t1418\t"
                        f"{at}" for at in (5, 9))),
    "tiresias": text("job_id,num_gpu,submit_time,iterations,model_name,duration,interval",
                     "0,1,0,606,vgg19,164,30", "1,8,30,133,vgg11,147,23"),
    "tiresias_nodes": text("num_switch,num_node_p_switch,num_gpu_p_node,num_cpu_p_node,mem_p_node",
                           "2,3,4,32,256", count=left),
    "pollux": text(*_POLLUX, count=len),
    "sia": text(*_POLLUX, count=len),
    "openb": text("name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,"
                  "creation_time,deletion_time,scheduled_time",
                  "pod-1,6000,12288,1,460,,LS,Running,10,100,20",
                  "pod-2,12500,16384,2,1000,V100M16|V100M32,BE,Succeeded,15,500,15"),
    "openb_nodes": text("sn,cpu_milli,memory_mib,gpu,model", "n0,32000,262144,0,",
                        "n1,96000,393216,8,V100M32"),
    "alibaba_pai": text("j1,worker,4,Terminated,1010,2000,1200,58.59375,50,T4",
                        "j2,tensorflow,2,Failed,1150,1500,600,16,150,V100"),
    "alibaba_nodes": text("machine,gpu_type,cap_cpu,cap_mem,cap_gpu", "a,CPU,96,512,0",
                          "b,P100,64,512,2"),
    "alibaba_genai": text("gmt_create,predict_type,predict_status,exec_time_seconds,groupId",
                          "2024-11-15 16:57:50,TXT_2_IMG,SUCCEED,32.0,G0",
                          "2024-11-15 16:58:50,TXT_2_IMG,FAILED,1.0,G1"),
    "alibaba_genai_metric": text("timestamp_anon,value,container_ip,request_type",
                                 "1662859233.0,0.5,abc,Generative Requests",
                                 "1662859176.0,0.25,abc,Generative Requests", count=left),
    "series": text("timestamp,value", "2014-02-14 14:30:00,0.5", "2014-02-14 14:35:00,-1",
                   "2014-02-14 14:40:00,3", count=values),
    "m4": text("V1,V2,V3", "H1,605,586", "H2,3124,", "H3,1,2",
               count=lambda trace: trace.demand["unique_id"].nunique()),
    "parquet": Sample(_parquet()),
    "csv": text("job_id,submit_time,duration_s,gpus", "a,0,60,1", "b,10,60.5,2", "c,20,9,0"),
}  # fmt: skip

#: The job table that stands beside the task table of Alibaba's PAI.
PAI_JOBS = "j1,i1,u1,Terminated,1000,2000\nj2,i2,u2,Failed,1100,1500\n"
