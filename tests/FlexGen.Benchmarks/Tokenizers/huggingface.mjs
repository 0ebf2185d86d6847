// Times Hugging Face's native library on the texts of a file. usage: node huggingface.mjs TOKENIZER.JSON TEXTS.JSONL REPEATS
// A line of JSON for each form, with the best of the repeats. RAYON_NUM_THREADS bounds encodeBatch's threads.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Tokenizer } = createRequire(new URL('../../package.json', import.meta.url))('tokenizers');
const [file, texts, repeats] = process.argv.slice(2);
const tokenizer = Tokenizer.fromFile(file);
const documents = readFileSync(texts, 'utf8').split('\n').filter((line) => line).map((line) => JSON.parse(line));

async function time(form, encode) {
  let best;
  for (let repeat = 0; repeat < Number(repeats); repeat++) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const encodings = await encode();
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    // Arrays of JavaScript are made when asked for: not counted.
    if (!best || seconds < best.seconds) {
      best = { form, seconds, cpuSeconds: (user + system) / 1e6, encodings };
    }
  }
  const hash = createHash('sha256');
  let tokens = 0;
  for (const encoding of best.encodings) {
    const ids = encoding.getIds();
    tokens += ids.length;
    hash.update(ids.join(',') + '\n');
  }
  const { encodings, ...measured } = best;
  console.log(JSON.stringify({ ...measured, tokens, ids: hash.digest('hex') }));
}

if (process.env.RAYON_NUM_THREADS === '1') {
  await time('encode', async () => {
    const encodings = [];
    for (const document of documents) {
      encodings.push(await tokenizer.encode(document));
    }
    return encodings;
  });
}
await time('encodeBatch', () => tokenizer.encodeBatch(documents));
