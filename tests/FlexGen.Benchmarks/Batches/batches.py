"""Makes a random Llama in float16 and prompts for it, and compares what `flexgen generate` made of them.
make FOLDER [hidden layers heads kv_heads ffn vocabulary]   default: TinyLlama's shape, 1.1 B parameters
compare A.jsonl B.jsonl LABEL"""
import json, os, random, struct, sys

def halves(n, seed):
    try:
        import torch
        g = torch.Generator().manual_seed(seed)
        return (torch.randn(n, generator=g) * 0.02).half().numpy().tobytes()
    except ModuleNotFoundError:
        r = random.Random(seed)
        return struct.pack(f"<{n}e", *(r.gauss(0, 0.02) for _ in range(n)))

def make(folder, hidden=2048, layers=22, heads=32, kv=4, ffn=5632, vocabulary=32000):
    os.makedirs(folder, exist_ok=True)
    config = dict(architectures=["LlamaForCausalLM"], model_type="llama", vocab_size=vocabulary, hidden_size=hidden, intermediate_size=ffn,
                  num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=kv, max_position_embeddings=2048, rms_norm_eps=1e-5,
                  rope_theta=10000.0, tie_word_embeddings=False, hidden_act="silu", eos_token_id=2, bos_token_id=1, torch_dtype="float16")
    json.dump(config, open(os.path.join(folder, "config.json"), "w"))
    kv_size = kv * (hidden // heads)
    tensors = [("model.embed_tokens.weight", [vocabulary, hidden])]
    for n in range(layers):
        p = f"model.layers.{n}."
        tensors += [(p + "self_attn.q_proj.weight", [hidden, hidden]), (p + "self_attn.k_proj.weight", [kv_size, hidden]),
                    (p + "self_attn.v_proj.weight", [kv_size, hidden]), (p + "self_attn.o_proj.weight", [hidden, hidden]),
                    (p + "mlp.gate_proj.weight", [ffn, hidden]), (p + "mlp.up_proj.weight", [ffn, hidden]), (p + "mlp.down_proj.weight", [hidden, ffn]),
                    (p + "input_layernorm.weight", [hidden]), (p + "post_attention_layernorm.weight", [hidden])]
    tensors += [("model.norm.weight", [hidden]), ("lm_head.weight", [vocabulary, hidden])]
    header, at = {}, 0
    for name, shape in tensors:
        size = 2
        for d in shape:
            size *= d
        header[name] = dict(dtype="F16", shape=shape, data_offsets=[at, at + size])
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for seed, (name, shape) in enumerate(tensors):
            f.write(struct.pack("<e", 1.0) * shape[0] if len(shape) == 1 else halves(shape[0] * shape[1], seed))
    r = random.Random(11)
    with open(os.path.join(folder, "prompts.jsonl"), "w") as f:
        for n in range(64):
            ids = [r.randrange(3, vocabulary) for _ in range(r.randrange(16, 129))]
            f.write(json.dumps(dict(id=n, prompt_token_ids=ids)) + "\n")

def compare(a, b, label):
    a, b = ([json.loads(line)["token_ids"] for line in open(path)] for path in (a, b))
    assert len(a) == len(b) == 64 and all(len(x) == len(y) for x, y in zip(a, b)), "not 64 sequences of the same lengths"
    equal = sum(x == y for x, y in zip(a, b))
    until = [next((n for n, (s, t) in enumerate(zip(x, y)) if s != t), len(x)) for x, y in zip(a, b)]
    print(f"{label}: {equal} of 64 sequences equal; tokens before the first difference: mean {sum(until) / 64:.1f} of {len(a[0])}", flush=True)

if sys.argv[1] == "make":
    make(sys.argv[2], *map(int, sys.argv[3:]))
else:
    compare(*sys.argv[2:])
