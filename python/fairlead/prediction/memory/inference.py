"""GPU memory of a transformer that is served, in closed form."""

from __future__ import annotations

from fairlead.prediction.memory.estimate import MemoryEstimate, check, estimate, ratio, whole
from fairlead.prediction.memory.shape import shape_of

__all__ = ["inference_memory"]

_SERVED = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "int4": 0.5}


def inference_memory(
    parameters: float,
    batch: int,
    context: int,
    precision: str = "bf16",
    *,
    cache_precision: str | None = None,
    layers: int | None = None,
    hidden: int | None = None,
    heads: int | None = None,
    kv_heads: int | None = None,
    vocabulary: int = 32_000,
    tensor_parallel: int = 1,
    context_gib: float = 0.6,
    slack: float = 0.2,
) -> MemoryEstimate:
    """GPU memory that serving a transformer takes: weights and the cache of keys and values.

    Parameters
    ----------
    parameters : float
    batch, context : int
        Sequences served at once, and tokens kept of each.
    precision, cache_precision : str
        ``bf16``, ``fp16``, ``fp32``, ``fp8``, ``int8`` or ``int4``; the cache in that of the
        weights, or 16 bit where these have less.
    layers, hidden, heads, kv_heads : int, optional
        As for `training_memory`; key-value heads as many as heads.
    vocabulary : int, default 32,000
    tensor_parallel : int, default 1
    context_gib : float, default 0.6
    slack : float, default 0.2
        For activations and the allocator; up to 0.2 is usual.

    Returns
    -------
    MemoryEstimate

    Raises
    ------
    InvalidInputError
        Unknown names or values out of range.

    Notes
    -----
    Of a token the cache keeps 2 layers x kv_heads x head size elements.

    Examples
    --------
    >>> memory = inference_memory(6.74e9, batch=8, context=4096, layers=32, hidden=4096)
    >>> round(memory["weights"], 2), memory["key-value cache"]
    (12.55, 16.0)
    """
    check(precision in _SERVED, "precision", precision, ", ".join(_SERVED))
    cache = cache_precision or (precision if _SERVED[precision] >= 2 else "bf16")
    check(cache in _SERVED, "cache_precision", cache, ", ".join(_SERVED))
    whole(batch=batch, context=context, tensor_parallel=tensor_parallel)
    shape = shape_of(parameters, vocabulary, layers, hidden, heads)
    kept_heads = shape.heads if kv_heads is None else kv_heads
    whole(kv_heads=kept_heads)
    per_token = 2.0 * shape.layers * kept_heads * (shape.hidden / shape.heads)
    t = tensor_parallel
    parts = [
        ("weights", parameters * _SERVED[precision] / t, ratio(f"{_SERVED[precision]:g} P", t)),
        (
            "key-value cache",
            per_token * _SERVED[cache] * batch * context / t,
            f"{per_token * _SERVED[cache] / t:,.0f} bytes a token",
        ),
    ]
    setting = {
        "parameters": f"{parameters:.4g}",
        "serving": f"{batch} x {context} tokens",
        "precision": precision,
        "GPUs": t,
    }
    unknown = ("blocks of a paged cache that are not full", "draft models, adapters and images")
    return estimate(parts, context_gib, slack, shape, setting, unknown)
