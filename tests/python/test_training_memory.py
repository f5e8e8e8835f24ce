"""Memory of transformers against published figures and sums by hand."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.errors import InvalidInputError
from fairlead.prediction import MemoryEstimate, inference_memory, training_memory

GIB = float(1 << 30)
STATES = ("weights", "gradients", "master weights", "optimizer states")


def state_bytes(memory: MemoryEstimate) -> float:
    """Bytes of weights, gradients and the optimizer."""
    return sum(memory[part] for part in STATES) * GIB


@pytest.mark.parametrize(
    ("precision", "optimizer", "bytes_each"),
    [
        ("mixed", "adamw", 16),
        ("fp32", "adam", 16),
        ("bf16", "adamw", 8),
        ("mixed", "adamw_8bit", 10),
        ("mixed", "lion", 12),
        ("mixed", "sgd", 8),
        ("mixed", "adagrad", 12),
        ("fp32", "momentum", 12),
    ],
)
def test_bytes_a_parameter(precision: Any, optimizer: str, bytes_each: int) -> None:
    """16 bytes a parameter with Adam in mixed precision (and 4 times the 32-bit model in fp32)."""
    memory = training_memory(7e9, 1, 128, optimizer, precision)
    assert state_bytes(memory) == pytest.approx(bytes_each * 7e9)


@pytest.mark.parametrize(("stage", "gigabytes"), [(0, 120.0), (1, 31.4), (2, 16.6), (3, 1.88)])
def test_zero_stages_are_the_papers(stage: int, gigabytes: float) -> None:
    """Figure 1 of the ZeRO paper: 7.5 billion parameters over 64 GPUs."""
    memory = training_memory(7.5e9, 1, 128, zero_stage=stage, data_parallel=64)
    assert state_bytes(memory) / 1e9 == pytest.approx(gigabytes, rel=0.003)


def test_attention_term_of_gpt3_is_80() -> None:
    """5 a s / h is 80 for GPT-3 (Korthikanti et al., section 4.3): selective keeps 34 of 114."""
    shape = {"layers": 96, "hidden": 12_288, "heads": 96, "tensor_parallel": 8}
    plain = training_memory(175e9, 1, 2048, attention="plain", **shape)  # type: ignore[arg-type]
    chosen = training_memory(
        175e9,
        1,
        2048,
        attention="plain",
        recompute="selective",
        **shape,  # type: ignore[arg-type]
    )
    assert plain["activations"] * GIB == pytest.approx(96 * 2048 * 12_288 / 8 * 114)
    assert chosen["activations"] / plain["activations"] == pytest.approx(34 / 114)
    flash = training_memory(175e9, 1, 2048, **shape)  # type: ignore[arg-type]
    assert flash["activations"] == pytest.approx(chosen["activations"])


def test_sequence_parallelism_divides_what_tensor_parallelism_leaves() -> None:
    """Without it 10 of the 34 bytes stay whole."""
    whole = training_memory(7e9, 2, 1024, tensor_parallel=4, sequence_parallel=False)
    split = training_memory(7e9, 2, 1024, tensor_parallel=4)
    assert whole["activations"] / split["activations"] == pytest.approx((10 + 6) / (34 / 4))


def test_full_recomputation_keeps_inputs_and_one_layer() -> None:
    """2 s b h a layer, and 34 s b h once."""
    memory = training_memory(7e9, 1, 4096, recompute="full", layers=32, hidden=4096)
    assert memory["activations"] * GIB == 32 * 2 * 4096 * 4096
    assert memory["recomputed layer"] * GIB == 34 * 4096 * 4096


def test_pipeline_holds_micro_batches_in_flight() -> None:
    """The first of 4 stages keeps 4 micro-batches of a quarter of the layers, so as much as all."""
    alone = training_memory(7e9, 1, 1024, layers=32)
    staged = training_memory(7e9, 1, 1024, layers=32, pipeline_parallel=4)
    single = training_memory(7e9, 1, 1024, layers=32, pipeline_parallel=4, micro_batches=1)
    assert staged["activations"] == alone["activations"] == 4 * single["activations"]
    assert staged["weights"] == alone["weights"] / 4


def test_adapters_train_little() -> None:
    """With 1 % trained the frozen weights are all that counts: 2 bytes, and 14 of a hundredth."""
    assert state_bytes(training_memory(7e9, 1, 128, trainable=0.01)) == pytest.approx(2.14 * 7e9)


@pytest.mark.parametrize(
    ("parameters", "vocabulary", "layers", "hidden"),
    [(6.74e9, 32_000, 32, 4096), (13.0e9, 32_000, 40, 5120), (175e9, 50_257, 96, 12_288)],
)
def test_shapes_are_inferred(parameters: float, vocabulary: int, layers: int, hidden: int) -> None:
    """LLaMA 7B and 13B and GPT-3 from their parameters; the result says what was inferred."""
    shape = training_memory(parameters, 1, 128, vocabulary=vocabulary).shape
    assert (shape.layers, shape.hidden) == (layers, hidden)
    assert shape.inferred == ("layers", "hidden", "heads")


def test_cache_of_a_token_is_half_a_mebibyte() -> None:
    """LLaMA 7B keeps 2 x 32 x 4096 16-bit numbers a token; grouped heads keep less."""
    memory = inference_memory(6.74e9, 1, 2048, layers=32, hidden=4096, heads=32)
    assert memory["key-value cache"] == 1.0
    grouped = inference_memory(6.74e9, 1, 2048, layers=32, hidden=4096, heads=32, kv_heads=8)
    assert grouped["key-value cache"] == 0.25
    more = inference_memory(6.74e9, 3, 4096, layers=32, hidden=4096, heads=32, tensor_parallel=2)
    assert more["key-value cache"] == 3.0
    small = inference_memory(6.74e9, 1, 2048, "int4", layers=32, hidden=4096)
    assert small["weights"] * GIB == pytest.approx(0.5 * 6.74e9)
    assert small["key-value cache"] == 1.0


def test_a_shape_may_be_given_in_part() -> None:
    """Layers follow from the hidden size, and the hidden size from the layers; up to twice the
    parameters are taken for a wider MLP."""
    assert training_memory(6.74e9, 1, 128, hidden=4096).shape.layers == 33
    assert training_memory(6.74e9, 1, 128, layers=33).shape.hidden == 4096
    inner = 12 * 32 * 4096**2 + 32_000 * 4096
    for far, fits in ((1.9, True), (2.1, False)):
        for parameters in (inner * far, inner / far):
            if fits:
                assert training_memory(parameters, 1, 128, layers=32, hidden=4096).total_gib > 0
                continue
            with pytest.raises(InvalidInputError, match="has about"):
                training_memory(parameters, 1, 128, layers=32, hidden=4096)


def test_activations_of_32_bit_count_twice() -> None:
    """Those kept and those of a layer at work; logits are 32 bit in any case."""
    options: dict[str, Any] = {"layers": 32, "hidden": 4096, "recompute": "full"}
    half = training_memory(6.74e9, 1, 128, **options)
    full = training_memory(6.74e9, 1, 128, precision="fp32", **options)
    for part in ("activations", "recomputed layer"):
        assert full[part] == 2 * half[part] > 0
    assert full["logits"] == half["logits"] > 0


def test_logits_and_gathered_layers_by_hand() -> None:
    """4 bytes a token and word of the vocabulary; with ZeRO 3 two whole layers of 32."""
    over: dict[str, Any] = {"tensor_parallel": 2, "layers": 32, "hidden": 4096}
    memory = training_memory(6.74e9, 3, 128, data_parallel=8, zero_stage=3, **over)
    assert memory["logits"] * GIB == pytest.approx(4 * 3 * 128 * 32_000 / 2)
    assert memory["gathered layers"] * GIB == pytest.approx(2 * 2 * 6.74e9 / (32 * 2))
    alone = training_memory(6.74e9, 3, 128, zero_stage=3, **over)
    assert alone["gathered layers"] == 0.0


@pytest.mark.parametrize(
    ("precision", "bytes_each"),
    [("fp32", 4), ("bf16", 2), ("fp16", 2), ("fp8", 1), ("int8", 1), ("int4", 0.5)],
)
def test_served_weights_take_their_precision(precision: str, bytes_each: float) -> None:
    """So much a weight; the cache as much a number where that is asked for."""
    memory = inference_memory(6.74e9, 1, 2048, precision, cache_precision=precision, layers=32)
    assert memory["weights"] * GIB == pytest.approx(bytes_each * 6.74e9)
    assert memory["key-value cache"] == bytes_each / 2


def test_rules_are_told_with_what_they_are_divided_by() -> None:
    """Tensor times pipeline parallel GPUs, and those of ZeRO from its stage on."""
    plain = training_memory(7e9, 1, 128)
    assert plain.setting["GPUs"] == "1 x 1 x 1"
    rules = plain.parts.set_index("part")["formula"]
    parts = ["weights", "gradients", "master weights", "optimizer states", "logits"]
    assert rules[parts].tolist() == ["2 P", "2 P", "4 P", "8 P", "4 s b v"]
    over: dict[str, Any] = {"data_parallel": 8, "tensor_parallel": 2, "pipeline_parallel": 5}
    rules = training_memory(7e9, 1, 128, zero_stage=2, recompute="full", **over).parts
    rules = rules.set_index("part")["formula"]
    assert rules[parts].tolist() == ["2 P / 10", "2 P / 80", "4 P / 80", "8 P / 80", "4 s b v / 2"]
    assert rules["activations"].startswith("2 s b h / 2 x ")


def test_total_is_the_sum_and_the_slack_a_share() -> None:
    """The parts add up; the slack is a share of all but the context."""
    memory = training_memory(1e9, 4, 1024, slack=0.2, context_gib=0.5)
    assert memory.total_gib == pytest.approx(memory.parts["gib"].sum())
    inner = memory.total_gib - memory["allocator slack"] - 0.5
    assert memory["allocator slack"] == pytest.approx(0.2 * inner)
    assert memory["no such part"] == 0.0


def test_text_and_picture_name_every_part() -> None:
    """What is printed has all parts, the inferred shape and what is not counted."""
    memory = training_memory(7e9, 1, 4096, zero_stage=3, data_parallel=8, recompute="full")
    for part in memory.parts["part"]:
        assert part in str(memory)
    assert "inferred" in str(memory)
    assert "not counted: buffers" in str(memory)
    assert len(memory.plot(gpu_memory_gib=80).legends[0].get_texts()) == len(memory.parts) + 1


def test_bad_settings_are_errors() -> None:
    """Names that are not known, sizes out of range and shapes that contradict say so."""
    for options, message in (
        ({"optimizer": "adamm"}, "optimizer must be adam, adamw"),
        ({"precision": "fp8"}, "precision must be fp32, mixed"),
        ({"zero_stage": 4}, "zero_stage must be 0, 1, 2 or 3"),
        ({"batch": 0}, "batch must be a whole number of at least 1"),
        ({"data_parallel": 1.5}, "data_parallel must be a whole number"),
        ({"micro_batches": 0}, "micro_batches must be a whole number"),
        ({"trainable": 0}, "trainable must be above 0"),
        ({"slack": -1}, "slack must be at least 0"),
        ({"recompute": "some"}, "recompute must be none"),
        ({"attention": "slow"}, "attention must be flash"),
        ({"parameters": "7b"}, "such as 7e9; got '7b'"),
        ({"layers": 2, "hidden": 64}, "has about"),
        ({"layers": 0}, "layers must be a whole number"),
        ({"hidden": 4096, "heads": 33}, "heads must divide hidden = 4096"),
    ):
        setting: dict[str, Any] = {"parameters": 7e9, "batch": 1, "sequence": 128, **options}
        with pytest.raises(InvalidInputError, match=message):
            training_memory(**setting)
    with pytest.raises(InvalidInputError, match="precision must be fp32, bf16"):
        inference_memory(7e9, 1, 128, "fp7")
    with pytest.raises(InvalidInputError, match="kv_heads must be a whole number"):
        inference_memory(7e9, 1, 128, kv_heads=0)
