"""GPU memory of a transformer in training, in closed form."""

from __future__ import annotations

from typing import Literal

from fairlead.prediction.memory.estimate import MemoryEstimate, check, estimate, ratio, whole
from fairlead.prediction.memory.shape import Shape, shape_of

__all__ = ["training_memory"]

# Bytes a parameter: weights, gradients, master copy, one optimizer state.
_PRECISIONS = {
    "fp32": (4, 4, 0, 4),
    "mixed": (2, 2, 4, 4),
    "bf16": (2, 2, 0, 2),
}
# States a parameter, and bytes of each where not those of the precision.
_OPTIMIZERS: dict[str, tuple[float, float | None]] = {
    "adam": (2, None),
    "adamw": (2, None),
    "adamw_8bit": (2, 1),
    "adagrad": (1, None),
    "lion": (1, None),
    "momentum": (1, None),
    "adafactor": (0, None),  # row and column sums, less than a thousandth
    "sgd": (0, None),
}
_RECOMPUTE = ("none", "selective", "full")
_TRAINING_BLIND = (
    "buffers of communication libraries and gradient buckets",
    "fragmentation beyond the slack, and memory of other processes on the device",
    "layers that are not a plain transformer's (experts, vision, long convolutions)",
    "gated or otherwise widened MLPs, which keep more activations",
)


def training_memory(
    parameters: float,
    batch: int,
    sequence: int,
    optimizer: str = "adamw",
    precision: Literal["fp32", "mixed", "bf16"] = "mixed",
    *,
    layers: int | None = None,
    hidden: int | None = None,
    heads: int | None = None,
    vocabulary: int = 32_000,
    trainable: float = 1.0,
    zero_stage: int = 0,
    data_parallel: int = 1,
    tensor_parallel: int = 1,
    sequence_parallel: bool = True,
    pipeline_parallel: int = 1,
    micro_batches: int | None = None,
    recompute: Literal["none", "selective", "full"] = "none",
    attention: Literal["flash", "plain"] = "flash",
    context_gib: float = 0.6,
    slack: float = 0.1,
) -> MemoryEstimate:
    r"""GPU memory that training a transformer takes, on the GPU that takes most.

    Parameters
    ----------
    parameters : float
        Weights of the model, such as ``7e9``.
    batch, sequence : int
        Sequences of one micro-batch on one GPU, and tokens of each.
    optimizer : str, default "adamw"
        ``adam``, ``adamw``, ``adamw_8bit``, ``adagrad``, ``lion``, ``momentum``, ``adafactor``
        (factored, without momentum) or ``sgd``.
    precision : {"mixed", "fp32", "bf16"}
        ``mixed``: 16-bit weights and gradients, 32-bit master copy and states; ``bf16``: all 16
        bit, without a master copy.
    layers, hidden, heads : int, optional
        Inferred from the parameters where not given.
    vocabulary : int, default 32,000
    trainable : float, default 1
        Share of the weights that is trained (adapters: 0.01 or so); the others have neither
        gradients nor states nor a master copy.
    zero_stage : int, default 0
        ZeRO or FSDP: 1 divides the optimizer's states over `data_parallel`, 2 gradients too, 3
        weights too.
    data_parallel, tensor_parallel, pipeline_parallel : int, default 1
        GPUs in each direction.
    sequence_parallel : bool, default True
        Whether tensor parallelism divides the activations outside attention and MLP too.
    micro_batches : int, optional
        Of a step, with pipelines; by default as many as there are stages or more.
    recompute : {"none", "selective", "full"}
        Activations computed again: none, those of the attention's core, or all but layers' inputs.
    attention : {"flash", "plain"}
        ``flash`` keeps no attention matrix, as ``selective`` does.
    context_gib : float, default 0.6
        CUDA context and libraries' kernels; 0.3 to 0.8 is usual.
    slack : float, default 0.1
        Part added for the allocator's fragmentation; 0.05 to 0.2 is usual.

    Returns
    -------
    MemoryEstimate

    Raises
    ------
    InvalidInputError
        Unknown names, values out of range, or a shape that does not give the parameters.

    Notes
    -----
    With P parameters, micro-batch b, sequence s, hidden size h, a heads, L layers, t tensor, p
    pipeline and d data parallel GPUs, a GPU holds P/(t p) parameters [1]_. The activations of a
    layer take in 16 bit [2]_

    .. math:: s b h \left(10 + \frac{24}{t} + \frac{5 a s}{h t}\right), \quad
        \frac{s b h}{t} \left(34 + \frac{5 a s}{h}\right)

    bytes without and with sequence parallelism; flash attention and selective recomputation drop
    the term with a, full recomputation keeps 2 s b h a layer and one layer at work. The first of p
    stages keeps the layers of min(p, micro-batches) micro-batches. Logits take 4 s b v / t bytes.
    In 32 bit activations are counted twice. Compare with measured peaks of your own jobs
    (`UsageRecommender` on ``gpu_memory_gib``) and ask for the larger.

    References
    ----------
    .. [1] Rajbhandari et al., "ZeRO: memory optimizations toward training trillion parameter
       models", SC 2020, section 3.
    .. [2] Korthikanti et al., "Reducing activation recomputation in large transformer models",
       MLSys 2023, table 2 and section 4.

    Examples
    --------
    >>> memory = training_memory(7e9, batch=1, sequence=4096, zero_stage=3, data_parallel=8)
    >>> round(memory.total_gib, 1), round(memory["optimizer states"], 2)
    (36.2, 6.52)
    """
    check(precision in _PRECISIONS, "precision", precision, ", ".join(_PRECISIONS))
    check(optimizer in _OPTIMIZERS, "optimizer", optimizer, ", ".join(_OPTIMIZERS))
    check(recompute in _RECOMPUTE, "recompute", recompute, ", ".join(_RECOMPUTE))
    check(attention in ("flash", "plain"), "attention", attention, "flash, plain")
    check(zero_stage in (0, 1, 2, 3), "zero_stage", zero_stage, "0, 1, 2 or 3")
    check(0 < trainable <= 1, "trainable", trainable, "above 0, at most 1")
    stages, t, d = pipeline_parallel, tensor_parallel, data_parallel
    sizes = {"batch": batch, "sequence": sequence, "data_parallel": d, "tensor_parallel": t}
    micro_batches = stages if micro_batches is None else micro_batches
    whole(**sizes, pipeline_parallel=stages, micro_batches=micro_batches)
    shape = shape_of(parameters, vocabulary, layers, hidden, heads)

    weight, gradient, master, state = _PRECISIONS[precision]
    states, own = _OPTIMIZERS[optimizer]
    held = parameters / (t * stages)
    trained = held * trainable
    over = {n: d if zero_stage >= n else 1 for n in (1, 2, 3)}
    state_bytes = states * (state if own is None else own)
    parts = [
        ("weights", held * weight / over[3], ratio(f"{weight} P", t * stages * over[3])),
        ("gradients", trained * gradient / over[2], ratio(f"{gradient} P", t * stages * over[2])),
        ("master weights", trained * master / over[1], ratio(f"{master} P", t * stages * over[1])),
        (
            "optimizer states",
            trained * state_bytes / over[1],
            ratio(f"{state_bytes:g} P", t * stages * over[1]),
        ),
    ]
    if zero_stage == 3 and d > 1:
        two_layers = 2 * weight * parameters / (shape.layers * t)
        parts.append(("gathered layers", two_layers, "two whole layers at a time"))
    in_flight = min(stages, micro_batches)
    layer, kept, formula = _activations(
        shape, batch, sequence, t, sequence_parallel, recompute, attention
    )
    wide = 2 if precision == "fp32" else 1
    on_stage = -(-shape.layers // stages) * in_flight
    parts.append(("activations", wide * kept * on_stage, f"{formula} x {on_stage} layers"))
    if recompute == "full":
        parts.append(("recomputed layer", wide * layer, "one layer at work"))
    parts.append(("logits", 4.0 * sequence * batch * vocabulary / t, ratio("4 s b v", t)))
    setting = {
        "parameters": f"{parameters:.4g}",
        "batch": f"{batch} x {sequence}",
        "precision": precision,
        "optimizer": optimizer,
        **({"ZeRO": zero_stage} if zero_stage else {}),
        "GPUs": f"{d} x {t} x {stages}",
        "recompute": recompute,
    }
    return estimate(parts, context_gib, slack, shape, setting, _TRAINING_BLIND)


def _activations(
    shape: Shape, batch: int, sequence: int, t: int, split: bool, recompute: str, attention: str
) -> tuple[float, float, str]:
    """Bytes of a whole layer in 16 bit, bytes kept of it, and the rule of the latter."""
    tokens = float(sequence) * batch * shape.hidden
    plain = attention == "plain" and recompute != "selective"
    matrix = 5.0 * shape.heads * sequence / shape.hidden if plain else 0.0
    own, rule = (34.0 / t, f"34/{t}") if split else (10.0 + 24.0 / t, f"(10 + 24/{t})")
    layer = tokens * (own + matrix / t)
    if recompute == "full":
        return layer, 2.0 * tokens / (t if split else 1), ratio("2 s b h", t if split else 1)
    rule = rule.removesuffix("/1")
    return layer, layer, f"s b h ({rule} + 5 a s / h / {t})" if plain else f"{rule} s b h"
