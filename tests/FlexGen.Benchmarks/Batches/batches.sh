#!/usr/bin/env bash
# How many of 64 sequences are the same at batch sizes 1, 7 and 64, greedy and sampled: a random 1.1 B Llama in float16 (TinyLlama's shape).
# Needs: FLEXGEN (the published flexgen), python3 with torch; DEVICE (cuda:0), SHAPE (see batches.py), TOKENS (64) can be set.
# About 2 GiB of disk in a temporary folder; two minutes on an H100.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
device=${DEVICE:-cuda:0} tokens=${TOKENS:-64}
if [ "$device" != cpu ]; then
  torch=$(python3 -c 'import torch; print(torch.__path__[0])')
  libraries=$torch/lib
  for folder in "$torch"/../nvidia/*/lib; do [ -d "$folder" ] && libraries=$libraries:$folder; done
  export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
fi
time python3 "$here/batches.py" make "$work/model" ${SHAPE:-}
for kind in greedy sampled; do
  options=()
  [ "$kind" = sampled ] && options=(--temperature 0.8 --top-p 0.95 --seed 7)
  for batch in 1 7 64; do
    "$FLEXGEN" generate --model "$work/model" --input "$work/model/prompts.jsonl" --output "$work/$kind-$batch.jsonl" --device "$device" \
      --gpu-batch-size "$batch" --max-sequence-length 256 --max-new-tokens "$tokens" --ignore-eos --json "${options[@]}" |
      sed "s/^/$kind, batch $batch: /"
  done
  for batch in 7 64; do
    python3 "$here/batches.py" compare "$work/$kind-1.jsonl" "$work/$kind-$batch.jsonl" "$kind, batch 1 and $batch"
  done
  # The same batch twice: what is not the batch's doing.
  "$FLEXGEN" generate --model "$work/model" --input "$work/model/prompts.jsonl" --output "$work/again.jsonl" --device "$device" \
    --gpu-batch-size 7 --max-sequence-length 256 --max-new-tokens "$tokens" --ignore-eos --json "${options[@]}" > /dev/null
  python3 "$here/batches.py" compare "$work/$kind-7.jsonl" "$work/again.jsonl" "$kind, batch 7 twice"
done
