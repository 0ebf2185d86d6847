"""usage: python3 tests/reference/make_chats.py TOKENIZERS CONVERSATIONS OUT (with transformers 5)
What transformers' apply_chat_template makes of conversations. TOKENIZERS has a folder for each npm package (tokenizer.json and
tokenizer_config.json) and, where there is one, automap.json: other templates, [{name, vocabulary, template}]. OUT/chats.jsonl gets a line
for each template: its name, the vocabulary's, and for each conversation the number of ids and a hash of them, or null where the template refuses.
OUT/ids.json.gz has the ids themselves."""
import datetime
import gzip
import hashlib
import json
import pathlib
import sys

import transformers
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import chat_template_utils


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 6, 9, 8, 7, 6000)


chat_template_utils.datetime = Clock


def short(ids):
    return f"{len(ids)} {hashlib.sha256(','.join(map(str, ids)).encode()).hexdigest()[:12]}"


def encode(tokenizer, conversation, template):
    tools = conversation.get("tools")
    try:
        ids = tokenizer.apply_chat_template(
            conversation["messages"], tools=tools, chat_template=template, tokenize=True, return_dict=False,
            add_generation_prompt=conversation.get("add_generation_prompt", True), **conversation.get("arguments", {}))
        return [int(i) for i in ids]
    except Exception as error:  # noqa: BLE001: any of them is a refusal
        return f"{type(error).__name__}: {error}"[:200]


folder, conversations, out = map(pathlib.Path, sys.argv[1:4])
conversations = [json.loads(line) for line in conversations.read_text().splitlines()]
tokenizers, rows, everything = {}, [], {}
for path in sorted(folder.iterdir()):
    if (path / "tokenizer.json").exists():
        tokenizers[path.name] = PreTrainedTokenizerFast.from_pretrained(path)
templates = [(name, name, None) for name, tokenizer in tokenizers.items() if tokenizer.chat_template]
templates += [(f"{name}/{one}", name, one) for name, tokenizer in tokenizers.items() if isinstance(tokenizer.chat_template, dict) for one in tokenizer.chat_template]
if (folder / "automap.json").exists():
    templates += [(entry["name"], entry["vocabulary"], entry["template"]) for entry in json.loads((folder / "automap.json").read_text())]
for name, vocabulary, template in templates:
    results = [encode(tokenizers[vocabulary], conversation, template) for conversation in conversations]
    rows.append({"name": name, "vocabulary": vocabulary, "ids": [None if isinstance(ids, str) else short(ids) for ids in results]})
    everything[name] = results
(out / "chats.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
with gzip.open(out / "ids.json.gz", "wt") as file:
    json.dump(everything, file)
print("transformers", transformers.__version__, len(rows), "templates", sum(ids is not None for row in rows for ids in row["ids"]), "conversations rendered")
for name in [row["name"] for row in rows if row["name"] == row["vocabulary"]]:
    try:
        auto = AutoTokenizer.from_pretrained(folder / name)
        same = sum(encode(auto, one, None) == two for one, two in zip(conversations, everything[name]))
        print("AutoTokenizer", name, type(auto).__name__, same, "of", len(conversations), "equal", auto.special_tokens_map)
    except Exception as error:  # noqa: BLE001
        print("AutoTokenizer", name, type(error).__name__, str(error)[:200])
