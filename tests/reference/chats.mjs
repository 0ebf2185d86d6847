// usage: see chats.py
// For each template a line: its name, the vocabulary's, and for each conversation the number of ids and a hash of them; null where the template refuses.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Tokenizer } = createRequire(import.meta.url)('tokenizers');
const packages = new URL('../node_modules/@lenml/', import.meta.url).pathname;
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));

// Tokens that tokenizer_config.json alone names have the ids that it says, whatever the vocabulary keeps there.
function load(folder) {
  const json = read(folder + 'tokenizer.json');
  const own = new Set(json.added_tokens.map((token) => token.content));
  for (const [id, token] of Object.entries(read(folder + 'tokenizer_config.json').added_tokens_decoder ?? {})) {
    if (!own.has(token.content)) {
      const kept = Object.keys(json.model.vocab).find((text) => json.model.vocab[text] === +id);
      delete json.model.vocab[kept];
      json.model.vocab[token.content] = +id;
      json.added_tokens.push({ id: +id, ...token });
    }
  }
  return Tokenizer.fromString(JSON.stringify(json));
}

const tokenizers = {};
const rows = [];
for (const line of readFileSync(0, 'utf8').split('\n').filter((line) => line)) {
  const { name, vocabulary, texts } = JSON.parse(line);
  tokenizers[vocabulary] ??= load(`${packages}tokenizer-${vocabulary}/models/`);
  const ids = [];
  for (const text of texts) {
    const all = text === null ? null : [...(await tokenizers[vocabulary].encode(text, null, { addSpecialTokens: false })).getIds()];
    ids.push(all && `${all.length} ${createHash('sha256').update(all.join(',')).digest('hex').slice(0, 12)}`);
  }
  rows.push(JSON.stringify({ name, vocabulary, ids }));
}
writeFileSync(new URL('../FlexGen.Tokenizers.Tests/reference/chat/chats.jsonl', import.meta.url), rows.join('\n') + '\n');
console.log(rows.length, 'templates');
