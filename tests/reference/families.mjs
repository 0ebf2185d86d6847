// usage: npm ci --prefix tests && node tests/reference/families.mjs
// Small tokenizers as gpt-oss, DeepSeek V3 and Gemma 3 have them, out of the trained ones beside them, and what Hugging Face's
// library makes of awkward texts with them; and a hash of what it makes of those texts with the published tokenizers of npm.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Tokenizer } = createRequire(import.meta.url)('tokenizers');
const folder = new URL('../FlexGen.Tokenizers.Tests/reference/', import.meta.url).pathname;
const packages = new URL('../node_modules/@lenml/', import.meta.url).pathname;
const ascii = (value) => JSON.stringify(value).replace(/[\u007f-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
const lines = (path) => readFileSync(path, 'utf8').split('\n').filter((line) => line).map((line) => JSON.parse(line));
const write = (path, rows) => writeFileSync(path, rows.join('\n') + '\n');
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));

// ---------------------------------------------------------------- texts

let state = 11;
const below = (bound) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) % bound;
};

// One or more of each class that a split tells apart, of one unit and of two.
const alphabet = ['a', 'B', 'c', '\u00c9', '\u00e9', '\u01c5', '\u02b0', '\u4e2d', '\u306e', '\u30ab', '\u30fb', '\u30fc', '\u30a0', '\u3099', '\u9fa5',
  '\u9fa6', '\u0301', '\u0323', '\u0903', '1', '7', '\u00b2', '\u2163', '\u0663', '!', '/', '-', '\u2014', '$', '\u20ac', '^', '\u{1f600}', '\ufe0f',
  '\u200d', '\u200b', '\u0000', '\u0007', '\ue000', '\u0085', ' ', ' ', ' ', '\t', '\n', '\r', '\r\n', '\u00a0', '\u3000', '\u2028', "'", "'s", "'LL",
  "'\u017f", '\u2581', '\u{1d400}', '\u{1d41a}', '\u{20000}', '\u{10400}', '\u{10428}', '\ufffd', '\uff21', '\u0131'];

function mixed() {
  let text = '';
  for (let left = 1 + below(14); left > 0; left--) {
    text += alphabet[below(alphabet.length)].repeat(below(6) === 0 ? 1 + below(9) : 1);
  }
  return text;
}

const cased = ['HTMLParser', 'iPhone', 'McDonald\'s', 'ABC\u0301DEF', '\u0301ABC', '\u0301abc', 'ABC\u02b0DEF', 'ABCs', 'ABC\'S', 'don\'T', '//path/to//', '!!\n//',
  '.\r\n/\n', ' \u0301', '12345678', '1\u00b22\u2163', '\u4e2d\u65871234\u306e', '\u4e2d\u6587abc', '.NET #region $x _y', '(a)[b]{c}', '\u0000a\u0000\u0000',
  '\u200d\u200d1', 'a\tb', '\t', '\u{1f600}\t\u{1f600}', '\tx\u{1f600}y\u9f98\tz', 'a \u2581 b', '>\u2581</'];
const runs = [['a', 1e6], [' ', 1e6], ['=', 1e6], ['\n', 1e5], ['1', 1e5], ['ab', 1e5], ['A', 1e5], ['\u0301', 1e5], ['\u4e2d', 1e5], ['<', 1e5], ['\u{1f600}', 5e4]];
const awkward = lines(folder + 'opt/expected.jsonl').map((line) => line.text);
const added = [...new Set([...cased, ...Array.from({ length: 300 }, mixed)])];

// ---------------------------------------------------------------- reference

// Control tokens are no text: those that the vocabulary lacks are given another name, since without them others would move.
function plain(json) {
  const there = (json.added_tokens ?? []).filter((token) => !token.special || !(token.content in json.model.vocab));
  return { ...json, added_tokens: there.map((token) => token.special ? { ...token, content: `\u{f0000}${token.id}` } : token) };
}

async function small(kind, json, config) {
  mkdirSync(folder + kind, { recursive: true });
  writeFileSync(`${folder}${kind}/tokenizer.json`, JSON.stringify(json, null, 1) + '\n');
  writeFileSync(`${folder}${kind}/tokenizer_config.json`, JSON.stringify(config, null, 2) + '\n');
  const encoder = Tokenizer.fromString(JSON.stringify(plain(json)));
  const decoder = Tokenizer.fromString(JSON.stringify(json));
  const rows = [];
  for (const text of [...awkward, ...added]) {
    const ids = (await encoder.encode(text)).getIds();
    const bare = (await encoder.encode(text, null, { addSpecialTokens: false })).getIds();
    rows.push(ascii({ text, ids, ids_without_special: bare, decoded: await decoder.decode(ids, true) }));
  }
  write(`${folder}${kind}/expected.jsonl`, rows);
  const streams = [];
  for (const [index, line] of lines(folder + 'opt/stream.jsonl').entries()) {
    let ids = (await encoder.encode(line.decoded, null, { addSpecialTokens: false })).getIds();
    ids = index % 3 === 0 ? ids : index % 3 === 1 ? ids.slice(0, -1) : ids.slice(ids.length >> 1).concat(ids.slice(0, ids.length >> 1));
    streams.push(ascii({ ids, decoded: await decoder.decode(ids, true) }));
  }
  write(`${folder}${kind}/stream.jsonl`, streams);
  console.log(`${kind}: ${rows.length} texts, ${streams.length} streams`);
}

async function published(family) {
  const whole = read(`${packages}tokenizer-${family}/models/tokenizer.json`);
  const json = plain(whole);
  // Those that the configuration alone names are no text either, by way of merges.
  const named = new Set(Object.values(read(`${packages}tokenizer-${family}/models/tokenizer_config.json`).added_tokens_decoder ?? {}).map((token) => token.content)
    .filter((text) => !whole.added_tokens.some((token) => token.content === text)));
  json.model.merges = json.model.merges.filter((merge) => !named.has(Array.isArray(merge) ? merge.join('') : merge.replace(' ', '')));
  const encoder = Tokenizer.fromString(JSON.stringify(json));
  const rows = [];
  for (const text of [...awkward, ...added, ...runs.map(([one, times]) => one.repeat(times))]) {
    const ids = (await encoder.encode(text)).getIds();
    rows.push(`${ids.length} ${createHash('sha256').update(ids.join(',')).digest('hex').slice(0, 12)}`);
  }
  write(`${folder}published/${family}.txt`, rows);
  console.log(`${family}: ${rows.length} texts`);
}

// ---------------------------------------------------------------- kinds

const cut = (Regex) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false });
const inBytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const upper = '\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}';
const lower = '\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}';
const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
const spaces = '|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const o200k = `[^\\r\\n\\p{L}\\p{N}]?[${upper}]*[${lower}]+${contraction}|[^\\r\\n\\p{L}\\p{N}]?[${upper}]+[${lower}]*${contraction}`
  + `|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*${spaces}`;
const deepSeek = ['\\p{N}{1,3}', '[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+', '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+'
  + `|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*${spaces.replace('[\\r\\n]', '[\r\n]')}`];

const bytes = read(folder + 'llama3/tokenizer.json');
const characters = read(folder + 'llama2/tokenizer.json');
await small('gptoss', { ...bytes, pre_tokenizer: { type: 'Sequence', pretokenizers: [cut(o200k), inBytes] } }, read(folder + 'llama3/tokenizer_config.json'));
await small('deepseek', {
  ...bytes, pre_tokenizer: { type: 'Sequence', pretokenizers: [...deepSeek.map(cut), inBytes] }, model: { ...bytes.model, ignore_merges: false },
}, read(folder + 'llama3/tokenizer_config.json'));
// Two bytes are missing, so that some characters are spelt in bytes and others are unknown.
const { '<0x09>': tab, '<0xF0>': lead, ...vocab } = characters.model.vocab;
await small('gemma', {
  ...characters, normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
  pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
  decoder: { ...characters.decoder, decoders: characters.decoder.decoders.slice(0, 3) },
  model: { ...characters.model, vocab: { ...vocab, '\u2603': tab, '>\u2581': lead }, merges: [...characters.model.merges, characters.model.merges[0].map ? ['>', '\u2581'] : '> \u2581'] },
}, read(folder + 'llama2/tokenizer_config.json'));

mkdirSync(folder + 'published', { recursive: true });
write(folder + 'published/texts.jsonl', [...added.map((text) => ascii({ text })), ...runs.map(([text, times]) => ascii({ text, times }))]);
for (const family of ['chatglm3', 'command_r_plus', 'deepseek_v3', 'gemma3', 'gpt4', 'gpt4o', 'gptoss', 'internlm2', 'llama2', 'llama3', 'mistral_nemo', 'qwen2_5', 'qwen3']) {
  if (existsSync(`${packages}tokenizer-${family}`)) {
    await published(family);
  }
}
