// Generates with llama.cpp through node-llama-cpp: a JSON object on standard input says what, one on standard output what came of it.
import { readFileSync } from 'node:fs';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

const asked = JSON.parse(readFileSync(0, 'utf8'));
const begin = performance.now();
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: asked.threads, logLevel: LlamaLogLevel.error, progressLogs: false });
const model = await llama.loadModel({ modelPath: asked.model, gpuLayers: 0 });

async function generate(prompts, count, prefilled) {
  const context = await model.createContext({
    sequences: prompts.length,
    contextSize: asked.room,
    batchSize: Math.max(512, prompts.length * asked.prompts[0].length),
    threads: { ideal: asked.threads, min: asked.threads },
  });
  const sequences = prompts.map(() => context.getSequence());
  const start = performance.now();
  let left = prompts.length;
  const tokens = await Promise.all(prompts.map(async (prompt, p) => {
    const own = [];
    for await (const token of sequences[p].evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
      own.push(token);
      if (own.length === 1 && --left === 0) {
        prefilled(performance.now() - start);
      }
      if (own.length === count) {
        break;
      }
    }
    return own;
  }));
  const milliseconds = performance.now() - start;
  await context.dispose();
  return { tokens, milliseconds };
}

await generate(asked.warmUp, asked.warmUpTokens, () => {});
const loaded = performance.now() - begin;
let prefill = 0;
const { tokens, milliseconds } = await generate(asked.prompts, asked.newTokens, (taken) => { prefill = taken; });
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
process.stdout.write(JSON.stringify({
  tokens, loadSeconds: loaded / 1000, prefillSeconds: prefill / 1000, seconds: milliseconds / 1000, detail: llama.systemInfo, peakBytes: 1024 * Number(peak),
}));
process.exit(0);
