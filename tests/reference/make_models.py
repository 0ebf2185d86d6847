#!/usr/bin/env python3
"""Tiny random models, and the logits and greedy tokens transformers computes for them.

usage: python3 make_models.py OUTDIR [CASE ...]

Writes OUTDIR/<case>/{config.json, generation_config.json, *.safetensors, expected.json} and
OUTDIR/sampling.json. Naming cases (or "sampling") makes those only.
"""
import collections
import json
import os
import random
import shutil
import sys
import time
import traceback

# Set before torch and transformers are imported: CPU only, and no look at the network.
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch
import transformers
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LlamaConfig, LlamaForCausalLM,
    MistralConfig, MistralForCausalLM,
    OPTConfig, OPTForCausalLM,
    Qwen2Config, Qwen2ForCausalLM,
    Qwen3Config, Qwen3ForCausalLM,
)

PROMPT_LENGTHS = [1, 2, 3, 5, 8, 17, 40, 64, 111, 200]
STEPS = 32
MIN_MARGIN = 2e-3
CACHE_TOLERANCE = 1e-4
SEEDS = 200
SECONDS_PER_CASE = 90
SIZE_LIMIT = 4_000_000
FIRST_ORDINARY_ID = 4


class Rejected(Exception):
    """The seed's model is no good as a reference; its reason is the message."""


# ---------------------------------------------------------------- cases

def opt(**changes):
    settings = dict(
        vocab_size=128, hidden_size=32, num_hidden_layers=2, ffn_dim=64, num_attention_heads=4,
        max_position_embeddings=256, do_layer_norm_before=True, activation_function="relu",
        pad_token_id=1, bos_token_id=2, eos_token_id=2, tie_word_embeddings=True)
    settings.update(changes)
    return OPTForCausalLM, OPTConfig(**settings)


def rope(theta=10000.0, rope_type="default", **more):
    return {"rope_type": rope_type, "rope_theta": theta, **more}


def llama3_rope():
    return rope(500000.0, "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                original_max_position_embeddings=64)


def yarn_rope(theta=10000.0, **more):
    return rope(theta, "yarn", factor=4.0, original_max_position_embeddings=64, **more)


def llama(**changes):
    settings = dict(
        vocab_size=112, hidden_size=32, num_hidden_layers=2, intermediate_size=64,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=512,
        rms_norm_eps=1e-5, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        tie_word_embeddings=False, rope_parameters=rope())
    settings.update(changes)
    return LlamaForCausalLM, LlamaConfig(**settings)


def mistral(**changes):
    settings = dict(
        vocab_size=120, hidden_size=32, num_hidden_layers=3, intermediate_size=72,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
        rms_norm_eps=1e-5, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        tie_word_embeddings=False, rope_parameters=rope(), sliding_window=16)
    settings.update(changes)
    return MistralForCausalLM, MistralConfig(**settings)


def qwen2(**changes):
    settings = dict(
        vocab_size=144, hidden_size=32, num_hidden_layers=2, intermediate_size=80,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
        rms_norm_eps=1e-6, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        tie_word_embeddings=True, rope_parameters=rope(1000000.0))
    settings.update(changes)
    return Qwen2ForCausalLM, Qwen2Config(**settings)


def qwen3(**changes):
    settings = dict(
        vocab_size=136, hidden_size=32, num_hidden_layers=2, intermediate_size=64,
        num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=512,
        rms_norm_eps=1e-6, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        tie_word_embeddings=False, rope_parameters=rope(1000000.0))
    settings.update(changes)
    return Qwen3ForCausalLM, Qwen3Config(**settings)


def galactica():
    """What of the two Galactica switches this transformers still takes."""
    for switches in (dict(enable_bias=False, layer_norm_elementwise_affine=False),
                     dict(enable_bias=False), {}):
        try:
            model_class, config = opt(activation_function="gelu", **switches)
            names = [name for name, _ in model_class(config).named_parameters()]
        except Exception as error:
            print(f"  opt-galactica: {switches} refused: {error}")
            continue
        print(f"  opt-galactica: made with {switches}; parameters with a bias: "
              f"{sum(name.endswith('bias') for name in names)}, layer norm parameters: "
              f"{sum('layer_norm' in name for name in names)}")
        return model_class, config
    raise RuntimeError("no galactica configuration was accepted")


def rewrite_config(folder, change):
    path = os.path.join(folder, "config.json")
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    change(config)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2, sort_keys=True)
        file.write("\n")


def tied_by_config(folder):
    """A config that ties the head of a checkpoint whose head is another."""
    rewrite_config(folder, lambda config: config.update(tie_word_embeddings=True))


def old_rope_keys(folder):
    rewrite_config(folder, to_old_rope_keys)


def to_old_rope_keys(config):
    """config.json as transformers 4 wrote it."""
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = parameters
    if "dtype" in config:
        config["torch_dtype"] = config.pop("dtype")


Case = collections.namedtuple("Case", "name make dtype save rewrite eos")


def case(name, make, dtype=torch.float32, save=None, rewrite=None, eos=2):
    return Case(name, make, dtype, save or {}, rewrite, eos)


CASES = [
    case("opt-pre-ln", opt),
    case("opt-post-ln", lambda: opt(do_layer_norm_before=False, word_embed_proj_dim=24)),
    case("opt-untied", lambda: opt(tie_word_embeddings=False, vocab_size=101), torch.float16),
    case("opt-galactica", galactica),
    case("llama2", llama, save=dict(max_shard_size="50KB")),
    case("llama-gqa-tied", lambda: llama(num_key_value_heads=2, tie_word_embeddings=True,
                                         vocab_size=160)),
    case("llama-linear-rope", lambda: llama(rope_parameters=rope(rope_type="linear", factor=2.0))),
    case("llama3-rope", lambda: llama(hidden_size=48, num_attention_heads=3, num_key_value_heads=1,
                                      intermediate_size=96, vocab_size=96, eos_token_id=[2, 3],
                                      rope_parameters=llama3_rope()), torch.bfloat16, eos=[2, 3]),
    case("llama3-rope-oldkeys", lambda: llama(hidden_size=48, num_attention_heads=3,
                                              num_key_value_heads=1, intermediate_size=96,
                                              vocab_size=96, rope_parameters=llama3_rope()),
         torch.bfloat16, rewrite=old_rope_keys),
    case("llama-bias", lambda: llama(attention_bias=True, mlp_bias=True, head_dim=12,
                                     num_key_value_heads=2)),
    case("mistral", mistral),
    case("mistral-nowindow", lambda: mistral(sliding_window=None)),
    case("qwen2", qwen2, eos=[2, 3]),
    case("qwen2-sliding", lambda: qwen2(use_sliding_window=True, sliding_window=16,
                                        max_window_layers=1, num_hidden_layers=3)),
    case("qwen3", qwen3),
    case("qwen3-tied", lambda: qwen3(tie_word_embeddings=True, num_key_value_heads=1)),
    # The seeds of the cases above follow from their places in the list.
    case("llama-yarn", lambda: llama(rope_parameters=yarn_rope(
        beta_fast=16.0, beta_slow=2.0, mscale=0.8, mscale_all_dim=0.5, truncate=False))),
    case("llama-yarn-oldkeys", lambda: llama(num_key_value_heads=2, rope_parameters=yarn_rope(
        500000.0, attention_factor=1.25)), rewrite=old_rope_keys),
    case("qwen3-yarn", lambda: qwen3(rope_parameters=yarn_rope(1000000.0))),
    case("llama-tied-other-head", llama, rewrite=tied_by_config),
]


# ---------------------------------------------------------------- reference

def randomize(model, seed, dtype):
    """Every parameter is random, so that a forgotten bias or norm weight shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("bias"):
                value = 0.3 * noise
            elif "norm" in name:
                value = 1 + 0.2 * noise
            elif "embed_" in name or "lm_head" in name:
                value = 0.5 * noise
            else:
                value = 0.3 * noise
            # The reference is float32 arithmetic on the weights as the file will hold them.
            parameter.copy_(value.to(dtype).float())


def continuation(model, prompt):
    """Greedy tokens, end-of-sequence ignored, and the logits each was taken from, with no cache."""
    ids, rows = list(prompt), []
    for _ in range(STEPS):
        row = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
        if row.dtype != torch.float32 or not torch.isfinite(row).all():
            raise Rejected("logits not finite float32")
        best = torch.topk(row, 2)
        if float(best.values[0] - best.values[1]) <= MIN_MARGIN:
            raise Rejected("margin")
        ids.append(int(best.indices[0]))
        rows.append(row)
    return ids[len(prompt):], rows


def check_cache(model, prompt, greedy, rows):
    output = model(input_ids=torch.tensor([prompt]), use_cache=True)
    for step, row in enumerate(rows):
        difference = float((output.logits[0, -1] - row).abs().max())
        if not difference <= CACHE_TOLERANCE:
            raise Rejected("cache")
        if step + 1 < len(rows):
            output = model(input_ids=torch.tensor([[greedy[step]]]),
                           past_key_values=output.past_key_values, use_cache=True)


def digits(values):
    return [float(f"{value:.9g}") for value in values.tolist()]


@torch.inference_mode()
def reference(model, prompts, min_distinct):
    kept = []
    for prompt in prompts:
        greedy, rows = continuation(model, prompt)
        if len(set(greedy)) < min_distinct:
            raise Rejected("repetitive")
        kept.append((prompt, greedy, rows))
    # Last, since it costs as much again.
    for prompt, greedy, rows in kept:
        check_cache(model, prompt, greedy, rows)
    return [{"token_ids": prompt, "logits": digits(rows[0]), "greedy": greedy}
            for prompt, greedy, rows in kept]


def search(name, model, prompts, first_seed, dtype):
    """The first seed whose model is fit, with what it computes."""
    reasons = collections.Counter()
    start = time.monotonic()
    for seed in range(first_seed, first_seed + SEEDS):
        # Half of the seeds are tried for well varied continuations, the rest for any but one token.
        min_distinct = 4 if seed < first_seed + SEEDS // 2 else 2
        randomize(model, seed, dtype)
        try:
            return seed, reference(model, prompts, min_distinct), reasons
        except Rejected as reason:
            reasons[str(reason)] += 1
        if time.monotonic() - start > SECONDS_PER_CASE:
            break
    raise RuntimeError(f"{name}: no fit seed among {sum(reasons.values())}: {dict(reasons)}")


def make_case(number, case, folder):
    model_class, config = case.make()
    config._attn_implementation = "eager"
    model = model_class(config).float().eval()

    rng = random.Random(case.name)
    prompts = [[rng.randrange(FIRST_ORDINARY_ID, config.vocab_size) for _ in range(length)]
               for length in PROMPT_LENGTHS]
    seed, found, reasons = search(case.name, model, prompts, 1000 * (number + 1), case.dtype)

    model.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id, eos_token_id=case.eos, pad_token_id=config.pad_token_id)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    model = model.to(case.dtype)
    model.save_pretrained(folder, **case.save)
    if not os.path.exists(os.path.join(folder, "config.json")):
        model.config.save_pretrained(folder)
    if not os.path.exists(os.path.join(folder, "generation_config.json")):
        model.generation_config.save_pretrained(folder)
    if case.rewrite:
        case.rewrite(folder)

    loaded = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    weights = {key: value.float() for key, value in model.state_dict().items()}
    state = loaded.state_dict()
    if set(state) != set(weights):
        raise RuntimeError(f"loaded names differ: {sorted(set(state) ^ set(weights))}")
    wrong = [key for key in weights if not torch.equal(state[key], weights[key])]
    if wrong:
        raise RuntimeError(f"loaded weights differ from the saved: {wrong}")
    if loaded.config._attn_implementation != "eager":
        raise RuntimeError(f"attention is {loaded.config._attn_implementation}")

    try:
        expected = reference(loaded, prompts, 2)
    except Rejected as reason:
        raise RuntimeError(f"the loaded model fails where the built one did not: {reason}") from None
    for mine, theirs in zip(found, expected):
        difference = max(abs(a - b) for a, b in zip(mine["logits"], theirs["logits"]))
        if mine["greedy"] != theirs["greedy"] or difference > 1e-5:
            raise RuntimeError(f"the loaded model differs from the built one by {difference}")

    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump({"prompts": expected}, file, separators=(",", ":"))

    files = sorted(os.listdir(folder))
    shards = [name for name in files if name.endswith(".safetensors")]
    if "max_shard_size" in case.save and (
            len(shards) < 2 or "model.safetensors.index.json" not in files):
        raise RuntimeError(f"not sharded: {files}")
    distinct = [len(set(prompt["greedy"])) for prompt in expected]
    print(f"  seed {seed}, rejected {dict(reasons)}, distinct greedy tokens {distinct}, "
          f"{sum(parameter.numel() for parameter in loaded.parameters())} parameters")
    print(f"  layer types {getattr(loaded.config, 'layer_types', None)}, "
          f"rope {getattr(loaded.config, 'rope_parameters', None)}, "
          f"tied {getattr(loaded.config, 'tie_word_embeddings', None)}")
    print(f"  {folder_size(folder)} bytes: {files}", flush=True)


def folder_size(folder):
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


# ---------------------------------------------------------------- sampling

# repetition_penalty, temperature, top_k, top_p; each at the value that switches it off where unused.
SAMPLING = [
    (1.0, 1.0, 0, 1.0),
    (1.0, 0.7, 0, 1.0),
    (1.0, 1.9, 0, 1.0),
    (1.3, 1.0, 0, 1.0),
    (0.8, 1.0, 0, 1.0),
    (1.0, 1.0, 1, 1.0),
    (1.0, 1.0, 7, 1.0),
    (1.0, 1.0, 0, 0.9),
    (1.0, 1.0, 0, 0.05),
    (1.0, 0.6, 40, 0.95),
    (1.1, 0.8, 20, 0.8),
    (1.5, 1.4, 100, 0.97),
    (1.2, 0.3, 5, 0.5),
]


def sampled_probabilities(logits, previous, penalty, temperature, top_k, top_p):
    """Probabilities as generate() gets them, and how near top_p came to a tie in its threshold."""
    from transformers.generation.logits_process import (
        RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper,
        TopPLogitsWarper)
    scores = torch.tensor([logits], dtype=torch.float32)
    previous = torch.tensor([previous], dtype=torch.long).reshape(1, -1)
    clearance = 1.0
    # generate() leaves out a step at its neutral value; the order is its order.
    if penalty != 1.0:
        scores = RepetitionPenaltyLogitsProcessor(penalty=penalty)(previous, scores)
    if temperature != 1.0:
        scores = TemperatureLogitsWarper(temperature)(previous, scores)
    if top_k != 0:
        scores = TopKLogitsWarper(top_k=top_k)(previous, scores)
    if top_p < 1.0:
        ascending = torch.sort(scores[0]).values.double().softmax(-1).cumsum(-1)
        clearance = float((ascending - (1 - top_p)).abs().min())
        scores = TopPLogitsWarper(top_p=top_p)(previous, scores)
    return digits(scores.softmax(-1)[0]), clearance


def make_sampling(path):
    rng = random.Random("sampling")
    cases = []
    for vector, spread in enumerate((1.0, 2.0, 4.0, 8.0)):
        for _ in range(SEEDS):
            logits = [float(f"{rng.gauss(0, spread):.4f}") for _ in range(50)]
            # The largest logit is among the penalised ones, and one token comes twice.
            previous = [rng.randrange(50) for _ in range(6)]
            previous += [max(range(50), key=logits.__getitem__), previous[0]]
            if vector == 0:
                previous = []
            made, clear = [], len(set(logits)) == len(logits)
            for penalty, temperature, top_k, top_p in SAMPLING:
                probabilities, clearance = sampled_probabilities(
                    logits, previous, penalty, temperature, top_k, top_p)
                # A tie at a threshold would make the reference depend on rounding.
                clear = clear and clearance > 1e-5
                made.append({"logits": logits, "previous": previous,
                             "repetition_penalty": penalty, "temperature": temperature,
                             "top_k": top_k, "top_p": top_p, "probabilities": probabilities})
            if clear:
                break
        else:
            raise RuntimeError("no vector without ties")
        cases += made
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"cases": cases}, file, separators=(",", ":"))
    print(f"  {len(cases)} cases, {os.path.getsize(path)} bytes", flush=True)


# ---------------------------------------------------------------- main

def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    out, wanted = sys.argv[1], sys.argv[2:]
    unknown = set(wanted) - {case.name for case in CASES} - {"sampling"}
    if unknown:
        sys.exit(f"no such case: {sorted(unknown)}")
    os.makedirs(out, exist_ok=True)
    # One thread: the models are too small for more to pay, and sums keep one order.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
    except Exception as error:
        print(f"log settings left alone: {error}")
    print(f"torch {torch.__version__}, transformers {transformers.__version__}", flush=True)

    failed, sizes = [], {}
    for number, case in enumerate(CASES):
        if wanted and case.name not in wanted:
            continue
        folder = os.path.join(out, case.name)
        start = time.monotonic()
        print(f"{case.name}:", flush=True)
        try:
            make_case(number, case, folder)
            sizes[case.name] = folder_size(folder)
        except Exception:
            traceback.print_exc()
            failed.append(case.name)
        print(f"  {time.monotonic() - start:.1f} s", flush=True)
    if not wanted or "sampling" in wanted:
        print("sampling:", flush=True)
        try:
            make_sampling(os.path.join(out, "sampling.json"))
        except Exception:
            traceback.print_exc()
            failed.append("sampling")

    print("\nsizes:")
    for name, size in sizes.items():
        print(f"  {size:9d} {name}")
    total = sum(sizes.values())
    print(f"  {total:9d} total")
    if total > SIZE_LIMIT:
        failed.append("total size")
    print(f"made {len(sizes)} cases; failed: {failed or 'none'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
